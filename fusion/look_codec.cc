// SPDX-License-Identifier: Apache-2.0
#include "fusion/look_codec.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

#include "core/types/codec.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxPlots = 5'000;
constexpr std::size_t kMaxGroups = 500;
constexpr int kMaxCount = 1'000'000;
constexpr double kMaxExtentM = 10e3;
constexpr std::size_t kMaxCorners = 1'000;
constexpr double kMaxDistanceM = 200e3;         // of a report from the mission origin
constexpr double kMaxSensorDistanceM = 1000e3;  // an airborne radar stands off
constexpr double kMinVarianceM2 = 0.25;
constexpr double kMaxVarianceM2 = 1e8;  // 10 km: says nothing
constexpr double kMaxSpeedMps = 150.0;
constexpr double kMinSpeedVariance = 0.25;  // (m/s)^2
constexpr double kMaxSpeedVariance = 400.0;
constexpr double kMaxLengthM = 200.0;  // of what is a vehicle at all
constexpr double kEarthRadiusM = 6371000.0;

Eigen::Vector2d PlaneFromGeodetic(const Geodetic& place, const LocalFrame& frame) {
  return frame.EnuFromGeodetic(place).head<2>();
}

// The place on the plane at a height; the plane touches the earth at the origin only.
Geodetic GeodeticFromPlane(const Eigen::Vector2d& p_en_m, double height_hae_m,
                           const LocalFrame& frame) {
  const double drop = p_en_m.squaredNorm() / (2.0 * kEarthRadiusM);
  return frame.GeodeticFromEnu(
      {p_en_m.x(), p_en_m.y(), height_hae_m - frame.origin().height_hae_m - drop});
}

ClassWeights WeightsFromClasses(const ClassProbabilities& classes) {
  ClassWeights weights{};
  for (const auto& [object_class, probability] : classes) {
    const auto k = static_cast<std::size_t>(object_class);
    if (k > 0 && k < kObjectClassCount) weights[k] = probability;
  }
  return weights;
}

// Nothing when the report cannot be used.
std::optional<LookPlot> PlotAt(const Geodetic& position, const Eigen::Matrix2d& cov_en_m2,
                               const ClassProbabilities& classes, const LocalFrame& frame) {
  LookPlot plot;
  plot.p_en_m = PlaneFromGeodetic(position, frame);
  plot.height_hae_m = position.height_hae_m;
  plot.classes = WeightsFromClasses(classes);
  if (!(plot.p_en_m.norm() <= kMaxDistanceM) || !(std::abs(position.height_hae_m) <= 20e3)) {
    return std::nullopt;
  }
  // Places stated as exact, or exact in one direction, are not: half a metre in every direction is
  // added.
  plot.cov_en_m2 = cov_en_m2 + kMinVarianceM2 * Eigen::Matrix2d::Identity();
  if (!(plot.cov_en_m2.trace() <= kMaxVarianceM2) ||
      !(plot.cov_en_m2.determinant() >= 0.5 * kMinVarianceM2 * kMinVarianceM2)) {
    return std::nullopt;
  }
  return plot;
}

std::optional<GroupReport> GroupAt(const GroupObservation& in, const LocalFrame& frame) {
  const std::optional<LookPlot> place = PlotAt(in.position, in.cov_en_m2, {}, frame);
  if (!place || in.object_class == ObjectClass::kUnspecified || in.count_min < 0 ||
      in.count_max > kMaxCount || !(in.count_expected >= in.count_min) ||
      !(in.count_expected <= in.count_max) || !(in.extent_m >= 0 && in.extent_m <= kMaxExtentM) ||
      !(in.score >= 0 && in.score <= 1)) {
    return std::nullopt;
  }
  return GroupReport{.object_class = in.object_class,
                     .p_en_m = place->p_en_m,
                     .cov_en_m2 = place->cov_en_m2,
                     .extent_m = in.extent_m,
                     .count_expected = in.count_expected,
                     .count_min = in.count_min,
                     .count_max = in.count_max,
                     .score = in.score,
                     .height_hae_m = place->height_hae_m};
}

bool IsPeople(const ClassProbabilities& classes) {
  const auto people = classes.find(ObjectClass::kPersonGroup);
  return people != classes.end() && people->second >= 0.5;
}

template <typename Message>
Result<ConvertedLook> Common(const Message& message, std::size_t plots, const LocalFrame& frame) {
  if (plots > kMaxPlots) {
    return Fail(ErrorCode::kBadInput, "a look with {} reports; at most {} are believed", plots,
                kMaxPlots);
  }
  if (message.footprint.size() > kMaxCorners ||
      (!message.footprint.empty() && message.footprint.size() < 3)) {
    return Fail(ErrorCode::kBadInput, "a footprint with {} corners; expected none or 3 to {}",
                message.footprint.size(), kMaxCorners);
  }
  if (!(message.min_detectable_speed_mps >= 0 &&
        message.min_detectable_speed_mps <= kMaxSpeedMps) ||
      !(message.false_alarms_per_km2 >= 0 && message.false_alarms_per_km2 <= 1e6)) {
    return Fail(ErrorCode::kBadInput,
                "min_detectable_speed_mps {} or false_alarms_per_km2 {} out of range",
                message.min_detectable_speed_mps, message.false_alarms_per_km2);
  }
  ConvertedLook result;
  Look& look = result.look;
  look.source = message.source;
  look.lineage = message.lineage;
  look.time = message.time;
  look.detection_probability = std::min(message.detection_probability, 0.999);
  look.min_detectable_speed_mps = message.min_detectable_speed_mps;
  look.false_alarms_per_m2 = message.false_alarms_per_km2 * 1e-6;
  look.exercise = message.exercise;
  look.raw_digests = message.raw_digests;
  for (const Geodetic& corner : message.footprint) {
    const Eigen::Vector3d p_enu_m = frame.EnuFromGeodetic(corner);
    if (!(p_enu_m.norm() <= kMaxSensorDistanceM)) {
      return Fail(ErrorCode::kBadInput, "a footprint corner {:.0f} km from the mission origin",
                  p_enu_m.norm() / 1e3);
    }
    look.footprint_en_m.push_back(p_enu_m.head<2>());
  }
  return result;
}

}  // namespace

Result<ConvertedLook> LookFromRadarDwell(const RadarDwell& dwell, const LocalFrame& frame) {
  TW_ASSIGN_OR_RETURN(ConvertedLook result, Common(dwell, dwell.plots.size(), frame));
  const Eigen::Vector3d sensor = frame.EnuFromGeodetic(dwell.sensor);
  if (!(sensor.norm() <= kMaxSensorDistanceM)) {
    return Fail(ErrorCode::kBadInput, "the antenna is {:.0f} km from the mission origin",
                sensor.norm() / 1e3);
  }
  result.look.sensor_en_m = sensor.head<2>();
  for (const Plot& in : dwell.plots) {
    std::optional<LookPlot> plot = PlotAt(in.position, in.cov_en_m2, in.classes, frame);
    if (!plot || (in.range_rate_mps && !(std::abs(*in.range_rate_mps) <= kMaxSpeedMps))) {
      ++result.refused_plots;
      continue;
    }
    // A range rate without a usable error is no measurement; the place still is.
    if (in.range_rate_mps && in.range_rate_sigma_mps > 0 &&
        in.range_rate_sigma_mps * in.range_rate_sigma_mps <= kMaxSpeedVariance) {
      plot->range_rate_mps = in.range_rate_mps;
      plot->range_rate_sigma_mps = std::max(in.range_rate_sigma_mps, 0.1);
    }
    result.look.plots.push_back(*plot);
  }
  return result;
}

Result<ConvertedLook> LookFromObservationSet(const ObservationSet& set, const LocalFrame& frame) {
  TW_ASSIGN_OR_RETURN(ConvertedLook result, Common(set, set.detections.size(), frame));
  // A poor look proves nothing by a miss.
  if (!set.degraded_reason.empty()) result.look.footprint_en_m.clear();
  if (set.groups.size() > kMaxGroups) {
    return Fail(ErrorCode::kBadInput, "a look with {} groups; at most {} are believed",
                set.groups.size(), kMaxGroups);
  }
  result.look.group_detection_probability = std::min(set.group_detection_probability, 0.999);
  result.look.standing_detection_probability = std::min(set.standing_detection_probability, 0.999);
  for (const GroupObservation& in : set.groups) {
    if (std::optional<GroupReport> group = GroupAt(in, frame)) {
      result.look.groups.push_back(*group);
    } else {
      ++result.refused_plots;
    }
  }
  for (const Detection& in : set.detections) {
    if (IsPeople(in.classes)) continue;  // people are never followed one by one
    std::optional<LookPlot> plot = PlotAt(in.position, in.cov_en_m2, in.classes, frame);
    if (!plot) {
      ++result.refused_plots;
      continue;
    }
    if (in.length_m > 0 && in.length_m <= kMaxLengthM && in.width_m >= 0 &&
        in.width_m <= in.length_m) {
      plot->length_m = in.length_m;
      plot->width_m = in.width_m;
    }
    const Eigen::Matrix2d& c = in.velocity_cov_en;
    if (in.velocity_en_mps && in.velocity_en_mps->norm() <= kMaxSpeedMps && c(0, 0) > 0 &&
        c(1, 1) > 0 && c.trace() <= 2.0 * kMaxSpeedVariance) {
      plot->v_en_mps = in.velocity_en_mps;
      plot->v_cov_en = c + kMinSpeedVariance * Eigen::Matrix2d::Identity();
    }
    result.look.plots.push_back(*plot);
  }
  return result;
}

Result<ConvertedLook> LookOf(const v1::Envelope& envelope, const LocalFrame& frame) {
  if (envelope.payload_case() == v1::Envelope::kRadarDwell) {
    TW_ASSIGN_OR_RETURN(const RadarDwell dwell, FromProto(envelope.radar_dwell()));
    return LookFromRadarDwell(dwell, frame);
  }
  TW_ASSIGN_OR_RETURN(const ObservationSet set, FromProto(envelope.observation_set()));
  return LookFromObservationSet(set, frame);
}

Track TrackFromEstimate(const TrackEstimate& estimate, const LocalFrame& frame) {
  Track track;
  track.id = estimate.id;
  track.position = GeodeticFromPlane(estimate.state.mean.head<2>(), estimate.height_hae_m, frame);
  track.velocity_en_mps = estimate.state.mean.tail<2>();
  track.cov = estimate.state.cov;
  track.existence_probability = estimate.existence;
  track.initiated = estimate.initiated;
  track.last_update = estimate.last_update;
  for (std::size_t k = 1; k < kObjectClassCount; ++k) {
    if (estimate.classes[k] > 0) track.classes[static_cast<ObjectClass>(k)] = estimate.classes[k];
  }
  track.supports = estimate.supports;
  if (estimate.size.information > 0) {
    track.size = ObjectSize{estimate.size.length_m, estimate.size.width_m,
                            1.0 / std::sqrt(estimate.size.information)};
  }
  return track;
}

Group GroupFromEstimate(const GroupEstimate& estimate, const LocalFrame& frame) {
  Group group;
  group.id = estimate.id;
  group.members = estimate.members;
  group.count_expected = estimate.count_expected;
  group.count_min = estimate.count_min;
  group.count_max = estimate.count_max;
  group.position = GeodeticFromPlane(estimate.p_en_m, estimate.height_hae_m, frame);
  group.velocity_en_mps = estimate.v_en_mps;
  group.extent_m = estimate.extent_m;
  return group;
}

Group GroupFromBook(const BookGroup& in, const LocalFrame& frame) {
  Group group;
  group.id = in.id;
  group.count_expected = in.count.expected;
  group.count_min = in.count.min;
  group.count_max = in.count.max;
  group.position = GeodeticFromPlane(in.p_en_m, in.height_hae_m, frame);
  group.extent_m = in.extent_m;
  group.object_class = in.object_class;
  group.cov_en_m2 = in.cov_en_m2;
  group.existence_probability = in.existence;
  group.first = in.first;
  group.last = in.last;
  group.supports = in.supports;
  return group;
}

SettledLook SettledFromRadarDwell(const RadarDwell& dwell) {
  SettledLook look;
  look.source = dwell.source;
  look.lineage = dwell.lineage;
  look.time = dwell.time;
  look.footprint = dwell.footprint;
  look.moving_vehicle_probability = dwell.detection_probability;
  look.min_detectable_speed_mps = dwell.min_detectable_speed_mps;
  look.exercise = dwell.exercise;
  look.raw_digests = dwell.raw_digests;
  look.sensor = dwell.sensor;
  return look;
}

SettledLook SettledFromObservationSet(const ObservationSet& set) {
  SettledLook look;
  look.source = set.source;
  look.lineage = set.lineage;
  look.time = set.time;
  look.footprint = set.footprint;
  look.moving_vehicle_probability = set.detection_probability;
  look.min_detectable_speed_mps = set.min_detectable_speed_mps;
  look.standing_vehicle_probability = set.standing_detection_probability;
  look.group_probability = set.group_detection_probability;
  look.degraded_reason = set.degraded_reason;
  look.exercise = set.exercise;
  look.raw_digests = set.raw_digests;
  look.resolution_m = set.resolution_m;
  if (IsSatellite(set.lineage.modality)) {
    look.baseline = set.baseline;
    look.changes = set.changes;
    look.standing_vehicles = static_cast<int>(set.detections.size());
  }
  return look;
}

}  // namespace trucewatch
