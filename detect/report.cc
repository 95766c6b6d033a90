// SPDX-License-Identifier: Apache-2.0
#include "detect/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "core/json/json_writer.h"
#include "core/media/decoder.h"
#include "core/types/names.h"
#include "detect/appearance_look.h"
#include "detect/best_class.h"
#include "detect/segment.h"

namespace trucewatch {
namespace {

// By a power of ten: dividing by it gives the double nearest to the decimal number.
double Rounded(double value, double per_unit) { return std::round(value * per_unit) / per_unit; }

// One moment, with the groups that belong to it.
struct Seen {
  const MotionMoment* moment = nullptr;
  const std::vector<GroupObservation>* groups = nullptr;
  const AppearanceLook* look = nullptr;  // null: none was asked for
};

void AddGroup(const GroupObservation& group, JsonWriter& json) {
  json.BeginObject();
  json.Field("class", std::string(ObjectClassName(group.object_class)));
  json.Field("count_min", group.count_min);
  json.Field("count_max", group.count_max);
  json.Field("lat_deg", group.position.latitude.deg());
  json.Field("lon_deg", group.position.longitude.deg());
  json.Field("extent_m", Rounded(group.extent_m, 10));
  json.Key("box_px").BeginArray();
  json.Number(Rounded(group.box_x_px, 100)).Number(Rounded(group.box_y_px, 100));
  json.Number(Rounded(group.box_width_px, 100)).Number(Rounded(group.box_height_px, 100));
  json.EndArray().EndObject();
}

void AddPersons(const ReportOptions& options, const AppearanceLook& look, JsonWriter& json) {
  for (const appearance::Box& box : look.look.boxes) {
    const auto object = options.looks->card().class_(box.model_class).object();
    if (object != v1::config::ModelClass::PERSON || box.score < options.min_score) continue;
    json.BeginObject().Field("class", "person").Field("score", Rounded(box.score, 1e4));
    json.Key("box_px").BeginArray();
    json.Number(Rounded(box.x_px, 100)).Number(Rounded(box.y_px, 100));
    json.Number(Rounded(box.width_px, 100)).Number(Rounded(box.height_px, 100));
    json.EndArray().EndObject();
  }
}

std::string Line(const ReportOptions& options, int frame, cv::Size size, const Seen& seen) {
  const MotionMoment& moment = *seen.moment;
  JsonWriter json;
  json.BeginObject();
  json.Field("file", options.file);
  json.Field("frame", frame);
  json.Field("time_utc", FormatUtc(moment.time));
  json.Field("width_px", size.width);
  json.Field("height_px", size.height);
  if (!moment.degraded_reason.empty()) json.Field("degraded", moment.degraded_reason);
  if (moment.position_sigma_stated_m > 0) {
    json.Field("position_sigma_stated_m", Rounded(moment.position_sigma_stated_m, 100));
    json.Field("position_scatter_m", Rounded(moment.position_scatter_m, 100));
  }
  if (!moment.georeference_note.empty()) {
    json.Field("georeference_note", moment.georeference_note);
  }
  json.Key("detections").BeginArray();
  for (std::size_t i = 0; i < moment.detections.size(); ++i) {
    const Detection& detection = moment.detections[i];
    if (detection.score < options.min_score) continue;
    json.BeginObject();
    json.Field("class", std::string(ObjectClassName(BestClass(detection.classes))));
    json.Field("score", Rounded(detection.score, 1e4));
    json.Key("box_px").BeginArray();
    json.Number(Rounded(detection.box_x_px, 100)).Number(Rounded(detection.box_y_px, 100));
    json.Number(Rounded(detection.box_width_px, 100)).Number(Rounded(detection.box_height_px, 100));
    json.EndArray();
    // The network's own have no image track.
    if (seen.look != nullptr) json.Field("moving", detection.image_track != 0);
    const bool placed = detection.image_track != 0 || detection.length_m > 0;
    if (moment.georeferenced && placed) {
      json.Field("lat_deg", detection.position.latitude.deg());
      json.Field("lon_deg", detection.position.longitude.deg());
      const Eigen::Matrix2d& cov = detection.cov_en_m2;
      json.Key("cov_m2").BeginArray();
      json.Number(cov(0, 0)).Number(cov(0, 1)).Number(cov(1, 1)).EndArray();
    }
    if (i < moment.evidence.size()) {
      json.Field("track", detection.image_track);
      json.Key("evidence").BeginObject();
      for (const auto& [name, number] : moment.evidence[i]) json.Field(name, number);
      json.EndObject();
    }
    json.EndObject();
  }
  if (options.evaluate && seen.look != nullptr) AddPersons(options, *seen.look, json);
  json.EndArray();
  json.Key("groups").BeginArray();
  for (const GroupObservation& group : *seen.groups) AddGroup(group, json);
  json.EndArray().EndObject();
  return json.text();
}

// The group as a whole, with its count; nobody in it.
void DrawGroup(const GroupObservation& group, cv::Mat& colour) {
  const cv::Scalar cyan(255, 200, 0);
  const cv::Point2d middle(group.box_x_px + group.box_width_px / 2,
                           group.box_y_px + group.box_height_px / 2);
  const cv::Size2d size(group.box_width_px + 12, group.box_height_px + 12);
  cv::ellipse(colour, cv::RotatedRect(middle, size, 0), cyan, 1, cv::LINE_AA);
  const std::string text = fmt::format("people: {} to {}", group.count_min, group.count_max);
  const double x = std::clamp(middle.x - 50, 2.0, std::max(2.0, colour.cols - 110.0));
  const double y = std::max(12.0, group.box_y_px - 10);
  cv::putText(colour, text, cv::Point2d(x, y), cv::FONT_HERSHEY_SIMPLEX, 0.4, {0, 0, 0}, 3,
              cv::LINE_AA);
  cv::putText(colour, text, cv::Point2d(x, y), cv::FONT_HERSHEY_SIMPLEX, 0.4, cyan, 1, cv::LINE_AA);
}

Result<void> Draw(const ReportOptions& options, int frame, const DecodedPicture& picture,
                  const Seen& seen) {
  std::vector<std::uint8_t> png;
  try {
    const cv::Mat luma(picture.height_px, picture.width_px, CV_8U,
                       const_cast<std::uint8_t*>(picture.luma.data()));  // only read
    cv::Mat colour;
    cv::cvtColor(luma, colour, cv::COLOR_GRAY2BGR);
    for (const GroupObservation& group : *seen.groups) DrawGroup(group, colour);
    for (const Detection& d : seen.moment->detections) {
      if (d.score < options.min_score) continue;
      const cv::Rect2d box(d.box_x_px - 2, d.box_y_px - 2, d.box_width_px + 4, d.box_height_px + 4);
      const bool moving = d.image_track != 0;
      cv::rectangle(colour, box, moving ? cv::Scalar(0, 0, 255) : cv::Scalar(80, 200, 255), 1);
      const std::string text =
          moving ? std::to_string(d.image_track)
                 : fmt::format("{} {:.2f}", ObjectClassName(BestClass(d.classes)), d.score);
      cv::putText(colour, text, cv::Point2d(box.x, box.y - 2), cv::FONT_HERSHEY_SIMPLEX, 0.35,
                  {0, 255, 255}, 1, cv::LINE_AA);
    }
    cv::imencode(".png", colour, png);
  } catch (const cv::Exception& e) {
    return Fail(ErrorCode::kBadInput, "frame {} cannot be drawn: {}", frame, e.what());
  }
  return options.draw(frame, {png.begin(), png.end()});
}

// Looks at every picture with the network: movers take its class, and what does not move is added
// to the moment's detections. By frame of the segment.
Result<std::map<std::size_t, AppearanceLook>> LookAtFrames(const VideoSegment& segment,
                                                           const ReportOptions& options,
                                                           const Terrain& terrain,
                                                           SegmentMotion& seen) {
  std::map<std::size_t, AppearanceLook> looks;
  std::map<std::size_t, std::size_t> moment_of_frame;
  for (std::size_t i = 0; i < seen.motion.moments.size(); ++i) {
    moment_of_frame[seen.frame_of_picture[seen.motion.moments[i].picture]] = i;
  }
  std::vector<std::string> units;
  for (const VideoFrame& frame : segment.frames) units.push_back(frame.access_unit);
  AppearanceLookOptions look_options;
  look_options.min_score = options.min_score;
  Result<void> looked;
  const DecodeOptions decode{.codec = segment.codec,
                             .extradata = segment.extradata,
                             .chroma = WantsColour(options.looks->card())};
  const auto decoded = DecodeAccessUnits(decode, units, [&](DecodedPicture&& picture) {
    const auto index = static_cast<std::size_t>(picture.access_unit);
    const auto found = moment_of_frame.find(index);
    if (found == moment_of_frame.end()) return true;
    const VideoFrame& frame = segment.frames[index];
    auto look = LookByAppearance(picture, {frame.time, frame.pose, frame.pose_sigma},
                                 *options.looks, terrain, look_options);
    if (!look) {
      looked = tl::unexpected<Error>(look.error());
      return false;
    }
    std::vector<Detection>& detections = seen.motion.moments[found->second].detections;
    std::vector<Detection> standing = look->vehicles;
    for (Detection& mover : detections) {
      const Detection* vehicle = VehicleOfMover(mover, look->vehicles);
      if (vehicle == nullptr) continue;
      mover.classes = vehicle->classes;
      std::erase_if(standing, [&](const Detection& d) {
        return d.box_x_px == vehicle->box_x_px && d.box_y_px == vehicle->box_y_px;
      });
    }
    detections.insert(detections.end(), standing.begin(), standing.end());
    std::vector<GroupObservation>& groups = seen.people.groups[found->second];
    if (!seen.people.searched) groups = look->groups;
    looks[index] = std::move(*look);
    return true;
  });
  TW_RETURN_IF_ERROR(looked);
  if (!decoded) return tl::unexpected<Error>(decoded.error());
  return looks;
}

}  // namespace

Result<int> ReportSegment(const VideoSegment& segment, const ReportOptions& options,
                          const Terrain& terrain, int first_frame, const LineSink& sink) {
  MotionOptions motion = options.motion;
  motion.observation_period = Duration();
  motion.sample_period = Duration();
  TW_ASSIGN_OR_RETURN(SegmentMotion seen,
                      DetectSegmentMotion(segment, motion, terrain, options.people));
  std::map<std::size_t, AppearanceLook> looks;
  if (options.looks != nullptr) {
    TW_ASSIGN_OR_RETURN(looks, LookAtFrames(segment, options, terrain, seen));
  }
  const cv::Size size(seen.width_px, seen.height_px);
  std::map<std::size_t, Seen> by_frame;
  for (std::size_t i = 0; i < seen.motion.moments.size(); ++i) {
    const MotionMoment& moment = seen.motion.moments[i];
    const std::size_t frame = seen.frame_of_picture[moment.picture];
    const auto look = looks.find(frame);
    by_frame[frame] = {&moment, &seen.people.groups[i],
                       look == looks.end() ? nullptr : &look->second};
  }
  // Frames are numbered as they are shown; one without a line of its own did not decode.
  std::map<std::size_t, int> number;
  for (std::size_t i = 0; i < seen.frame_of_picture.size(); ++i) {
    const std::size_t frame = seen.frame_of_picture[i];
    number[frame] = first_frame + static_cast<int>(i);
    if (const auto found = by_frame.find(frame); found != by_frame.end()) {
      sink(Line(options, number[frame], size, found->second));
    }
  }
  if (options.draw) {
    std::vector<std::string> units;
    for (const VideoFrame& frame : segment.frames) units.push_back(frame.access_unit);
    Result<void> drawn;
    const auto decoded = DecodeAccessUnits(
        {.codec = segment.codec, .extradata = segment.extradata}, units,
        [&](DecodedPicture&& picture) {
          const auto frame = static_cast<std::size_t>(picture.access_unit);
          const auto found = by_frame.find(frame);
          if (found == by_frame.end() || number[frame] % std::max(1, options.draw_every) != 0) {
            return true;
          }
          drawn = Draw(options, number[frame], picture, found->second);
          return drawn.has_value();
        });
    if (!decoded) return tl::unexpected<Error>(decoded.error());
    TW_RETURN_IF_ERROR(drawn);
  }
  return first_frame + static_cast<int>(segment.frames.size());
}

Result<void> ReportSegments(std::span<const VideoSegment> segments, const ReportOptions& options,
                            const Terrain& terrain, const LineSink& sink, const LineSink& fault) {
  cv::setNumThreads(1);
  int frame = 0;
  for (const VideoSegment& segment : segments) {
    auto next = ReportSegment(segment, options, terrain, frame, sink);
    if (next) {
      frame = *next;
    } else if (next.error().code == ErrorCode::kIo) {
      return tl::unexpected<Error>(next.error());
    } else {
      fault(fmt::format("{}: frames {} to {}: {}", options.file, frame,
                        frame + static_cast<int>(segment.frames.size()) - 1, next.error().message));
      frame += static_cast<int>(segment.frames.size());
    }
  }
  return {};
}

}  // namespace trucewatch
