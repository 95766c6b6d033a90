// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "core/base/result.h"
#include "core/geo/terrain.h"
#include "core/types/observation.h"
#include "detect/motion/motion_detector.h"
#include "detect/people/people_detector.h"

namespace trucewatch {
namespace appearance {
class ImageDetector;
}  // namespace appearance

struct ReportOptions {
  std::string file = {};      // as the lines name it
  MotionOptions motion = {};  // observation_period and sample_period are set to every picture
  std::optional<PeopleOptions> people = {};  // nothing: groups of people are not looked for
  double min_score = 0;                      // weaker detections are left out
  // Takes pictures with boxes, as PNG, one in `draw_every` frames; null: none are drawn. Its Error
  // ends the report.
  std::function<Result<void>(int frame, const std::string& png)> draw = {};
  int draw_every = 1;
  // Every picture is looked at with this network too; null: only what moves is looked for. Outlives
  // the call.
  const appearance::ImageDetector* looks = nullptr;
  bool evaluate = false;  // single persons as boxes, for scoring on labelled sets only
};

// Detection alone, for `trucewatch detect FILE --json` (DESIGN.md section 6): one JSON object a
// frame
//   {"file", "frame", "time_utc", "width_px", "height_px", "degraded"?, "detections": [{"class",
//   "score",
//    "box_px": [x, y, width, height], "lat_deg"?, "lon_deg"?, "cov_m2"?: [ee, en, nn]}],
//    "groups": [{"class": "person_group", "count_min", "count_max", "lat_deg", "lon_deg",
//    "extent_m", "box_px"}]}
// with options.looks "moving" in each detection: what the network alone saw does not move, as far
// as could be told. in order of presentation. Frames are numbered from `first_frame`; returns the
// next number. A frame without a pose has boxes only. Fails when the segment does not decode, or a
// picture cannot be written.
using LineSink = std::function<void(const std::string& line)>;
Result<int> ReportSegment(const VideoSegment& segment, const ReportOptions& options,
                          const Terrain& terrain, int first_frame, const LineSink& sink);

// All segments of a file. One that does not decode is reported to `fault` and the others go on.
Result<void> ReportSegments(std::span<const VideoSegment> segments, const ReportOptions& options,
                            const Terrain& terrain, const LineSink& sink, const LineSink& fault);

}  // namespace trucewatch
