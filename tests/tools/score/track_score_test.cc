// SPDX-License-Identifier: Apache-2.0
#include "tools/score/track_score.h"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <random>

#include "tools/score/assignment.h"

namespace trucewatch::tools {
namespace {

// Tests draw positions on a line; -1 in a list: not there in that epoch.
constexpr double kAbsent = -1;

TrackedScenario OnALine(const std::vector<std::vector<double>>& truths,
                        const std::vector<std::vector<double>>& tracks) {
  TrackedScenario scenario;
  std::size_t epochs = 0;
  for (const auto& truth : truths) {
    scenario.targets.push_back({std::to_string(scenario.targets.size()), "vehicle", "-1"});
    epochs = truth.size();
  }
  for (std::size_t k = 0; k < tracks.size(); ++k) scenario.tracks.push_back(std::to_string(k));
  for (std::size_t t = 0; t < epochs; ++t) {
    ScoredEpoch epoch;
    epoch.time_s = static_cast<double>(t);
    for (std::size_t k = 0; k < truths.size(); ++k) {
      if (truths[k][t] == kAbsent) continue;
      epoch.truths.push_back({k, {truths[k][t], 0}, {10, 0}});
    }
    for (std::size_t k = 0; k < tracks.size(); ++k) {
      if (tracks[k][t] == kAbsent) continue;
      TrackPoint point;
      point.track = k;
      point.p_en_m = {tracks[k][t], 0};
      point.v_en_mps = Eigen::Vector2d(10, 3);
      epoch.tracks.push_back(point);
    }
    scenario.epochs.push_back(epoch);
  }
  return scenario;
}

TrackScore Scored(const TrackedScenario& scenario, const TrackScoreOptions& options = {}) {
  const auto score = ScoreTracks(scenario, options);
  EXPECT_TRUE(score) << score.error().message;
  return *score;
}

TEST(TrackScore, GospaAndOspaOfOneEpochAreTheirClosedForms) {
  // Two near (3 m and 4 m), one target missed, two tracks false.
  const auto scenario = OnALine({{0}, {1000}, {2000}}, {{3}, {1004}, {5000}, {6000}});
  const TrackScore score = Scored(scenario);
  EXPECT_DOUBLE_EQ(score.gospa_m, std::sqrt(25 + 3 * 2500 / 2.0));
  EXPECT_DOUBLE_EQ(score.gospa_located_m, 5);
  EXPECT_DOUBLE_EQ(score.gospa_missed_m, std::sqrt(1250));
  EXPECT_DOUBLE_EQ(score.gospa_false_m, 50);
  EXPECT_DOUBLE_EQ(*score.location_rmse_m, std::sqrt(12.5));
  // Four against three: one cut off by distance, one by number.
  EXPECT_DOUBLE_EQ(score.ospa_m, std::sqrt((25 + 2500 + 2500) / 4.0));
  EXPECT_DOUBLE_EQ(score.ospa_located_m, std::sqrt((25 + 2500) / 4.0));
  EXPECT_DOUBLE_EQ(score.ospa_cardinality_m, std::sqrt(2500 / 4.0));
  const TrackScore first_order = Scored(scenario, {.cutoff_m = 100, .order = 1});
  EXPECT_DOUBLE_EQ(first_order.gospa_m, 3 + 4 + 3 * 50);
  EXPECT_DOUBLE_EQ(first_order.ospa_m, (3 + 4 + 100 + 100) / 4.0);
  EXPECT_FALSE(first_order.location_rmse_m);
}

TEST(TrackScore, GospaTakesTheBestPairsNotTheNearest) {
  // Greedy would give the track at 8 to the target at 10 and leave 0 without one.
  const TrackScore score = Scored(OnALine({{0}, {10}}, {{8}, {18}}), {.cutoff_m = 12});
  EXPECT_DOUBLE_EQ(score.gospa_m, std::sqrt(64 + 64));
  EXPECT_EQ(score.missed_per_epoch, 0);
}

TEST(TrackScore, APairExactlyAtTheCutoffIsNone) {
  EXPECT_DOUBLE_EQ(Scored(OnALine({{0}}, {{50}})).gospa_m, 50);
  EXPECT_EQ(Scored(OnALine({{0}}, {{50}})).false_negatives, 1U);
  EXPECT_EQ(Scored(OnALine({{0}}, {{49.999}})).false_negatives, 0U);
}

TEST(TrackScore, NothingAgainstNothingIsNoDistance) {
  auto scenario = OnALine({{0, kAbsent}}, {{0, kAbsent}});
  const TrackScore score = Scored(scenario);
  EXPECT_EQ(score.gospa_m, 0);
  EXPECT_EQ(score.ospa_m, 0);
  EXPECT_EQ(score.mota, 1);
  EXPECT_EQ(score.idf1, 1);
}

TEST(TrackScore, CountsSwitchesAndFragmentations) {
  // Track 0 follows for two epochs, then nothing, then track 1; both count when it is found again.
  const TrackScore score = Scored(OnALine(
      {{0, 0, 0, 0, 0}}, {{1, 1, kAbsent, kAbsent, kAbsent}, {kAbsent, kAbsent, kAbsent, 2, 2}}));
  EXPECT_EQ(score.id_switches, 1U);
  EXPECT_EQ(score.fragmentations, 1U);
  EXPECT_EQ(score.false_negatives, 1U);
  EXPECT_DOUBLE_EQ(score.mota, 1 - 2 / 5.0);
  // The best map keeps one of both tracks: 2 of 5 rows of truth and 2 of 4 of tracks.
  EXPECT_DOUBLE_EQ(score.idf1, 2 * 2 / 9.0);
  EXPECT_DOUBLE_EQ(score.completeness, 2 / 5.0);
  EXPECT_EQ(score.purity, 1);
  EXPECT_DOUBLE_EQ(score.rmse_m, std::sqrt((1 + 1 + 4 + 4) / 4.0));
  EXPECT_DOUBLE_EQ(*score.velocity_rmse_mps, 3);
}

TEST(TrackScore, AMatchedPairStaysWhileItIsNearEnough) {
  // In the second epoch track 1 is nearer; continuity keeps track 0, GOSPA does not.
  const TrackScore score = Scored(OnALine({{0, 0}}, {{1, 30}, {kAbsent, 2}}));
  EXPECT_EQ(score.id_switches, 0U);
  EXPECT_DOUBLE_EQ(score.rmse_m, std::sqrt((1 + 900) / 2.0));
  EXPECT_DOUBLE_EQ(*score.location_rmse_m, std::sqrt((1 + 4) / 2.0));
  EXPECT_EQ(score.matches, (std::vector<std::vector<std::size_t>>{{0}, {0}}));
}

TEST(TrackScore, ClearMatchesAsManyAsItCanBeforeItCountsMetres) {
  // The nearest pair alone would leave the other target without a track.
  const TrackScore score = Scored(OnALine({{0}, {40}}, {{41}, {81}}));
  EXPECT_EQ(score.false_negatives, 0U);
}

TEST(TrackScore, OnlyEpochsWithinTheTimeCount) {
  const auto scenario = OnALine({{0, 0, 0, 0}}, {{0, 10, 20, 30}});
  const TrackScore score = Scored(scenario, {.from_s = 1, .to_s = 2});
  EXPECT_EQ(score.epochs, 2U);
  EXPECT_DOUBLE_EQ(score.gospa_m, 15);
  EXPECT_EQ(score.first_epoch, 1U);
  const auto none = ScoreTracks(scenario, {.from_s = 7});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kUsage);
}

TEST(TrackScore, KindsAndTargetsAreCountedApart) {
  auto scenario = OnALine({{0, 0, 0}, {500, 500, 500}}, {{3, 3, 3}, {kAbsent, 504, kAbsent}});
  scenario.targets[1].group = "1";
  scenario.epochs[2].truths[1].v_en_mps = {1.4, 0};
  scenario.epochs[0].camera = CameraFootprint{{-1, -1}, {1, 1}};
  const TrackScore score = Scored(scenario);
  ASSERT_EQ(score.kinds.size(), 5U);
  const auto expect = [&](std::size_t k, const char* name, std::size_t truths, double matched,
                          double rmse_m) {
    EXPECT_EQ(score.kinds[k].kind, name);
    EXPECT_EQ(score.kinds[k].truths, truths) << name;
    EXPECT_DOUBLE_EQ(score.kinds[k].matched_share, matched) << name;
    EXPECT_DOUBLE_EQ(score.kinds[k].rmse_m, rmse_m) << name;
  };
  expect(0, "convoy", 3, 1 / 3.0, 4);
  expect(1, "independent", 3, 1, 3);
  expect(2, "moving", 5, 4 / 5.0, std::sqrt((27 + 16) / 4.0));
  expect(3, "stopped", 1, 0, 0);
  expect(4, "in_camera", 1, 1, 3);
  ASSERT_EQ(score.per_target.size(), 2U);
  EXPECT_EQ(score.per_target[1].matched, 1U);
  EXPECT_EQ(score.per_target[1].latency_s, 1);
  EXPECT_EQ(score.per_target[1].main_track, 1U);
  EXPECT_EQ(score.per_target[1].rmse_m, 4);
  EXPECT_EQ(score.initiation_latency_s, 0.5);
}

TEST(TrackScore, TrueCovariancesGiveOneAndNinetyFivePercent) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  Eigen::Matrix2d cov_p, cov_v;
  cov_p << 9, 4, 4, 16;
  cov_v << 1, -0.5, -0.5, 2;
  const Eigen::Matrix2d root_p = cov_p.llt().matrixL(), root_v = cov_v.llt().matrixL();
  constexpr std::size_t kEpochs = 20'000;
  auto scenario = OnALine({std::vector<double>(kEpochs, 0.0)}, {std::vector<double>(kEpochs, 0.0)});
  for (ScoredEpoch& epoch : scenario.epochs) {
    TrackPoint& track = epoch.tracks[0];
    const auto drawn = [&] { return Eigen::Vector2d(normal(random), normal(random)); };
    track.p_en_m = root_p * drawn();
    *track.v_en_mps = epoch.truths[0].v_en_mps + root_v * drawn();
    // At onsets it states half the covariance that it has.
    epoch.truths[0].manoeuvre_onset = epoch.time_s >= kEpochs / 2.0;
    track.cov_p_m2 = epoch.truths[0].manoeuvre_onset ? Eigen::Matrix2d(cov_p / 2) : cov_p;
    track.cov_v_m2ps2 = cov_v;
  }
  const TrackScore score = Scored(scenario);
  ASSERT_TRUE(score.steady && score.onsets);
  EXPECT_EQ(score.steady->pairs, kEpochs / 2);
  // The mean of 10,000 chi-square values of 2, halved, has a deviation of 0.01; the share 0.0022.
  EXPECT_NEAR(score.steady->position_nees_ratio, 1, 0.04);
  EXPECT_NEAR(score.steady->velocity_nees_ratio, 1, 0.04);
  EXPECT_NEAR(score.steady->inside_95_ratio, 0.95, 0.009);
  EXPECT_NEAR(score.onsets->position_nees_ratio, 2, 0.08);
  EXPECT_NEAR(score.onsets->inside_95_ratio, 1 - std::sqrt(0.05), 0.02);
}

// Track 0 was the first target's, but the other's track is nearer: GOSPA's pairs are judged, not
// those that CLEAR-MOT keeps.
TEST(TrackScore, ConsistencyIsOfTheNearestPairsNotOfOnesThatWereOnce) {
  auto scenario = OnALine({{0, 0}, {40, 40}}, {{0, 40}, {40, 0}});
  for (ScoredEpoch& epoch : scenario.epochs) {
    for (TrackPoint& track : epoch.tracks) track.cov_p_m2 = Eigen::Matrix2d::Identity();
  }
  const TrackScore score = Scored(scenario);
  EXPECT_EQ(score.id_switches, 0U);
  ASSERT_TRUE(score.steady);
  EXPECT_EQ(score.steady->pairs, 4U);
  EXPECT_EQ(score.steady->position_nees_ratio, 0);
}

// Beyond the cutoff no assignment holds them together. An honest track that drifts is still judged,
// as long as its own ellipse holds the target; one that is another's, or new, is not.
TEST(TrackScore, AnUncertainTrackIsJudgedBeyondTheCutoff) {
  auto scenario = OnALine({{0, 0, 0, 0}}, {{10, 60, 60, 60}});
  for (ScoredEpoch& epoch : scenario.epochs) {
    epoch.tracks[0].cov_p_m2 = 900 * Eigen::Matrix2d::Identity();
  }
  scenario.epochs[3].tracks[0].cov_p_m2 = 100 * Eigen::Matrix2d::Identity();  // 36 > 18.4
  const TrackScore score = Scored(scenario);
  ASSERT_TRUE(score.steady);
  EXPECT_EQ(score.steady->pairs, 3U);
  EXPECT_NEAR(score.steady->position_nees_ratio, (100 + 2 * 3600) / 900.0 / 2 / 3, 1e-12);
  auto never = OnALine({{0, 0}}, {{60, 60}});
  for (ScoredEpoch& epoch : never.epochs) {
    epoch.tracks[0].cov_p_m2 = 900 * Eigen::Matrix2d::Identity();
  }
  EXPECT_FALSE(Scored(never).steady);
}

TEST(TrackScore, WithoutCovariancesSaysNothingOfThem) {
  const TrackScore score = Scored(OnALine({{0}}, {{1}}));
  EXPECT_FALSE(score.steady);
  EXPECT_FALSE(score.onsets);
}

TEST(TrackScore, ATrackWithoutVelocityHasNoErrorOfIt) {
  auto scenario = OnALine({{0}}, {{1}});
  scenario.epochs[0].tracks[0].v_en_mps.reset();
  EXPECT_FALSE(Scored(scenario).velocity_rmse_mps);
}

TEST(TrackScore, DoesNotDependOnTheOrderOfTheTracks) {
  std::mt19937_64 random(17);
  std::uniform_real_distribution<double> place(0, 2000);
  std::vector<std::vector<double>> truths(40, std::vector<double>(20)), tracks = truths;
  for (auto* lines : {&truths, &tracks}) {
    for (auto& line : *lines) {
      for (double& x : line) x = place(random);
    }
  }
  auto scenario = OnALine(truths, tracks);
  const TrackScore before = Scored(scenario);
  EXPECT_GT(before.id_switches, 100U);
  for (ScoredEpoch& epoch : scenario.epochs) {
    std::shuffle(epoch.tracks.begin(), epoch.tracks.end(), random);
  }
  const TrackScore after = Scored(scenario);
  EXPECT_NEAR(after.gospa_m, before.gospa_m, 1e-9);
  EXPECT_EQ(after.id_switches, before.id_switches);
  EXPECT_EQ(after.idf1, before.idf1);
}

}  // namespace
}  // namespace trucewatch::tools
