// SPDX-License-Identifier: Apache-2.0
#include "tools/score/label_places.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace trucewatch::tools {

bool LabelPlaces::IsFree(const Box& box) const {
  const Eigen::Vector2d low = box.middle_px - box.half_px, high = box.middle_px + box.half_px;
  if ((low.array() < 0).any() || (high.array() > size_px_.array()).any()) return false;
  return std::ranges::none_of(taken_, [&](const Box& other) {
    const Eigen::Array2d apart = (box.middle_px - other.middle_px).array().abs();
    return (apart < (box.half_px + other.half_px).array()).all();
  });
}

std::optional<Eigen::Vector2d> LabelPlaces::Place(const Wish& wish) {
  constexpr double kGap_px = 3, kRing_px = 5;
  constexpr int kDirections = 16;
  const double first = std::atan2(wish.toward_px.y(), wish.toward_px.x());
  for (double away_px = kGap_px; away_px <= wish.reach_px; away_px += kRing_px) {
    for (int k = 0; k < kDirections; ++k) {
      // 0, +1, -1, +2, ... steps from the wanted direction.
      const int step = (k % 2 == 0 ? -1 : 1) * ((k + 1) / 2);
      const double angle = first + 2 * std::numbers::pi * step / kDirections;
      const Eigen::Vector2d along(std::cos(angle), std::sin(angle));
      const Eigen::Vector2d middle_px =
          wish.at_px + along * away_px + along.cwiseProduct(wish.size_px) / 2;
      const Box box{middle_px, wish.size_px / 2};
      if (!IsFree(box)) continue;
      taken_.push_back(box);
      return middle_px;
    }
  }
  return std::nullopt;
}

}  // namespace trucewatch::tools
