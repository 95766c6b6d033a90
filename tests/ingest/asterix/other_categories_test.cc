// SPDX-License-Identifier: Apache-2.0
// What becomes of CAT001/002 radars, of trackers (CAT062/065) and of ADS-B stations (CAT021).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/crypto/sha256.h"
#include "core/types/codec.h"
#include "ingest/asterix/asterix.h"
#include "ingest/asterix/item_encoder.h"
#include "ingest/feed.h"

namespace trucewatch {
namespace {

using asterix::Content;
using ::testing::HasSubstr;

const Instant kMidnight = *ParseUtc("2026-03-02T00:00:00Z");
constexpr double kLatDeg = 30.0, kLonDeg = -40.0;

Content V(std::string_view name, std::int64_t raw) { return {name, raw, {}, {}}; }
Content G(std::string_view name, std::vector<Content> children) {
  return {name, 0, {}, std::move(children)};
}

class OtherCategories : public ::testing::Test {
 protected:
  OtherCategories() {
    config_.set_id("tracker");
    config_.set_format(v1::config::SourceConfig::ASTERIX);
    config_.set_detection_probability(0.5);
    auto& site = *config_.mutable_radar_site();
    site.set_lat_deg(kLatDeg);
    site.set_lon_deg(kLonDeg);
    site.set_height_hae_m(130);
    site.set_sector_half_deg(180);
    site.set_max_range_m(20'000);
    site.set_sigma_range_m(40);
    site.set_sigma_azimuth_deg(0.3);
    site.set_sigma_speed_mps(0.5);
    site.set_scan_period_s(4);
    auto feed = MakeFeed({.source = &config_,
                          .terrain_config = &terrain_config_,
                          .terrain = &terrain_,
                          .ground_height_hae_m = 100,
                          .scenes = nullptr});
    EXPECT_TRUE(feed.has_value());
    feed_ = std::move(*feed);
  }

  // Seconds since (before) midnight.
  void Push(std::uint8_t category, const std::vector<Content>& record, double received_s) {
    RawRecord raw;
    raw.source = {"tracker"};
    raw.receive_time = kMidnight + Duration::FromSeconds(received_s);
    raw.bytes = asterix::EncodeBlock(category, asterix::EncodeRecord(category, record));
    Take(raw);
  }
  void End(double s) {
    RawRecord raw;
    raw.source = {"tracker"};
    raw.receive_time = kMidnight + Duration::FromSeconds(s);
    raw.end_of_source = true;
    Take(raw);
  }
  void Take(const RawRecord& raw) {
    auto items = feed_->Push(raw, Sha256(raw.bytes));
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

  static std::int64_t Ticks(double s) {
    return (std::llround(s * 128) + 86400LL * 128) % (86400LL * 128);
  }
  static std::vector<Content> Plot001(double s, double range_m, std::int64_t seen = 1) {
    return {G("I001/010", {V("sac", 25), V("sic", 7)}),
            G("I001/020", {V("typ", 0), V("sim", 1), V("ssrpsr", seen)}),
            G("I001/040", {V("rho_m", std::llround(range_m / 1852 * 128)), V("theta_deg", 0)}),
            G("I001/141", {V("truncated_time_of_day_s", Ticks(s) & 0xFFFF)})};
  }
  static std::vector<Content> North002(double s) {
    return {G("I002/010", {V("sac", 25), V("sic", 7)}), G("I002/000", {V("message_type", 1)}),
            G("I002/030", {V("time_of_day_s", Ticks(s))}),
            G("I002/041", {V("rotation_period_s", 4 * 128)})};
  }
  static std::vector<Content> Track062(double s, Content status) {
    return {G("I062/010", {V("sac", 25), V("sic", 100)}),
            G("I062/070", {V("time_of_day_s", Ticks(s))}),
            G("I062/105", {V("lat_deg", std::llround((kLatDeg + 0.03) * 33554432 / 180)),
                           V("lon_deg", std::llround(kLonDeg * 33554432 / 180))}),
            G("I062/185", {V("vx_mps", 0), V("vy_mps", 40)}),
            std::move(status),
            G("I062/500", {G("apc", {V("x_m", 20), V("y_m", 24)})})};
  }
  static std::vector<Content> Adsb(double s, std::int64_t emitter, bool ground) {
    return {G("I021/010", {V("sac", 25), V("sic", 9)}),
            G("I021/040", {V("atp", 0), V("gbs", ground ? 1 : 0)}),
            G("I021/073", {V("time_of_day_s", Ticks(s))}),
            G("I021/130", {V("lat_deg", std::llround((kLatDeg + 0.03) * 8388608 / 180)),
                           V("lon_deg", std::llround(kLonDeg * 8388608 / 180))}),
            G("I021/090", {V("nacp", 9)}),
            G("I021/020", {V("emitter_category", emitter)})};
  }

  v1::config::SourceConfig config_;
  v1::config::TerrainConfig terrain_config_;
  FlatTerrain terrain_{100, 2};
  std::unique_ptr<Feed> feed_;
  std::vector<RadarDwell> dwells_;
  std::vector<DataFault> faults_;
};

// The truncated time of day and the midnight between them, both ways.
TEST_F(OtherCategories, AnOlderRadarsScansAreDwellsOverMidnight) {
  Push(2, North002(-4), -3.9);
  Push(1, Plot001(-1, 5000), -0.9);
  Push(1, Plot001(-1.5, 5000, 2), -0.8);  // secondary: an aircraft
  Push(2, North002(0), 0.1);
  Push(1, Plot001(-0.5, 6000), 0.2);  // seen before midnight, here after it
  Push(1, Plot001(1, 7000), 1.1);
  Push(2, North002(4), 4.1);
  Push(2, North002(8), 8.1);
  ASSERT_EQ(dwells_.size(), 3U) << feed_->Account();
  EXPECT_EQ(dwells_[0].time, kMidnight - Duration::Seconds(2));
  EXPECT_EQ(dwells_[0].plots.size(), 1U);
  EXPECT_TRUE(dwells_[0].exercise);
  EXPECT_EQ(dwells_[1].time, kMidnight + Duration::Seconds(2));
  EXPECT_EQ(dwells_[1].plots.size(), 2U);
  EXPECT_TRUE(dwells_[2].plots.empty());  // nothing there is an observation too
  EXPECT_FALSE(dwells_[2].footprint.empty());
  EXPECT_EQ(dwells_[0].lineage.derived_from, "");
  EXPECT_TRUE(faults_.empty()) << faults_[0].reason;
  EXPECT_THAT(feed_->Account(), HasSubstr("1 of aircraft that identify themselves"));
}

TEST_F(OtherCategories, OfASystemsTracksOnlySurfaceOnesBecomePlots) {
  Push(62, Track062(10, G("I062/080", {V("sfc", 1)})), 10.1);
  Push(62, Track062(11, G("I062/080", {V("cnf", 0)})), 11.1);               // it flies
  Push(62, Track062(11, G("I062/080", {V("cst", 1), V("sfc", 1)})), 11.2);  // nobody sees it now
  Push(62, Track062(11, G("I062/080", {V("tse", 1), V("sfc", 1)})), 11.3);
  auto vehicle = Track062(12, G("I062/300", {V("vehicle_fleet", 3)}));
  Push(62, vehicle, 12.1);
  Push(62, Track062(14.5, G("I062/080", {V("cnf", 0)})), 14.6);
  ASSERT_EQ(dwells_.size(), 1U) << feed_->Account();
  ASSERT_EQ(dwells_[0].plots.size(), 2U) << feed_->Account();
  const Plot& plot = dwells_[0].plots[0];
  // Two seconds on at 10 m/s.
  const Geodetic there = Geodetic::FromDegrees(kLatDeg + 0.03, kLonDeg, 100);
  EXPECT_NEAR(GeodesicDistanceM(plot.position, there), 20, 1);
  // I062/500 says 10 and 12 m; the velocity's 0.5 m/s over 2 s comes on top.
  EXPECT_NEAR(plot.cov_en_m2(0, 0), 12 * 12 + 1, 0.1);
  EXPECT_NEAR(*plot.range_rate_mps, 10, 0.01);
  EXPECT_GT(dwells_[0].plots[1].classes[ObjectClass::kUnknownVehicle], 0.8);
  EXPECT_THAT(feed_->Account(), HasSubstr("2 extrapolated"));
}

TEST_F(OtherCategories, TracksOfOthersAreNeverIndependentOfRadars) {
  Push(62, Track062(10, G("I062/080", {V("sfc", 1)})), 10.1);
  Push(62, Track062(14.5, G("I062/080", {V("cnf", 0)})), 14.6);
  ASSERT_EQ(dwells_.size(), 1U);
  EXPECT_EQ(dwells_[0].lineage.derived_from, "ASTERIX tracker 25/100");
  // Two modalities are what independence always needs.
  EXPECT_EQ(dwells_[0].lineage.modality, Modality::kRadarSurveillance);
}

TEST_F(OtherCategories, ATrackersServiceMessagesAloneAreEmptyLooks) {
  const auto service = [](double s, std::int64_t nogo) {
    return std::vector<Content>{
        G("I065/010", {V("sac", 25), V("sic", 100)}), G("I065/000", {V("message_type", 1)}),
        G("I065/015", {V("service", 4)}), G("I065/030", {V("time_of_day_s", Ticks(s))}),
        G("I065/040", {V("nogo", nogo), V("tsv", 0)})};
  };
  for (int s = 0; s < 9; ++s) Push(65, service(s, 0), s + 0.1);
  ASSERT_EQ(dwells_.size(), 2U);
  EXPECT_TRUE(dwells_[0].plots.empty());
  for (int s = 9; s < 14; ++s) Push(65, service(s, 2), s + 0.1);
  End(14);
  EXPECT_EQ(dwells_.size(), 2U);  // withdrawn
  ASSERT_EQ(faults_.size(), 1U);
  EXPECT_THAT(faults_[0].reason, HasSubstr("NOGO"));
}

TEST_F(OtherCategories, OfAdsbOnlyVehiclesAndWhatIsOnTheGroundBecomePlots) {
  Push(21, Adsb(10, 20, false), 10.1);  // an emergency vehicle
  Push(21, Adsb(10, 0, true), 10.2);    // on the ground, kind unknown
  Push(21, Adsb(10, 3, true), 10.3);    // an aircraft that taxis
  Push(21, Adsb(10, 0, false), 10.4);   // it flies
  auto suspect = Adsb(10, 21, true);
  suspect[1].children.push_back(V("cl", 1));
  Push(21, suspect, 10.5);
  Push(21, Adsb(14.5, 3, false), 14.6);
  ASSERT_EQ(dwells_.size(), 1U) << feed_->Account();
  EXPECT_EQ(dwells_[0].plots.size(), 2U) << feed_->Account();
  EXPECT_EQ(dwells_[0].lineage.derived_from, "ASTERIX tracker 25/9");
  EXPECT_THAT(feed_->Account(),
              HasSubstr("3 of other aircraft, 0 of birds, 0 of wind turbines, 1 false"));
}

TEST_F(OtherCategories, ExpansionFieldsArePassedOverAndCounted) {
  auto track = Track062(10, G("I062/080", {V("sfc", 1)}));
  Content expansion = G("I062/RE", {});
  expansion.children.push_back({"raw", 0, "abc", {}});
  track.push_back(expansion);
  Push(62, track, 10.1);
  EXPECT_THAT(feed_->Account(), HasSubstr("1 SP and RE items passed over"));
}

TEST(AsterixTimes, TruncatedTimesGoToTheNearestTimeOfDay) {
  const auto near = [](std::int64_t ticks, const char* utc) {
    const std::vector<Content> record = {G("I001/010", {V("sac", 0), V("sic", 0)}),
                                         G("I001/020", {V("typ", 0)}),
                                         G("I001/141", {V("truncated_time_of_day_s", ticks)})};
    const std::string bytes = asterix::EncodeBlock(1, asterix::EncodeRecord(1, record));
    return FormatUtc(
        *asterix::DecodeBlocks(AsBytes(bytes), 0)[0].records[0].TimeNear(*ParseUtc(utc)));
  };
  EXPECT_EQ(near(0, "2026-03-01T00:08:31Z"), "2026-03-01T00:08:32Z");  // 512 s
  EXPECT_EQ(near(511 * 128, "2026-03-01T00:08:33Z"), "2026-03-01T00:08:31Z");
  // A day is 168.75 cycles: 86399 s is 383 s into its last one.
  EXPECT_EQ(near(383 * 128, "2026-03-02T00:00:01Z"), "2026-03-01T23:59:59Z");
  EXPECT_EQ(near(1 * 128, "2026-03-01T23:59:58Z"), "2026-03-02T00:00:01Z");
}

}  // namespace
}  // namespace trucewatch
