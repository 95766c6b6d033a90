// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "core/base/result.h"
#include "core/types/finding.h"
#include "core/types/observation.h"
#include "core/types/track.h"
#include "trucewatch/v1/envelope.pb.h"

namespace trucewatch {

// Between the plain structs of core/types and their messages in proto/. FromProto checks what the
// structs promise (finite numbers, known enums, positive semi-definite covariances, digests of 32
// bytes) and fails with kBadInput.
v1::RawRecord ToProto(const RawRecord& value);
Result<RawRecord> FromProto(const v1::RawRecord& message);
v1::VideoSegment ToProto(const VideoSegment& value);
Result<VideoSegment> FromProto(const v1::VideoSegment& message);
v1::RadarDwell ToProto(const RadarDwell& value);
Result<RadarDwell> FromProto(const v1::RadarDwell& message);
// Fails where FromProto(ToProto(value)) would, with the same message, and makes neither.
Result<void> Check(const RadarDwell& value);
v1::ObservationSet ToProto(const ObservationSet& value);
Result<ObservationSet> FromProto(const v1::ObservationSet& message);
v1::Scene ToProto(const Scene& value);
Result<Scene> FromProto(const v1::Scene& message);
v1::HumanRecord ToProto(const HumanRecord& value);
Result<HumanRecord> FromProto(const v1::HumanRecord& message);
v1::SettledLook ToProto(const SettledLook& value);
Result<SettledLook> FromProto(const v1::SettledLook& message);
v1::LateLook ToProto(const LateLook& value);
Result<LateLook> FromProto(const v1::LateLook& message);
v1::SourceStatus ToProto(const SourceStatus& value);
Result<SourceStatus> FromProto(const v1::SourceStatus& message);
v1::DataFault ToProto(const DataFault& value);
Result<DataFault> FromProto(const v1::DataFault& message);
v1::Picture ToProto(const Picture& value);
Result<Picture> FromProto(const v1::Picture& message);
v1::Finding ToProto(const Finding& value);
Result<Finding> FromProto(const v1::Finding& message);

// A log record's payload. Fails on bytes that are no Envelope, are larger than 64 MiB, or hold no
// payload.
Result<v1::Envelope> ParseEnvelope(std::string_view payload);
std::string SerializeEnvelope(const v1::Envelope& envelope);

}  // namespace trucewatch
