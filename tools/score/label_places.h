// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

namespace trucewatch::tools {

// Finds room for labels of a picture, one after another, so that none covers another.
// Frame: pixels, x right, y down.
class LabelPlaces {
 public:
  // Labels stay within `size_px`.
  explicit LabelPlaces(const Eigen::Vector2d& size_px) : size_px_(size_px) {}

  // Nothing may lie there.
  void Block(const Eigen::Vector2d& middle_px, const Eigen::Vector2d& size_px) {
    taken_.push_back({middle_px, size_px / 2});
  }

  // Middle of a label of this size, as near to `at_px` as there is room within `reach_px`, and of
  // equally near ones the one most in the direction `toward_px` (any length; zero: to the right);
  // nothing when there is none. The place is taken then.
  struct Wish {
    Eigen::Vector2d at_px, size_px, toward_px;
    double reach_px = 0;
  };
  std::optional<Eigen::Vector2d> Place(const Wish& wish);

 private:
  struct Box {
    Eigen::Vector2d middle_px, half_px;
  };
  bool IsFree(const Box& box) const;

  Eigen::Vector2d size_px_;
  std::vector<Box> taken_;
};

}  // namespace trucewatch::tools
