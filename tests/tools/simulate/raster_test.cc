// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/raster.h"

#include <gtest/gtest.h>

#include <numeric>

namespace trucewatch::simulate {
namespace {

TEST(PaintConvex, CoversTheAreaAndKeepsTheMiddleBelowAPixel) {
  // A turned rectangle of 7.3 x 2.6 px, its middle anywhere between pixels.
  for (int step = 0; step < 20; ++step) {
    const Eigen::Vector2d middle(31.0 + 0.13 * step, 22.0 + 0.21 * step);
    const Eigen::Vector2d a(3.2, 1.6), b(-0.58, 1.16);  // half sides, perpendicular
    YuvPicture picture(64, 48);
    PaintConvex(picture,
                std::vector<Eigen::Vector2d>{middle + a + b, middle - a + b, middle - a - b,
                                             middle + a - b},
                Colour{200, 128, 128}, 1.0F);
    double mass = 0, x = 0, y = 0;
    for (int row = 0; row < 48; ++row) {
      for (int column = 0; column < 64; ++column) {
        const double value = picture.y[static_cast<std::size_t>(row * 64 + column)] / 200.0;
        mass += value, x += value * (column + 0.5), y += value * (row + 0.5);
      }
    }
    const double area = 4 * std::abs(a.x() * b.y() - a.y() * b.x());
    EXPECT_NEAR(mass, area, 0.04 * area);
    EXPECT_NEAR(x / mass, middle.x(), 0.06);
    EXPECT_NEAR(y / mass, middle.y(), 0.06);
  }
}

TEST(PaintConvex, LeavesThePictureAloneWhenThePolygonIsOutside) {
  YuvPicture picture(32, 16);
  for (const Eigen::Vector2d& at :
       {Eigen::Vector2d(-50, 5), Eigen::Vector2d(1e7, 5), Eigen::Vector2d(5, -1e9)}) {
    PaintConvex(
        picture,
        std::vector<Eigen::Vector2d>{at, at + Eigen::Vector2d(9, 0), at + Eigen::Vector2d(0, 9)},
        Colour{200, 10, 10}, 1.0F);
  }
  EXPECT_EQ(std::accumulate(picture.y.begin(), picture.y.end(), 0), 0);
  EXPECT_EQ(std::accumulate(picture.u.begin(), picture.u.end(), 0), 0);
}

TEST(PaintConvex, FillsWhatItIsCutFromByTheBorder) {
  YuvPicture picture(32, 16);
  PaintConvex(picture,
              std::vector<Eigen::Vector2d>{{-100, -100}, {100, -100}, {100, 100}, {-100, 100}},
              Colour{77, 60, 70}, 1.0F);
  for (const auto sample : picture.y) EXPECT_EQ(sample, 77);
  for (const auto sample : picture.u) EXPECT_EQ(sample, 60);
  for (const auto sample : picture.v) EXPECT_EQ(sample, 70);
}

TEST(ConvexHull, DropsThePointsInside) {
  const auto hull = ConvexHull({{0, 0}, {4, 0}, {4, 4}, {0, 4}, {2, 2}, {1, 3}, {4, 2}});
  EXPECT_EQ(hull.size(), 4U);
}

}  // namespace
}  // namespace trucewatch::simulate
