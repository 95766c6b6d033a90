// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/on_screen.h"

#include <gtest/gtest.h>

namespace trucewatch::motion {
namespace {

struct OnScreen {
  std::vector<Moment> moments;
  ImageTrack track;
  Trail trail;
};

// Goes 1.5 px a picture over the screen, up and down by `jerk_px` in turn; along its way it looks
// like itself up to `moving` grey levels, while what it has left differs by 24.
OnScreen GoOverScreen(bool near_symbol, double jerk_px, double moving) {
  OnScreen f;
  std::vector<double> times;
  std::vector<Eigen::Vector2d> places;
  for (std::size_t m = 0; m < 16; ++m) {
    const double t = 0.1 * static_cast<double>(m);
    const Eigen::Vector2d place(20 + 1.5 * static_cast<double>(m),
                                30 + (m % 2 == 0 ? jerk_px : -jerk_px));
    Moment& moment = f.moments.emplace_back();
    moment.time_s = t;
    moment.noise = 1.5;
    Blob& blob = moment.blobs.emplace_back();
    blob.centroid = place;
    blob.near_symbol = near_symbol;
    f.track.hits.push_back({m, t, place, 0});
    TrailPoint point;
    point.moment = m;
    point.time_s = t;
    point.place = place;
    f.trail.points.push_back(point);
    times.push_back(t);
    places.push_back(place);
  }
  f.trail.path = FitPath(times, places);
  f.trail.moving = moving;
  f.trail.still = 24;
  return f;
}

bool StandsThere(const OnScreen& f) { return StandsOnScreen(f.track, f.trail, f.moments); }

TEST(StandsOnScreen, IsWhatJerksBesideTheMaskAndHardlyLooksTheSame) {
  EXPECT_TRUE(StandsThere(GoOverScreen(true, 0.8, 14)));
  EXPECT_FALSE(StandsThere(GoOverScreen(false, 0.8, 14))) << "no symbol is near";
  EXPECT_FALSE(StandsThere(GoOverScreen(true, 0.1, 14))) << "it goes smoothly";
  EXPECT_TRUE(StandsThere(GoOverScreen(true, 0.8, 10)));
  EXPECT_FALSE(StandsThere(GoOverScreen(true, 0.8, 8))) << "hardly more than noise";
  EXPECT_FALSE(StandsThere(GoOverScreen(true, 0.8, 5))) << "it looks the same all the way";
}

TEST(BesideSymbol, NeedsMostOfThePatches) {
  OnScreen f = GoOverScreen(true, 0, 0);
  EXPECT_TRUE(BesideSymbol(f.track, f.moments));
  for (std::size_t m = 0; m < 8; ++m) f.moments[m].blobs[0].near_symbol = false;
  EXPECT_FALSE(BesideSymbol(f.track, f.moments));
}

}  // namespace
}  // namespace trucewatch::motion
