// SPDX-License-Identifier: Apache-2.0
#include "detect/segment.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "core/media/decoder.h"
#include "detect/appearance_segment.h"

namespace trucewatch {
namespace {

std::string AppendModel(const std::string& model, const char* name) {
  return model.empty() ? name : model + "+" + name;
}

DataFault FaultOf(const VideoSegment& segment, std::string reason) {
  DataFault fault;
  fault.source = segment.source;
  if (!segment.frames.empty()) fault.time = segment.frames.front().time;
  fault.format = segment.codec;
  fault.reason = std::move(reason);
  return fault;
}

// What a whole picture showed. People are counted by how they move where the video is sharp enough
// for that, and by their looks elsewhere: two counts of one group would make two groups.
void AddAppearance(const SegmentAppearance::Moment& moment, const v1::config::DetectConfig& config,
                   ObservationSet* set) {
  if (!moment.whole) return;
  set->standing_detection_probability = config.appearance().standing_detection_probability();
  set->groups.insert(set->groups.end(), moment.standing.begin(), moment.standing.end());
  if (!moment.knows_people || set->group_detection_probability > 0) return;
  set->group_detection_probability = config.people().detection_probability();
  set->groups.insert(set->groups.end(), moment.people.begin(), moment.people.end());
}

}  // namespace

MotionOptions MotionOptionsFrom(const v1::config::DetectConfig& config) {
  MotionOptions options;
  const auto set = [](double value, double& option) {
    if (value > 0) option = value;
  };
  set(config.working_gsd_m(), options.working_gsd_m);
  set(config.min_speed_mps(), options.min_speed_mps);
  set(config.max_speed_mps(), options.max_speed_mps);
  set(config.min_size_m(), options.min_size_m);
  set(config.max_size_m(), options.max_size_m);
  set(config.least_probability(), options.least_probability);
  if (config.observation_period_s() > 0) {
    options.observation_period = Duration::FromSeconds(config.observation_period_s());
  }
  options.assumed_gsd_m = options.working_gsd_m;
  return options;
}

std::optional<PeopleOptions> PeopleOptionsFrom(const v1::config::DetectConfig& config) {
  if (!config.has_people()) return std::nullopt;
  PeopleOptions options;
  options.max_gsd_m = config.people().max_gsd_m();
  options.min_count = static_cast<int>(config.people().min_count());
  options.group_radius_m = config.people().group_radius_m();
  return options;
}

Result<SegmentMotion> DetectSegmentMotion(const VideoSegment& segment, const MotionOptions& options,
                                          const Terrain& terrain,
                                          const std::optional<PeopleOptions>& people) {
  SegmentMotion result;
  // Access units come in decoding order; the detector wants them as they are shown.
  result.frame_of_picture.resize(segment.frames.size());
  std::iota(result.frame_of_picture.begin(), result.frame_of_picture.end(), std::size_t{0});
  std::stable_sort(result.frame_of_picture.begin(), result.frame_of_picture.end(),
                   [&](std::size_t a, std::size_t b) {
                     return segment.frames[a].time < segment.frames[b].time;
                   });
  std::vector<std::size_t> picture_of_frame(segment.frames.size());
  std::vector<MotionPicture> pictures;
  for (const std::size_t frame : result.frame_of_picture) {
    picture_of_frame[frame] = pictures.size();
    const VideoFrame& f = segment.frames[frame];
    pictures.push_back({f.time, f.pose, f.pose_sigma});
  }
  std::vector<std::string> units;
  for (const VideoFrame& frame : segment.frames) units.push_back(frame.access_unit);

  std::optional<PeopleDetector> groups;
  if (people) groups.emplace(pictures, *people, terrain);
  MotionDetector detector(std::move(pictures), options, terrain);
  const auto decode_begins = [&] {
    if (options.on_step) options.on_step("decode");
  };
  decode_begins();
  DecodeOptions decode;
  decode.codec = segment.codec;
  decode.extradata = segment.extradata;
  std::vector<std::uint8_t> rows;  // without gaps between them
  const auto wanted = [&](int unit) {
    const std::size_t index = picture_of_frame[static_cast<std::size_t>(unit)];
    return detector.Wants(index) || (groups && groups->Wants(index));
  };
  auto decoded = DecodeLuma(decode, units, wanted, [&](const LumaView& picture) {
    const auto frame = static_cast<std::size_t>(picture.access_unit);
    if (result.width_px == 0) {
      result.width_px = picture.width_px;
      result.height_px = picture.height_px;
    }
    if (frame < picture_of_frame.size()) {
      const std::size_t index = picture_of_frame[frame];
      detector.Add(index, picture.width_px, picture.height_px, picture.data, picture.stride);
      if (detector.Wants(index)) {
        const auto print =
            footage::PrintOf(picture.width_px, picture.height_px, picture.data, picture.stride);
        if (print) result.prints.emplace_back(frame, *print);
      }
      if (groups && groups->Wants(index)) {
        rows.clear();
        for (int y = 0; y < picture.height_px; ++y) {
          const std::uint8_t* row = picture.data + y * picture.stride;
          rows.insert(rows.end(), row, row + picture.width_px);
        }
        groups->Add(index, picture.width_px, picture.height_px, rows);
      }
    }
    decode_begins();
    return true;
  });
  if (!decoded) return tl::unexpected<Error>(decoded.error());
  // Nothing is known against what was left out.
  result.decoded = decoded->pictures + decoded->skipped;
  result.motion = detector.Finish();
  std::vector<std::size_t> moments;
  for (const MotionMoment& moment : result.motion.moments) moments.push_back(moment.picture);
  if (groups) {
    result.people = groups->Finish(moments);
  } else {
    result.people.groups.resize(moments.size());
  }
  return result;
}

SegmentResult DetectSegment(const VideoSegment& segment, const v1::config::DetectConfig& config,
                            const Terrain& terrain, const appearance::ImageDetector* looks) {
  SegmentResult result;
  auto seen =
      DetectSegmentMotion(segment, MotionOptionsFrom(config), terrain, PeopleOptionsFrom(config));
  if (!seen) {
    result.faults.push_back(FaultOf(segment, "segment does not decode: " + seen.error().message));
    return result;
  }
  const auto frames = static_cast<int>(segment.frames.size());
  if (seen->decoded < frames) {
    result.faults.push_back(FaultOf(
        segment, fmt::format("{} of {} pictures do not decode", frames - seen->decoded, frames)));
  }
  result.counts = seen->motion.counts;
  result.prints = std::move(seen->prints);
  SegmentAppearance appearance;
  if (looks != nullptr && config.has_appearance()) {
    appearance = LookAtSegment(segment, config, *looks, terrain, *seen);
    if (!appearance.fault.empty()) result.faults.push_back(FaultOf(segment, appearance.fault));
  }
  for (std::size_t i = 0; i < seen->motion.moments.size(); ++i) {
    MotionMoment& moment = seen->motion.moments[i];
    ObservationSet set;
    set.source = segment.source;
    set.lineage = segment.lineage;
    set.lineage.model = AppendModel(segment.lineage.model, kMotionModel);
    if (config.has_people()) set.lineage.model = AppendModel(set.lineage.model, kPeopleModel);
    if (!appearance.moments.empty()) {
      set.lineage.model = AppendModel(set.lineage.model, looks->card().name().c_str());
    }
    set.time = moment.time;
    set.frame_index = static_cast<int>(seen->frame_of_picture[moment.picture]);
    set.footprint = std::move(moment.footprint);
    set.min_detectable_speed_mps = moment.min_detectable_speed_mps;
    set.false_alarms_per_km2 = config.false_alarms_per_km2();
    set.exercise = segment.exercise;
    set.degraded_reason = std::move(moment.degraded_reason);
    set.raw_digests = segment.raw_digests;
    set.position_sigma_stated_m = moment.position_sigma_stated_m;
    set.position_scatter_m = moment.position_scatter_m;
    set.georeference_note = std::move(moment.georeference_note);
    // A look that failed would not have seen anything.
    if (set.degraded_reason.empty()) set.detection_probability = config.detection_probability();
    // What has no place on the ground is of no use to fusion.
    if (moment.georeferenced) set.detections = std::move(moment.detections);
    set.resolution_m = seen->people.gsd_m;
    if (seen->people.searched && set.degraded_reason.empty()) {
      set.group_detection_probability = config.people().detection_probability();
      set.groups = std::move(seen->people.groups[i]);
    }
    if (!appearance.moments.empty() && set.degraded_reason.empty()) {
      AddAppearance(appearance.moments[i], config, &set);
      if (appearance.moments[i].parked) {
        result.parked.emplace_back(result.observations.size(),
                                   std::move(*appearance.moments[i].parked));
      }
    }
    result.observations.push_back(std::move(set));
  }
  return result;
}

}  // namespace trucewatch
