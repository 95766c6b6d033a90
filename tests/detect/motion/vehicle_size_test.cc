// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/vehicle_size.h"

#include <gtest/gtest.h>

namespace trucewatch::motion {
namespace {

constexpr double kPixelSized_m = 0.3;
constexpr std::size_t kPicturesSized = 20;

std::vector<Moment> Pictures() {
  std::vector<Moment> moments(kPicturesSized);
  for (std::size_t m = 0; m < kPicturesSized; ++m) {
    moments[m].time_s = 0.1 * static_cast<double>(m);
    Blob blob;
    blob.width = 14;
    blob.height = 7;
    blob.spread = Eigen::Vector2d(16, 4).asDiagonal();  // of 14 x 7 px
    blob.contrast = 30;
    moments[m].blobs = {blob};
  }
  return moments;
}

// Goes east, its pixels followed in every picture and seen by differencing in the first `seen`;
// its body, blur included, is so long and 2.2 m broad.
Candidate Going(double speed_mps, double length_m, std::size_t seen, double start_m = 0) {
  Candidate c;
  c.metres = kPixelSized_m * Eigen::Matrix2d::Identity();
  c.velocity = {speed_mps, 0};
  c.patch.velocity = c.velocity / kPixelSized_m;
  c.snrs = {15};
  c.trail.emplace();
  std::vector<double> times;
  std::vector<Eigen::Vector2d> places;
  for (std::size_t m = 0; m < kPicturesSized; ++m) {
    TrailPoint point;
    point.moment = m;
    point.time_s = 0.1 * static_cast<double>(m);
    point.place = {(start_m + speed_mps * point.time_s) / kPixelSized_m, 50};
    c.trail->points.push_back(point);
    times.push_back(point.time_s);
    places.push_back(point.place);
    if (m < seen) c.track.hits.push_back({m, point.time_s, point.place, 0});
  }
  c.trail->path = FitPath(times, places);
  c.trail->moving = c.patch.moving_misfit = 1;
  c.trail->still = c.patch.static_misfit = 15;
  c.body = Extent{-length_m / 2, length_m / 2, 0, 2.2, length_m};
  c.seen_body = true;
  c.area_m2 = 2.2 * length_m;
  c.narrowest_m = 2.2;
  return c;
}

Size SizeOf(const Candidate& c) {
  Mover mover;
  return Measure(c, Pictures(), MotionOptions{}, mover);
}

TEST(Measure, TakesAWarmEngineForAVehicleWhenNobodyRunsAsFast) {
  EXPECT_EQ(SizeOf(Going(14, 2.4, 20)), Size::kFits);
  EXPECT_EQ(SizeOf(Going(5, 2.4, 20)), Size::kSmall) << "somebody on a bicycle";
  Candidate unsure = Going(14, 2.4, 20);
  unsure.trail->moving = 8;
  EXPECT_EQ(SizeOf(unsure), Size::kSmall);
}

TEST(Measure, TakesWhatGoesAtAWalkersPaceForAVehicleOnlyWhenItIsAsLongAsACar) {
  EXPECT_EQ(SizeOf(Going(1.5, 5, 20)), Size::kFits);
  EXPECT_EQ(SizeOf(Going(1.5, 4.4, 20)), Size::kSmall) << "a walker and his shadow";
  EXPECT_EQ(SizeOf(Going(6, 4.4, 20)), Size::kFits) << "nobody walks so fast";
  EXPECT_EQ(SizeOf(Going(1.5, 5, 4)), Size::kSmall) << "an edge that parallax moves";
}

bool JudgeIsAskedAbout(const Candidate& c) {
  Mover mover;
  const Size size = Measure(c, Pictures(), MotionOptions{}, mover);
  return MayBeVehicle(c, size, mover, MotionOptions{});
}

Candidate Narrow(Candidate c) {
  c.body->breadth = c.narrowest_m = 0.9;
  return c;
}

TEST(MayBeVehicle, AsksAboutALongOneWithItsShadowAndTheWarmPartOfAFastOne) {
  const Candidate with_shadow = Going(6, 17, 20);
  ASSERT_EQ(SizeOf(with_shadow), Size::kThin);
  EXPECT_TRUE(JudgeIsAskedAbout(with_shadow));
  ASSERT_EQ(SizeOf(Going(8, 2, 20)), Size::kSmall);
  EXPECT_TRUE(JudgeIsAskedAbout(Going(8, 2, 20)));
  EXPECT_FALSE(JudgeIsAskedAbout(Going(8, 50, 20))) << "a wall";
}

TEST(MayBeVehicle, NeverAsksAboutWhatMayBeAPerson) {
  EXPECT_FALSE(JudgeIsAskedAbout(Going(5, 2, 20))) << "somebody who runs";
  const Candidate shadowed = Narrow(Going(4, 6, 20));
  ASSERT_EQ(SizeOf(shadowed), Size::kThin);
  EXPECT_FALSE(JudgeIsAskedAbout(shadowed)) << "a runner and his shadow";
}

TEST(FarSeenSeldom, LeavesOutWhatOnlyItsTrailSpeaksForUnlessThatIsFirm) {
  Candidate c = Going(12, 5, 4);
  EXPECT_FALSE(FarSeenSeldom(c));
  c.trail->moving = 6;
  EXPECT_TRUE(FarSeenSeldom(c));
  EXPECT_FALSE(FarSeenSeldom(Going(12, 5, 12)));
}

TEST(ApartFrom, MakesVehiclesOfAColumnThatIsTooLargeForOne) {
  const Candidate first = Going(9, 5, 20), second = Going(9, 5, 20, 12), part = Going(9, 5, 20, 1);
  Vehicle column{first, {first, second, part}};
  column.whole.body = Extent{-14, 16, 0, 2.2, 30};
  const auto apart = ApartFrom(column, Pictures(), MotionOptions{});
  ASSERT_EQ(apart.size(), 2U);
  EXPECT_EQ(apart[0].first.trail->points[0].place, first.trail->points[0].place);
  EXPECT_EQ(apart[1].first.trail->points[0].place, second.trail->points[0].place);
}

TEST(ApartFrom, TakesThePatchesWhereNeighboursGoAlongWithThePixels) {
  Vehicle one{Going(9, 30, 20), {}};
  const auto apart = ApartFrom(one, Pictures(), MotionOptions{});
  ASSERT_EQ(apart.size(), 1U);
  EXPECT_NEAR(apart[0].second.length_m, 3.6, 0.2);
}

}  // namespace
}  // namespace trucewatch::motion
