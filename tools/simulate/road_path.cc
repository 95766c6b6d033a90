// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/road_path.h"

#include <algorithm>

#include "core/base/check.h"

namespace trucewatch::simulate {

RoadPath::RoadPath(std::span<const Eigen::Vector2d> corners)
    : points_(corners.begin(), corners.end()) {
  TW_CHECK(points_.size() >= 2);
  // Chaikin's corner cutting: after four rounds a bend is some tens of short chords.
  for (int round = 0; round < 4 && points_.size() > 2; ++round) {
    std::vector<Eigen::Vector2d> cut{points_.front()};
    for (std::size_t i = 0; i + 1 < points_.size(); ++i) {
      if (i > 0) cut.push_back(points_[i] * 0.75 + points_[i + 1] * 0.25);
      if (i + 2 < points_.size()) cut.push_back(points_[i] * 0.25 + points_[i + 1] * 0.75);
    }
    cut.push_back(points_.back());
    points_ = std::move(cut);
  }
  along_m_.push_back(0);
  for (std::size_t i = 1; i < points_.size(); ++i) {
    along_m_.push_back(along_m_.back() + (points_[i] - points_[i - 1]).norm());
  }
}

RoadPath::Place RoadPath::At(double along_m) const {
  auto next = std::upper_bound(along_m_.begin() + 1, along_m_.end() - 1, along_m);
  const auto i = static_cast<std::size_t>(next - along_m_.begin());
  const Eigen::Vector2d direction = (points_[i] - points_[i - 1]).normalized();
  return {points_[i - 1] + direction * (along_m - along_m_[i - 1]), direction};
}

double RoadPath::Nearest(const Eigen::Vector2d& place) const {
  double best = 1e300;
  double along = 0;
  for (std::size_t i = 1; i < points_.size(); ++i) {
    const SegmentDistance d = DistanceToSegment(place, points_[i - 1], points_[i]);
    if (d.distance_m < best) {
      best = d.distance_m;
      along = along_m_[i - 1] + d.fraction * (along_m_[i] - along_m_[i - 1]);
    }
  }
  return along;
}

double RoadPath::Distance(const Eigen::Vector2d& place) const {
  return (At(Nearest(place)).position - place).norm();
}

}  // namespace trucewatch::simulate
