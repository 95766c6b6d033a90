// SPDX-License-Identifier: Apache-2.0
#include "detect/footage/footage_print.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace trucewatch::footage {
namespace {

struct Luma {
  int width_px, height_px;
  std::vector<std::uint8_t> grey;
};

template <typename Function>
Luma Make(int width_px, int height_px, const Function& grey) {
  Luma luma{width_px, height_px, {}};
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x) {
      luma.grey.push_back(static_cast<std::uint8_t>(std::lround(grey(x, y))));
    }
  }
  return luma;
}

FootagePrint Print(const Luma& luma) {
  const auto print = PrintOf(luma.width_px, luma.height_px, luma.grey.data(), luma.width_px);
  EXPECT_TRUE(print);
  return print.value_or(FootagePrint());
}

// Hills of grey over a ground of one by one.
double GreyAt(double u, double v) {
  return 128 + 40 * std::sin(9 * u + 4 * v) + 30 * std::sin(11 * v - 5 * u + 1) +
         20 * std::sin(23 * u) * std::sin(19 * v + 2);
}

Luma View(int width_px, int height_px, double right, double down, double gain = 1,
          double offset = 0) {
  return Make(width_px, height_px, [&](int x, int y) {
    return gain * GreyAt((x + 0.5) / width_px + right, (y + 0.5) / height_px + down) + offset;
  });
}

TEST(FootagePrint, PartIsTheMeanOfItsPixelsEvenWhereEdgesCutThem) {
  // 48 pixels: each part is one and a half wide.
  std::mt19937 random(3);
  const Luma luma = Make(48, 80, [&](int, int) { return random() % 256; });
  const FootagePrint print = Print(luma);
  for (const int row : {0, 7, 31}) {
    for (const int part : {0, 1, 30, 31}) {
      double sum = 0;
      for (int y = 0; y < 80; ++y) {
        for (int x = 0; x < 48; ++x) {
          const double w = std::min(x + 1.0, 1.5 * (part + 1)) - std::max<double>(x, 1.5 * part);
          const double h = std::min(y + 1.0, 2.5 * (row + 1)) - std::max<double>(y, 2.5 * row);
          if (w > 0 && h > 0) sum += w * h * luma.grey[static_cast<std::size_t>(y * 48 + x)];
        }
      }
      EXPECT_NEAR(print.grey[static_cast<std::size_t>(row * 32 + part)], sum / 3.75, 0.501)
          << row << ' ' << part;
    }
  }
}

TEST(FootagePrint, LargePicturesAreSummedWithoutOverflow) {
  const Luma white = Make(64, 32 * 300, [](int, int) { return 255; });
  for (const std::uint8_t grey : Print(white).grey) EXPECT_EQ(grey, 255);
}

TEST(FootagePrint, PictureSmallerThanThePrintHasNone) {
  const std::vector<std::uint8_t> grey(32 * 31);
  EXPECT_FALSE(PrintOf(32, 31, grey.data(), 32));
}

TEST(FootagePrint, SmallerAndBrighterPictureLiesOnTheLargeOne) {
  const FootagePrint large = Print(View(640, 360, 0, 0));
  const FootagePrint small = Print(View(200, 150, 0, 0, 1.3, -30));
  const auto fit = FitOf(large, small);
  ASSERT_TRUE(fit);
  EXPECT_LT(fit->shift.norm(), 0.005);
  EXPECT_LT(fit->residual, 0.02);
  EXPECT_LT(Differing(BitsOf(large), BitsOf(small)), 20);
}

TEST(FootagePrint, FitFindsShiftTurnAndScale) {
  const FootagePrint before = Print(View(640, 360, 0, 0));
  const auto moved = FitOf(before, Print(View(640, 360, 0.1 / 32, -0.05 / 32)));
  ASSERT_TRUE(moved);
  // The camera goes right: what it sees goes left.
  EXPECT_NEAR(moved->shift.x(), -0.1, 0.01);
  EXPECT_NEAR(moved->shift.y(), 0.05, 0.01);
  const double angle = 0.004, scale = 1.003;
  const auto turned =
      FitOf(before, Print(Make(640, 360, [&](int x, int y) {
              // In parts from the middle, so that a part's sides are one.
              const double u = (x + 0.5) / 20 - 16, v = (y + 0.5) / 11.25 - 16;
              const double back_u = (std::cos(angle) * u + std::sin(angle) * v) / scale;
              const double back_v = (std::cos(angle) * v - std::sin(angle) * u) / scale;
              return GreyAt((back_u + 16) / 32, (back_v + 16) / 32);
            })));
  ASSERT_TRUE(turned);
  EXPECT_NEAR(turned->rotation_rad, angle, 0.0005);
  EXPECT_NEAR(turned->scale, 0.003, 0.0005);
  EXPECT_LT(turned->shift.norm(), 0.01);
}

TEST(FootagePrint, NothingFitsOnOneGrey) {
  FootagePrint flat;
  flat.grey.fill(90);
  EXPECT_FALSE(FitOf(flat, Print(View(640, 360, 0, 0))));
}

}  // namespace
}  // namespace trucewatch::footage
