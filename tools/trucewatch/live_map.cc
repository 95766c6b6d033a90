// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/live_map.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/raster/vector_writer.h"
#include "core/types/codec.h"
#include "core/types/names.h"

namespace trucewatch::tools {
namespace {

constexpr std::uint64_t kLiveBatchBytes = 8U << 20U;
constexpr int kMostLiveBatches = 32;  // of one call: a log that is far ahead must not hold us up

double HeadingDeg(const Eigen::Vector2d& v_en_mps) {
  const double degrees = std::atan2(v_en_mps.x(), v_en_mps.y()) * 180.0 / std::numbers::pi;
  return degrees < 0 ? degrees + 360.0 : degrees;
}

std::string LikeliestClass(const ClassProbabilities& classes) {
  const auto most =
      std::max_element(classes.begin(), classes.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return ObjectClassName(most == classes.end() ? ObjectClass::kUnspecified : most->first);
}

VectorValue Whole(std::uint64_t value) { return static_cast<std::int64_t>(value); }

}  // namespace

Result<std::string> LivePictureGeoJson(const Picture& picture) {
  const std::string status = picture.exercise ? "EXERCISE" : "OPERATIONAL";
  const std::string time = FormatUtc(picture.time);
  using enum VectorFieldType;
  VectorLayer vehicles{.name = "vehicles",
                       .kind = "vehicle",
                       .geometry = VectorGeometry::kPoint,
                       .fields = {{"status", kText},
                                  {"time_utc", kText},
                                  {"track_id", kInteger},
                                  {"class", kText},
                                  {"length_m", kReal},
                                  {"speed_mps", kReal},
                                  {"heading_deg", kReal},
                                  {"sigma_m", kReal},
                                  {"existence", kReal},
                                  {"last_report_utc", kText},
                                  {"sources", kText}},
                       .features = {}};
  for (const Track& track : picture.tracks) {
    std::string sources;
    for (const TrackSupport& support : track.supports) {
      sources += (sources.empty() ? "" : " ") + support.source.value;
    }
    vehicles.features.push_back(
        {{track.position},
         {status, time, Whole(track.id.value), LikeliestClass(track.classes),
          track.size ? VectorValue(track.size->length_m) : VectorValue(),
          track.velocity_en_mps.norm(), HeadingDeg(track.velocity_en_mps),
          std::sqrt(track.cov(0, 0) + track.cov(1, 1)), track.existence_probability,
          FormatUtc(track.last_update), sources}});
  }
  VectorLayer groups{.name = "groups",
                     .kind = "group",
                     .geometry = VectorGeometry::kPoint,
                     .fields = {{"status", kText},
                                {"time_utc", kText},
                                {"group_id", kInteger},
                                {"class", kText},
                                {"count_expected", kReal},
                                {"count_min", kInteger},
                                {"count_max", kInteger},
                                {"extent_m", kReal},
                                {"speed_mps", kReal},
                                {"heading_deg", kReal}},
                     .features = {}};
  for (const Group& group : picture.groups) {
    groups.features.push_back(
        {{group.position},
         {status, time, Whole(group.id.value), ObjectClassName(group.object_class),
          group.count_expected, Whole(static_cast<std::uint64_t>(group.count_min)),
          Whole(static_cast<std::uint64_t>(group.count_max)), group.extent_m,
          group.velocity_en_mps.norm(), HeadingDeg(group.velocity_en_mps)}});
  }
  return GeoJsonText({vehicles, groups}, status);
}

Result<std::optional<std::string>> LiveMap::Newest() {
  std::optional<v1::Picture> newest;
  for (int k = 0; k < kMostLiveBatches; ++k) {
    TW_ASSIGN_OR_RETURN(const LogBatch batch,
                        fusion_.ReadAfter(after_, kLiveBatchBytes, Duration()));
    if (batch.records.empty()) break;
    for (const LogRecord& record : batch.records) {
      after_ = record.sequence;
      TW_ASSIGN_OR_RETURN(v1::Envelope envelope, ParseEnvelope(record.payload));
      if (envelope.has_picture() && !envelope.picture().settled()) {
        newest = std::move(*envelope.mutable_picture());
      }
    }
  }
  if (!newest) return std::optional<std::string>();
  TW_ASSIGN_OR_RETURN(const Picture picture, FromProto(*newest));
  TW_ASSIGN_OR_RETURN(std::string text, LivePictureGeoJson(picture));
  return std::optional<std::string>(std::move(text));
}

}  // namespace trucewatch::tools
