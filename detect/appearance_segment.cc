// SPDX-License-Identifier: Apache-2.0
#include "detect/appearance_segment.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "detect/satellite/scene_detector.h"

namespace trucewatch {
namespace {

std::int64_t PeriodOf(Instant time, Duration period) {
  const std::int64_t us = period.micros();
  const std::int64_t at = time.micros();
  return at >= 0 ? at / us : -((-at + us - 1) / us);
}

bool KnowsPeople(const v1::config::ModelCard& card) {
  return std::any_of(card.class_().begin(), card.class_().end(),
                     [](const auto& c) { return c.object() == v1::config::ModelClass::PERSON; });
}

}  // namespace

SegmentAppearance LookAtSegment(const VideoSegment& segment, const v1::config::DetectConfig& config,
                                const appearance::ImageDetector& detector, const Terrain& terrain,
                                SegmentMotion& seen) {
  SegmentAppearance result;
  auto& moments = seen.motion.moments;
  result.moments.resize(moments.size());
  const Duration period = Duration::FromSeconds(config.appearance().period_s());
  const Duration step = Duration::FromSeconds(config.observation_period_s());
  std::map<std::size_t, std::size_t> moment_of_frame;
  std::vector<bool> whole(moments.size());
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const Instant before = i == 0 ? moments[i].time - step : moments[i - 1].time;
    whole[i] = PeriodOf(before, period) != PeriodOf(moments[i].time, period);
    const bool chips = config.appearance().chips() > 0 && !moments[i].detections.empty();
    if (whole[i] || chips) moment_of_frame[seen.frame_of_picture[moments[i].picture]] = i;
  }
  if (moment_of_frame.empty()) return result;

  AppearanceLookOptions options;
  options.min_score = std::min(detector.card().working_score(), parked::kWeakestScore);
  if (config.has_people()) {
    options.min_people = static_cast<int>(config.people().min_count());
    options.group_radius_m = config.people().group_radius_m();
  }
  const auto look_at = [&](const DecodedPicture& picture, std::size_t i) -> Result<void> {
    const VideoFrame& frame = segment.frames[static_cast<std::size_t>(picture.access_unit)];
    const MotionPicture pose{frame.time, frame.pose, frame.pose_sigma};
    MotionMoment& moment = moments[i];
    if (!whole[i]) {
      TW_ASSIGN_OR_RETURN(const int known,
                          ClassifyMovers(picture, pose, detector, terrain,
                                         config.appearance().chips(), moment.detections));
      static_cast<void>(known);
      return {};
    }
    TW_ASSIGN_OR_RETURN(AppearanceLook look,
                        LookByAppearance(picture, pose, detector, terrain, options));
    // What is weak counts only over many looks at one place.
    std::vector<Detection> weak;
    std::erase_if(look.vehicles, [&](const Detection& d) {
      if (d.score >= detector.card().working_score()) return false;
      weak.push_back(d);
      return true;
    });
    result.moments[i].whole = look.georeferenced && look.look.degraded_reason.empty();
    std::vector<Detection> standing = look.vehicles;
    for (Detection& mover : moment.detections) {
      const Detection* vehicle = VehicleOfMover(mover, look.vehicles);
      if (vehicle == nullptr) continue;
      mover.classes = vehicle->classes;
      std::erase_if(standing, [&](const Detection& d) {
        return d.box_x_px == vehicle->box_x_px && d.box_y_px == vehicle->box_y_px;
      });
    }
    if (!result.moments[i].whole) return {};
    result.moments[i].knows_people = config.has_people() && KnowsPeople(detector.card());
    if (result.moments[i].knows_people) result.moments[i].people = look.groups;
    std::erase_if(standing, [](const Detection& d) { return !(d.length_m > 0); });  // no place
    if (pose.pose) {
      std::vector<Detection> parked = standing;
      for (const Detection& d : weak) {
        const bool moves = std::any_of(
            moment.detections.begin(), moment.detections.end(),
            [&](const Detection& mover) { return VehicleOfMover(mover, {d}) != nullptr; });
        if (!moves) parked.push_back(d);
      }
      result.moments[i].parked = parked::ParkedLook{.source = segment.source,
                                                    .time = moment.time,
                                                    .pose = *pose.pose,
                                                    .pose_sigma = pose.pose_sigma,
                                                    .width_px = picture.width_px,
                                                    .height_px = picture.height_px,
                                                    .grey = picture.luma,
                                                    .vehicles = std::move(parked)};
    }
    result.moments[i].standing =
        GroupStanding(standing, config.appearance().standing_detection_probability());
    return {};
  };

  std::vector<std::string> units;
  for (const VideoFrame& frame : segment.frames) units.push_back(frame.access_unit);
  DecodeOptions decode;
  decode.codec = segment.codec;
  decode.extradata = segment.extradata;
  decode.chroma = WantsColour(detector.card());
  std::size_t left = moment_of_frame.size();
  const auto decoded = DecodeAccessUnits(decode, units, [&](DecodedPicture&& picture) {
    const auto found = moment_of_frame.find(static_cast<std::size_t>(picture.access_unit));
    if (found == moment_of_frame.end()) return true;
    if (const auto looked = look_at(picture, found->second); !looked) {
      result.fault = looked.error().message;
      return false;
    }
    return --left > 0;
  });
  if (!decoded) result.fault = decoded.error().message;
  return result;
}

}  // namespace trucewatch
