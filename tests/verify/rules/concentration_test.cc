// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/concentration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "verify/rules/group_in_zone.h"
#include "verify/rules/site_changed.h"
#include "verify/rules/vehicle_in_zone.h"

namespace trucewatch {
namespace {

Geodetic Place(double east_m, double north_m) {
  static const LocalFrame frame(Geodetic::FromDegrees(30.0, -40.0, 0.0));
  return frame.GeodeticFromEnu({east_m, north_m, 0.0});
}

// North of the line "north = 0".
Zone NorthOfLine() {
  return {"z",
          "Zone",
          Side::kNeither,
          PolygonShape({Place(-10e3, 0), Place(10e3, 0), Place(10e3, 5e3), Place(-10e3, 5e3)}),
          {}};
}

Rule People(int count, double radius_m) {
  Rule rule;
  rule.kind = RuleKind::kConcentration;
  rule.classes = {ObjectClass::kPersonGroup};
  rule.min_count = count;
  rule.radius_m = radius_m;
  return rule;
}

Group Crowd(double count, int min, int max, double north_m = 2000) {
  Group group;
  group.object_class = ObjectClass::kPersonGroup;
  group.count_expected = count;
  group.count_min = min;
  group.count_max = max;
  group.position = Place(0, north_m);
  group.cov_en_m2 = Eigen::Matrix2d::Identity() * 100.0;
  group.extent_m = 0;
  group.existence_probability = 0.9;
  return group;
}

TEST(ConcentrationOfAWhole, EqualsTheClosedForm) {
  // sigma = (40 - 20) / 3.92; P(at least 25) = Phi((30 - 24.5) / sigma).
  const double sigma = 20.0 / (2.0 * 1.959963984540054);
  EXPECT_NEAR(
      AssessConcentration(People(25, 50), NorthOfLine(), 0.0, Crowd(30, 20, 40)).probability,
      0.9 * NormalCdf(5.5 / sigma), 1e-12);
  // At half the zone's edge: the middle is inside with one half.
  EXPECT_NEAR(
      AssessConcentration(People(25, 50), NorthOfLine(), 5.0, Crowd(30, 20, 40, 0.0)).probability,
      0.5 * 0.9 * NormalCdf(5.5 / sigma), 1e-4);
  // A count that is known is a step.
  EXPECT_EQ(AssessConcentration(People(30, 50), NorthOfLine(), 0, Crowd(30, 30, 30)).probability,
            0.9);
  EXPECT_EQ(AssessConcentration(People(31, 50), NorthOfLine(), 0, Crowd(30, 30, 30)).probability,
            0.0);
}

TEST(ConcentrationOfAWhole, NineInTenAreWithinTheExtent) {
  // Drawn at random: a normal crowd of which nine in ten lie within 30 m; its share within 20 m.
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(0.0, 30.0 / std::sqrt(2.0 * std::log(10.0)));
  int within_extent = 0;
  int within_radius = 0;
  constexpr int kPeople = 200'000;
  for (int i = 0; i < kPeople; ++i) {
    const double distance = std::hypot(normal(random), normal(random));
    within_extent += distance <= 30.0;
    within_radius += distance <= 20.0;
  }
  EXPECT_NEAR(within_extent / double{kPeople}, 0.9, 0.003);
  Group group = Crowd(100, 100, 100);
  group.extent_m = 30;
  EXPECT_NEAR(AssessConcentration(People(50, 20), NorthOfLine(), 0, group).expected_inside,
              0.9 * 100 * within_radius / double{kPeople}, 0.3);
}

TEST(ConcentrationOfAWhole, OtherClassesAreNothing) {
  Group vehicles = Crowd(30, 20, 40);
  vehicles.object_class = ObjectClass::kUnknownVehicle;
  EXPECT_EQ(AssessConcentration(People(5, 50), NorthOfLine(), 0, vehicles).probability, 0.0);
  Rule any = People(5, 50);
  any.classes = {ObjectClass::kUnknownVehicle};
  EXPECT_EQ(AssessConcentration(any, NorthOfLine(), 0, Crowd(30, 20, 40)).probability, 0.0);
  EXPECT_GT(AssessConcentration(any, NorthOfLine(), 0, vehicles).probability, 0.89);
}

std::vector<Track> Row(int count, double spacing_m) {
  std::vector<Track> tracks(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    tracks[static_cast<std::size_t>(i)].position = Place(spacing_m * i, 2000);
    tracks[static_cast<std::size_t>(i)].cov = Eigen::Matrix4d::Identity();
    tracks[static_cast<std::size_t>(i)].existence_probability = 0.95;
  }
  return tracks;
}

std::vector<const Track*> Pointers(const std::vector<Track>& tracks) {
  std::vector<const Track*> out;
  for (const Track& track : tracks) out.push_back(&track);
  return out;
}

TEST(ConcentrationOfVehicles, CountsThoseNearOneOfThem) {
  Rule rule = People(5, 100);
  rule.classes = {ObjectClass::kUnknownVehicle};
  // 40 m apart: five lie within 100 m of the third; all but the last two of seven.
  const auto close = Row(5, 40);
  EXPECT_NEAR(AssessConcentration(rule, NorthOfLine(), 0, Pointers(close)).probability,
              std::pow(0.95, 5), 1e-9);
  const auto apart = Row(5, 60);
  EXPECT_LT(AssessConcentration(rule, NorthOfLine(), 0, Pointers(apart)).probability, 1e-6);
  const auto many = Row(7, 40);
  const auto assessment = AssessConcentration(rule, NorthOfLine(), 0, Pointers(many));
  EXPECT_EQ(std::count(assessment.member_inside.begin(), assessment.member_inside.end(), true), 5);
}

TEST(VehicleInZoneRule, SpeaksOnlyThroughVehiclesOfItsClass) {
  Rule rule;
  rule.kind = RuleKind::kVehicleInZone;
  rule.classes = {ObjectClass::kTrackedVehicle};
  rule.min_count = 1;
  auto tracks = Row(3, 40);
  tracks[0].classes = {{ObjectClass::kTrackedVehicle, 0.9}, {ObjectClass::kUnknownVehicle, 0.1}};
  tracks[1].classes = {{ObjectClass::kTrackedVehicle, 0.2}, {ObjectClass::kTruck, 0.8}};
  const auto assessment = AssessVehicleInZone(rule, NorthOfLine(), 5.0, Pointers(tracks));
  EXPECT_NEAR(assessment.probability, 1.0 - (1.0 - 0.95 * 0.9) * (1.0 - 0.95 * 0.2), 1e-9);
  EXPECT_EQ(assessment.member_inside, (std::vector<bool>{true, false, false}));
}

SiteChange Gone(double north_m, double probability) {
  SiteChange change;
  change.kind = ChangeKind::kVanished;
  change.position = Place(0, north_m);
  change.probability = probability;
  return change;
}

TEST(SiteChangedRule, EqualsTheClosedForm) {
  Rule rule;
  rule.kind = RuleKind::kSiteChanged;
  rule.classes = {ObjectClass::kUnknownVehicle};
  rule.min_count = 2;
  std::vector<SiteChange> changes = {Gone(500, 0.9), Gone(600, 0.8), Gone(-500, 1.0)};
  changes[1].kind = ChangeKind::kAppeared;
  const auto site = AssessSiteChanged(rule, NorthOfLine(), 0, changes);
  EXPECT_NEAR(site.probability, 0.9 * 0.8, 1e-12);
  EXPECT_EQ(site.vanished, 1);
  EXPECT_EQ(site.appeared, 1);
  EXPECT_EQ(site.counted.size(), 2u);
  rule.min_count = 1;
  EXPECT_NEAR(AssessSiteChanged(rule, NorthOfLine(), 0, changes).probability, 1.0 - 0.1 * 0.2,
              1e-12);
  // On the line, drawn with an error: the same displacement for both, so not 1 - 1/4.
  const std::vector<SiteChange> edge = {Gone(0, 1.0), Gone(0, 1.0)};
  EXPECT_NEAR(AssessSiteChanged(rule, NorthOfLine(), 10, edge).probability, 0.5, 0.02);
}

}  // namespace
}  // namespace trucewatch
