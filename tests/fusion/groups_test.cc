// SPDX-License-Identifier: Apache-2.0
#include "fusion/groups.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace trucewatch {
namespace {

Instant At(double s) { return Instant::FromMicros(Duration::FromSeconds(s).micros()); }

TrackEstimate TrackAt(std::uint64_t id, double e, double n, double ve, double existence = 0.99) {
  TrackEstimate track;
  track.id = {id};
  track.state.mean << e, n, ve, 0;
  track.state.cov = 4.0 * Eigen::Matrix4d::Identity();
  track.state.cov(2, 2) = track.state.cov(3, 3) = 0.25;
  track.existence = existence;
  return track;
}

std::vector<TrackEstimate> Convoy(int count, double head_m, std::uint64_t first_id = 1) {
  std::vector<TrackEstimate> tracks;
  for (int k = 0; k < count; ++k) {
    tracks.push_back(TrackAt(first_id + static_cast<std::uint64_t>(k), head_m - 45.0 * k, 0, 10));
  }
  return tracks;
}

TEST(Groups, AConvoyIsOneGroupWithItsCountExtentAndVelocity) {
  GroupTracker groups(GroupOptions{});
  const auto result = groups.Update(At(0), Convoy(8, 1000));
  ASSERT_EQ(result.size(), 1u);
  EXPECT_EQ(result[0].members.size(), 8u);
  EXPECT_NEAR(result[0].count_expected, 7.92, 1e-9);
  EXPECT_EQ(result[0].count_max, 8);
  EXPECT_GE(result[0].count_min, 7);
  EXPECT_NEAR(result[0].extent_m, 3.5 * 45.0, 1e-9);
  EXPECT_NEAR(result[0].v_en_mps.x(), 10.0, 1e-9);
}

TEST(Groups, OncomingAndFarTracksDoNotBelong) {
  GroupTracker groups(GroupOptions{});
  std::vector<TrackEstimate> tracks = Convoy(3, 1000);
  tracks.push_back(TrackAt(10, 980, 5, -10));
  tracks.push_back(TrackAt(11, 3000, 0, 10));
  const auto result = groups.Update(At(0), tracks);
  ASSERT_EQ(result.size(), 1u);
  EXPECT_EQ(result[0].members.size(), 3u);
}

TEST(Groups, TwoAreTooFewForAMinimumOfThree) {
  GroupTracker groups(GroupOptions{});
  EXPECT_TRUE(groups.Update(At(0), Convoy(2, 1000)).empty());
}

TEST(Groups, ParkedVehiclesBeginNoGroupButAConvoyThatStopsStaysOne) {
  GroupTracker groups(GroupOptions{});
  std::vector<TrackEstimate> tracks = Convoy(4, 1000);
  for (auto& track : tracks) track.state.mean(2) = 0;
  EXPECT_TRUE(groups.Update(At(0), tracks).empty());
  const auto moving = groups.Update(At(1), Convoy(4, 1000));
  ASSERT_EQ(moving.size(), 1u);
  for (int k = 2; k < 60; ++k) {
    const auto stopped = groups.Update(At(k), tracks);
    ASSERT_EQ(stopped.size(), 1u);
    EXPECT_EQ(stopped[0].id, moving[0].id);
  }
}

TEST(Groups, ASplitLeavesTheIdWithTheLargerPart) {
  GroupTracker groups(GroupOptions{});
  const GroupId id = groups.Update(At(0), Convoy(8, 1000)).at(0).id;
  std::vector<TrackEstimate> tracks = Convoy(8, 1000);
  for (std::size_t k = 0; k < 3; ++k) tracks[k].state.mean(0) += 2000;  // the first three drive off
  const auto result = groups.Update(At(1), tracks);
  ASSERT_EQ(result.size(), 2u);
  EXPECT_EQ(result[0].id, id);
  EXPECT_EQ(result[0].members.size(), 5u);
  EXPECT_GT(result[1].id, id);
  EXPECT_EQ(result[1].members.size(), 3u);
}

TEST(Groups, AGroupOutlivesAGapOfSomeSecondsAndThenGoes) {
  GroupTracker groups(GroupOptions{});
  const GroupId id = groups.Update(At(0), Convoy(4, 1000)).at(0).id;
  const auto scattered = [] {
    std::vector<TrackEstimate> tracks = Convoy(4, 1000);
    for (std::size_t k = 0; k < 4; ++k) tracks[k].state.mean(1) = 1000.0 * static_cast<double>(k);
    return tracks;
  }();
  EXPECT_EQ(groups.Update(At(5), scattered).size(), 1u);
  EXPECT_EQ(groups.Update(At(8), Convoy(4, 1080)).at(0).id, id);
  EXPECT_TRUE(groups.Update(At(30), scattered).empty());
  EXPECT_GT(groups.Update(At(31), Convoy(4, 1080)).at(0).id, id);  // never reused
}

TEST(Groups, PeopleAreNotMembers) {
  GroupTracker groups(GroupOptions{});
  std::vector<TrackEstimate> tracks = Convoy(4, 1000);
  tracks[1].classes[static_cast<std::size_t>(ObjectClass::kPersonGroup)] = 0.9;
  EXPECT_EQ(groups.Update(At(0), tracks).at(0).members.size(), 3u);
}

TEST(PoissonBinomial, IntervalHoldsTheSampledCounts) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> uniform(0, 1);
  for (int round = 0; round < 20; ++round) {
    std::vector<double> p(1 + random() % 20);
    for (double& x : p) x = uniform(random);
    const CountInterval interval = PoissonBinomialInterval(p);
    int inside = 0, below = 0, above = 0;
    constexpr int kSamples = 4000;
    for (int s = 0; s < kSamples; ++s) {
      int count = 0;
      for (const double x : p) count += uniform(random) < x ? 1 : 0;
      inside += count >= interval.low && count <= interval.high ? 1 : 0;
      below += count < interval.low ? 1 : 0;
      above += count > interval.high ? 1 : 0;
    }
    // 95 % at least, each tail 2.5 % at most; 5 sigma of the sampling.
    EXPECT_GT(inside, 0.95 * kSamples - 5 * std::sqrt(kSamples * 0.95 * 0.05));
    EXPECT_LT(std::max(below, above), 0.025 * kSamples + 5 * std::sqrt(kSamples * 0.025));
  }
}

TEST(PoissonBinomial, CertainTrialsGiveACertainCount) {
  const std::vector<double> p(5, 1.0);
  EXPECT_EQ(PoissonBinomialInterval(p).low, 5);
  EXPECT_EQ(PoissonBinomialInterval(p).high, 5);
  EXPECT_EQ(PoissonBinomialInterval({}).high, 0);
}

}  // namespace
}  // namespace trucewatch
