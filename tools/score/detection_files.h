// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "tools/score/detection_score.h"

namespace trucewatch::tools {

struct DetectionFiles {
  std::vector<std::string>
      truth;                    // COCO JSON, folders of YOLO .txt, or lines as `detect` writes them
  std::string detections = {};  // lines as `detect` writes them, or COCO results
  std::map<std::string, std::string> class_map = {};  // truth -> detected; besides the usual ones
  std::set<std::string> ignored = {};                 // truth classes; besides DontCare
  std::vector<std::string> yolo_names = {};  // classes of the YOLO files; empty: classes.txt
  bool vehicles_as_one = false;              // every vehicle, on either side, is "vehicle"
};

struct LoadedDetections {
  std::vector<ScoredPicture> pictures;  // those of the truth, in its order
  std::size_t without_line = 0;         // pictures of the truth that the detections do not name
  std::size_t failed = 0;               // ... that could not be looked at
  std::size_t beside_truth = 0;         // pictures of the detections that the truth does not name
  std::map<std::string, std::size_t> unmapped;  // truth classes that are not scored, and how many
};

// Reads both sides and puts them together. A picture is known by its file's name without folder and
// ending, with more of its path where that is not enough, and the frame. Truth classes become ours
// by `class_map`, else by the usual words (car, van -> light_vehicle; truck, bus, minibus ->
// truck; OtherVehicle -> vehicle; person, pedestrian -> person; tank -> tracked_vehicle), whatever
// their case; others are not scored. DontCare, iscrowd and ignore mark regions. Errors name file
// and line.
Result<LoadedDetections> LoadDetections(const DetectionFiles& files);

}  // namespace trucewatch::tools
