// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/result.h"
#include "detect/appearance/network.h"
#include "detect/appearance/tiles.h"

namespace trucewatch::appearance {

// One thing that the network sees, in pixels of the picture, origin at its top-left corner.
// Lives inside detect only: a person is a box here and leaves as part of a group's count.
struct Box {
  double x_px = 0, y_px = 0, width_px = 0, height_px = 0;
  int model_class = 0;  // index into the card's
  double score = 0;
  std::vector<float> class_scores;  // one for each class of the card
  // Sides at which its tile, and not the picture, ended it.
  bool cut_left = false, cut_top = false, cut_right = false, cut_bottom = false;
  std::size_t tile = 0;  // which found it

  bool cut() const { return cut_left || cut_top || cut_right || cut_bottom; }
  double area_px2() const { return width_px * height_px; }
};

double IntersectionPx2(const Box& a, const Box& b);
double IntersectionOverUnion(const Box& a, const Box& b);

// The output's boxes with a score of at least `min_score`, one for the best class of each, in
// pixels of the tile. Numbers that are not finite, and boxes without an area, are left out. At most
// kMaxBoxesPerTile, the best.
inline constexpr std::size_t kMaxBoxesPerTile = 1000;
std::vector<Box> BoxesOf(const NetworkOutput& output, const v1::config::ModelCard& card,
                         double min_score);

// Puts the boxes of all tiles together, best score first:
// 1. a box cut by its tile's edge yields to a box of another tile that holds most of it and
//    shows more of the thing, and gives it its score; two that are cut at opposite sides of one
//    seam become one;
// 2. of boxes of one class that overlap by more than `nms_iou`, the best is kept.
// The same result whatever the order of the input.
std::vector<Box> MergeBoxes(std::vector<Box> boxes, const v1::config::ModelCard& card,
                            double nms_iou);

}  // namespace trucewatch::appearance
