// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace trucewatch::tools {

// A box of either side. Pixels or shares of the picture's sides, the same within one picture: what
// counts is the overlap, which does not depend on it.
struct LabelledBox {
  std::string object_class = {};
  double x = 0, y = 0, width = 0, height = 0;
  double score = 1;      // of a detection
  bool ignored = false;  // of a truth: a region; whatever lies in it counts neither for nor against
};

struct ScoredPicture {
  std::string name;  // for people
  std::vector<LabelledBox> truths;
  std::vector<LabelledBox> detections;
};

struct DetectionScoreOptions {
  int max_detections = 100;  // of a class in a picture, the best
  double at_score = 0.5;     // precision and recall there
  int bootstrap = 1000;      // resamplings of the pictures; 0: no intervals
  std::uint64_t seed = 1;
};

struct Interval95 {
  double low = 0, high = 0;
};

// Precision and recall of the detections that score at least so much, at an overlap of 0.5.
struct OperatingPoint {
  double score = 0;
  std::size_t found = 0, false_alarms = 0, missed = 0;
  double precision = 1, recall = 0;
};

struct ClassScore {
  std::string object_class;
  std::size_t truths = 0;      // that count
  std::size_t detections = 0;  // all of them
  double ap50 = 0;
  double ap50_95 = 0;
  std::optional<Interval95> ap50_interval, ap50_95_interval;
  OperatingPoint at_score;
  OperatingPoint best;  // where F1 is largest
};

struct DetectionScore {
  std::size_t pictures = 0;
  std::vector<ClassScore> classes;   // those that the truth has, by name
  double map50 = 0, map50_95 = 0;    // means over the classes
  std::size_t other_detections = 0;  // of classes that the truth has none of
};

// Average precision as COCO defines it (cocoeval, area "all"): per class and picture the best
// `max_detections`, matched in order of score to the free truth with the largest overlap; overlap
// thresholds 0.50, 0.55 ... 0.95; precision made monotone and read at 101 recalls. A region that is
// ignored takes any number of detections of any class, by the share of the detection that lies in
// it, after the truths that count. Intervals: percentiles of a bootstrap over pictures. The order
// of the pictures matters only where scores are equal.
DetectionScore ScoreDetections(const std::vector<ScoredPicture>& pictures,
                               const DetectionScoreOptions& options);

}  // namespace trucewatch::tools
