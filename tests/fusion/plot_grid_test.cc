// SPDX-License-Identifier: Apache-2.0
#include "fusion/internal/plot_grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "fusion/internal/polygon.h"

namespace trucewatch::internal {
namespace {

TEST(PlotGrid, FindsExactlyWhatALinearSearchFinds) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> place(-3000.0, 3000.0), size(0.0, 900.0);
  std::vector<Eigen::Vector2d> points(400);
  for (auto& p : points) p = {place(random), place(random)};
  const PlotGrid grid(points, 250.0);
  for (int round = 0; round < 300; ++round) {
    const Eigen::Vector2d centre(place(random), place(random)), half(size(random), size(random));
    std::vector<std::size_t> found, expected;
    grid.Find(centre, half, found);
    std::sort(found.begin(), found.end());
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (((points[i] - centre).cwiseAbs().array() <= half.array()).all()) expected.push_back(i);
    }
    EXPECT_EQ(found, expected);
  }
}

TEST(PlotGrid, AnEmptyGridFindsNothing) {
  std::vector<std::size_t> found;
  PlotGrid({}, 10.0).Find({0, 0}, {1e6, 1e6}, found);
  EXPECT_TRUE(found.empty());
}

TEST(Polygon, DepthIsTheDistanceToTheBorderWithItsSign) {
  const std::vector<Eigen::Vector2d> square{{0, 0}, {10, 0}, {10, 10}, {0, 10}};
  EXPECT_DOUBLE_EQ(DepthInside(square, {5, 5}), 5.0);
  EXPECT_DOUBLE_EQ(DepthInside(square, {9, 5}), 1.0);
  EXPECT_DOUBLE_EQ(DepthInside(square, {13, 14}), -5.0);
}

}  // namespace
}  // namespace trucewatch::internal
