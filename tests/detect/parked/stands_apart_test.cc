// SPDX-License-Identifier: Apache-2.0
#include "detect/parked/stands_apart.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/detect/parked/yard.h"

namespace trucewatch::parked {
namespace {

using testing::Yard;

const Eigen::Vector2d kBay = {3, 8};

TEST(StandsApart, SaysInWhichPictureAVehicleStands) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const Yard yard(seed);
    const GroundPicture free = yard.Look({{-3, 8}}, 10 * seed);
    const GroundPicture taken =
        yard.Look({{-3, 8}, kBay}, 10 * seed + 1, {.gain = 0.85, .offset = 6});
    const Eigen::Vector2d cell = yard.frame().CellFromMetres(kBay);
    const StandsApart came = StandsApartAt(free, taken, yard.frame(), cell),
                      left = StandsApartAt(taken, free, yard.frame(), cell);
    ASSERT_TRUE(came.judged);
    EXPECT_GT(came.Came(), 2.5) << seed;
    EXPECT_LT(left.Came(), -2.5) << seed;
    // 4.4 m by 1.8 m, and a rim of a cell or two.
    EXPECT_GT(came.area_m2, 7);
    EXPECT_LT(came.area_m2, 16);
    EXPECT_LT((yard.frame().MetresFromCell(came.middle_cell) - kBay).norm(), 0.6);
  }
}

TEST(StandsApart, FreeGroundInOtherLightIsNeither) {
  const Yard yard(2);
  const StandsApart same =
      StandsApartAt(yard.Look({}, 1), yard.Look({}, 2, {.gain = 0.8, .offset = 10}), yard.frame(),
                    yard.frame().CellFromMetres(kBay));
  EXPECT_LT(std::abs(same.Came()), 2);
}

TEST(StandsApart, WhatTheGroundAboutItIsNotShownOfIsNotJudged) {
  const Yard yard(3);
  GroundPicture free = yard.Look({}, 1), taken = yard.Look({kBay}, 2);
  const int side = yard.frame().side_cells;
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      if (yard.frame().MetresFromCell({x, y}).x() < 3.5) continue;
      free.seen[static_cast<std::size_t>(y) * static_cast<std::size_t>(side) +
                static_cast<std::size_t>(x)] = 0;
    }
  }
  EXPECT_FALSE(StandsApartAt(free, taken, yard.frame(), yard.frame().CellFromMetres(kBay)).judged);
  EXPECT_FALSE(StandsApartAt(free, taken, yard.frame(), {0, 0}).judged);
}

}  // namespace
}  // namespace trucewatch::parked
