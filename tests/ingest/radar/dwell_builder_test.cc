// SPDX-License-Identifier: Apache-2.0
#include "ingest/radar/dwell_builder.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ingest/radar/stanag4607_encoder.h"

namespace trucewatch::stanag4607 {
namespace {

constexpr double kSensorHeightM = 3000.0;
constexpr double kGroundM = 200.0;

// A sensor 20 km south of the centre of its look, 2.8 km above the ground.
DwellSegment SouthernDwell() {
  DwellSegment dwell;
  dwell.time_ms = 3'600'000;
  const LocalFrame frame(Geodetic::FromDegrees(50.0, 30.0, kGroundM));
  const Geodetic sensor = frame.GeodeticFromEnu({0, -20'000, 0});
  dwell.sensor_latitude = Sa32::From(sensor.latitude);
  dwell.sensor_longitude = Ba32::From(sensor.longitude);
  dwell.sensor_height_hae_cm = static_cast<std::int32_t>(kSensorHeightM * 100);
  dwell.centre_latitude = Sa32::From(Angle::Degrees(50.0));
  dwell.centre_longitude = Ba32::From(Angle::Degrees(30.0));
  dwell.range_half_extent_km = B16::From(5.0);
  dwell.angle_half_extent = Ba16::From(Angle::Degrees(10.0));
  return dwell;
}

TargetReport HiResTarget(double latitude_deg, double longitude_deg) {
  TargetReport target;
  target.latitude = Sa32::From(Angle::Degrees(latitude_deg));
  target.longitude = Ba32::From(Angle::Degrees(longitude_deg));
  target.slant_range_sigma_cm = 1000;  // 10 m
  target.cross_range_sigma_dm = 500;   // 50 m
  target.classification = 1;
  target.class_probability_percent = 80;
  return target;
}

MissionSegment March1st() {
  MissionSegment mission;
  mission.year = 2026;
  mission.month = 3;
  mission.day = 1;
  return mission;
}

Packet PacketOf(std::vector<Segment> segments, std::uint8_t exercise = 0) {
  PacketHeader header;
  header.exercise = exercise;
  header.platform = Text<10>::From("RADAR1");
  header.mission_id = 7;
  header.job_id = 5;
  return DecodePacket(AsBytes(EncodePacket(header, segments).value()), 0).value();
}

class DwellBuilderTest : public ::testing::Test {
 protected:
  DwellBuilderOptions Options() {
    DwellBuilderOptions options;
    options.source = {"radar1"};
    options.lineage.modality = Modality::kRadarGmti;
    options.detection_probability = 0.6;
    options.false_alarms_per_km2 = 0.05;
    options.ground_height_hae_m = kGroundM;
    return options;
  }
  BuiltDwell BuildOne(std::vector<Segment> segments, std::uint8_t exercise = 0) {
    auto items = builder_.Add(PacketOf(std::move(segments), exercise));
    EXPECT_EQ(items.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<BuiltDwell>(items.at(0)));
    return std::get<BuiltDwell>(items.at(0));
  }
  FlatTerrain terrain_{kGroundM, 0.0};
  DwellBuilder builder_{Options(), &terrain_};
};

TEST_F(DwellBuilderTest, TimeIsMissionMidnightPlusMillisecondsAlsoPastMidnight) {
  DwellSegment dwell = SouthernDwell();
  dwell.time_ms = 90'061'250;  // 25 h 1 min 1.25 s
  EXPECT_EQ(FormatUtc(BuildOne({March1st(), dwell}).dwell.time), "2026-03-02T01:01:01.250000Z");
}

TEST_F(DwellBuilderTest, DwellBeforeItsMissionSegmentIsAFaultAndNeverAGuess) {
  const auto items = builder_.Add(PacketOf({SouthernDwell()}));
  ASSERT_EQ(items.size(), 1U);
  const auto& fault = std::get<SegmentFault>(items[0]);
  EXPECT_EQ(fault.offset, 32U);
  EXPECT_NE(fault.reason.find("no mission segment yet"), std::string::npos);
  EXPECT_EQ(BuildOne({March1st(), SouthernDwell()}).dwell.source.value, "radar1");
}

TEST_F(DwellBuilderTest, EmptyDwellIsAResult) {
  const RadarDwell look = BuildOne({March1st(), SouthernDwell()}).dwell;
  EXPECT_TRUE(look.plots.empty());
  EXPECT_NEAR(look.sensor.height_hae_m, kSensorHeightM, 1e-9);
  EXPECT_EQ(look.detection_probability, 0.6);
  EXPECT_EQ(look.false_alarms_per_km2, 0.05);
  EXPECT_FALSE(look.exercise);
}

TEST_F(DwellBuilderTest, FootprintIsTheSectorSeenFromTheSensor) {
  const RadarDwell look = BuildOne({March1st(), SouthernDwell()}).dwell;
  ASSERT_GE(look.footprint.size(), 8U);
  const LocalFrame frame(Geodetic::FromDegrees(50.0, 30.0, kGroundM));
  double area_m2 = 0;
  double nearest = 1e9, farthest = 0;
  Geodetic sensor = look.sensor;
  for (std::size_t i = 0; i < look.footprint.size(); ++i) {
    const auto a = frame.EnuFromGeodetic(look.footprint[i]);
    const auto b = frame.EnuFromGeodetic(look.footprint[(i + 1) % look.footprint.size()]);
    area_m2 += (a.x() * b.y() - a.y() * b.x()) / 2;
    const double range = GeodesicDistanceM(sensor, look.footprint[i]);
    nearest = std::min(nearest, range);
    farthest = std::max(farthest, range);
  }
  // Geodesic against tangent plane over 25 km, and ground against sea level: within 5 m.
  EXPECT_NEAR(nearest, 15'000, 5);
  EXPECT_NEAR(farthest, 25'000, 5);
  // Area of a ring sector of 20 degrees between 15 and 25 km; positive: counter-clockwise.
  const double expected = M_PI * (25e3 * 25e3 - 15e3 * 15e3) * 20.0 / 360.0;
  EXPECT_NEAR(area_m2, expected, expected * 0.002);
}

TEST_F(DwellBuilderTest, FootprintAllRoundIsADisc) {
  DwellSegment dwell = SouthernDwell();
  dwell.angle_half_extent = Ba16::From(Angle::Degrees(180.0));
  const RadarDwell look = BuildOne({March1st(), dwell}).dwell;
  ASSERT_GE(look.footprint.size(), 8U);
  for (const Geodetic& corner : look.footprint) {
    // The far side lies 45 km out in the centre's tangent plane: 0.1 % at most.
    EXPECT_NEAR(GeodesicDistanceM(look.sensor, corner), 25'000, 25);
  }
}

TEST_F(DwellBuilderTest, CovarianceFollowsTheLineOfSight) {
  DwellSegment dwell = SouthernDwell();
  dwell.sensor_sigma_along_track_cm = 0;
  dwell.sensor_sigma_cross_track_cm = 0;
  dwell.sensor_sigma_height_cm = 0;
  dwell.targets = {HiResTarget(50.0, 30.0)};
  const RadarDwell look = BuildOne({March1st(), dwell}).dwell;
  ASSERT_EQ(look.plots.size(), 1U);
  // The line runs north: range error on north, cross range error on east. cos of the grazing angle
  // is 20 / sqrt(20^2 + 2.8^2) to the earth's curvature (31 m of height, 0.2 % of the correction).
  const double cosine = 20.0 / std::hypot(20.0, 2.8);
  EXPECT_NEAR(std::sqrt(look.plots[0].cov_en_m2(1, 1)), 10.0 / cosine, 0.01);
  EXPECT_NEAR(std::sqrt(look.plots[0].cov_en_m2(0, 0)), 50.0, 0.01);
  EXPECT_NEAR(look.plots[0].cov_en_m2(0, 1), 0.0, 2.0);
  EXPECT_EQ(look.plots[0].position.height_hae_m, kGroundM);

  // The same 45 degrees to the side: both axes get half of each.
  const LocalFrame frame(look.sensor);
  const Geodetic side = frame.GeodeticFromEnu({15'000, 15'000, 0});
  dwell.targets = {HiResTarget(side.latitude.deg(), side.longitude.deg())};
  const Plot plot = BuildOne({March1st(), dwell}).dwell.plots.at(0);
  EXPECT_NEAR(plot.cov_en_m2(0, 0), (100.0 + 2500.0) / 2, 15.0);
  EXPECT_NEAR(plot.cov_en_m2(1, 1), (100.0 + 2500.0) / 2, 15.0);
  EXPECT_NEAR(plot.cov_en_m2(0, 1), (100.0 - 2500.0) / 2, 15.0);
}

TEST_F(DwellBuilderTest, SensorPositionErrorIsTurnedByTheTrack) {
  DwellSegment dwell = SouthernDwell();
  dwell.sensor_sigma_along_track_cm = 30'000;  // 300 m
  dwell.sensor_sigma_cross_track_cm = 4'000;   // 40 m
  dwell.sensor_sigma_height_cm = 0;
  dwell.sensor_track = Ba16::From(Angle::Degrees(90.0));  // flying east
  dwell.sensor_speed_mmps = 100'000;
  dwell.sensor_vertical_velocity_dmps = 0;
  dwell.targets = {HiResTarget(50.0, 30.0)};
  const Plot plot = BuildOne({March1st(), dwell}).dwell.plots.at(0);
  EXPECT_NEAR(plot.cov_en_m2(0, 0), 300.0 * 300.0 + 50.0 * 50.0, 20.0);
  EXPECT_NEAR(plot.cov_en_m2(1, 1), 40.0 * 40.0 + 10.2 * 10.2 - 2.0, 5.0);
}

TEST_F(DwellBuilderTest, MissingSigmasComeFromTheJobDefinitionThenFromWideDefaults) {
  JobDefinitionSegment job;
  job.job_id = 5;
  job.slant_range_sigma_cm = 2000;
  job.cross_range_sigma = Ba16::From(Angle::Degrees(0.1));
  job.sensor_sigma_along_track_dm = 0;
  job.sensor_sigma_cross_track_dm = 0;
  job.sensor_sigma_height_dm = 0;
  job.detection_probability_percent = 90;
  job.false_alarm_density_minus_db = 80;
  job.min_detectable_velocity_dmps = 20;
  DwellSegment dwell = SouthernDwell();
  TargetReport bare = HiResTarget(50.0, 30.0);
  bare.slant_range_sigma_cm.reset();
  bare.cross_range_sigma_dm.reset();
  dwell.targets = {bare};
  const double slant_m = std::hypot(20'000.0, 2'800.0);
  const double cosine = 20'000.0 / slant_m;
  const RadarDwell with_job = BuildOne({March1st(), job, dwell}).dwell;
  EXPECT_EQ(with_job.detection_probability, 0.9);
  EXPECT_NEAR(with_job.false_alarms_per_km2, 0.01, 1e-9);
  EXPECT_NEAR(with_job.min_detectable_speed_mps, 2.0 / cosine, 1e-3);
  EXPECT_NEAR(std::sqrt(with_job.plots.at(0).cov_en_m2(1, 1)), 20.0 / cosine, 0.05);
  // J22 is an angle of 16 bits: 18 counts are 0.0989 degrees.
  EXPECT_NEAR(std::sqrt(with_job.plots.at(0).cov_en_m2(0, 0)), 18 * 2 * M_PI / 65536 * slant_m,
              0.1);

  job.priority = 255;  // the end of the job takes its statements away
  const RadarDwell without = BuildOne({job, dwell}).dwell;
  EXPECT_EQ(without.detection_probability, 0.6);
  EXPECT_GT(std::sqrt(without.plots.at(0).cov_en_m2(1, 1)), DwellBuilder::kDefaultSlantRangeSigmaM);
  EXPECT_GT(std::sqrt(without.plots.at(0).cov_en_m2(0, 0)), 0.5 * M_PI / 180 * 20'000);
  EXPECT_GT(without.min_detectable_speed_mps, DwellBuilder::kDefaultMinSpeedMps);
}

TEST_F(DwellBuilderTest, RangeRateIsTheLineOfSightSpeedLaidOnTheGround) {
  DwellSegment dwell = SouthernDwell();
  TargetReport target = HiResTarget(50.0, 30.0);
  target.los_velocity_cmps = 1412;
  target.wrap_velocity_cmps = 10'000;
  target.radial_velocity_sigma_cmps = 50;
  dwell.targets = {target};
  const Plot plot = BuildOne({March1st(), dwell}).dwell.plots.at(0);
  const double cosine = 20.0 / std::hypot(20.0, 2.8);
  EXPECT_NEAR(plot.range_rate_mps.value(), 14.12 / cosine, 0.01);
  EXPECT_NEAR(plot.range_rate_sigma_mps, 0.5 / cosine, 0.001);
}

TEST_F(DwellBuilderTest, RangeRateThatMayBeFoldedIsNone) {
  DwellSegment dwell = SouthernDwell();
  TargetReport target = HiResTarget(50.0, 30.0);
  target.los_velocity_cmps = 500;
  target.wrap_velocity_cmps = 1000;  // 5 m/s may be -15 m/s
  dwell.targets = {target};
  EXPECT_FALSE(BuildOne({March1st(), dwell}).dwell.plots.at(0).range_rate_mps.has_value());
}

TEST_F(DwellBuilderTest, DeltaPositionsAreExactAcrossTheMeridian) {
  // AFRL situation-awareness target: its delta position against the hi-res one of the precision
  // file.
  DwellSegment dwell = SouthernDwell();
  dwell.centre_latitude.raw = 0x39e38f9d;
  dwell.centre_longitude.raw = 0xaf03f1ab;
  dwell.scale_latitude = Sa32{0x48d};
  dwell.scale_longitude = Ba32{0x247};
  TargetReport target;
  target.delta_latitude = 0x13;
  target.delta_longitude = 0x5f;
  dwell.targets = {target};
  const Plot plot = BuildOne({March1st(), dwell}).dwell.plots.at(0);
  EXPECT_NEAR(plot.position.latitude.deg(), 40.704067592, 1e-9);
  EXPECT_NEAR(plot.position.longitude.deg(), 246.120057441 - 360, 1e-9);
  const Geodetic precise{Sa32{0x39e3e622}.angle(), Ba32{0xaf04ca67}.longitude(),
                         plot.position.height_hae_m};
  EXPECT_LT(GeodesicDistanceM(plot.position, precise), 0.75);

  dwell.centre_longitude.raw = 0xFFFFFFFF;  // one count west of the meridian
  const Plot wrapped = BuildOne({March1st(), dwell}).dwell.plots.at(0);
  EXPECT_NEAR(wrapped.position.longitude.deg(), 0x5f * 0x247 * 360.0 / 4294967296.0, 1e-6);

  dwell.centre_latitude.raw = 0x7FFFFFFF;  // a delta over the pole
  EXPECT_TRUE(BuildOne({March1st(), dwell}).dwell.plots.empty());
  EXPECT_EQ(builder_.dropped().no_position, 1U);
}

TEST_F(DwellBuilderTest, PersonsAnimalsAndAircraftAreCountedAndNeverLeave) {
  DwellSegment dwell = SouthernDwell();
  for (const int kind : {9, 137, 11, 3, 4, 18, 14, 142, 10}) {
    TargetReport target = HiResTarget(50.0, 30.0);
    target.classification = static_cast<std::uint8_t>(kind);
    dwell.targets.push_back(target);
  }
  const BuiltDwell built = BuildOne({March1st(), dwell});
  EXPECT_EQ(built.dwell.plots.size(), 1U);
  EXPECT_EQ(builder_.dropped().persons, 2U);
  EXPECT_EQ(builder_.dropped().animals, 1U);
  EXPECT_EQ(builder_.dropped().aircraft, 3U);
  EXPECT_EQ(builder_.dropped().other, 2U);
  EXPECT_TRUE(built.exercise.classes);  // 137 is a simulated person
}

TEST_F(DwellBuilderTest, ClassSharesAddUpToOne) {
  for (int kind = 0; kind < 256; ++kind) {
    DwellSegment dwell = SouthernDwell();
    TargetReport target = HiResTarget(50.0, 30.0);
    target.classification = static_cast<std::uint8_t>(kind);
    dwell.targets = {target};
    for (const Plot& plot : BuildOne({March1st(), dwell}).dwell.plots) {
      double sum = 0;
      for (const auto& [object_class, share] : plot.classes) {
        EXPECT_NE(object_class, ObjectClass::kPersonGroup);
        sum += share;
      }
      EXPECT_NEAR(sum, 1.0, 1e-12) << kind;
    }
  }
}

TEST_F(DwellBuilderTest, TrackedVehicleKeepsItsProbability) {
  DwellSegment dwell = SouthernDwell();
  dwell.targets = {HiResTarget(50.0, 30.0)};
  const auto classes = BuildOne({March1st(), dwell}).dwell.plots.at(0).classes;
  EXPECT_NEAR(classes.at(ObjectClass::kTrackedVehicle), 0.8, 1e-12);
  EXPECT_NEAR(classes.at(ObjectClass::kUnknownVehicle), 0.2, 1e-12);
}

TEST_F(DwellBuilderTest, ExerciseIsSeenInHeaderClassesAndTruthTags) {
  DwellSegment dwell = SouthernDwell();
  dwell.targets = {HiResTarget(50.0, 30.0)};
  EXPECT_FALSE(BuildOne({March1st(), dwell}).dwell.exercise);
  EXPECT_TRUE(BuildOne({March1st(), dwell}, 130).exercise.header);
  dwell.targets[0].classification = 129;
  const BuiltDwell simulated = BuildOne({March1st(), dwell});
  EXPECT_TRUE(simulated.exercise.classes);
  EXPECT_TRUE(simulated.dwell.exercise);
  dwell.targets[0].classification = 1;
  dwell.targets[0].truth_tag_application = 1;
  dwell.targets[0].truth_tag_entity = 2;
  EXPECT_TRUE(BuildOne({March1st(), dwell}).exercise.truth_tags);
}

TEST_F(DwellBuilderTest, MissingHeightTakesTheTerrainAndWidensAlongTheLine) {
  FlatTerrain rough(kGroundM, 100.0);
  DwellBuilder builder(Options(), &rough);
  DwellSegment dwell = SouthernDwell();
  dwell.sensor_sigma_along_track_cm = 0;
  dwell.sensor_sigma_cross_track_cm = 0;
  dwell.sensor_sigma_height_cm = 0;
  dwell.targets = {HiResTarget(50.0, 30.0)};
  const auto items = builder.Add(PacketOf({March1st(), dwell}));
  const Plot plot = std::get<BuiltDwell>(items.at(0)).dwell.plots.at(0);
  const double tangent = 2.8 / 20.0;
  EXPECT_NEAR(std::sqrt(plot.cov_en_m2(1, 1)), std::hypot(10.1, 100.0 * tangent), 0.5);
  dwell.targets[0].height_hae_m = 250;
  const auto known = builder.Add(PacketOf({March1st(), dwell}));
  const Plot plot_known = std::get<BuiltDwell>(known.at(0)).dwell.plots.at(0);
  EXPECT_EQ(plot_known.position.height_hae_m, 250);
  EXPECT_NEAR(std::sqrt(plot_known.cov_en_m2(1, 1)), 10.1, 0.1);
}

TEST_F(DwellBuilderTest, MissionsAndJobsAreBounded) {
  std::size_t refused = 0;
  for (std::uint32_t i = 0; i < 100; ++i) {
    Packet packet = PacketOf({March1st()});
    packet.header.mission_id = i;
    refused += builder_.Add(packet).size();
  }
  EXPECT_EQ(refused, 100 - DwellBuilder::kMaxMissions);
}

}  // namespace
}  // namespace trucewatch::stanag4607
