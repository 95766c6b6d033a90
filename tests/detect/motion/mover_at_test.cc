// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/geo/terrain.h"
#include "detect/motion/movers.h"

namespace trucewatch::motion {
namespace {

constexpr double kPixelAt_m = 0.4;
constexpr double kPixelsASecond = 20;
constexpr std::size_t kPicturesAt = 20;

// Without a pose: boxes only.
GroundView View() {
  static const FlatTerrain flat(0, 1);
  static const RaisedTerrain terrain(flat, 0);
  static const MotionPicture picture;
  return GroundView(picture, 1.0, terrain, kPixelAt_m);
}

Moment At(std::size_t m) {
  Moment moment;
  moment.time_s = 0.1 * static_cast<double>(m);
  return moment;
}

// Seen by differencing in every picture, `beside_px` beside its way; its pixels followed in the
// pictures from `first` to `last`, give or take `jerk_px`.
Mover Followed(std::size_t first, std::size_t last, double jerk_px, double beside_px) {
  Mover mover;
  mover.metres = kPixelAt_m * Eigen::Matrix2d::Identity();
  mover.whole_length_m = 4.8;
  mover.whole_breadth_m = 2.4;
  mover.trail.emplace();
  std::vector<double> times;
  std::vector<Eigen::Vector2d> places;
  for (std::size_t m = 0; m < kPicturesAt; ++m) {
    const double t = 0.1 * static_cast<double>(m);
    const Eigen::Vector2d way(100 + kPixelsASecond * t, 80);
    mover.track.hits.push_back({m, t, way + Eigen::Vector2d(0, beside_px), 0});
    if (m < first || m > last) continue;
    TrailPoint point;
    point.moment = m;
    point.time_s = t;
    point.place = way + Eigen::Vector2d(0, m % 2 == 0 ? jerk_px : -jerk_px);
    mover.trail->points.push_back(point);
    times.push_back(t);
    places.push_back(point.place);
  }
  mover.trail->path = FitPath(times, places);
  return mover;
}

double MiddleX(const Detection& d) { return d.box_x_px + d.box_width_px / 2; }

TEST(SightAt, GoesOnWhereOnlyDifferencingSeesIt) {
  const Mover mover = Followed(8, 15, 0, 0);
  for (std::size_t m = 0; m < kPicturesAt; ++m) {
    const auto sight = SightAt(mover, At(m), View());
    ASSERT_TRUE(sight) << m;
    const double x = 100 + kPixelsASecond * 0.1 * static_cast<double>(m);
    EXPECT_NEAR(MiddleX(sight->detection), x, 1) << m;
    EXPECT_NEAR(sight->middle.x() + 0.5, x, 1) << m;
    EXPECT_NEAR(sight->detection.box_width_px, 12, 1) << m;
  }
  Mover unseen = mover;
  std::erase_if(unseen.track.hits, [](const auto& hit) { return hit.moment < 8; });
  EXPECT_FALSE(SightAt(unseen, At(2), View()));
}

TEST(SightAt, SaysNothingWhereDifferencingSeesItWellOffAnUnsteadyTrail) {
  EXPECT_TRUE(SightAt(Followed(0, 19, 0.8, 0), At(10), View()));
  EXPECT_FALSE(SightAt(Followed(0, 19, 0.8, 20), At(10), View()));
  EXPECT_TRUE(SightAt(Followed(0, 19, 0.1, 20), At(10), View())) << "the trail is steady";
}

}  // namespace
}  // namespace trucewatch::motion
