// SPDX-License-Identifier: Apache-2.0
#include "detect/satellite/scene_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "core/types/codec.h"
#include "detect/satellite/scene_grid.h"
#include "tests/detect/satellite/parked_site.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"

namespace trucewatch {
namespace {

using testing::RenderSite;
using testing::SiteOptions;
using testing::SiteScene;

v1::config::SatelliteDetectConfig Config() {
  v1::config::SatelliteDetectConfig config;
  config.set_min_length_m(3);
  config.set_max_length_m(12);
  config.set_detection_probability(0.9);
  config.set_false_alarms_per_km2(5);
  config.set_max_resolution_m(1);
  return config;
}

const FlatTerrain kFlat(120, 1);

ObservationSet Look(const SiteScene& now, const SiteScene* earlier,
                    const v1::config::SatelliteDetectConfig& config = Config()) {
  const auto pixels = SceneReader::Open(now.bytes, "now");
  EXPECT_TRUE(pixels);
  ScenePass before;
  std::unique_ptr<SceneReader> old;
  if (earlier != nullptr) {
    old = *SceneReader::Open(earlier->bytes, "then");
    before = {&earlier->scene, old.get()};
  }
  auto set = LookAtScene({&now.scene, pixels->get()}, before, config, kFlat);
  EXPECT_TRUE(set) << set.error().message;
  // What fusion would refuse must not leave.
  const auto valid = FromProto(ToProto(*set));
  EXPECT_TRUE(valid) << valid.error().message;
  return *set;
}

double NearestM(const Geodetic& place, const std::vector<Geodetic>& places) {
  double nearest = 1e9;
  for (const Geodetic& p : places) nearest = std::min(nearest, GeodesicDistanceM(place, p));
  return nearest;
}

struct Score {
  int found = 0, vehicles = 0, false_standing = 0;
  int right_changes = 0, missed_changes = 0, false_changes = 0;
};

// One site seen twice; vehicle 3 is gone in the second pass.
void AddSite(SiteOptions before, SiteOptions after, Score& score) {
  after.missing = 3;
  const SiteScene then = RenderSite(before, "2026-03-01T08:00:00Z");
  const SiteScene now = RenderSite(after, "2026-03-02T08:10:00Z");
  const ObservationSet set = Look(now, &then);
  EXPECT_TRUE(set.baseline.has_value()) << set.degraded_reason;
  std::vector<Geodetic> places;
  for (const Detection& d : set.detections) {
    places.push_back(d.position);
    if (NearestM(d.position, now.vehicles) > 3.5) ++score.false_standing;
  }
  for (std::size_t i = 0; i < now.vehicles.size(); ++i) {
    if (i == 3) continue;
    ++score.vehicles;
    score.found += NearestM(now.vehicles[i], places) <= 3.5;
  }
  int right = 0;
  for (const SiteChange& change : set.changes) {
    const double off = GeodesicDistanceM(change.position, now.vehicles[3]);
    if (change.kind == ChangeKind::kVanished && off <= 3.5) {
      ++right;
    } else {
      ++score.false_changes;
    }
  }
  score.right_changes += right > 0;
  score.missed_changes += right == 0;
}

std::string Text(const Score& s) {
  return fmt::format("standing {}/{} found, {} false; changes {} found, {} missed, {} false",
                     s.found, s.vehicles, s.false_standing, s.right_changes, s.missed_changes,
                     s.false_changes);
}

TEST(SceneDetector, TenSitesMisregisteredAndOfAnotherGain) {
  Score score;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SiteOptions before{.seed = seed};
    SiteOptions after{.seed = seed};
    before.noise_seed = 1;
    after.noise_seed = 2;
    after.gain = seed % 2 == 0 ? 1.1 : 0.9;
    after.shift_px = {1.4 - 0.2 * static_cast<double>(seed),
                      -1.7 + 0.3 * static_cast<double>(seed)};
    after.sun_azimuth_deg = 154;
    AddSite(before, after, score);
  }
  RecordProperty("score", Text(score));
  std::printf("%s\n", Text(score).c_str());
  EXPECT_GE(score.found, 81);  // 90 %
  EXPECT_LE(score.false_standing, 25);
  EXPECT_EQ(score.right_changes, 10);
  EXPECT_LE(score.false_changes, 1);
}

TEST(SceneDetector, BrightVehiclesAreOneEachWithTheirShadows) {
  Score score;
  for (std::uint64_t seed = 11; seed <= 13; ++seed) {
    SiteOptions before{.seed = seed, .vehicle_grey = 205};
    SiteOptions after = before;
    after.noise_seed = 2;
    AddSite(before, after, score);
  }
  std::printf("%s\n", Text(score).c_str());
  EXPECT_GE(score.found, 25);  // of 27
  EXPECT_EQ(score.right_changes, 3);
  EXPECT_LE(score.false_changes, 1);
}

TEST(SceneDetector, NothingChangedMeansNoChange) {
  SiteOptions before{.seed = 21};
  SiteOptions after = before;
  after.noise_seed = 2;
  after.shift_px = {0.5, 0.5};
  const SiteScene then = RenderSite(before, "2026-03-01T08:00:00Z");
  const SiteScene now = RenderSite(after, "2026-03-02T08:00:00Z");
  const ObservationSet set = Look(now, &then);
  EXPECT_EQ(set.baseline, then.scene.time);
  EXPECT_TRUE(set.changes.empty());
}

TEST(SceneDetector, ShadowsThatWanderedAndFieldsThatFadedAreNoVehicles) {
  int changes = 0;
  for (std::uint64_t seed = 31; seed <= 33; ++seed) {
    SiteOptions before{.seed = seed, .sun_azimuth_deg = 115, .sun_elevation_deg = 35};
    SiteOptions after = before;
    after.noise_seed = 2;
    after.sun_azimuth_deg = 240;
    after.sun_elevation_deg = 45;
    after.field_grey = 160;
    const SiteScene then = RenderSite(before, "2026-03-01T06:00:00Z");
    const SiteScene now = RenderSite(after, "2026-03-02T12:00:00Z");
    const ObservationSet set = Look(now, &then);
    for (const SiteChange& change : set.changes) {
      std::printf("%.1f x %.1f m, %.1f m from a vehicle, p %.2f\n", change.length_m, change.width_m,
                  NearestM(change.position, now.vehicles), change.probability);
    }
    changes += static_cast<int>(set.changes.size());
  }
  EXPECT_LE(changes, 3);
}

TEST(SceneDetector, GroupSaysHowManyStandTogether) {
  SiteOptions options{.seed = 2};
  const SiteScene now = RenderSite(options, "2026-03-01T08:00:00Z");
  const ObservationSet set = Look(now, nullptr);
  EXPECT_FALSE(set.baseline);
  EXPECT_EQ(set.detection_probability, 0);
  EXPECT_EQ(set.standing_detection_probability, 0.9);
  EXPECT_EQ(set.lineage.model, kSatelliteModel);
  EXPECT_EQ(set.degraded_reason, "");
  EXPECT_EQ(set.raw_digests, now.scene.raw_digests);
  EXPECT_TRUE(set.exercise);
  ASSERT_EQ(set.groups.size(), 1U);
  const GroupObservation& group = set.groups[0];
  EXPECT_EQ(group.object_class, ObjectClass::kUnknownVehicle);
  EXPECT_LE(group.count_min, 10);
  EXPECT_GE(group.count_max, 10);
  EXPECT_LT(NearestM(group.position, now.vehicles), 15);
  EXPECT_LT(group.extent_m, 40);
  for (const Detection& d : set.detections) {
    EXPECT_NEAR(d.position.height_hae_m, 120, 1e-6);
    EXPECT_GE(d.cov_en_m2(0, 0), 4.0);  // two metres of georeference, squared, and more
  }
}

TEST(SceneDetector, ThingsAtTheSeamOfTilesAreReportedOnce) {
  SiteOptions options{.seed = 4, .side_px = 1200};
  options.place_px = {1024, 512};  // the seam runs through the site
  const SiteScene now = RenderSite(options, "2026-03-01T08:00:00Z");
  const ObservationSet set = Look(now, nullptr);
  int found = 0;
  for (const Geodetic& vehicle : now.vehicles) {
    int reports = 0;
    for (const Detection& d : set.detections) reports += GeodesicDistanceM(d.position, vehicle) < 3;
    EXPECT_LE(reports, 1);
    found += reports;
  }
  EXPECT_GE(found, 9);
}

double AreaM2(const std::vector<Geodetic>& polygon) {
  const LocalFrame frame(polygon.front());
  double area = 0;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const auto a = frame.EnuFromGeodetic(polygon[i]);
    const auto b = frame.EnuFromGeodetic(polygon[(i + 1) % polygon.size()]);
    area += (a.x() * b.y() - b.x() * a.y()) / 2;
  }
  return area;
}

TEST(SceneDetector, ABorderWithoutDataIsNoPartOfTheLook) {
  SiteOptions options{.seed = 2, .side_px = 640};
  options.without_data_px = {{0, 0, 160, 640}, {0, 560, 640, 80}};  // left and below
  const SiteScene now = RenderSite(options, "2026-03-01T08:00:00Z");
  const ObservationSet set = Look(now, nullptr);
  EXPECT_EQ(set.degraded_reason, "");
  EXPECT_EQ(set.standing_detection_probability, 0.9);
  EXPECT_NEAR(AreaM2(set.footprint), 480 * 560 * 0.25, 0.01 * 480 * 560 * 0.25);
  EXPECT_GE(set.detections.size(), 8U);
}

TEST(SceneDetector, HolesInALookLowerItsProbabilityAndHoldNoDetections) {
  SiteOptions options{.seed = 2, .side_px = 640};
  const SiteScene whole = RenderSite(options, "2026-03-01T08:00:00Z");
  const ObservationSet seen = Look(whole, nullptr);
  options.without_data_px = {{200, 180, 240, 220}};  // where the vehicles stand
  const SiteScene now = RenderSite(options, "2026-03-01T08:00:00Z");
  const ObservationSet set = Look(now, nullptr);
  const double hole = 240.0 * 220 / (640 * 640);
  EXPECT_EQ(set.degraded_reason, "partial: 13 % of the footprint is without data");
  EXPECT_NEAR(set.standing_detection_probability, 0.9 * (1 - hole), 0.005);
  EXPECT_NEAR(AreaM2(set.footprint), 640 * 640 * 0.25, 0.01 * 640 * 640 * 0.25);
  const auto pixels = SceneReader::Open(now.bytes, "now").value();
  int within = 0;
  for (const Detection& d : set.detections) {
    const Eigen::Vector2d at = pixels->PixelFromGround(d.position).value();
    // Nor along its edge: the border of a hole is no thing.
    within += at.x() > 196 && at.x() < 444 && at.y() > 176 && at.y() < 404;
  }
  EXPECT_EQ(within, 0);
  EXPECT_LE(set.detections.size(), seen.detections.size());
  EXPECT_TRUE(set.groups.empty());
}

TEST(SceneDetector, WhatThePassBeforeDidNotShowIsNotCompared) {
  SiteOptions before{.seed = 2, .side_px = 640};
  before.without_data_px = {{200, 180, 240, 220}};
  SiteOptions after{.seed = 2, .side_px = 640, .noise_seed = 2};
  const SiteScene then = RenderSite(before, "2026-03-01T08:00:00Z");
  const SiteScene now = RenderSite(after, "2026-03-02T08:10:00Z");
  const ObservationSet set = Look(now, &then);
  ASSERT_TRUE(set.baseline) << set.degraded_reason;
  EXPECT_THAT(set.degraded_reason, ::testing::HasSubstr("partial: 13 %"));
  for (const SiteChange& change : set.changes) {
    EXPECT_GT(NearestM(change.position, now.vehicles), 5);
  }
  EXPECT_GE(set.detections.size(), 8U);  // standing things are of the later pass alone
}

TEST(SceneDetector, ASceneWithoutAnyDataWasNotLookedAt) {
  SiteOptions options{.seed = 2, .side_px = 300};
  options.without_data_px = {{0, 0, 300, 300}};
  const ObservationSet set = Look(RenderSite(options, "2026-03-01T08:00:00Z"), nullptr);
  EXPECT_EQ(set.standing_detection_probability, 0);
  EXPECT_EQ(set.degraded_reason, "without data: nothing of it was looked at");
  EXPECT_TRUE(set.detections.empty());
}

TEST(SceneDetector, CoarseScenesAreDegradedAndEmpty) {
  const SiteScene now = RenderSite({.seed = 1, .side_px = 300}, "2026-03-01T08:00:00Z");
  auto config = Config();
  config.set_max_resolution_m(0.4);
  const ObservationSet set = Look(now, nullptr, config);
  EXPECT_EQ(set.degraded_reason, "coarser than 0.4 m");
  EXPECT_TRUE(set.detections.empty());
  EXPECT_EQ(set.standing_detection_probability, 0);
  EXPECT_EQ(set.footprint.size(), 4U);
}

TEST(SceneDetector, DifferentGroundIsNotCompared) {
  const SiteScene then = RenderSite({.seed = 1, .side_px = 600}, "2026-03-01T08:00:00Z");
  // Further off than three sigmas of both georeferences.
  SiteOptions elsewhere{.seed = 99, .side_px = 600};
  elsewhere.shift_px = {150, 120};
  const SiteScene now = RenderSite(elsewhere, "2026-03-02T08:00:00Z");
  const ObservationSet set = Look(now, &then);
  EXPECT_FALSE(set.baseline);
  EXPECT_TRUE(set.changes.empty());
  EXPECT_THAT(set.degraded_reason, ::testing::HasSubstr("no comparison"));
}

TEST(SceneDetector, FootprintOutOfAllProportionIsRefusedAtOnce) {
  SiteScene now = RenderSite({.seed = 1, .side_px = 300}, "2026-03-01T08:00:00Z");
  now.scene.footprint[0].latitude = now.scene.footprint[0].latitude + Angle::Degrees(5);
  const auto pixels = SceneReader::Open(now.bytes, "now");
  ASSERT_TRUE(pixels);
  const auto set = LookAtScene({&now.scene, pixels->get()}, {}, Config(), kFlat);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, ErrorCode::kBadInput);
}

TEST(SceneDetector, AFootprintWiderThanThePictureIsDrawnInToIt) {
  SiteScene now = RenderSite({.seed = 6, .side_px = 400, .vehicles = 0}, "2026-03-01T08:00:00Z");
  const ObservationSet full = Look(now, nullptr);
  // The same picture, of which the footprint says that it is twice as wide.
  const LocalFrame frame(now.scene.footprint[0]);
  for (Geodetic& corner : now.scene.footprint) {
    Eigen::Vector3d p = frame.EnuFromGeodetic(corner);
    p.x() *= 2;
    corner = frame.GeodeticFromEnu(p);
    corner.height_hae_m = 0;
  }
  const ObservationSet half = Look(now, nullptr);
  EXPECT_EQ(half.standing_detection_probability, full.standing_detection_probability);
  EXPECT_NEAR(AreaM2(half.footprint), AreaM2(full.footprint), 0.02 * AreaM2(full.footprint));
  EXPECT_LE(half.detections.size(), full.detections.size() + 1);
}

// Two passes of one place have the same footprint but for rounding.
TEST(SceneGrid, RectanglesThatDifferByRoundingMeetAsAWhole) {
  const std::vector<cv::Point2f> a = {{0, 640}, {640, 640.009216F}, {640.0092F, 0}, {0.009202F, 0}};
  std::vector<cv::Point2f> b = {{0.0000001F, 640}, {640, 640.00922F}, {640.0092F, 0}, {0.0092F, 0}};
  EXPECT_NEAR(cv::contourArea(IntersectConvex(a, a)), 640 * 640, 8);
  EXPECT_NEAR(cv::contourArea(IntersectConvex(a, b)), 640 * 640, 8);
  std::reverse(b.begin(), b.end());
  EXPECT_NEAR(cv::contourArea(IntersectConvex(a, b)), 640 * 640, 8);
  const std::vector<cv::Point2f> corner = {{600, 600}, {700, 600}, {700, 700}, {600, 700}};
  EXPECT_NEAR(cv::contourArea(IntersectConvex(a, corner)), 40 * 40, 1);
  EXPECT_NEAR(cv::contourArea(IntersectConvex(corner, a)), 40 * 40, 1);
  EXPECT_TRUE(IntersectConvex(a, {{700, 0}, {800, 0}, {800, 9}}).empty());
}

TEST(SceneDetector, GroupNeedsFiveAndItsIntervalHoldsTheCount) {
  std::vector<Detection> detections;
  const LocalFrame frame(Geodetic::FromDegrees(30, 33, 0));
  const auto add = [&](double east_m) {
    Detection d;
    d.position = frame.GeodeticFromEnu({east_m, 0, 0});
    d.score = 0.8;
    detections.push_back(d);
  };
  for (int i = 0; i < 4; ++i) add(50.0 * i);
  EXPECT_TRUE(GroupStanding(detections, 0.9).empty());
  add(1000);
  EXPECT_TRUE(GroupStanding(detections, 0.9).empty());
  add(200);
  const auto groups = GroupStanding(detections, 0.9);
  ASSERT_EQ(groups.size(), 1U);
  // Five reports of 0.8: 4 real ones with variance 5 * 0.16, and 4 * 0.1 / 0.9 missed.
  EXPECT_NEAR(groups[0].count_expected, 4 + 4 * 0.1 / 0.9, 1e-9);
  EXPECT_EQ(groups[0].count_min, static_cast<int>(std::floor(4 - 1.96 * std::sqrt(0.8))));
  EXPECT_EQ(groups[0].count_max,
            static_cast<int>(std::ceil(4 + 4 * 0.1 / 0.9 + 1.96 * std::sqrt(0.8 + 0.4 / 0.81))));
  EXPECT_NEAR(groups[0].extent_m, 100, 0.5);
}

// NAIP, 2018 and 2020, 5 m: two summers of farmland.
TEST(SceneDetector, RealPairOfTwoYearsIsTooCoarseAndForcedThroughGivesFewChanges) {
  TW_SHARED_DATA_OR_SKIP(old_path, "satellite/m_4709963_se_14_1_20180716.tif");
  TW_SHARED_DATA_OR_SKIP(new_path, "satellite/m_4709963_se_14_1_20200831.tif");
  const auto scene = [](const std::string& path, const char* time) {
    SiteScene out;
    out.bytes = testing::ReadFile(path);
    const auto reader = SceneReader::Open(out.bytes, path);
    EXPECT_TRUE(reader);
    out.scene.source = {"sat1"};
    out.scene.time = ParseUtc(time).value();
    out.scene.width_px = (*reader)->info().width_px;
    out.scene.height_px = (*reader)->info().height_px;
    out.scene.bands = 4;
    out.scene.resolution_m = (*reader)->info().resolution_m;
    out.scene.footprint = (*reader)->info().footprint;
    out.scene.position_sigma_m = 3;
    return out;
  };
  const SiteScene then = scene(old_path, "2018-07-16T00:00:00Z");
  const SiteScene now = scene(new_path, "2020-08-31T00:00:00Z");
  EXPECT_GT(FootprintOverlap(now.scene, then.scene), 0.99);
  const ObservationSet refused = Look(now, &then);
  EXPECT_EQ(refused.degraded_reason, "coarser than 1 m");
  EXPECT_TRUE(refused.changes.empty());
  auto config = Config();
  config.set_max_resolution_m(6);
  config.set_max_length_m(40);  // a "vehicle" of 5 m pixels
  const ObservationSet forced = Look(now, &then, config);
  EXPECT_TRUE(forced.baseline) << forced.degraded_reason;
  const double km2 = 934 * 723 * 25e-6;
  std::printf("forced at 5 m: %.2f changes and %.2f standing things per km^2 over %.1f km^2\n",
              static_cast<double>(forced.changes.size()) / km2,
              static_cast<double>(forced.detections.size()) / km2, km2);
  EXPECT_LT(static_cast<double>(forced.changes.size()) / km2, 5);
}

}  // namespace
}  // namespace trucewatch
