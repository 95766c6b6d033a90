// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/swept_box.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace trucewatch::motion {
namespace {

constexpr double kCell_m = 0.3;

// Middles of cells of a box that is swept along each of the ways.
std::vector<Eigen::Vector2d> SweptCells(double length, double breadth,
                                        const std::vector<Eigen::Vector2d>& ways) {
  std::vector<Eigen::Vector2d> cells;
  for (double y = -25; y <= 25; y += kCell_m) {
    for (double x = -25; x <= 25; x += kCell_m) {
      const auto on = [&](const Eigen::Vector2d& p) {
        return std::abs(p.x()) <= length / 2 && std::abs(p.y()) <= breadth / 2;
      };
      const bool seen = std::any_of(ways.begin(), ways.end(), [&](const Eigen::Vector2d& way) {
        for (double t = 0; t <= 1; t += 0.02) {
          if (on(Eigen::Vector2d(x, y) - t * way)) return true;
        }
        return false;
      });
      if (seen) cells.emplace_back(x, y);
    }
  }
  return cells;
}

TEST(FitSweptBox, FindsTheVehicleAndItsShadowUpToTheEndThatItLiesAt) {
  for (const Eigen::Vector2d& shadow : {Eigen::Vector2d(5, 3), {-6, 2.5}, {1, 8}, {4, -5}}) {
    const auto box = FitSweptBox(SweptCells(4.8, 2.1, {shadow}), 0);
    ASSERT_TRUE(box) << shadow.transpose();
    const double sign = shadow.dot(box->sweep) > 0 ? 1 : -1;
    EXPECT_LT((sign * box->sweep - shadow).norm(), 1.0) << shadow.transpose();
    EXPECT_NEAR(box->length, 4.8, 0.9);
    EXPECT_NEAR(box->breadth, 2.1, 0.7);
  }
}

TEST(FitSweptBox, IsNothingForAVehicleWithoutShadow) {
  EXPECT_FALSE(FitSweptBox(SweptCells(4.8, 2.1, {{0, 0}}), kCell_m));
  EXPECT_FALSE(FitSweptBox(SweptCells(11, 2.6, {{0, 0}}), kCell_m));
  EXPECT_FALSE(FitSweptBox({}, kCell_m));
}

struct Known {
  double length, breadth, height;
};
constexpr Known kCar{4.5, 1.8, 1.5}, kLorry{8, 2.5, 3.1};

TEST(FitUprightBox, FindsTheVehicleWhereItIsHoweverTheSunStands) {
  for (const Known& vehicle : {kCar, kLorry}) {
    for (const Eigen::Vector2d& lean : {Eigen::Vector2d(0, 0), {0.9, -0.4}, {-0.3, -1.1}}) {
      for (const Eigen::Vector2d& shadow : {Eigen::Vector2d(3, 2), {-2, 2.5}, {0.2, -4}, {1, 1}}) {
        const auto box = FitUprightBox(SweptCells(vehicle.length, vehicle.breadth,
                                                  {vehicle.height * lean, vehicle.height * shadow}),
                                       0, {lean, shadow});
        ASSERT_TRUE(box);
        const Eigen::Vector2d middle = vehicle.height * lean / 2;
        EXPECT_LT((box->middle - middle).norm(), 0.6)
            << "height " << vehicle.height << ", lean " << lean.transpose() << ", shadow "
            << shadow.transpose() << ", at " << box->middle.transpose();
        EXPECT_LT(box->misfit, 0.06);
        EXPECT_NEAR(box->height, vehicle.height, 0.5);
      }
    }
  }
}

// Length and shadow are one where the sun stands along the way: then it is as high as most are.
TEST(FitUprightBox, TakesAUsualHeightWhereTheShadowLiesAlongTheWay) {
  const Eigen::Vector2d shadow(4, 0);
  const auto box = FitUprightBox(SweptCells(kCar.length, kCar.breadth, {kCar.height * shadow}), 0,
                                 {{0, 0}, shadow});
  ASSERT_TRUE(box);
  EXPECT_NEAR(box->middle.x(), 0, 1.0);
  EXPECT_NEAR(box->length, kCar.length, 1.5);
}

// No box at all fits worse than any.
double MisfitOf(const std::optional<UprightBox>& box) { return box ? box->misfit : 1e9; }

TEST(FitUprightBox, AnotherSunFitsWorse) {
  const Eigen::Vector2d shadow(3, 2), other(-3, 2);
  const auto cells = SweptCells(kCar.length, kCar.breadth, {kCar.height * shadow});
  const auto right = FitUprightBox(cells, 0, {{0, 0}, shadow});
  const auto wrong = FitUprightBox(cells, 0, {{0, 0}, other});
  const auto none = FitUprightBox(cells, 0, {{0, 0}, {0, 0}});
  ASSERT_TRUE(right);
  EXPECT_GT(MisfitOf(wrong), 5 * right->misfit);
  EXPECT_GT(MisfitOf(none), 5 * right->misfit);
}

TEST(FitUprightBox, AWalkerWithALongShadowHasNoVehiclesShape) {
  const Eigen::Vector2d shadow(3, 2);
  const auto box = FitUprightBox(SweptCells(0.6, 0.6, {1.75 * shadow}), 0, {{0, 0}, shadow});
  EXPECT_GT(MisfitOf(box), 0.1);
}

}  // namespace
}  // namespace trucewatch::motion
