// SPDX-License-Identifier: Apache-2.0
#include "ingest/radar/dwell_builder.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "ingest/radar/internal/geometry.h"
#include "ingest/radar/target_class.h"

namespace trucewatch::stanag4607 {
namespace {

constexpr double kEarthRadiusM = 6371008.8;  // mean; only for the size of half a count

double Square(double value) { return value * value; }

// Cross range from D32.13, or from the angle J22 at this range.
double CrossRangeSigmaM(const JobDefinitionSegment& job, const TargetReport& target,
                        double slant_range_m) {
  if (target.cross_range_sigma_dm) return *target.cross_range_sigma_dm * 0.1;
  const Angle angle = Stated(job.cross_range_sigma)
                          .value_or(Angle::Degrees(DwellBuilder::kDefaultCrossRangeSigmaDeg));
  return angle.rad() * slant_range_m;
}

double SlantRangeSigmaM(const JobDefinitionSegment& job, const TargetReport& target) {
  if (target.slant_range_sigma_cm) return *target.slant_range_sigma_cm * 0.01;
  return Stated(job.slant_range_sigma_cm, 0.01).value_or(DwellBuilder::kDefaultSlantRangeSigmaM);
}

// Horizontal error of the sensor's own position, turned from its track to east and north.
Eigen::Matrix2d SensorCovariance(const JobDefinitionSegment& job, const DwellSegment& dwell) {
  const double fallback = DwellBuilder::kDefaultSensorSigmaM;
  const double along = dwell.sensor_sigma_along_track_cm
                           ? *dwell.sensor_sigma_along_track_cm * 0.01
                           : Stated(job.sensor_sigma_along_track_dm, 0.1).value_or(fallback);
  const double cross = dwell.sensor_sigma_cross_track_cm
                           ? *dwell.sensor_sigma_cross_track_cm * 0.01
                           : Stated(job.sensor_sigma_cross_track_dm, 0.1).value_or(fallback);
  if (!dwell.sensor_track) {
    return Eigen::Matrix2d::Identity() * Square(std::max(along, cross));
  }
  const double track = dwell.sensor_track->angle().rad();
  const Eigen::Vector2d ahead(std::sin(track), std::cos(track));
  const Eigen::Vector2d right(std::cos(track), -std::sin(track));
  return Square(along) * ahead * ahead.transpose() + Square(cross) * right * right.transpose();
}

double SensorHeightSigmaM(const JobDefinitionSegment& job, const DwellSegment& dwell) {
  if (dwell.sensor_sigma_height_cm) return *dwell.sensor_sigma_height_cm * 0.01;
  return Stated(job.sensor_sigma_height_dm, 0.1).value_or(DwellBuilder::kDefaultSensorSigmaM);
}

double MinSpeedMps(const JobDefinitionSegment& job, const DwellSegment& dwell) {
  if (dwell.min_detectable_velocity_dmps) return *dwell.min_detectable_velocity_dmps * 0.1;
  return Stated(job.min_detectable_velocity_dmps, 0.1).value_or(DwellBuilder::kDefaultMinSpeedMps);
}

// D32.7 folds at the wrap velocity: the truth may be D32.7 + k * 2 * D32.8.
bool IsAmbiguous(const TargetReport& target) {
  if (!target.wrap_velocity_cmps || *target.wrap_velocity_cmps == 0) return false;
  const double folded =
      2.0 * *target.wrap_velocity_cmps * 0.01 - std::abs(*target.los_velocity_cmps * 0.01);
  return folded < DwellBuilder::kMaxVehicleSpeedMps;
}

}  // namespace

DwellBuilder::DwellBuilder(DwellBuilderOptions options, const Terrain* terrain)
    : options_(std::move(options)), terrain_(terrain) {}

std::optional<std::string> DwellBuilder::AddMission(const MissionKey& key,
                                                    const MissionSegment& mission) {
  const auto midnight = UtcMidnight(mission.year, mission.month, mission.day);
  if (!midnight) return midnight.error().message;
  if (midnights_.size() >= kMaxMissions && !midnights_.contains(key)) {
    return fmt::format("more than {} missions in one source", kMaxMissions);
  }
  midnights_[key] = *midnight;
  return std::nullopt;
}

std::optional<std::string> DwellBuilder::AddJob(const MissionKey& key,
                                                const JobDefinitionSegment& job) {
  const JobKey job_key{key, job.job_id};
  constexpr std::uint8_t kEndOfJob = 255;  // J5
  if (job.priority == kEndOfJob) {
    jobs_.erase(job_key);
    return std::nullopt;
  }
  if (jobs_.size() >= kMaxJobs && !jobs_.contains(job_key)) {
    return fmt::format("more than {} jobs in one source", kMaxJobs);
  }
  jobs_[job_key] = job;
  return std::nullopt;
}

std::vector<DwellItem> DwellBuilder::Add(const Packet& packet) {
  const MissionKey key{packet.header.platform.str(), packet.header.mission_id};
  std::vector<DwellItem> items;
  for (const DecodedSegment& segment : packet.segments) {
    std::optional<std::string> problem;
    if (const auto* mission = std::get_if<MissionSegment>(&segment.body)) {
      problem = AddMission(key, *mission);
    } else if (const auto* job = std::get_if<JobDefinitionSegment>(&segment.body)) {
      problem = AddJob(key, *job);
    } else if (const auto* dwell = std::get_if<DwellSegment>(&segment.body)) {
      const auto midnight = midnights_.find(key);
      if (midnight == midnights_.end()) {
        problem = fmt::format(
            "dwell of platform '{}', mission {}: no mission segment yet, so its date is unknown",
            key.platform, key.mission_id);
      } else {
        const auto job_of_dwell = jobs_.find({key, packet.header.job_id});
        items.emplace_back(Build(
            packet.header, midnight->second,
            job_of_dwell == jobs_.end() ? JobDefinitionSegment{} : job_of_dwell->second, *dwell));
      }
    }
    if (problem) {
      items.emplace_back(
          SegmentFault{segment.offset, segment.length, TypeOf(segment.body), *problem});
    }
  }
  return items;
}

BuiltDwell DwellBuilder::Build(const PacketHeader& header, Instant midnight,
                               const JobDefinitionSegment& job, const DwellSegment& dwell) {
  BuiltDwell built;
  RadarDwell& look = built.dwell;
  look.source = options_.source;
  look.lineage = options_.lineage;
  look.time = midnight + Duration::Millis(dwell.time_ms);
  look.sensor = {dwell.sensor_latitude.angle(), dwell.sensor_longitude.longitude(),
                 dwell.sensor_height_hae_cm * 0.01};
  const Angle centre_longitude = dwell.centre_longitude.longitude();
  const double ground_m = terrain_->HeightHaeM(dwell.centre_latitude.angle(), centre_longitude)
                              .value_or(options_.ground_height_hae_m);
  look.footprint = internal::Footprint(dwell, look.sensor, ground_m);
  const Shared shared{job, dwell, EcefFromGeodetic(look.sensor), SensorCovariance(job, dwell),
                      SensorHeightSigmaM(job, dwell)};
  const auto to_centre = internal::LineTo(
      shared.sensor_ecef_m, {dwell.centre_latitude.angle(), centre_longitude, ground_m});
  // The limit holds along the line of sight; on the ground it is larger.
  look.min_detectable_speed_mps = MinSpeedMps(job, dwell) / std::max(to_centre.cos_grazing, 0.1);
  look.detection_probability = std::min(
      1.0,
      Stated(job.detection_probability_percent, 0.01).value_or(options_.detection_probability));
  look.false_alarms_per_km2 = job.false_alarm_density_minus_db == 0xFF
                                  ? options_.false_alarms_per_km2
                                  : FalseAlarmsPerKm2(job.false_alarm_density_minus_db);

  built.exercise.header = header.exercise != 0;
  look.plots.reserve(dwell.targets.size());
  for (const TargetReport& target : dwell.targets) {
    if (target.classification && IsSimulatedClass(*target.classification)) {
      built.exercise.classes = true;
    }
    if (target.truth_tag_application || target.truth_tag_entity) built.exercise.truth_tags = true;
    switch (FateOf(target.classification.value_or(0))) {
      case TargetFate::kPerson:
        ++dropped_.persons;
        continue;
      case TargetFate::kAnimal:
        ++dropped_.animals;
        continue;
      case TargetFate::kAircraft:
        ++dropped_.aircraft;
        continue;
      case TargetFate::kOther:
        ++dropped_.other;
        continue;
      case TargetFate::kKeep:
        break;
    }
    auto plot = BuildPlot(shared, target);
    if (plot) {
      look.plots.push_back(std::move(*plot));
    } else {
      ++dropped_.no_position;
    }
  }
  look.exercise = built.exercise.any();
  return built;
}

std::optional<Plot> DwellBuilder::BuildPlot(const Shared& shared,
                                            const TargetReport& target) const {
  const JobDefinitionSegment& job = shared.job;
  const DwellSegment& dwell = shared.dwell;
  const auto position = internal::TargetPosition(dwell, target);
  if (!position) return std::nullopt;
  Plot plot;
  plot.position.latitude = position->latitude.angle();
  plot.position.longitude = position->longitude.longitude();
  const auto ground_m = terrain_->HeightHaeM(plot.position.latitude, plot.position.longitude);
  plot.position.height_hae_m =
      target.height_hae_m ? *target.height_hae_m : ground_m.value_or(options_.ground_height_hae_m);
  const internal::LineOfSight line = internal::LineTo(shared.sensor_ecef_m, plot.position);

  // Along the line: the range's error laid on the ground, and what a height error does to it.
  double along_m2 = Square(std::max(kMinSigmaM, SlantRangeSigmaM(job, target)) /
                           std::max(line.cos_grazing, 0.1)) +
                    Square(shared.sensor_height_sigma_m * line.tan_grazing);
  if (!target.height_hae_m && job.terrain_model == 0) {
    along_m2 += Square(terrain_->SigmaM() * line.tan_grazing);
  }
  const double cross_m2 =
      Square(std::max(kMinSigmaM, CrossRangeSigmaM(job, target, line.slant_range_m)));
  const Eigen::Vector2d across(line.away_en.y(), -line.away_en.x());
  plot.cov_en_m2 = along_m2 * line.away_en * line.away_en.transpose() +
                   cross_m2 * across * across.transpose() + shared.sensor_cov_en_m2;
  if (!target.latitude || !target.longitude) {
    // A delta is rounded to its scale: uniform over one count.
    const double north_m = dwell.scale_latitude->angle().rad() * kEarthRadiusM;
    const double east_m = dwell.scale_longitude->longitude().rad() * kEarthRadiusM *
                          std::cos(plot.position.latitude.rad());
    plot.cov_en_m2(0, 0) += Square(east_m) / 12.0;
    plot.cov_en_m2(1, 1) += Square(north_m) / 12.0;
  }

  // A line too steep says nothing about motion on the ground.
  if (target.los_velocity_cmps && line.cos_grazing > 0.2 && !IsAmbiguous(target)) {
    plot.range_rate_mps = *target.los_velocity_cmps * 0.01 / line.cos_grazing;
    const double sigma =
        target.radial_velocity_sigma_cmps
            ? *target.radial_velocity_sigma_cmps * 0.01
            : Stated(job.radial_velocity_sigma_cmps, 0.01).value_or(kDefaultRangeRateSigmaMps);
    plot.range_rate_sigma_mps = std::max(0.01, sigma) / line.cos_grazing;
  }
  if (target.snr_db) plot.snr_db = *target.snr_db;
  const double probability = target.class_probability_percent
                                 ? std::min(1.0, *target.class_probability_percent * 0.01)
                                 : kDefaultClassProbability;
  plot.classes = ClassesOf(target.classification.value_or(0), probability);
  return plot;
}

}  // namespace trucewatch::stanag4607
