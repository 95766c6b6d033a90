// SPDX-License-Identifier: Apache-2.0
#include "fusion/groups.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace trucewatch {
namespace {

Instant GroupedAt(double s) { return Instant::FromMicros(Duration::FromSeconds(s).micros()); }

TrackEstimate MemberAt(std::uint64_t id, double e, double n, double ve, double existence = 0.99) {
  TrackEstimate track;
  track.id = {id};
  track.state.mean << e, n, ve, 0;
  track.state.cov = 4.0 * Eigen::Matrix4d::Identity();
  track.state.cov(2, 2) = track.state.cov(3, 3) = 0.25;
  track.existence = existence;
  return track;
}

std::vector<TrackEstimate> Column(int count, double head_m, std::uint64_t first_id = 1) {
  std::vector<TrackEstimate> tracks;
  for (int k = 0; k < count; ++k) {
    tracks.push_back(MemberAt(first_id + static_cast<std::uint64_t>(k), head_m - 45.0 * k, 0, 10));
  }
  return tracks;
}

TEST(Groups, AConvoyIsOneGroupWithItsCountExtentAndVelocity) {
  GroupTracker groups(GroupOptions{});
  const auto result = groups.Update(GroupedAt(0), Column(8, 1000));
  ASSERT_EQ(result.size(), 1u);
  EXPECT_EQ(result[0].members.size(), 8u);
  // One more may well be there and have no track yet.
  EXPECT_GT(result[0].count_expected, 7.9);
  EXPECT_LT(result[0].count_expected, 9.5);
  EXPECT_GE(result[0].count_max, 8);
  EXPECT_LE(result[0].count_min, 8);
  EXPECT_NEAR(result[0].extent_m, 3.5 * 45.0, 1e-9);
  EXPECT_NEAR(result[0].v_en_mps.x(), 10.0, 1e-9);
}

TEST(Groups, OncomingAndFarTracksDoNotBelong) {
  GroupTracker groups(GroupOptions{});
  std::vector<TrackEstimate> tracks = Column(3, 1000);
  tracks.push_back(MemberAt(10, 980, 5, -10));
  tracks.push_back(MemberAt(11, 3000, 0, 10));
  const auto result = groups.Update(GroupedAt(0), tracks);
  ASSERT_EQ(result.size(), 1u);
  EXPECT_EQ(result[0].members.size(), 3u);
}

TEST(Groups, TwoAreTooFewForAMinimumOfThree) {
  GroupTracker groups(GroupOptions{});
  EXPECT_TRUE(groups.Update(GroupedAt(0), Column(2, 1000)).empty());
}

TEST(Groups, ParkedVehiclesBeginNoGroupButAConvoyThatStopsStaysOne) {
  GroupTracker groups(GroupOptions{});
  std::vector<TrackEstimate> tracks = Column(4, 1000);
  for (auto& track : tracks) track.state.mean(2) = 0;
  EXPECT_TRUE(groups.Update(GroupedAt(0), tracks).empty());
  const auto moving = groups.Update(GroupedAt(1), Column(4, 1000));
  ASSERT_EQ(moving.size(), 1u);
  for (int k = 2; k < 60; ++k) {
    const auto stopped = groups.Update(GroupedAt(k), tracks);
    ASSERT_EQ(stopped.size(), 1u);
    EXPECT_EQ(stopped[0].id, moving[0].id);
  }
}

TEST(Groups, ASplitLeavesTheIdWithTheLargerPart) {
  GroupTracker groups(GroupOptions{});
  const GroupId id = groups.Update(GroupedAt(0), Column(8, 1000)).at(0).id;
  std::vector<TrackEstimate> tracks = Column(8, 1000);
  for (std::size_t k = 0; k < 3; ++k) tracks[k].state.mean(0) += 2000;  // the first three drive off
  const auto result = groups.Update(GroupedAt(1), tracks);
  ASSERT_EQ(result.size(), 2u);
  EXPECT_EQ(result[0].id, id);
  EXPECT_EQ(result[0].members.size(), 5u);
  EXPECT_GT(result[1].id, id);
  EXPECT_EQ(result[1].members.size(), 3u);
}

TEST(Groups, WhoLeavesAsAGroupIsCountedThereAndWhoComesBackIsCountedAgain) {
  GroupTracker groups(GroupOptions{});
  const auto together = Column(9, 1000, 1);
  for (int k = 0; k < 120; ++k) groups.Update(GroupedAt(k), together);
  const auto before = groups.Update(GroupedAt(120), together);
  ASSERT_EQ(before.size(), 1u);
  EXPECT_NEAR(before[0].count_expected, 9, 0.6);
  std::vector<TrackEstimate> apart = together;
  for (std::size_t k = 0; k < 4; ++k) apart[k].state.mean(0) += 2000;
  const auto split = groups.Update(GroupedAt(121), apart);
  ASSERT_EQ(split.size(), 2u);
  EXPECT_NEAR(split[0].count_expected, 5, 0.6);
  EXPECT_NEAR(split[1].count_expected, 4, 1.5);  // it has not been looked at for long
  const auto merged = groups.Update(GroupedAt(122), together);
  ASSERT_EQ(merged[0].id, before[0].id);
  EXPECT_NEAR(merged[0].count_expected, 9, 0.6);
}

// Two of eight lose their tracks for a while: the count remembers them.
TEST(Groups, WhoHasNoTrackForAWhileIsStillCounted) {
  GroupTracker groups(GroupOptions{});
  std::vector<TrackEstimate> six = Column(8, 1000);
  six.erase(six.begin() + 3);
  six.erase(six.begin() + 5);
  for (int k = 0; k < 120; ++k) groups.Update(GroupedAt(k), Column(8, 1000));
  std::vector<GroupEstimate> result;
  for (int k = 120; k < 150; ++k) result = groups.Update(GroupedAt(k), six);
  ASSERT_EQ(result.size(), 1u);
  EXPECT_EQ(result[0].members.size(), 6u);
  EXPECT_NEAR(result[0].count_expected, 8, 0.8);
  EXPECT_GE(result[0].count_max, 8);
}

// What may not exist is not counted as sure.
TEST(Groups, TracksThatMayNotExistWidenTheInterval) {
  GroupTracker sure(GroupOptions{}), doubtful(GroupOptions{});
  std::vector<TrackEstimate> tracks = Column(6, 1000);
  for (std::size_t k = 0; k < 3; ++k) tracks[k].existence = 0.6;
  std::vector<GroupEstimate> a, b;
  for (int k = 0; k < 60; ++k) {
    a = sure.Update(GroupedAt(k), Column(5, 1000));
    b = doubtful.Update(GroupedAt(k), tracks);
  }
  EXPECT_LT(b.at(0).count_min, a.at(0).count_min);
  EXPECT_GT(b.at(0).count_max, a.at(0).count_max);
}

TEST(Groups, AGroupOutlivesAGapOfSomeSecondsAndThenGoes) {
  GroupTracker groups(GroupOptions{});
  const GroupId id = groups.Update(GroupedAt(0), Column(4, 1000)).at(0).id;
  const auto scattered = [] {
    std::vector<TrackEstimate> tracks = Column(4, 1000);
    for (std::size_t k = 0; k < 4; ++k) tracks[k].state.mean(1) = 1000.0 * static_cast<double>(k);
    return tracks;
  }();
  EXPECT_EQ(groups.Update(GroupedAt(5), scattered).size(), 1u);
  EXPECT_EQ(groups.Update(GroupedAt(8), Column(4, 1080)).at(0).id, id);
  EXPECT_TRUE(groups.Update(GroupedAt(30), scattered).empty());
  EXPECT_GT(groups.Update(GroupedAt(31), Column(4, 1080)).at(0).id, id);  // never reused
}

TEST(Groups, PeopleAreNotMembers) {
  GroupTracker groups(GroupOptions{});
  std::vector<TrackEstimate> tracks = Column(4, 1000);
  tracks[1].classes[static_cast<std::size_t>(ObjectClass::kPersonGroup)] = 0.9;
  EXPECT_EQ(groups.Update(GroupedAt(0), tracks).at(0).members.size(), 3u);
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
