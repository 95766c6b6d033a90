// SPDX-License-Identifier: Apache-2.0
// LINE_CROSSED, CONVOY_TOWARDS, CEILING, BUILD_UP, WITHDRAWAL_MISSING against trials of what their
// headers state.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "verify/rules/build_up.h"
#include "verify/rules/convoy_towards.h"
#include "verify/rules/withdrawal_missing.h"
#include "verify/zone_watch.h"

namespace trucewatch {
namespace {

using ::testing::ElementsAre;

Geodetic Somewhere(double east_m, double north_m) {
  static const LocalFrame frame(Geodetic::FromDegrees(30.0, -40.0, 0.0));
  return frame.GeodeticFromEnu({east_m, north_m, 0.0});
}

// From west to east through the origin; behind it is the north.
LineShape EastWest() { return LineShape({Somewhere(-5e3, 0), Somewhere(5e3, 0)}, true); }

Rule OfAny(int count) {
  Rule rule;
  rule.classes = {ObjectClass::kUnknownVehicle};
  rule.min_count = count;
  return rule;
}

Track SureTrackAt(double east_m, double north_m, double sigma_m, double existence) {
  Track track;
  track.position = Somewhere(east_m, north_m);
  track.cov = Eigen::Matrix4d::Identity();
  track.cov.topLeftCorner<2, 2>() *= sigma_m * sigma_m;
  track.existence_probability = existence;
  return track;
}

std::vector<const Track*> PointersTo(const std::vector<Track>& tracks) {
  std::vector<const Track*> out;
  for (const Track& track : tracks) out.push_back(&track);
  return out;
}

TEST(LineSide, IsPositiveBehindAndNothingPastTheEnds) {
  const LineShape line = EastWest();
  const Eigen::Matrix2d cov = Eigen::Vector2d(400, 25).asDiagonal();
  const auto north = SideOf(line, Somewhere(100, 50), cov);
  ASSERT_TRUE(north.has_value());
  EXPECT_NEAR(north->distance_m, 50, 0.01);
  EXPECT_NEAR(north->sigma_m, 5, 0.01);  // only the error across the line
  EXPECT_LT(SideOf(line, Somewhere(100, -50), cov)->distance_m, 0.0);
  EXPECT_FALSE(SideOf(line, Somewhere(5100, 50), cov).has_value());
}

TEST(LineCrossed, EqualsTheFrequencyInRandomTrials) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  constexpr int kTrials = 40'000;
  constexpr double kMapSigmaM = 12.0;
  for (int run = 0; run < 4; ++run) {
    std::vector<Track> tracks;
    std::vector<LineCrossing> crossings;
    for (int i = 0; i < 5; ++i) tracks.push_back(SureTrackAt(0, 0, 1, 0.7 + 0.3 * uniform(random)));
    for (const Track& track : tracks)
      crossings.push_back({&track,
                           {60.0 * uniform(random) - 10.0, 15.0},
                           {10.0 - 60.0 * uniform(random), 15.0},
                           true});
    int hits = 0;
    for (int trial = 0; trial < kTrials; ++trial) {
      const double shift = kMapSigmaM * normal(random);
      int crossed = 0;
      for (const LineCrossing& c : crossings) {
        const bool exists = uniform(random) < c.vehicle->existence_probability;
        const bool before = c.before.distance_m + shift + c.before.sigma_m * normal(random) > 0.0;
        const bool now = c.now.distance_m + shift + c.now.sigma_m * normal(random) < 0.0;
        crossed += exists && before && now ? 1 : 0;
      }
      hits += crossed >= 3 ? 1 : 0;
    }
    const double frequency = static_cast<double>(hits) / kTrials;
    // Four sigma of a frequency, and what the trapezoid rule is off.
    EXPECT_NEAR(AssessLineCrossed(OfAny(3), kMapSigmaM, crossings).probability, frequency,
                4.0 * std::sqrt(0.25 / kTrials) + 1e-3);
  }
}

TEST(LineCrossed, ALineThatLiesElsewhereCannotMakeACrossing) {
  // 5 m to either side of a line drawn with 1-sigma 50 m: had both errors of the map been taken as
  // independent, P would be 0.29.
  const Track track = SureTrackAt(0, 0, 1, 1.0);
  const LineCrossing crossing{&track, {5.0, 0.5}, {-5.0, 0.5}, true};
  EXPECT_NEAR(ProbabilityOfCrossing(OfAny(1), 50.0, crossing), 0.08, 0.005);
}

TEST(ConvoyTowards, EqualsTheFrequencyInRandomTrials) {
  std::mt19937_64 random(12);
  std::normal_distribution<double> normal;
  Rule rule = OfAny(1);
  rule.within = Duration::Seconds(100);
  rule.direction = Direction::kForward;
  for (const double speed : {8.0, 10.0, 12.0}) {
    std::vector<Track> tracks = {SureTrackAt(0, 1000, 20, 1.0)};
    tracks[0].velocity_en_mps = {0, -speed};
    tracks[0].cov(3, 3) = 4.0;
    tracks[0].cov(1, 3) = tracks[0].cov(3, 1) = 10.0;
    const double slope = 10.0 / 400.0;
    const double rest = std::sqrt(4.0 - 10.0 * slope);
    constexpr int kTrials = 40'000;
    int hits = 0;
    for (int trial = 0; trial < kTrials; ++trial) {
      const double place = 20.0 * normal(random);
      const double velocity = -speed + slope * place + rest * normal(random);
      hits += 1000.0 + place + 100.0 * velocity < 0.0 ? 1 : 0;
    }
    EXPECT_NEAR(AssessConvoyTowards(rule, EastWest(), 0.0, PointersTo(tracks)).probability,
                static_cast<double>(hits) / kTrials, 0.011);
  }
  rule.direction = Direction::kBackward;
  std::vector<Track> tracks = {SureTrackAt(0, 1000, 20, 1.0)};
  tracks[0].velocity_en_mps = {0, -20};
  EXPECT_EQ(AssessConvoyTowards(rule, EastWest(), 0.0, PointersTo(tracks)).probability, 0.0);
}

Zone Square() {
  return {"z",
          "Zone",
          Side::kNeither,
          PolygonShape({Somewhere(-1e3, -1e3), Somewhere(1e3, -1e3), Somewhere(1e3, 1e3),
                        Somewhere(-1e3, 1e3)}),
          {}};
}

Group Whole(double east_m, double north_m, double count, int low, int high) {
  Group group;
  group.object_class = ObjectClass::kUnknownVehicle;
  group.position = Somewhere(east_m, north_m);
  group.cov_en_m2 = Eigen::Matrix2d::Identity() * 100.0;
  group.count_expected = count;
  group.count_min = low;
  group.count_max = high;
  group.extent_m = 30.0;
  group.existence_probability = 1.0;
  return group;
}

TEST(CountZone, AddsVehiclesWholesAndThoseThatNoTrackStandsFor) {
  std::vector<Track> tracks;
  for (std::uint64_t i = 0; i < 4; ++i) {
    tracks.push_back(SureTrackAt(-500 + 40.0 * static_cast<double>(i), 0, 5, 1.0));
    tracks.back().id.value = i + 1;
    tracks.back().velocity_en_mps = {10, 0};
  }
  tracks.push_back(SureTrackAt(1500, 0, 5, 1.0));  // outside
  Group moving;
  moving.members = {{1}, {2}, {3}, {4}};
  moving.count_expected = 6.0;  // two that are not followed
  moving.count_min = moving.count_max = 6;
  const Group parked = Whole(500, 500, 5, 5, 5);
  const std::vector<const Group*> groups = {&moving, &parked};
  const ZoneCount count = CountZone(OfAny(1), Square(), 0.0, PointersTo(tracks), groups);
  EXPECT_NEAR(count.expected, 11.0, 1e-6);
  ASSERT_EQ(count.distribution.size(), 12u);
  EXPECT_NEAR(count.distribution[11], 1.0, 1e-9);
  EXPECT_THAT(count.member_inside, ElementsAre(true, true, true, true, false));
  Rule ceiling = OfAny(11);
  EXPECT_NEAR(AssessCeiling(ceiling, count).probability, 1.0, 1e-9);
  ceiling.min_count = 12;
  EXPECT_NEAR(AssessCeiling(ceiling, count).probability, 0.0, 1e-9);
}

TEST(CountZone, CountsNothingTwice) {
  // Two reports of the same vehicles that stand, and one of them followed besides.
  const Group one = Whole(0, 0, 6, 5, 7);
  const Group again = Whole(20, 0, 5, 4, 6);
  const std::vector<Track> tracks = {SureTrackAt(10, 0, 5, 1.0)};
  const std::vector<const Group*> groups = {&again, &one};
  const ZoneCount count = CountZone(OfAny(1), Square(), 0.0, PointersTo(tracks), groups);
  EXPECT_NEAR(count.expected, 6.0, 0.05);
  EXPECT_THAT(count.wholes, ElementsAre(&one));
}

TEST(CountZone, TheBoundarysErrorMovesAllAtOnce) {
  // Three vehicles on the drawn boundary: all in or all out, more than independent errors would.
  std::vector<Track> tracks;
  for (int i = 0; i < 3; ++i) tracks.push_back(SureTrackAt(1e3, 100.0 * i, 1, 1.0));
  const ZoneCount count = CountZone(OfAny(1), Square(), 50.0, PointersTo(tracks), {});
  EXPECT_GT(count.distribution[0], 0.45);
  EXPECT_GT(count.distribution[3], 0.45);
}

TEST(WatchGrid, IsMadeAlsoOfALongAndNarrowZone) {
  // A strip of 100 km, 3 m wide, slantwise: a grid of cells as large as its 25th part would have
  // more squares than are taken.
  const Zone strip{"z",
                   "Strip",
                   Side::kNeither,
                   PolygonShape({Somewhere(-35e3, -35e3), Somewhere(35e3, 35e3),
                                 Somewhere(35e3, 35.0042e3), Somewhere(-35e3, -34.9958e3)}),
                   {}};
  EXPECT_FALSE(ZoneGrid::Make(strip, std::sqrt(strip.shape.AreaM2() / 25.0)).has_value());
  EXPECT_GE(WatchGrid(strip).cells(), 1);
  EXPECT_NEAR(WatchGrid(Square()).cells(), 25, 11);
}

TEST(BuildUp, ComparesWithTheLeastDayThatWasWatchedAndNamesTheOthers) {
  const std::vector<double> three = {0, 0, 0, 1.0};
  const std::vector<double> four = {0, 0, 0, 0.2, 0.8};
  const std::vector<double> now = {0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0.5};
  const std::vector<DayKnown> days = {
      {2, {}, 0.99}, {4, four, 0.95}, {5, three, 0.5}, {7, {}, 1.0}};
  // Day 2 is too long ago, day 5 was not watched, day 6 not known, day 7 is today.
  const BuildUp out = AssessBuildUp(now, days, 7, 4, 5, 0.9);
  EXPECT_EQ(out.base_day, 4);
  EXPECT_THAT(out.left_out, ElementsAre(3, 5, 6));
  EXPECT_NEAR(out.probability, 0.2 * 1.0 + 0.8 * 0.5, 1e-12);
  EXPECT_EQ(AssessBuildUp(now, days, 7, 5, 5, 0.9).base_day, 2);  // and none was there
  EXPECT_FALSE(AssessBuildUp(now, days, 4, 1, 5, 0.9).base_day.has_value());
  EXPECT_EQ(AssessBuildUp(now, {}, 7, 4, 5, 0.9).probability, 0.0);
}

TEST(NotArrived, IsWhatTrialsOfTheStatedModelGive) {
  // Six listed, at least four missing is asked: no more than three were missing at most that way.
  const std::vector<double> one = {0.0, 1.0};
  // Had three been there, each seen with 0.9: P(at most one seen) = 0.1^3 + 3 * 0.9 * 0.1^2.
  EXPECT_NEAR(ProbabilityNotArrived(6, 4, one, 0.9), 1.0 - (0.001 + 0.027), 1e-12);
  EXPECT_NEAR(ProbabilityNotArrived(6, 4, one, 0.0), 0.0, 1e-12);
  const std::vector<double> three = {0.0, 0.0, 0.0, 1.0};
  EXPECT_NEAR(ProbabilityNotArrived(6, 4, three, 0.9), 0.0, 1e-12);
  const std::vector<double> mixed = {0.5, 0.5};
  EXPECT_NEAR(ProbabilityNotArrived(6, 4, mixed, 0.9), 0.5 * (1 - 0.001) + 0.5 * (1 - 0.028),
              1e-12);
}

}  // namespace
}  // namespace trucewatch
