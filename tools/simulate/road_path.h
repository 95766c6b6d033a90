// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

namespace trucewatch::simulate {

// A road with rounded corners, parametrised by its length. Frame: east, north, metres.
class RoadPath {
 public:
  // At least two points, no two neighbours alike (the scenario is checked before).
  explicit RoadPath(std::span<const Eigen::Vector2d> corners);

  struct Place {
    Eigen::Vector2d position;
    Eigen::Vector2d direction;  // unit
  };
  // Before the start and past the end the road goes on straight.
  Place At(double along_m) const;
  double length_m() const { return along_m_.back(); }
  // Where on the road the point nearest to `place` lies, and how far it is.
  double Nearest(const Eigen::Vector2d& place) const;
  double Distance(const Eigen::Vector2d& place) const;
  const std::vector<Eigen::Vector2d>& points() const { return points_; }

 private:
  std::vector<Eigen::Vector2d> points_;
  std::vector<double> along_m_;
};

// Distance of a point from the segment a-b, and how far along it (0..1) the nearest point is.
struct SegmentDistance {
  double distance_m = 0;
  double fraction = 0;
};
inline SegmentDistance DistanceToSegment(const Eigen::Vector2d& place, const Eigen::Vector2d& a,
                                         const Eigen::Vector2d& b) {
  const Eigen::Vector2d span = b - a;
  double fraction = (place - a).dot(span) / span.squaredNorm();
  fraction = fraction < 0 ? 0 : (fraction > 1 ? 1 : fraction);
  return {(place - a - span * fraction).norm(), fraction};
}

}  // namespace trucewatch::simulate
