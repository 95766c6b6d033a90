// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/paint_order.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace trucewatch::clip {
namespace {

Prism Box(double x, double y, double half_x, double half_y, double top_m) {
  Prism prism;
  prism.footprint = Rectangle({x, y}, {1, 0}, half_x, half_y);
  prism.top_m = top_m;
  prism.image_low = {0, 0}, prism.image_high = {100, 100};  // all meet in the picture
  return prism;
}

// Where its middle is nearer to the camera than the car's, yet the house stands behind the car.
TEST(PaintOrder, CarBeforeTheLongSideOfAHouseIsInFrontThoughItsMiddleIsFarther) {
  const Prism house = Box(0, 0, 50, 5, 12);
  const Prism car = Box(45, -7, 2, 1, 1.5);
  const Eigen::Vector2d camera(-40, -60);
  ASSERT_GT((car.middle() - camera).norm(), (house.middle() - camera).norm());
  EXPECT_EQ(InFront(car, house, camera), 1);
  EXPECT_EQ(InFront(house, car, camera), -1);
  const std::vector<Prism> both{car, house};
  EXPECT_EQ(PaintOrder(both, camera), (std::vector<std::size_t>{1, 0}));
}

TEST(PaintOrder, CarBehindTheHouseIsPaintedBeforeIt) {
  const Prism house = Box(0, 0, 50, 5, 12);
  const Prism car = Box(45, 7, 2, 1, 1.5);
  EXPECT_EQ(InFront(house, car, {-40, -60}), 1);
}

TEST(PaintOrder, CrownHidesWhatStandsBelowIt) {
  Prism crown = Box(0, 0, 4, 4, 9);
  crown.overhangs = true;
  const Prism car = Box(0, -3, 2, 1, 1.5);  // nearer to the camera, yet below
  EXPECT_EQ(InFront(crown, car, {0, -500}), 1);
  EXPECT_EQ(InFront(car, crown, {0, -500}), -1);
}

TEST(PaintOrder, RowOfHousesIsPaintedFromTheFarEnd) {
  std::vector<Prism> row;
  for (const int k : {3, 0, 4, 1, 2}) row.push_back(Box(0, 20.0 * k, 8, 8, 10));
  const auto order = PaintOrder(row, {0, -300});
  std::vector<double> north;
  for (const std::size_t i : order) north.push_back(row[i].middle().y());
  EXPECT_TRUE(std::is_sorted(north.rbegin(), north.rend()));
}

TEST(PaintOrder, EachIsPaintedOnceEvenInARing) {
  // Three beams, each over the end of the next.
  std::vector<Prism> ring;
  for (const double angle : {0.0, 2.0944, 4.1888}) {
    Prism beam;
    const Eigen::Vector2d along(std::cos(angle), std::sin(angle));
    beam.footprint =
        Rectangle(3 * Eigen::Vector2d(-along.y(), along.x()) + 2 * along, along, 9, 0.5);
    beam.top_m = 1;
    beam.image_high = {10, 10};
    ring.push_back(beam);
  }
  auto order = PaintOrder(ring, {0, -100});
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2}));
}

}  // namespace
}  // namespace trucewatch::clip
