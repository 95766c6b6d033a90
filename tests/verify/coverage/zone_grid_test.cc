// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage/zone_grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/verify/coverage/coverage_scene.h"
#include "verify/coverage/clip.h"

namespace trucewatch {
namespace {

using namespace coverage_scene;

using ::testing::HasSubstr;
using ::testing::SizeIs;

// "3: 0.2500, 4: 1.0000": how much of which cells a footprint has in it.
std::string Shares(const ZoneGrid& grid, const std::vector<Geodetic>& footprint) {
  std::string out;
  for (const CellShare& cell : grid.CellsIn(footprint))
    out += fmt::format("{}{}: {:.4f}", out.empty() ? "" : ", ", cell.cell, cell.share);
  return out;
}

std::vector<Geodetic> Places(const std::vector<Eigen::Vector2d>& corners) {
  std::vector<Geodetic> out;
  for (const Eigen::Vector2d& corner : corners) out.push_back(Place(corner.x(), corner.y()));
  return out;
}

TEST(Clip, AreasAreThoseOfTheClosedForm) {
  using Eigen::Vector2d;
  const std::vector<Vector2d> square = {{0, 0}, {10, 0}, {10, 10}, {0, 10}};
  EXPECT_DOUBLE_EQ(SignedAreaM2(square), 100);
  EXPECT_DOUBLE_EQ(SignedAreaM2(std::vector<Vector2d>{{0, 10}, {10, 10}, {10, 0}, {0, 0}}), -100);
  EXPECT_EQ(SignedAreaM2(std::vector<Vector2d>{{0, 0}, {1, 1}}), 0);
  const auto clipped = [&](const std::vector<Vector2d>& polygon) {
    return SignedAreaM2(ClipToConvex(polygon, square));
  };
  EXPECT_DOUBLE_EQ(clipped({{2, 3}, {4, 3}, {4, 7}, {2, 7}}), 8);            // inside
  EXPECT_DOUBLE_EQ(clipped({{-5, -5}, {15, -5}, {15, 15}, {-5, 15}}), 100);  // round it
  EXPECT_EQ(clipped({{20, 0}, {30, 0}, {30, 10}}), 0);                       // beside it
  EXPECT_DOUBLE_EQ(clipped({{0, 0}, {20, 0}, {0, 20}}), 100);                // touches its corner
  EXPECT_DOUBLE_EQ(clipped({{0, 0}, {10, 0}, {0, 10}}), 50);
  EXPECT_DOUBLE_EQ(clipped({{5, 5}, {25, 5}, {5, 25}}), 25);
  // A comb whose two teeth, joined outside, come in: two of 2 by 5.
  EXPECT_DOUBLE_EQ(clipped({{1, -5}, {9, -5}, {9, 5}, {7, 5}, {7, -3}, {3, -3}, {3, 5}, {1, 5}}),
                   20);
}

TEST(Clip, TheSquaresOfAGridShareOutAnyPolygonsArea) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> radius(5, 50);
  for (int run = 0; run < 50; ++run) {
    // A star: simple, and far from convex.
    std::vector<Eigen::Vector2d> star;
    for (int i = 0; i < 24; ++i) {
      const double angle = 2 * M_PI * i / 24;
      star.push_back(radius(random) * Eigen::Vector2d(std::cos(angle), std::sin(angle)));
    }
    double sum = 0;
    for (int x = -50; x < 50; x += 10) {
      for (int y = -50; y < 50; y += 10) {
        const double part = SignedAreaM2(
            ClipToConvex(star, std::vector<Eigen::Vector2d>{
                                   {x, y}, {x + 10.0, y}, {x + 10.0, y + 10.0}, {x, y + 10.0}}));
        EXPECT_GE(part, -1e-9);
        EXPECT_LE(part, 100 + 1e-9);
        sum += part;
      }
    }
    EXPECT_NEAR(sum, SignedAreaM2(star), 1e-8);
  }
}

TEST(ZoneGrid, HowMuchOfACellAFootprintHasInItIsTheOverlapsArea) {
  const auto grid = ZoneGrid::Make(Flat(), 500);
  ASSERT_TRUE(grid);
  EXPECT_EQ(Shares(*grid, Box(-600, -600, 600, 0)), "0: 0.2000, 1: 1.0000, 2: 1.0000, 3: 0.2000");
  EXPECT_EQ(Shares(*grid, {}), "");
  EXPECT_EQ(Shares(*grid, Box(5000, 0, 6000, 500)), "");
  EXPECT_THAT(grid->CellsIn(kAll), SizeIs(8));
  // A drone's 70 m by 40 m, round the point where four cells meet, and within one.
  EXPECT_EQ(Shares(*grid, Box(-35, -20, 35, 20)), "1: 0.0028, 2: 0.0028, 5: 0.0028, 6: 0.0028");
  EXPECT_EQ(Shares(*grid, Box(100, 100, 170, 140)), "6: 0.0112");
  // Either way round; a triangle over half of a cell; one round most of it, not its middle.
  EXPECT_EQ(Shares(*grid, Places({{0, 500}, {500, 0}, {0, 0}})), "6: 0.5000");
  EXPECT_EQ(Shares(*grid, Places({{0, 500}, {0, 0}, {500, 0}})), "6: 0.5000");
  EXPECT_EQ(Shares(*grid, Places({{0, 0},
                                  {500, 0},
                                  {500, 500},
                                  {260, 500},
                                  {260, 240},
                                  {240, 240},
                                  {240, 500},
                                  {0, 500}})),
            "6: 0.9792");
  // Less than a ten-thousandth is nothing: 4 m by 5 m of 500 m by 500 m.
  EXPECT_EQ(Shares(*grid, Box(100, 100, 104, 105)), "");
  EXPECT_FALSE((CellShare{0, 0.9899}).whole());
  EXPECT_TRUE((CellShare{0, 0.99}).whole());
}

TEST(ZoneGrid, OfACellAtTheEdgeThePartInsideTheZoneIsWhatCounts) {
  // The eastern cells reach 100 m beyond the zone, the northern ones 200 m.
  const auto grid =
      ZoneGrid::Make({"z", "Z", Side::kA, PolygonShape(Box(-900, -800, 900, 800)), {}}, 500);
  ASSERT_TRUE(grid);
  ASSERT_EQ(grid->cells(), 16);
  EXPECT_EQ(Shares(*grid, Box(-900, -800, -500, -500)), "0: 1.0000");
  EXPECT_EQ(Shares(*grid, Box(-1000, -1000, -900, -500)), "");  // outside the zone
  EXPECT_EQ(Shares(*grid, Box(-700, -800, -500, -500)), "0: 0.5000");
  // A zone that is not convex, with a notch cut in from the east.
  const auto notch = Places({{250, 100}, {1000, 100}, {1000, 200}, {250, 200}});
  const auto notched = ZoneGrid::Make({"n",
                                       "N",
                                       Side::kA,
                                       PolygonShape(Places({{-1000, -500},
                                                            {1000, -500},
                                                            {1000, 100},
                                                            {250, 100},
                                                            {250, 200},
                                                            {1000, 200},
                                                            {1000, 500},
                                                            {-1000, 500}})),
                                       {}},
                                      500);
  ASSERT_TRUE(notched);
  ASSERT_GT(notched->cells(), 4);
  EXPECT_EQ(Shares(*notched, notch), "");
  const auto all = notched->CellsIn(kAll);
  ASSERT_THAT(all, SizeIs(static_cast<std::size_t>(notched->cells())));
  for (const CellShare& cell : all) EXPECT_NEAR(cell.share, 1, 1e-9);
}

TEST(ZoneGrid, CellsAreThoseWhoseCentreIsInside) {
  const auto grid = ZoneGrid::Make(Flat(), 500);
  ASSERT_TRUE(grid);
  EXPECT_EQ(grid->cells(), 8);
  EXPECT_EQ(grid->CellAt(Place(-900, -400)), 0);
  EXPECT_EQ(grid->CellAt(Place(900, 400)), 7);
  EXPECT_EQ(grid->CellAt(Place(900, 600)), -1);
  EXPECT_EQ(grid->CellAt(Place(90'000, 600)), -1);
}

TEST(ZoneGrid, ASmallZoneHasOneCellAndAHugeOneIsRefused) {
  const Zone small{"s", "S", Side::kB, PolygonShape(Box(100, 100, 130, 120)), {}};
  const auto grid = ZoneGrid::Make(small, 500);
  ASSERT_TRUE(grid);
  EXPECT_EQ(grid->cells(), 1);
  EXPECT_EQ(grid->CellAt(Place(105, 105)), 0);
  EXPECT_EQ(grid->CellAt(Place(205, 105)), -1);
  // The zone is what there is to cover, not 500 m round it.
  EXPECT_EQ(Shares(*grid, Box(90, 90, 140, 130)), "0: 1.0000");
  EXPECT_EQ(Shares(*grid, Box(90, 90, 115, 110)), "0: 0.2500");
  const Zone huge{"h", "H", Side::kB, PolygonShape(Box(-60e3, -60e3, 60e3, 60e3)), {}};
  const auto refused = ZoneGrid::Make(huge, 50);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("coverage.cell_m"));
}

// Wherever on earth: also across the antimeridian and near a pole, where bounds of longitude
// mislead.
TEST(ZoneGrid, ACellsCentreIsInItAnywhereOnEarth) {
  for (const auto& [lat_deg, lon_deg] : {std::pair{0.0, 0.0}, std::pair{47.0, 179.99},
                                         std::pair{-60.0, -180.0}, std::pair{84.0, 20.0}}) {
    const LocalFrame frame(Geodetic::FromDegrees(lat_deg, lon_deg, 0));
    const double half_m = 40'000;
    std::vector<Geodetic> corners;
    for (const Eigen::Vector2d& corner : {Eigen::Vector2d(-1, -1), Eigen::Vector2d(1, -1),
                                          Eigen::Vector2d(1, 1), Eigen::Vector2d(-1, 1)})
      corners.push_back(frame.GeodeticFromEnu({half_m * corner.x(), half_m * corner.y(), 0}));
    const Zone zone{"far", "Far zone", Side::kA, PolygonShape(corners), {}, false};
    const auto grid = ZoneGrid::Make(zone, 2'000);
    ASSERT_TRUE(grid) << grid.error().message;
    for (int cell = 0; cell < grid->cells(); ++cell) {
      const Eigen::Vector2d& centre = grid->centres_en_m()[static_cast<std::size_t>(cell)];
      ASSERT_EQ(grid->CellAt(zone.shape.frame().GeodeticFromEnu({centre.x(), centre.y(), 0})), cell)
          << lat_deg;
    }
    EXPECT_EQ(grid->CellAt(frame.GeodeticFromEnu({3 * half_m, 0, 0})), -1);
  }
}

}  // namespace
}  // namespace trucewatch
