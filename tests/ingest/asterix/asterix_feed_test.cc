// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/crypto/sha256.h"
#include "core/types/codec.h"
#include "ingest/asterix/asterix_encoder.h"
#include "ingest/feed.h"

namespace trucewatch {
namespace {

using asterix::Cat010Record;
using asterix::Cat034Record;
using asterix::Cat048Record;
using ::testing::HasSubstr;

constexpr double kDegree = std::numbers::pi / 180;
const Instant kStart = *ParseUtc("2026-03-01T21:00:00Z");

Instant At(double seconds) { return kStart + Duration::FromSeconds(seconds); }

class AsterixFeedTest : public ::testing::Test {
 protected:
  AsterixFeedTest() {
    config_.set_id("radar2");
    config_.set_format(v1::config::SourceConfig::ASTERIX);
    config_.set_platform("mast");
    config_.set_station("north");
    config_.set_clock("gnss");
    config_.set_georeference("survey");
    config_.set_detection_probability(0.85);
    config_.set_false_alarms_per_km2(0.02);
    auto& site = *config_.mutable_radar_site();
    site.set_lat_deg(30.0);
    site.set_lon_deg(-40.0);
    site.set_height_hae_m(130);  // 30 m above the ground
    site.set_boresight_deg(45);
    site.set_sector_half_deg(60);
    site.set_min_range_m(200);
    site.set_max_range_m(10'000);
    site.set_sigma_range_m(5);
    site.set_sigma_azimuth_deg(0.3);
    site.set_sigma_speed_mps(0.5);
    site.set_min_detectable_speed_mps(1.5);
    site.set_scan_period_s(2);
    Restart();
  }

  void Restart() {
    auto feed = MakeFeed({.source = &config_,
                          .terrain_config = &terrain_config_,
                          .terrain = &terrain_,
                          .ground_height_hae_m = 100,
                          .scenes = nullptr});
    ASSERT_TRUE(feed.has_value()) << feed.error().message;
    feed_ = std::move(*feed);
    dwells_.clear();
    faults_.clear();
  }

  void Push(const std::string& bytes, double received_s) {
    RawRecord record;
    record.source = {"radar2"};
    record.source_sequence = ++sequence_;
    record.receive_time = At(received_s);
    record.source_offset = offset_;
    offset_ += bytes.size();
    record.bytes = bytes;
    Take(record);
  }
  void End(double received_s) {
    RawRecord record;
    record.source = {"radar2"};
    record.receive_time = At(received_s);
    record.end_of_source = true;
    Take(record);
  }
  void Take(const RawRecord& record) {
    auto items = feed_->Push(record, Sha256(record.bytes));
    ASSERT_TRUE(items.has_value());
    for (FeedItem& item : *items) {
      if (auto* dwell = std::get_if<RadarDwell>(&item)) {
        ASSERT_TRUE(FromProto(ToProto(*dwell)).has_value());
        dwells_.push_back(std::move(*dwell));
      } else {
        faults_.push_back(std::get<DataFault>(item));
      }
    }
  }

  static std::string North(double s) {
    Cat034Record r;
    r.sic = 7;
    r.time = At(s);
    return asterix::EncodeCat034(std::span(&r, 1));
  }
  static Cat048Record PlotAt(double s, double range_m, double azimuth_deg) {
    Cat048Record r;
    r.sic = 7;
    r.time = At(s);
    r.simulated = true;
    r.range_m = range_m;
    r.azimuth_deg = azimuth_deg;
    return r;
  }
  static std::string Plots(std::vector<Cat048Record> records) {
    return asterix::EncodeCat048(records);
  }
  static Cat010Record Surface(double s, double range_m, double azimuth_deg) {
    Cat010Record r;
    r.sic = 7;
    r.time = At(s);
    r.range_m = range_m;
    r.azimuth_deg = azimuth_deg;
    return r;
  }
  static std::string Cycle(double s) {
    Cat010Record r = Surface(s, 0, 0);
    r.message = Cat010Record::kStartOfUpdateCycle;
    return asterix::EncodeCat010(std::span(&r, 1));
  }
  static std::string Surfaces(std::vector<Cat010Record> records) {
    return asterix::EncodeCat010(records);
  }

  v1::config::SourceConfig config_;
  v1::config::TerrainConfig terrain_config_;
  FlatTerrain terrain_{100, 2};
  std::unique_ptr<Feed> feed_;
  std::vector<RadarDwell> dwells_;
  std::vector<DataFault> faults_;
  std::uint64_t sequence_ = 0;
  std::uint64_t offset_ = 0;
};

TEST_F(AsterixFeedTest, AScanBetweenTwoNorthMarkersIsOneDwellAtItsMiddle) {
  Push(North(0), 0.1);
  Push(Plots({PlotAt(0.5, 3000, 30), PlotAt(1.5, 4000, 60)}), 1.6);
  Push(North(2), 2.1);
  Push(North(4), 4.1);
  ASSERT_EQ(dwells_.size(), 2U);
  EXPECT_EQ(faults_.size(), 0U);
  const RadarDwell& d = dwells_[0];
  EXPECT_EQ(d.source.value, "radar2");
  EXPECT_EQ(d.lineage.modality, Modality::kRadarSurveillance);
  EXPECT_EQ(d.lineage.platform, "mast");
  EXPECT_EQ(d.lineage.station, "north");
  EXPECT_EQ(d.time, At(1));
  EXPECT_EQ(d.plots.size(), 2U);
  EXPECT_EQ(d.detection_probability, 0.85);
  EXPECT_EQ(d.false_alarms_per_km2, 0.02);
  EXPECT_EQ(d.min_detectable_speed_mps, 1.5);
  EXPECT_TRUE(d.exercise);
  EXPECT_EQ(d.raw_digests.size(), 2U);
  // Nothing was there in the second turn: that is a look too.
  EXPECT_EQ(dwells_[1].time, At(3));
  EXPECT_TRUE(dwells_[1].plots.empty());
  EXPECT_TRUE(dwells_[1].exercise);
}

TEST_F(AsterixFeedTest, APlotLiesWhereItsSlantRangeMeetsTheGround) {
  // The truth: a point on the ground, its range and azimuth from the mast in closed form.
  const LocalFrame frame(Geodetic::FromDegrees(30, -40, 130));
  for (const double east : {-1500.0, 500.0, 6000.0}) {
    Restart();
    Geodetic truth = frame.GeodeticFromEnu({east, 6500, 0});
    truth.height_hae_m = 100;
    const Eigen::Vector3d p = frame.EnuFromGeodetic(truth);
    const double azimuth = std::atan2(p.x(), p.y()) / kDegree;
    Push(Cycle(0), 0);
    Push(Surfaces({Surface(1, p.norm(), azimuth)}), 1);
    Push(Cycle(2), 2);
    ASSERT_EQ(dwells_.size(), 1U);
    ASSERT_EQ(dwells_[0].plots.size(), 1U);
    const Plot& plot = dwells_[0].plots[0];
    EXPECT_NEAR(plot.position.height_hae_m, 100, 1e-9);
    // Half a count: 0.5 m in range, 0.00275 deg across.
    const double across = p.norm() * 0.00275 * kDegree;
    EXPECT_LT(GeodesicDistanceM(plot.position, truth), std::hypot(0.5, across) + 0.01);
    // Sigmas along and across, from the config (and the count, and 2 m of terrain error).
    const Eigen::Vector2d away = p.head<2>().normalized();
    const Eigen::Vector2d side(away.y(), -away.x());
    const double ground = p.head<2>().norm();
    EXPECT_NEAR(std::sqrt(away.dot(plot.cov_en_m2 * away)), 5.0, 0.05);
    EXPECT_NEAR(std::sqrt(side.dot(plot.cov_en_m2 * side)), 0.3 * kDegree * ground, 0.05);
    EXPECT_NEAR(away.dot(plot.cov_en_m2 * side), 0, 0.02 * plot.cov_en_m2.norm());
  }
}

TEST_F(AsterixFeedTest, DopplerIsARangeRateUnlessItIsDoubtful) {
  Cat048Record away = PlotAt(1, 3000, 30), doubtful = away, silent = away;
  away.doppler_mps = 12;
  doubtful.doppler_mps = 12;
  doubtful.doppler_doubtful = true;
  Push(North(0), 0);
  Push(Plots({away, doubtful, silent}), 1);
  Push(North(2), 2);
  ASSERT_EQ(dwells_.size(), 1U);
  ASSERT_EQ(dwells_[0].plots.size(), 3U);
  EXPECT_NEAR(*dwells_[0].plots[0].range_rate_mps, 12, 0.01);
  EXPECT_NEAR(dwells_[0].plots[0].range_rate_sigma_mps, std::hypot(0.5, std::sqrt(1 / 12.0)), 0.01);
  EXPECT_FALSE(dwells_[0].plots[1].range_rate_mps.has_value());
  EXPECT_FALSE(dwells_[0].plots[2].range_rate_mps.has_value());
}

TEST_F(AsterixFeedTest, SurfaceVelocitiesAreLaidOnTheLineOfSight) {
  Cat010Record cartesian = Surface(1, 3000, 30);
  cartesian.velocity_en_mps = Eigen::Vector2d(10, 0);
  Cat010Record polar = Surface(1, 3000, 90);
  polar.velocity = asterix::PolarVelocity{10, 180};
  Push(Cycle(0), 0);
  Push(Surfaces({cartesian, polar}), 1);
  Push(Cycle(2), 2);
  ASSERT_EQ(dwells_.size(), 1U);
  ASSERT_EQ(dwells_[0].plots.size(), 2U);
  EXPECT_NEAR(*dwells_[0].plots[0].range_rate_mps, 10 * std::sin(30 * kDegree), 0.01);
  EXPECT_NEAR(*dwells_[0].plots[1].range_rate_mps, 0, 0.06);
  EXPECT_EQ(dwells_[0].plots[0].range_rate_sigma_mps, 0.5);
  EXPECT_GT(dwells_[0].plots[0].classes.at(ObjectClass::kUnknownVehicle), 0.5);
}

TEST_F(AsterixFeedTest, PlotsAreMovedToTheMiddleOfTheScan) {
  Cat010Record r = Surface(0.25, 3000, 90);  // 0.75 s before the middle
  r.velocity_en_mps = Eigen::Vector2d(0, 20);
  Push(Cycle(0), 0);
  Push(Surfaces({r, Surface(0.25, 3000, 90)}), 0.5);
  Push(Cycle(2), 2);
  ASSERT_EQ(dwells_.size(), 1U);
  const auto& plots = dwells_[0].plots;
  ASSERT_EQ(plots.size(), 2U);
  EXPECT_NEAR(GeodesicDistanceM(plots[0].position, plots[1].position), 15, 0.01);
  // A target that does not say how it moves is less certain by then.
  EXPECT_GT(plots[1].cov_en_m2(1, 1), plots[0].cov_en_m2(1, 1));
}

TEST_F(AsterixFeedTest, OnlyWhatCanBeAVehicleBecomesAPlot) {
  std::vector<Cat048Record> records;
  for (const int code : {5, 19, 20, 23, 24, 1, 2, 3, 4, 7}) {
    records.push_back(PlotAt(1, 3000, 30));
    records.back().warnings = {13, static_cast<std::uint8_t>(code)};
  }
  for (const int type : {0, 2, 3, 4, 5, 6, 7}) {
    records.push_back(PlotAt(1, 3000, 30));
    records.back().type = static_cast<std::uint8_t>(type);
  }
  records.push_back(PlotAt(1, 3000, 30));
  records.back().test_target = true;
  records.push_back(PlotAt(1, 3000, 30));
  records.back().doppler_mps = 90;
  records.push_back(PlotAt(1, 20'000, 30));
  records.push_back(PlotAt(1, 3000, 200));
  records.push_back(PlotAt(1, 3000, 30));
  records.back().warnings = {6};  // the one vehicle
  Push(North(0), 0);
  Push(Plots(records), 1);
  // A primary plot with a Mode 3/A code: FRN 1-5.
  Push(*HexDecode("300010f8"
                  "0007") +
           Plots({PlotAt(1, 3000, 30)}).substr(3 + 1 + 2, 3) +
           *HexDecode("20"
                      "019f1555"
                      "0400"),
       1);
  std::vector<Cat010Record> surface;
  for (const auto target :
       {Cat010Record::kAircraft, Cat010Record::kHelicopter, Cat010Record::kGroundVehicle}) {
    surface.push_back(Surface(1, 3000, 30));
    surface.back().target = target;
  }
  surface.push_back(Surface(1, 3000, 30));
  surface.back().target = Cat010Record::kUndetermined;
  surface.back().sensor = 1;  // Mode S multilateration
  Push(Surfaces(surface), 1);
  Push(North(2), 2);
  ASSERT_EQ(dwells_.size(), 1U);
  EXPECT_EQ(dwells_[0].plots.size(), 2U) << feed_->Account();
  EXPECT_THAT(feed_->Account(),
              HasSubstr("kept back: 8 of aircraft that identify themselves, 4 of other aircraft, 3 "
                        "of birds, 1 of wind turbines, 5 false, 1 of test targets, 1 extrapolated, "
                        "2 outside the sector"));
}

TEST_F(AsterixFeedTest, TheFootprintIsTheSectorCounterClockwise) {
  Push(North(0), 0);
  Push(North(2), 2);
  Push(North(4), 4);
  ASSERT_FALSE(dwells_.empty());
  const LocalFrame frame(Geodetic::FromDegrees(30, -40, 130));
  const auto& polygon = dwells_[0].footprint;
  double twice_area = 0;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const Eigen::Vector3d a = frame.EnuFromGeodetic(polygon[i]);
    const Eigen::Vector3d b = frame.EnuFromGeodetic(polygon[(i + 1) % polygon.size()]);
    twice_area += a.x() * b.y() - a.y() * b.x();
    const double range = a.head<2>().norm();
    EXPECT_TRUE(std::abs(range - 10'000) < 1 || std::abs(range - 200) < 1) << range;
    const double off = std::remainder(std::atan2(a.x(), a.y()) / kDegree - 45, 360);
    EXPECT_LE(std::abs(off), 60.001);
  }
  const double sector = 120 * kDegree / 2 * (1e8 - 4e4);
  EXPECT_NEAR(twice_area / 2, sector, 0.002 * sector);
}

TEST_F(AsterixFeedTest, WithoutMarkersAScanLastsItsPeriod) {
  for (int i = 0; i < 10; ++i) {
    Push(Plots({PlotAt(0.5 * i, 3000 + 10 * i, 30)}), 0.5 * i + 0.1);
  }
  ASSERT_EQ(dwells_.size(), 2U);
  EXPECT_EQ(dwells_[0].time, At(1));
  EXPECT_EQ(dwells_[0].plots.size(), 4U);
  EXPECT_EQ(dwells_[1].time, At(3));
  End(5);
  EXPECT_EQ(dwells_.size(), 2U);  // half a second of the third scan says little
}

TEST_F(AsterixFeedTest, TheScanWeCameIntoIsNotClaimed) {
  Push(Plots({PlotAt(-0.3, 3000, 30)}), 0);
  Push(North(0), 0.1);
  Push(North(2), 2.1);
  ASSERT_EQ(dwells_.size(), 1U);
  EXPECT_EQ(dwells_[0].time, At(1));
  EXPECT_TRUE(dwells_[0].plots.empty());
  EXPECT_THAT(feed_->Account(), HasSubstr("1 of incomplete scans"));
}

TEST_F(AsterixFeedTest, DuringAnOutageNobodyLooks) {
  Push(North(0), 0.1);
  Push(North(2), 2.1);
  Push(Plots({PlotAt(3.5, 3000, 30)}), 3.6);
  // 40 s of silence.
  Push(North(44), 44.1);
  Push(North(46), 46.1);
  ASSERT_EQ(dwells_.size(), 3U);
  EXPECT_EQ(dwells_[0].time, At(1));
  EXPECT_EQ(dwells_[1].time, At(3));  // it had reached most of its turn
  EXPECT_EQ(dwells_[1].plots.size(), 1U);
  EXPECT_EQ(dwells_[2].time, At(45));
}

TEST_F(AsterixFeedTest, WhatTheRadarWithdrawsIsNoLook) {
  Cat034Record status;
  status.sic = 7;
  status.message = Cat034Record::kSectorCrossing;
  status.time = At(2.5);
  status.nogo = true;
  Push(North(0), 0);
  Push(North(2), 2);
  Push(asterix::EncodeCat034(std::span(&status, 1)), 2.5);
  Push(Plots({PlotAt(3, 3000, 30)}), 3);
  Push(North(4), 4);
  Push(North(6), 6);
  // COM present with NOGO 0.
  std::string released = asterix::EncodeCat034(std::span(&status, 1));
  released.back() = '\0';
  released[3 + 1 + 2 + 1 + 2] = '\0';  // another time of day, so that it is no repetition
  status.time = At(6.5);
  const std::string at = asterix::EncodeCat034(std::span(&status, 1));
  released.replace(7, 3, at.substr(7, 3));
  Push(released, 6.5);
  Push(North(8), 8);
  Push(North(10), 10);
  ASSERT_EQ(faults_.size(), 2U);
  EXPECT_THAT(faults_[0].reason, HasSubstr("announces: NOGO"));
  EXPECT_THAT(faults_[1].reason, HasSubstr("takes back after 4.0 s: NOGO"));
  EXPECT_EQ(faults_[0].format, "asterix");
  std::vector<Instant> times;
  for (const RadarDwell& dwell : dwells_) times.push_back(dwell.time);
  EXPECT_EQ(times, (std::vector<Instant>{At(1), At(9)}));
  EXPECT_THAT(feed_->Account(), HasSubstr("3 scans withdrawn"));
}

TEST_F(AsterixFeedTest, TimeInvalidAndSurfaceNogoWithdrawToo) {
  Cat010Record status = Surface(0.5, 0, 0);
  status.message = Cat010Record::kPeriodicStatus;
  status.time_invalid = true;
  Push(Cycle(0), 0);
  Push(Surfaces({status}), 0.5);
  Push(Cycle(2), 2);
  status.time = At(2.5);
  status.time_invalid = false;
  status.nogo = 2;
  Push(Surfaces({status}), 2.5);
  Push(Cycle(4), 4);
  status.time = At(4.5);
  status.nogo = 1;
  Push(Surfaces({status}), 4.5);
  Push(Cycle(6), 6);
  Push(Cycle(8), 8);
  std::string reasons;
  for (const DataFault& fault : faults_) reasons += fault.reason + "\n";
  EXPECT_THAT(reasons, HasSubstr("announces: time source invalid"));
  EXPECT_THAT(reasons, HasSubstr("announces: NOGO"));
  EXPECT_THAT(reasons, HasSubstr("announces: degraded operation"));
  ASSERT_EQ(dwells_.size(), 1U);
  EXPECT_EQ(dwells_[0].time, At(7));
}

TEST_F(AsterixFeedTest, JammingIsStatedOnceAScan) {
  Cat034Record strobe;
  strobe.sic = 7;
  strobe.message = Cat034Record::kJammingStrobe;
  Push(North(0), 0);
  for (int i = 1; i < 4; ++i) {
    strobe.time = At(0.25 * i);
    Push(asterix::EncodeCat034(std::span(&strobe, 1)), 0.25 * i);
  }
  Push(North(2), 2);
  ASSERT_EQ(faults_.size(), 1U);
  EXPECT_THAT(faults_[0].reason, HasSubstr("reports jamming"));
}

TEST_F(AsterixFeedTest, APeriodThatIsNotTheConfigsIsStatedOnce) {
  Cat034Record north;
  north.sic = 7;
  for (int i = 0; i < 4; ++i) {
    north.time = At(2 * i);
    north.rotation_period_s = i < 2 ? 2.1 : 4.0;
    Push(asterix::EncodeCat034(std::span(&north, 1)), 2 * i);
  }
  ASSERT_EQ(faults_.size(), 1U);
  EXPECT_THAT(faults_[0].reason,
              HasSubstr("turns once in 4.00 s; radar_site.scan_period_s is 2.00"));
}

TEST_F(AsterixFeedTest, TheSecondLineIsDroppedAndCounted) {
  const std::string scan = Plots({PlotAt(1, 3000, 30)});
  Push(North(0), 0);
  Push(North(0), 0.001);
  Push(scan, 1);
  Push(scan, 1.002);
  Push(scan, 2.9);
  Push(North(2), 3);
  Push(North(2), 3);
  ASSERT_EQ(dwells_.size(), 1U);
  EXPECT_EQ(dwells_[0].plots.size(), 1U);
  EXPECT_THAT(feed_->Account(), HasSubstr("4 datagrams repeated"));
}

TEST_F(AsterixFeedTest, DamageOtherRadarsAndWrongClocksAreFaults) {
  Push(North(0), 0);
  std::string damaged = Plots({PlotAt(1, 3000, 30), PlotAt(1, 3100, 30)});
  damaged.pop_back();
  damaged[2] = static_cast<char>(damaged.size());
  Push(damaged, 1);
  Cat048Record other = PlotAt(1, 3000, 30);
  other.sic = 9;
  Push(Plots({other, other}), 1.1);
  Push(Plots({PlotAt(3600, 3000, 30)}), 1.2);
  Push(*HexDecode("3f0005aabb"), 1.3);
  Push(*HexDecode("3f0005aabc"), 1.4);
  Push(North(2), 2);
  ASSERT_EQ(dwells_.size(), 1U);
  EXPECT_EQ(dwells_[0].plots.size(), 1U);  // the record before the damage
  ASSERT_EQ(faults_.size(), 4U);
  EXPECT_THAT(faults_[0].reason, HasSubstr("I048/040 needs 4 bytes, the block has 3 left"));
  EXPECT_EQ(faults_[0].source_offset, North(0).size() + damaged.size() - 3);
  EXPECT_THAT(faults_[1].reason, HasSubstr("SAC 0 SIC 9; this source is SAC 0 SIC 7"));
  EXPECT_THAT(faults_[2].reason, HasSubstr("3598.8 s away from the receive time"));
  EXPECT_THAT(faults_[3].reason, HasSubstr("blocks of category 63 are passed over"));
}

TEST_F(AsterixFeedTest, RealPlotsAreNoExercise) {
  Cat048Record real = PlotAt(1, 3000, 30);
  real.simulated = false;
  Push(North(0), 0);
  Push(Plots({real}), 1);
  Push(North(2), 2);
  Push(Plots({PlotAt(3, 3000, 30), real}), 3);
  Push(North(4), 4);
  ASSERT_EQ(dwells_.size(), 2U);
  EXPECT_FALSE(dwells_[0].exercise);
  EXPECT_TRUE(dwells_[1].exercise);
}

TEST_F(AsterixFeedTest, ScansRunOverMidnight) {
  const Instant midnight = *ParseUtc("2026-03-02T00:00:00Z");
  const double s = (midnight - kStart).seconds();
  Push(North(s - 1), s - 0.9);
  Push(Plots({PlotAt(s + 0.5, 3000, 30)}), s + 0.6);
  Push(North(s + 1), s + 1.1);
  ASSERT_EQ(dwells_.size(), 1U);
  EXPECT_EQ(dwells_[0].time, midnight);
  EXPECT_EQ(dwells_[0].plots.size(), 1U);
}

}  // namespace
}  // namespace trucewatch
