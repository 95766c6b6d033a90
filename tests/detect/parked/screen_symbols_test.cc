// SPDX-License-Identifier: Apache-2.0
#include "detect/parked/screen_symbols.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

namespace trucewatch::parked {
namespace {

constexpr int kSide = 200;
const Geodetic kMiddle = {Angle::Degrees(38.5), Angle::Degrees(-61.7), 40};

// A textured ground with painted lines, of which the camera shows a part; a pixel is 0.1 m.
class Screen {
 public:
  explicit Screen(bool symbols) : symbols_(symbols) {
    std::mt19937_64 random(5);
    std::normal_distribution<double> normal;
    for (double& value : coarse_) value = 12 * normal(random);
  }

  std::vector<std::uint8_t> Look(double right_px, double down_px, std::uint64_t seed) const {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    std::vector<std::uint8_t> grey;
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const double u = x + right_px + 60, v = y + down_px + 60;
        double level = 90 + coarse_[static_cast<std::size_t>(static_cast<int>(v / 6) % 64 * 64 +
                                                             static_cast<int>(u / 6) % 64)];
        if (std::fmod(u, 47) < 3) level = 180;
        level += normal(random);
        if (symbols_ && Symbol(x, y)) level = (x / 3 + y / 3) % 2 == 0 ? 250 : 5;
        grey.push_back(static_cast<std::uint8_t>(std::clamp(std::lround(level), 0L, 255L)));
      }
    }
    return grey;
  }
  static bool Symbol(int x, int y) { return x >= 10 && x < 60 && y >= 180 && y < 192; }
  static Eigen::Matrix3d PixelFromSite(double right_px, double down_px) {
    Eigen::Matrix3d m;
    m << 10, 0, 100 - right_px, 0, -10, 100 - down_px, 0, 0, 1;
    return m;
  }
  void Show(ScreenSymbols& symbols, int look, double reach_px) const {
    const double right = reach_px * std::sin(2.0 * look), down = reach_px * std::cos(1.3 * look);
    const std::vector<std::uint8_t> grey = Look(right, down, static_cast<std::uint64_t>(look));
    symbols.Add({kSide, kSide, grey.data(), kSide}, kMiddle, PixelFromSite(right, down));
  }

 private:
  bool symbols_;
  std::vector<double> coarse_ = std::vector<double>(64 * 64);
};

double ShareHidden(const HiddenPixels& hidden, bool of_symbol) {
  int of = 0, hid = 0;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      if (Screen::Symbol(x, y) != of_symbol) continue;
      ++of;
      if (!hidden.hidden.empty() && hidden.hidden[static_cast<std::size_t>(y * kSide + x)] != 0) {
        ++hid;
      }
    }
  }
  return static_cast<double>(hid) / of;
}

TEST(ScreenSymbols, WhatStandsOnTheScreenWhileTheGroundMovesIsHidden) {
  const Screen screen(true);
  ScreenSymbols symbols;
  for (int i = 0; i < 20; ++i) screen.Show(symbols, i, 15);
  EXPECT_GT(ShareHidden(symbols.hidden(), true), 0.95);
  EXPECT_LT(ShareHidden(symbols.hidden(), false), 0.05);
}

TEST(ScreenSymbols, GroundIsNoSymbol) {
  const Screen screen(false);
  ScreenSymbols symbols;
  for (int i = 0; i < 20; ++i) screen.Show(symbols, i, 15);
  EXPECT_EQ(ShareHidden(symbols.hidden(), true), 0);
  EXPECT_EQ(ShareHidden(symbols.hidden(), false), 0);
}

TEST(ScreenSymbols, ACameraThatStandsStillCannotTell) {
  const Screen screen(true);
  ScreenSymbols symbols;
  for (int i = 0; i < 20; ++i) screen.Show(symbols, i, 1);
  EXPECT_TRUE(symbols.hidden().hidden.empty());
}

TEST(ScreenSymbols, RestoredTheyGoOnAlike) {
  const Screen screen(true);
  ScreenSymbols whole, broken;
  for (int i = 0; i < 30; ++i) {
    v1::ParkedScreen a, b;
    if (i > 0) {
      broken.Snapshot(&b);
      auto restored = ScreenSymbols::Restore(b);
      ASSERT_TRUE(restored);
      broken = std::move(*restored);
    }
    screen.Show(whole, i, 15);
    screen.Show(broken, i, 15);
    whole.Snapshot(&a);
    b.Clear();
    broken.Snapshot(&b);
    ASSERT_EQ(a.SerializeAsString(), b.SerializeAsString()) << i;
    ASSERT_EQ(whole.hidden().hidden, broken.hidden().hidden) << i;
  }
}

TEST(ScreenSymbols, ADamagedSnapshotIsRefused) {
  const Screen screen(true);
  ScreenSymbols symbols;
  for (int i = 0; i < 20; ++i) screen.Show(symbols, i, 15);
  v1::ParkedScreen good;
  symbols.Snapshot(&good);
  const std::vector<std::function<void(v1::ParkedScreen&)>> damages = {
      [](v1::ParkedScreen& s) { s.set_width_px(0); },
      [](v1::ParkedScreen& s) { s.set_height_px(1'000'000); },
      [](v1::ParkedScreen& s) { s.set_last("x"); },
      [](v1::ParkedScreen& s) { s.mutable_kept(0)->set_grey("x"); },
      [](v1::ParkedScreen& s) { s.mutable_kept(0)->add_pixel_from_site(1); },
      [](v1::ParkedScreen& s) { *s.add_kept() = s.kept(0); }};
  for (const auto& damage : damages) {
    v1::ParkedScreen bad = good;
    damage(bad);
    EXPECT_FALSE(ScreenSymbols::Restore(bad));
  }
  EXPECT_TRUE(ScreenSymbols::Restore(good));
}

}  // namespace
}  // namespace trucewatch::parked
