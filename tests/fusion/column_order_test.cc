// SPDX-License-Identifier: Apache-2.0
#include "fusion/internal/column_order.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "fusion/snapshot.h"
#include "fusion/tracker_options.h"

namespace trucewatch {
namespace {

// A confirmed track that drives east, its place known to sigma_m.
TrackState DrivingEast(std::uint64_t id, double east_m, double north_m, double speed_mps,
                       double sigma_m) {
  TrackState track;
  track.id = {id};
  track.confirmed = true;
  track.existence = 0.9;
  track.imm.probability = {0.01, 0.49, 0.49, 0.01};
  for (Gaussian& g : track.imm.model) {
    g.mean << east_m, north_m, speed_mps, 0;
    g.cov = Eigen::Vector4d(sigma_m * sigma_m, sigma_m * sigma_m, 0.25, 0.25).asDiagonal();
  }
  return track;
}

// Numbers 1, 2, ... from the front, 40 m apart, eastward.
std::vector<TrackState> ColumnOf(int vehicles, double sigma_m = 5.0) {
  std::vector<TrackState> tracks;
  for (int k = 0; k < vehicles; ++k) {
    tracks.push_back(DrivingEast(static_cast<std::uint64_t>(k + 1), -40.0 * k, 0, 12, sigma_m));
  }
  return tracks;
}

void KeepOrderOf(std::vector<TrackState>& tracks) {
  std::vector<std::size_t> all(tracks.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  internal::KeepOrder(tracks, internal::Company(tracks, all, TrackerOptions{}));
}

double EastOf(const TrackState& track) { return Estimate(track.imm).mean.x(); }

void PlaceAt(TrackState& track, double east_m, double north_m = 0) {
  for (Gaussian& g : track.imm.model) g.mean.head<2>() << east_m, north_m;
}

TEST(ColumnOrder, TracksDrawnPastEachOtherChangePlaces) {
  std::vector<TrackState> tracks = ColumnOf(4);
  KeepOrderOf(tracks);
  // The third one's reports have pulled the second one's track back, and the other way round.
  PlaceAt(tracks[1], -72);
  PlaceAt(tracks[2], -60);
  tracks[1].existence = 0.7;
  tracks[1].size.length_m = 5.0;
  KeepOrderOf(tracks);
  EXPECT_DOUBLE_EQ(EastOf(tracks[1]), -60);
  EXPECT_DOUBLE_EQ(EastOf(tracks[2]), -72);
  EXPECT_EQ(tracks[1].id.value, 2u);
  EXPECT_EQ(tracks[1].size.length_m, 5.0);  // what is known of the vehicle stays with it
  EXPECT_EQ(tracks[2].existence, 0.7);      // how sure the place is goes with the place
}

TEST(ColumnOrder, ManyAtOnceComeBackIntoOrder) {
  std::vector<TrackState> tracks = ColumnOf(5);
  KeepOrderOf(tracks);
  const double mixed[] = {-80, -120, 0, -160, -40};
  for (std::size_t k = 0; k < 5; ++k) PlaceAt(tracks[k], mixed[k]);
  KeepOrderOf(tracks);
  for (std::size_t k = 0; k < 5; ++k) {
    EXPECT_DOUBLE_EQ(EastOf(tracks[k]), -40.0 * static_cast<double>(k)) << k;
  }
}

TEST(ColumnOrder, OneThatOvertakesKeepsItsNumber) {
  std::vector<TrackState> tracks = ColumnOf(4);
  KeepOrderOf(tracks);
  for (Gaussian& g : tracks[3].imm.model) g.mean << -70, 0, 16, 0;  // 4 m/s faster, past the third
  KeepOrderOf(tracks);
  EXPECT_DOUBLE_EQ(EastOf(tracks[3]), -70);
  // Once it drives before the others and as they do, that is the order.
  for (Gaussian& g : tracks[3].imm.model) g.mean << 40, 0, 16, 0;
  KeepOrderOf(tracks);
  for (Gaussian& g : tracks[3].imm.model) g.mean << 40, 0, 12, 0;
  KeepOrderOf(tracks);
  EXPECT_DOUBLE_EQ(EastOf(tracks[3]), 40);
}

TEST(ColumnOrder, VehiclesAbreastHaveNone) {
  // Two lanes 12 m apart; the place along the road is noise about the same.
  std::vector<TrackState> tracks = {DrivingEast(1, 1, 0, 12, 2), DrivingEast(2, -1, 12, 12, 2),
                                    DrivingEast(3, -40, 0, 12, 2), DrivingEast(4, -41, 12, 12, 2)};
  for (int k = 0; k < 6; ++k) {
    const double off = k % 2 == 0 ? 2 : -2;
    PlaceAt(tracks[0], off, 0);
    PlaceAt(tracks[1], -off, 12);
    PlaceAt(tracks[2], -40 - off, 0);
    PlaceAt(tracks[3], -40 + off, 12);
    KeepOrderOf(tracks);
    EXPECT_DOUBLE_EQ(Estimate(tracks[0].imm).mean.y(), 0);
    EXPECT_DOUBLE_EQ(EastOf(tracks[0]), off);
    EXPECT_DOUBLE_EQ(EastOf(tracks[2]), -40 - off);
  }
}

TEST(ColumnOrder, APlainlyPassedNeighbourInTheOtherLaneKeepsItsNumber) {
  std::vector<TrackState> tracks = ColumnOf(3, 2.0);
  KeepOrderOf(tracks);
  PlaceAt(tracks[1], 5, 12);  // beside the first, a lane further left and known to 2 m
  KeepOrderOf(tracks);
  EXPECT_DOUBLE_EQ(EastOf(tracks[1]), 5);
}

TEST(ColumnOrder, TwoThatMeetAreNoColumn) {
  std::vector<TrackState> tracks = ColumnOf(2);
  KeepOrderOf(tracks);
  EXPECT_TRUE(tracks[0].behind.empty());
  PlaceAt(tracks[0], -50);
  KeepOrderOf(tracks);
  EXPECT_DOUBLE_EQ(EastOf(tracks[0]), -50);
}

TEST(ColumnOrder, AHairpinHasNoFront) {
  // Up one leg and down the other: each drives like its neighbours, the ends against each other.
  std::vector<TrackState> tracks;
  for (int k = 0; k < 9; ++k) {
    const double turned = k * 0.4;
    TrackState track = DrivingEast(static_cast<std::uint64_t>(k + 1), 60 * std::sin(turned),
                                   60 * std::cos(turned), 0, 3);
    for (Gaussian& g : track.imm.model) {
      g.mean.tail<2>() << 12 * std::cos(turned), -12 * std::sin(turned);
    }
    tracks.push_back(track);
  }
  KeepOrderOf(tracks);
  for (const TrackState& track : tracks) EXPECT_TRUE(track.behind.empty()) << track.id.value;
}

TEST(ColumnOrder, ThoseGoneOrPartedAreForgotten) {
  std::vector<TrackState> tracks = ColumnOf(4);
  KeepOrderOf(tracks);
  EXPECT_EQ(tracks[0].behind, (std::vector<TrackId>{{2}, {3}, {4}}));
  tracks.erase(tracks.begin() + 1);
  PlaceAt(tracks[2], -5000);
  KeepOrderOf(tracks);
  EXPECT_EQ(tracks[0].behind, (std::vector<TrackId>{{3}}));
}

TEST(ColumnOrder, IsKeptThroughARestart) {
  std::vector<TrackState> tracks = ColumnOf(3);
  KeepOrderOf(tracks);
  v1::TrackState stored = ToProto(tracks[0]);
  const Result<TrackState> restored = TrackFromProto(stored);
  ASSERT_TRUE(restored);
  EXPECT_EQ(restored->behind, (std::vector<TrackId>{{2}, {3}}));
  stored.set_behind(1, 2);
  EXPECT_FALSE(TrackFromProto(stored));  // one twice
}

}  // namespace
}  // namespace trucewatch
