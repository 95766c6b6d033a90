// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/travel.h"

#include <gtest/gtest.h>

#include <random>

namespace trucewatch::motion {
namespace {

constexpr double kStep_s = 0.1;

// A track in moments 0.., with one blob each where it is; `way_px` over all of it, `shake_px` to
// the side in turn.
ImageTrack AddTrack(std::vector<Moment>& moments, const Eigen::Vector2d& start,
                    const Eigen::Vector2d& way_px, double shake_px) {
  ImageTrack track;
  for (std::size_t m = 0; m < moments.size(); ++m) {
    const double share = static_cast<double>(m) / static_cast<double>(moments.size() - 1);
    Eigen::Vector2d place = start + way_px * share;
    place.y() += m % 2 == 0 ? shake_px : -shake_px;
    Blob blob;
    blob.centroid = place;
    blob.width = blob.height = 4;
    track.hits.push_back({m, kStep_s * static_cast<double>(m), place, moments[m].blobs.size()});
    moments[m].blobs.push_back(blob);
  }
  return track;
}

bool StraightFor(std::size_t count, double way_px, double shake_px, double least_px) {
  std::vector<Moment> moments(count);
  const ImageTrack track = AddTrack(moments, {50, 50}, {way_px, 0}, shake_px);
  const LineFit fit = FitLine(track, track.hits[count / 2].time_s, 10);
  return WentStraight(track, fit, least_px);
}

TEST(WentStraight, WantsWayStraightnessAndSightings) {
  EXPECT_TRUE(StraightFor(12, 14, 0, LeastWayPx(4)));
  EXPECT_FALSE(StraightFor(12, 8, 0, LeastWayPx(4)));    // too short
  EXPECT_FALSE(StraightFor(12, 14, 2, LeastWayPx(4)));   // to and fro
  EXPECT_FALSE(StraightFor(7, 14, 0, LeastWayPx(4)));    // too few
  EXPECT_FALSE(StraightFor(12, 14, 0, LeastWayPx(20)));  // less than its own length
}

// Round a quarter of a circle.
ImageTrack TurningFor(std::size_t count, double radius_px) {
  ImageTrack track;
  for (std::size_t m = 0; m < count; ++m) {
    const double angle = 1.57 * static_cast<double>(m) / static_cast<double>(count - 1);
    const Eigen::Vector2d place(radius_px * std::sin(angle), radius_px * std::cos(angle));
    track.hits.push_back({m, kStep_s * static_cast<double>(m), place, 0});
  }
  return track;
}

TEST(WentFar, HoldsThroughABendForWhatIsSeenNearlyAllTheTime) {
  EXPECT_TRUE(WentFar(TurningFor(20, 25), 20));
  EXPECT_FALSE(WentFar(TurningFor(20, 8), 0)) << "hardly anywhere";
  EXPECT_FALSE(WentFar(TurningFor(20, 25), 40)) << "less than its own length";
  EXPECT_FALSE(WentFar(TurningFor(12, 25), 20)) << "too briefly";
  ImageTrack seldom = TurningFor(30, 25);
  std::erase_if(seldom.hits, [](const auto& hit) { return hit.moment % 3 == 1; });
  EXPECT_FALSE(WentFar(seldom, 20)) << "seen in two pictures of three";
  ImageTrack to_and_fro = TurningFor(20, 25);
  for (auto& hit : to_and_fro.hits) hit.place.x() += hit.moment % 2 == 0 ? 3 : -3;
  EXPECT_FALSE(WentFar(to_and_fro, 20)) << "leaves in the wind";
}

TEST(Surroundings, ARoadOfVehiclesDoesNotBoilAndATurningSymbolDoes) {
  std::vector<Moment> moments(12);
  std::vector<ImageTrack> tracks;
  // Six vehicles close together on one road.
  for (int i = 0; i < 6; ++i) {
    tracks.push_back(AddTrack(moments, {20.0 + 12 * i, 40}, {15, 0}, 0));
  }
  // A symbol: patches that come and go at random within 25 pixels, and one that happens to last.
  std::mt19937_64 rng(3);
  std::uniform_real_distribution<double> spread(-25, 25);
  const ImageTrack in_symbol = AddTrack(moments, {200, 200}, {14, 0}, 0);
  for (Moment& moment : moments) {
    for (int i = 0; i < 6; ++i) {
      Blob blob;
      blob.centroid = {207 + spread(rng), 200 + spread(rng)};
      blob.width = blob.height = 4;
      moment.blobs.push_back(blob);
    }
  }
  tracks.push_back(in_symbol);
  const Surroundings surroundings(tracks, moments);
  EXPECT_EQ(surroundings.UnrulyBeside(tracks[2]), 0);
  EXPECT_FALSE(surroundings.Boil(tracks[2]));
  EXPECT_GT(surroundings.UnrulyBeside(in_symbol), 3);
  EXPECT_TRUE(surroundings.Boil(in_symbol));
}

}  // namespace
}  // namespace trucewatch::motion
