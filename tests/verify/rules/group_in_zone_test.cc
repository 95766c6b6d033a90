// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/group_in_zone.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace trucewatch {
namespace {

const LocalFrame& Frame() {
  static const LocalFrame frame(Geodetic::FromDegrees(30.0, -40.0, 0.0));
  return frame;
}

Geodetic ZonePlace(double east_m, double north_m) {
  return Frame().GeodeticFromEnu({east_m, north_m, 0.0});
}

// North of the line "north = 0", 20 km wide.
Zone ZoneNorthOfLine() {
  return {"z",
          "Zone",
          Side::kNeither,
          PolygonShape({ZonePlace(-10e3, 0), ZonePlace(10e3, 0), ZonePlace(10e3, 5e3),
                        ZonePlace(-10e3, 5e3)}),
          {}};
}

Rule AtLeastInZone(int count) {
  Rule rule;
  rule.classes = {ObjectClass::kUnknownVehicle};
  rule.min_count = count;
  return rule;
}

Track Vehicle(double north_m, double sigma_m, double existence) {
  Track track;
  track.position = ZonePlace(0, north_m);
  track.cov = Eigen::Matrix4d::Identity();
  track.cov.topLeftCorner<2, 2>() *= sigma_m * sigma_m;
  track.existence_probability = existence;
  return track;
}

std::vector<const Track*> TrackPointers(const std::vector<Track>& tracks) {
  std::vector<const Track*> out;
  for (const Track& track : tracks) out.push_back(&track);
  return out;
}

TEST(GroupInZone, EqualsTheFrequencyInRandomTrials) {
  // The line displaced at random for all, each vehicle at random for itself: a Monte Carlo of the
  // stated model.
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  std::uniform_real_distribution<double> north(-60.0, 90.0);
  constexpr int kTrials = 40'000;
  for (int run = 0; run < 8; ++run) {
    const double map_sigma_m = 8.0 * run;
    std::vector<Track> tracks;
    std::vector<double> north_m;
    for (int i = 0; i < 7; ++i) {
      north_m.push_back(north(random));
      tracks.push_back(Vehicle(north_m.back(), 25.0, 0.9));
    }
    const Rule rule = AtLeastInZone(4);
    const auto assessment =
        AssessGroupInZone(rule, ZoneNorthOfLine(), map_sigma_m, TrackPointers(tracks));
    int fulfilled = 0;
    for (int trial = 0; trial < kTrials; ++trial) {
      const double line_m = map_sigma_m * normal(random);
      int inside = 0;
      for (const double y : north_m) {
        const bool exists = uniform(random) < 0.9;
        if (exists && y + 25.0 * normal(random) > line_m) ++inside;
      }
      fulfilled += inside >= 4 ? 1 : 0;
    }
    const double p = assessment.probability;
    // Four standard errors, and a millimetre of plane error.
    EXPECT_NEAR(p, static_cast<double>(fulfilled) / kTrials,
                4.0 * std::sqrt(p * (1.0 - p) / kTrials) + 1e-4);
  }
}

TEST(GroupInZone, WithoutMapErrorItIsThePoissonBinomial) {
  const std::vector<Track> tracks = {Vehicle(10, 20, 0.95), Vehicle(-5, 20, 0.9),
                                     Vehicle(30, 20, 1)};
  std::vector<double> p = {0.95 * NormalCdf(0.5), 0.9 * NormalCdf(-0.25), NormalCdf(1.5)};
  const auto assessment =
      AssessGroupInZone(AtLeastInZone(2), ZoneNorthOfLine(), 0.0, TrackPointers(tracks));
  // A line drawn straight in one tangent plane lies up to a centimetre off in the other.
  EXPECT_NEAR(assessment.probability, AtLeast(PoissonBinomial(p), 2), 2e-4);
  EXPECT_NEAR(assessment.expected_inside, p[0] + p[1] + p[2], 3e-4);
  EXPECT_EQ(assessment.member_inside, (std::vector<bool>{true, false, true}));
}

TEST(GroupInZone, ClassesNotInTheRuleDoNotCount) {
  std::vector<Track> tracks = {Vehicle(500, 20, 1), Vehicle(500, 20, 1), Vehicle(500, 20, 1)};
  tracks[0].classes = {{ObjectClass::kTruck, 1.0}};
  tracks[1].classes = {{ObjectClass::kTruck, 0.5}, {ObjectClass::kLightVehicle, 0.5}};
  tracks[2].classes = {{ObjectClass::kLightVehicle, 1.0}};
  Rule rule = AtLeastInZone(2);
  rule.classes = {ObjectClass::kTruck};
  EXPECT_NEAR(AssessGroupInZone(rule, ZoneNorthOfLine(), 5.0, TrackPointers(tracks)).probability,
              0.5, 1e-9);
}

TEST(GroupInZone, FewerVehiclesThanTheRuleAsksForNeverFulfilIt) {
  const std::vector<Track> tracks(4, Vehicle(1000, 1, 1));
  EXPECT_DOUBLE_EQ(
      AssessGroupInZone(AtLeastInZone(5), ZoneNorthOfLine(), 5.0, TrackPointers(tracks))
          .probability,
      0.0);
  EXPECT_DOUBLE_EQ(AssessGroupInZone(AtLeastInZone(5), ZoneNorthOfLine(), 5.0, {}).probability,
                   0.0);
}

TEST(GroupInZone, ProbabilityRisesAsTheGroupGoesIn) {
  double last = 0.0;
  for (double y = -200.0; y <= 200.0; y += 10.0) {
    const std::vector<Track> tracks(6, Vehicle(y, 25, 0.98));
    const double p =
        AssessGroupInZone(AtLeastInZone(5), ZoneNorthOfLine(), 10.0, TrackPointers(tracks))
            .probability;
    EXPECT_GE(p, last);
    last = p;
  }
  EXPECT_GT(last, 0.99);
}

}  // namespace
}  // namespace trucewatch
