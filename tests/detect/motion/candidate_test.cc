// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/candidate.h"

#include <gtest/gtest.h>

#include "detect/motion/body.h"

namespace trucewatch::motion {
namespace {

constexpr double kCellOf_m = 0.3;
constexpr std::size_t kMomentsFollowed = 20;

// Followed through two seconds at 8 m/s, and seen by differencing in the first `seen` pictures, in
// each of them as two patches.
Candidate FollowedFor(std::size_t seen, double length_m) {
  Candidate c;
  c.metres = kCellOf_m * Eigen::Matrix2d::Identity();
  c.velocity = {8, 0};
  c.trail.emplace();
  for (std::size_t m = 0; m < kMomentsFollowed; ++m) {
    const double t = 0.1 * static_cast<double>(m);
    const Eigen::Vector2d place(8 * t / kCellOf_m, 0);
    TrailPoint point;
    point.moment = m;
    point.time_s = t;
    point.place = place;
    c.trail->points.push_back(point);
    if (m < seen) c.track.hits.insert(c.track.hits.end(), {{m, t, place, 0}, {m, t, place, 1}});
  }
  c.body = Extent{-length_m / 2, length_m / 2, 0, 2, length_m};
  return c;
}

TEST(IsGap, IsWhatGoesPastItselfAndIsSeenInFewPicturesAndByNoPixelThatGoesAlong) {
  EXPECT_TRUE(IsGap(FollowedFor(7, 4)));
  EXPECT_FALSE(IsGap(FollowedFor(14, 4))) << "seen in most";
  EXPECT_FALSE(IsGap(FollowedFor(7, 12))) << "of a long vehicle only the ends show";
  EXPECT_TRUE(IsGap(FollowedFor(4, 12))) << "hardly ever seen";
  Candidate vehicle = FollowedFor(7, 4);
  vehicle.seen_body = true;
  EXPECT_FALSE(IsGap(vehicle));
  vehicle.seen_body = false;
  vehicle.trail.reset();
  EXPECT_FALSE(IsGap(vehicle));
}

TEST(IsGap, IsWhatSwimsAndIsSeenInPartUnlessMuchGoesAlong) {
  Candidate c = FollowedFor(8, 12);
  c.seen_body = true;
  c.area_m2 = 4;
  c.trail->path.residual_px = 1;
  EXPECT_TRUE(IsGap(c));
  c.area_m2 = 8;
  EXPECT_FALSE(IsGap(c)) << "as large as a car";
  c.area_m2 = 4;
  c.trail->path.residual_px = 0.3;
  EXPECT_FALSE(IsGap(c)) << "it goes smoothly";
  c = FollowedFor(12, 12);
  c.seen_body = true;
  c.area_m2 = 4;
  c.trail->path.residual_px = 1;
  EXPECT_FALSE(IsGap(c)) << "seen in most pictures";
}

TEST(MomentsSeen, CountsTwoPatchesOfOnePictureOnce) {
  EXPECT_EQ(MomentsSeen(FollowedFor(7, 4).track), 7);
}

TEST(LieApart, HoldsForNeighboursOfAColumnAndNotForPartsOfOneVehicle) {
  const Candidate a = FollowedFor(20, 4);
  Candidate b = a;
  for (TrailPoint& point : b.trail->points) point.place.x() += 6 / kCellOf_m;
  EXPECT_TRUE(LieApart(a, b));
  for (TrailPoint& point : b.trail->points) point.place.x() -= 4 / kCellOf_m;
  EXPECT_FALSE(LieApart(a, b));
}

// Filled with pixels, turned by 45 degrees.
Body Slanting(double length_m, double breadth_m) {
  Body body;
  body.cell_m = kCellOf_m;
  for (double u = 0; u < length_m - 0.01; u += kCellOf_m) {
    for (double v = 0; v < breadth_m - 0.01; v += kCellOf_m) {
      body.cells.emplace_back((u + v) * std::sqrt(0.5), (u - v) * std::sqrt(0.5));
    }
  }
  return body;
}

TEST(NarrowerThanVehicles, IsAWalkerHoweverLongHisShadowAndNoCar) {
  EXPECT_NEAR(NarrowestWidth(Slanting(9, 1.2)), 1.2, 0.05);
  EXPECT_NEAR(NarrowestWidth(Slanting(4.5, 2.4)), 2.4, 0.05);
  EXPECT_EQ(NarrowestWidth(Body{}), 0);
  Candidate c = FollowedFor(20, 7);
  c.seen_body = true;
  c.narrowest_m = 1.2;  // half a metre, and a pixel of blur on either side
  EXPECT_TRUE(NarrowerThanVehicles(c));
  c.narrowest_m = 2.4;
  EXPECT_FALSE(NarrowerThanVehicles(c));
  c.narrowest_m = 0;
  c.seen_body = false;
  EXPECT_FALSE(NarrowerThanVehicles(c)) << "nothing is known of it";
}

}  // namespace
}  // namespace trucewatch::motion
