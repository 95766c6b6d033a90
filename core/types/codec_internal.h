// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/repeated_field.h>

#include <vector>

#include "core/base/result.h"
#include "core/types/observation.h"
#include "core/types/track.h"
#include "trucewatch/v1/common.pb.h"
#include "trucewatch/v1/observation.pb.h"
#include "trucewatch/v1/track.pb.h"

// Pieces the codecs share. Readers fail with kBadInput naming the field.
namespace trucewatch::codec {

v1::Position PositionToProto(const Geodetic& place);
Result<Geodetic> PositionFromProto(const v1::Position& message, const char* field);
Result<void> CheckPosition(const Geodetic& place, const char* field);

v1::Lineage LineageToProto(const Lineage& lineage);
Result<Lineage> LineageFromProto(const v1::Lineage& message);

// [ee, en, nn]; a covariance must be finite and positive semi-definite.
void CovToProto(const Eigen::Matrix2d& cov, google::protobuf::RepeatedField<double>* out);
Result<Eigen::Matrix2d> CovFromProto(const google::protobuf::RepeatedField<double>& values,
                                     const char* field);
Result<void> CheckCov(const Eigen::Matrix2d& cov, const char* field);

using DigestFields = google::protobuf::RepeatedPtrField<std::string>;
void DigestsToProto(const std::vector<Digest>& digests, DigestFields* out);
Result<std::vector<Digest>> DigestsFromProto(const DigestFields& fields);

using ClassFields = google::protobuf::RepeatedPtrField<v1::ClassProbability>;
void ClassesToProto(const ClassProbabilities& classes, ClassFields* out);
Result<ClassProbabilities> ClassesFromProto(const ClassFields& fields);
Result<void> CheckClasses(const ClassProbabilities& classes);

using PositionFields = google::protobuf::RepeatedPtrField<v1::Position>;
void PolygonToProto(const std::vector<Geodetic>& polygon, PositionFields* out);
Result<std::vector<Geodetic>> PolygonFromProto(const PositionFields& fields, const char* field);

// "look.probability" and the like: within 0 and 1.
Result<double> Probability(double value, const char* field);
Result<ObjectClass> ObjectClassFromProto(v1::ObjectClass value);
v1::SiteChange SiteChangeToProto(const SiteChange& change);
Result<SiteChange> SiteChangeFromProto(const v1::SiteChange& message);

Result<double> Finite(double value, const char* field);

// What TrackSupport and Support, and their messages, have in common: all but the source.
template <typename S, typename Message>
void UpdatesToProto(const S& support, Message* out) {
  out->set_updates(support.updates);
  out->set_first_us(support.first.micros());
  out->set_last_us(support.last.micros());
  DigestsToProto(support.raw_digests, out->mutable_raw_digests());
}

template <typename Message, typename S>
Result<void> UpdatesFromProto(const Message& in, S& support) {
  support.updates = in.updates();
  support.first = Instant::FromMicros(in.first_us());
  support.last = Instant::FromMicros(in.last_us());
  TW_ASSIGN_OR_RETURN(support.raw_digests, DigestsFromProto(in.raw_digests()));
  return {};
}

}  // namespace trucewatch::codec
