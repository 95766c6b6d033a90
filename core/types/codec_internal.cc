// SPDX-License-Identifier: Apache-2.0
#include "core/types/codec_internal.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

namespace trucewatch::codec {
namespace {

static_assert(v1::ObjectClass_ARRAYSIZE <= ClassProbabilities::kMaxClasses);

Result<void> CheckClass(int object_class, double probability) {
  if (!v1::ObjectClass_IsValid(object_class) || !(probability >= 0.0 && probability <= 1.0)) {
    return Fail(ErrorCode::kBadInput, "class {} with probability {} is out of range", object_class,
                probability);
  }
  return {};
}

Result<void> CheckDegrees(double lat_deg, double lon_deg, double height_hae_m, const char* field) {
  if (!(std::abs(lat_deg) <= 90.0) || !(std::abs(lon_deg) <= 360.0) ||
      !std::isfinite(height_hae_m)) {
    return Fail(ErrorCode::kBadInput, "{} is no place: lat {} lon {} height {}", field, lat_deg,
                lon_deg, height_hae_m);
  }
  return {};
}

}  // namespace

Result<double> Probability(double value, const char* field) {
  if (!(value >= 0.0 && value <= 1.0)) {
    return Fail(ErrorCode::kBadInput, "{} {} is not within 0 and 1", field, value);
  }
  return value;
}

Result<ObjectClass> ObjectClassFromProto(v1::ObjectClass value) {
  if (!v1::ObjectClass_IsValid(value)) {
    return Fail(ErrorCode::kBadInput, "object class {} is unknown", static_cast<int>(value));
  }
  return static_cast<ObjectClass>(value);
}

Result<double> Finite(double value, const char* field) {
  if (!std::isfinite(value)) return Fail(ErrorCode::kBadInput, "{} is not a finite number", field);
  return value;
}

v1::Position PositionToProto(const Geodetic& place) {
  v1::Position message;
  message.set_lat_deg(place.latitude.deg());
  message.set_lon_deg(place.longitude.deg());
  message.set_height_hae_m(place.height_hae_m);
  return message;
}

Result<void> CheckPosition(const Geodetic& place, const char* field) {
  return CheckDegrees(place.latitude.deg(), place.longitude.deg(), place.height_hae_m, field);
}

Result<Geodetic> PositionFromProto(const v1::Position& message, const char* field) {
  TW_RETURN_IF_ERROR(
      CheckDegrees(message.lat_deg(), message.lon_deg(), message.height_hae_m(), field));
  return Geodetic::FromDegrees(message.lat_deg(), message.lon_deg(), message.height_hae_m());
}

v1::Lineage LineageToProto(const Lineage& lineage) {
  v1::Lineage message;
  message.set_modality(static_cast<v1::Modality>(lineage.modality));
  message.set_sensor(lineage.sensor);
  message.set_platform(lineage.platform);
  message.set_station(lineage.station);
  message.set_clock(lineage.clock);
  message.set_georeference(lineage.georeference);
  message.set_model(lineage.model);
  message.set_derived_from(lineage.derived_from);
  return message;
}

Result<Lineage> LineageFromProto(const v1::Lineage& message) {
  if (!v1::Modality_IsValid(message.modality())) {
    return Fail(ErrorCode::kBadInput, "lineage.modality {} is unknown",
                static_cast<int>(message.modality()));
  }
  return Lineage{.modality = static_cast<Modality>(message.modality()),
                 .sensor = message.sensor(),
                 .platform = message.platform(),
                 .station = message.station(),
                 .clock = message.clock(),
                 .georeference = message.georeference(),
                 .model = message.model(),
                 .derived_from = message.derived_from()};
}

void CovToProto(const Eigen::Matrix2d& cov, google::protobuf::RepeatedField<double>* out) {
  out->Add(cov(0, 0));
  out->Add(cov(0, 1));
  out->Add(cov(1, 1));
}

Result<void> CheckCov(const Eigen::Matrix2d& cov, const char* field) {
  // A correlation of exactly one may come out of rounding a hair above it.
  const double slack = 1e-9 * (std::abs(cov(0, 0)) + std::abs(cov(1, 1)));
  if (!cov.allFinite() || cov(0, 0) < 0 || cov(1, 1) < 0 ||
      cov.determinant() < -slack * (cov(0, 0) + cov(1, 1))) {
    return Fail(ErrorCode::kBadInput, "{} is no covariance: [{}, {}, {}]", field, cov(0, 0),
                cov(0, 1), cov(1, 1));
  }
  return {};
}

Result<Eigen::Matrix2d> CovFromProto(const google::protobuf::RepeatedField<double>& values,
                                     const char* field) {
  if (values.size() != 3) {
    return Fail(ErrorCode::kBadInput, "{} has {} numbers; expected [ee, en, nn]", field,
                values.size());
  }
  Eigen::Matrix2d cov;
  cov << values.Get(0), values.Get(1), values.Get(1), values.Get(2);
  TW_RETURN_IF_ERROR(CheckCov(cov, field));
  return cov;
}

void DigestsToProto(const std::vector<Digest>& digests, DigestFields* out) {
  for (const Digest& digest : digests) *out->Add() = AsText(digest);
}

Result<std::vector<Digest>> DigestsFromProto(const DigestFields& fields) {
  std::vector<Digest> digests;
  digests.reserve(static_cast<std::size_t>(fields.size()));
  for (const std::string& field : fields) {
    Digest digest;
    if (field.size() != digest.size()) {
      return Fail(ErrorCode::kBadInput, "a raw digest has {} bytes; expected 32", field.size());
    }
    std::copy(field.begin(), field.end(), digest.begin());
    digests.push_back(digest);
  }
  return digests;
}

void ClassesToProto(const ClassProbabilities& classes, ClassFields* out) {
  for (const auto& [object_class, probability] : classes) {
    v1::ClassProbability* entry = out->Add();
    entry->set_object_class(static_cast<v1::ObjectClass>(object_class));
    entry->set_probability(probability);
  }
}

Result<void> CheckClasses(const ClassProbabilities& classes) {
  for (const auto& [object_class, probability] : classes) {
    TW_RETURN_IF_ERROR(CheckClass(static_cast<int>(object_class), probability));
  }
  return {};
}

Result<ClassProbabilities> ClassesFromProto(const ClassFields& fields) {
  ClassProbabilities classes;
  for (const v1::ClassProbability& entry : fields) {
    TW_RETURN_IF_ERROR(CheckClass(static_cast<int>(entry.object_class()), entry.probability()));
    classes[static_cast<ObjectClass>(entry.object_class())] = entry.probability();
  }
  return classes;
}

void PolygonToProto(const std::vector<Geodetic>& polygon, PositionFields* out) {
  for (const Geodetic& point : polygon) *out->Add() = PositionToProto(point);
}

Result<std::vector<Geodetic>> PolygonFromProto(const PositionFields& fields, const char* field) {
  std::vector<Geodetic> polygon;
  for (const v1::Position& point : fields) {
    TW_ASSIGN_OR_RETURN(Geodetic place, PositionFromProto(point, field));
    polygon.push_back(place);
  }
  return polygon;
}

}  // namespace trucewatch::codec
