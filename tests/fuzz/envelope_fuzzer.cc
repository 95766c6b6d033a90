// SPDX-License-Identifier: Apache-2.0
// Records of the logs: what a stage may be sent by a peer or find in a damaged journal.
#include <google/protobuf/message.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/types/codec.h"

namespace trucewatch {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsFinite(const Message& message) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
        const double value = field->is_repeated() ? reflection.GetRepeatedDouble(message, field, i)
                                                  : reflection.GetDouble(message, field);
        if (!std::isfinite(value)) return false;
      }
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        const Message& inner = field->is_repeated()
                                   ? reflection.GetRepeatedMessage(message, field, i)
                                   : reflection.GetMessage(message, field);
        if (!IsFinite(inner)) return false;
      }
    }
  }
  return true;
}

// What is accepted holds finite numbers only and can be written again; that can be read again,
// as it is what the next stage does.
template <typename M>
void Check(const M& message) {
  const auto value = FromProto(message);
  if (!value) return;
  const M again = ToProto(*value);
  TW_CHECK(IsFinite(again));
  const auto second = FromProto(again);
  if (!second) CheckFailed(__FILE__, __LINE__, second.error().message.c_str());
}

void CheckPayload(const v1::Envelope& envelope) {
  switch (envelope.payload_case()) {
    case v1::Envelope::kRawRecord:
      return Check(envelope.raw_record());
    case v1::Envelope::kVideoSegment:
      return Check(envelope.video_segment());
    case v1::Envelope::kRadarDwell:
      return Check(envelope.radar_dwell());
    case v1::Envelope::kObservationSet:
      return Check(envelope.observation_set());
    case v1::Envelope::kSourceStatus:
      return Check(envelope.source_status());
    case v1::Envelope::kDataFault:
      return Check(envelope.data_fault());
    case v1::Envelope::kPicture:
      return Check(envelope.picture());
    case v1::Envelope::kFinding:
      return Check(envelope.finding());
    case v1::Envelope::kPublished:
      return Check(envelope.published().finding());
    case v1::Envelope::kScene:
      return Check(envelope.scene());
    case v1::Envelope::kHumanRecord:
      return Check(envelope.human_record());
    case v1::Envelope::kSettledLook:
      return Check(envelope.settled_look());
    case v1::Envelope::kLateLook:
      return Check(envelope.late_look());
    case v1::Envelope::kMissionHeader:  // have no struct
    case v1::Envelope::kWatermark:
      return;
    case v1::Envelope::PAYLOAD_NOT_SET:
      CheckFailed(__FILE__, __LINE__, "ParseEnvelope accepted an envelope without a payload");
  }
}

}  // namespace
}  // namespace trucewatch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trucewatch;
  const auto envelope = ParseEnvelope(AsText(Bytes(data, size)));
  if (!envelope) return 0;
  CheckPayload(*envelope);
  TW_CHECK(ParseEnvelope(SerializeEnvelope(*envelope)).has_value());
  return 0;
}
