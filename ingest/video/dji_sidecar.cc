// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/dji_sidecar.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "ingest/klv/platform_state.h"

namespace trucewatch {
namespace {

constexpr std::uint64_t kMaxDamageTold = 20;

}  // namespace

void DjiSidecar::Take(std::vector<DjiCue> cues) {
  for (DjiCue& cue : cues) {
    ++cues_;
    if (!cue.problem.empty()) {
      if (++damaged_ <= kMaxDamageTold) faults_.push_back({cue.offset, cue.problem});
      continue;
    }
    if (cue.latitude_deg) ++with_position_;
    if (cue.relative_height_m) ++with_height_;
    if (cue.gimbal_yaw_deg && cue.gimbal_pitch_deg && cue.gimbal_roll_deg) ++with_gimbal_;
    const auto time = TimeOf(cue);
    if (!time) {
      ++undated_;
      continue;
    }
    if (!first_time_) first_time_ = time;
    if (waiting_.size() == kMaxCues) {
      ++beyond_;
      continue;
    }
    waiting_.push_back(std::move(cue));
  }
}

std::vector<DjiSidecar::Fault> DjiSidecar::Finish() {
  Take(reader_.Finish());
  std::vector<Fault> faults = std::exchange(faults_, {});
  if (damaged_ > kMaxDamageTold)
    faults.push_back({0, fmt::format("{} more damaged cues", damaged_ - kMaxDamageTold)});
  if (beyond_ > 0) faults.push_back({0, fmt::format("{} cues beyond {}", beyond_, kMaxCues)});
  if (undated_ > 0) {
    faults.push_back(
        {0, options_.utc_offset
                ? fmt::format("{} of {} cues have no date and give no time", undated_, cues_)
                : std::string("the cues' times have no zone, and no UTC offset is "
                              "stated: they are refused")});
  }
  if (cues_ == 0) faults.push_back({0, "no cue: expected lines with --> between two times"});
  if (std::string why = WhyNoPose(); !why.empty()) faults.push_back({0, "no pose: " + why});
  return faults;
}

std::string DjiSidecar::WhyNoPose() const {
  if (cues_ == 0) return "";
  if (with_position_ == 0) return "no cue has a position";
  if (with_gimbal_ == 0)
    return "the cues do not say where the camera looks (gb_yaw, gb_pitch, gb_roll)";
  if (with_height_ == 0) return "the cues have no height above the take-off";
  if (!options_.takeoff_height_hae_m) return "the height of the take-off is not stated";
  if (!(options_.horizontal_fov.rad() > 0)) return "the field of view is not stated";
  return "";
}

std::optional<Instant> DjiSidecar::TimeOf(const DjiCue& cue) const {
  if (!cue.local_time || !options_.utc_offset) return std::nullopt;
  return *cue.local_time - *options_.utc_offset;
}

std::optional<CameraPose> DjiSidecar::PoseOf(const DjiCue& cue, int width_px, int height_px) const {
  if (!cue.latitude_deg || !cue.relative_height_m || !cue.gimbal_yaw_deg || !cue.gimbal_pitch_deg ||
      !cue.gimbal_roll_deg || !options_.takeoff_height_hae_m ||
      !(options_.horizontal_fov.rad() > 0) || width_px < 1 || height_px < 1) {
    return std::nullopt;
  }
  CameraPose pose;
  pose.position = Geodetic::FromDegrees(*cue.latitude_deg, *cue.longitude_deg,
                                        *options_.takeoff_height_hae_m + *cue.relative_height_m);
  // The gimbal's angles are of the world, not of the airframe.
  pose.sensor_azimuth = Angle::Degrees(*cue.gimbal_yaw_deg).NormalisedPositive();
  pose.sensor_elevation = Angle::Degrees(*cue.gimbal_pitch_deg);
  pose.sensor_roll = Angle::Degrees(*cue.gimbal_roll_deg);
  pose.horizontal_fov = options_.horizontal_fov;
  pose.vertical_fov = Angle::Radians(
      2 * std::atan(std::tan(options_.horizontal_fov.rad() / 2) * height_px / width_px));
  return pose;
}

std::vector<MetadataSample> DjiSidecar::SamplesUpTo(Duration until, Duration first_pts,
                                                    int width_px, int height_px) {
  std::vector<MetadataSample> samples;
  while (!waiting_.empty() && waiting_.front().start <= until) {
    const DjiCue& cue = waiting_.front();
    MetadataSample sample;
    sample.pts = first_pts + cue.start;
    sample.own_pts = true;
    sample.time = *TimeOf(cue);
    sample.pose = PoseOf(cue, width_px, height_px);
    sample.angle_reading = static_cast<int>(AngleConvention::kAbsolute);
    samples.push_back(std::move(sample));
    waiting_.pop_front();
  }
  return samples;
}

}  // namespace trucewatch
