// SPDX-License-Identifier: Apache-2.0
// What the scenes, human records, looks and coverage say survives the wire, and what they promise
// is checked.
#include <gtest/gtest.h>

#include "core/crypto/sha256.h"
#include "core/types/codec.h"

namespace trucewatch {
namespace {

const Instant kNoon = Instant::FromMicros(1'772'366'400'000'000);

Lineage MissionLineage() {
  Lineage lineage;
  lineage.modality = Modality::kSatelliteOptical;
  lineage.sensor = "sat1";
  lineage.platform = "EX-SAT-1";
  return lineage;
}

SiteChange SomeChange() {
  SiteChange change;
  change.kind = ChangeKind::kVanished;
  change.position = Geodetic::FromDegrees(30, -40, 400);
  change.cov_en_m2 << 4, 1, 1, 5;
  change.length_m = 7;
  change.width_m = 3.4;
  change.probability = 0.97;
  change.classes = {{ObjectClass::kTrackedVehicle, 1.0}};
  return change;
}

// The bytes of the message say whether anything was lost on the way there and back.
template <typename T>
std::string TwiceThroughTheWire(const T& value) {
  const auto message = ToProto(value);
  const auto back = FromProto(message);
  EXPECT_TRUE(back.has_value()) << (back ? "" : back.error().message);
  if (!back) return {};
  EXPECT_EQ(ToProto(*back).SerializeAsString(), message.SerializeAsString());
  return message.SerializeAsString();
}

TEST(WholeMissionCodec, ASceneKeepsItsDigestAndFootprint) {
  Scene scene;
  scene.source = {"sat1"};
  scene.lineage = MissionLineage();
  scene.item = "EXERCISE-pass-1";
  scene.time = kNoon;
  scene.sha256 = Sha256("pixels");
  scene.size_bytes = 6;
  scene.width_px = 900;
  scene.height_px = 700;
  scene.bands = 3;
  scene.resolution_m = 0.5;
  scene.footprint = {Geodetic::FromDegrees(30, -40, 0), Geodetic::FromDegrees(30, -39.9, 0),
                     Geodetic::FromDegrees(30.1, -40, 0)};
  scene.position_sigma_m = 3;
  scene.exercise = true;
  scene.raw_digests = {Sha256("a"), Sha256("b")};
  EXPECT_FALSE(TwiceThroughTheWire(scene).empty());
  EXPECT_EQ(FromProto(ToProto(scene))->sha256, Sha256("pixels"));

  v1::Scene bad = ToProto(scene);
  bad.set_sha256("short");
  EXPECT_FALSE(FromProto(bad));
  bad = ToProto(scene);
  bad.set_width_px(0);
  EXPECT_FALSE(FromProto(bad));
}

TEST(WholeMissionCodec, ALookOfASatelliteKeepsItsChangesAndBaseline) {
  ObservationSet set;
  set.source = {"sat1"};
  set.lineage = MissionLineage();
  set.time = kNoon;
  set.standing_detection_probability = 0.8;
  set.group_detection_probability = 0.3;
  set.resolution_m = 0.5;
  set.baseline = kNoon - Duration::Seconds(5400);
  set.changes = {SomeChange()};
  GroupObservation group;
  group.object_class = ObjectClass::kPersonGroup;
  group.position = Geodetic::FromDegrees(30, -40, 400);
  group.cov_en_m2 << 4, 0, 0, 4;
  group.extent_m = 12;
  group.count_expected = 29.5;
  group.count_min = 24;
  group.count_max = 36;
  group.score = 0.9;
  set.groups = {group};
  EXPECT_FALSE(TwiceThroughTheWire(set).empty());

  v1::ObservationSet bad = ToProto(set);
  bad.mutable_groups(0)->set_count_max(3);
  EXPECT_FALSE(FromProto(bad)) << "24 to 3 is no interval";
  bad = ToProto(set);
  bad.mutable_changes(0)->set_probability(1.5);
  EXPECT_FALSE(FromProto(bad));
}

TEST(WholeMissionCodec, SettledAndLateLooksKeepEverything) {
  SettledLook look;
  look.source = {"radar1"};
  look.lineage = MissionLineage();
  look.time = kNoon;
  look.moving_vehicle_probability = 0.9;
  look.min_detectable_speed_mps = 1.5;
  look.degraded_reason = "clutter";
  look.late = true;
  look.baseline = kNoon;
  look.changes = {SomeChange()};
  look.standing_vehicles = 9;
  look.sensor = Geodetic::FromDegrees(29.9, -40, 550);
  look.resolution_m = 0.5;
  EXPECT_FALSE(TwiceThroughTheWire(look).empty());

  LateLook late;
  late.source = {"drone1"};
  late.lineage = MissionLineage();
  late.time = kNoon;
  late.reports = 5;
  late.matches = {{{3}, 1.5}, {{9}, 0.25}};
  late.raw_digests = {Sha256("x")};
  EXPECT_FALSE(TwiceThroughTheWire(late).empty());
}

TEST(WholeMissionCodec, AHumanRecordWithTimesTheWrongWayRoundIsRefused) {
  HumanRecord record;
  record.source = {"patrols"};
  record.lineage = MissionLineage();
  record.record_id = "P2-17";
  record.kind = HumanRecordKind::kObservation;
  record.time_first = kNoon;
  record.time_last = kNoon + Duration::Seconds(60);
  record.reported = kNoon + Duration::Seconds(90);
  record.position = Geodetic::FromDegrees(30, -40, 400);
  record.radius_m = 150;
  record.means = "saw";
  record.object_class = ObjectClass::kTruck;
  record.count_min = 7;
  record.count_max = 9;
  record.assessed_as = "column of trucks";
  record.author = "patrol-2";
  EXPECT_FALSE(TwiceThroughTheWire(record).empty());
  v1::HumanRecord bad = ToProto(record);
  bad.set_time_last_us(bad.time_first_us() - 1);
  EXPECT_FALSE(FromProto(bad));
}

TEST(WholeMissionCodec, CoverageSharesThatDoNotAddUpAreRefused) {
  Finding finding;
  finding.kind = FindingKind::kCoverage;
  finding.time = kNoon;
  CoverageAccount account;
  account.zone = "buffer";
  account.side = "NEITHER";
  account.start = kNoon;
  account.end = kNoon + Duration::Seconds(60);
  account.cells = 10;
  account.cell_m = 250;
  account.area_km2 = 24;
  account.classes = {{CoverageClass::kMovingVehicle,
                      {{CoverageState::kObservedNothing, "", 7},
                       {CoverageState::kNotObserved, "no source looked here", 3}}}};
  finding.coverage = account;
  EXPECT_FALSE(TwiceThroughTheWire(finding).empty());
  v1::Finding bad = ToProto(finding);
  bad.mutable_coverage()->mutable_classes(0)->mutable_shares(0)->set_cells(8);
  EXPECT_FALSE(FromProto(bad));
}

TEST(WholeMissionCodec, AGroupOfPeopleHasItsOwnSupportsAndNoMembers) {
  Picture picture;
  picture.time = kNoon;
  picture.settled = true;
  Group group;
  group.id = {7};
  group.count_expected = 30;
  group.count_min = 25;
  group.count_max = 36;
  group.position = Geodetic::FromDegrees(30, -40, 400);
  group.object_class = ObjectClass::kPersonGroup;
  group.cov_en_m2 << 4, 0, 0, 4;
  group.existence_probability = 0.97;
  group.first = kNoon;
  group.last = kNoon;
  TrackSupport support;
  support.source = {"drone2"};
  support.lineage = MissionLineage();
  support.updates = 4;
  support.raw_digests = {Sha256("segment")};
  group.supports = {support};
  picture.groups = {group};
  EXPECT_FALSE(TwiceThroughTheWire(picture).empty());
  const auto back = FromProto(ToProto(picture));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->groups[0].supports[0].updates, 4);
}

}  // namespace
}  // namespace trucewatch
