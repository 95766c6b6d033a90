// SPDX-License-Identifier: Apache-2.0
#include "fusion/track_csv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <set>

#include "tests/fusion/simulation.h"

namespace trucewatch {
namespace {

constexpr char kScansHeader[] =
    "scan_id,receive_time,measure_time,sensor_id,sensor_type,sensor_x,sensor_y,fov_xmin,fov_xmax,"
    "fov_ymin,fov_ymax,prob_detect,mean_false,mdv,n_meas\n";
constexpr char kMeasHeader[] =
    "meas_id,scan_id,receive_time,measure_time,sensor_id,sensor_type,sensor_x,sensor_y,range,"
    "azimuth,range_rate,x,y,var_range,var_azimuth,var_range_rate,cov_xx,cov_xy,cov_yy,truth_id\n";

// A vehicle going east at 10 m/s from (0, 0), seen by a camera each second; scan `late` arrives 3 s
// late.
struct Files {
  std::string scans = kScansHeader, meas = kMeasHeader;
};
Files Eastward(int count, int late) {
  Files files;
  for (int k = 0; k < count; ++k) {
    const double receive = k + (k == late ? 3.0 : 0.0);
    files.scans +=
        fmt::format("{},{:.3f},{:.3f},drone1,eo,0,0,-500,500,-500,500,0.900,1.000,0.00,1\n", k,
                    receive, 1.0 * k);
    files.meas +=
        fmt::format("{},{},{:.3f},{:.3f},drone1,eo,0,0,,,,{:.2f},{:.2f},,,,25.0,0.0,25.0,0\n", k, k,
                    receive, 1.0 * k, 10.0 * k, k % 2 == 0 ? 1.5 : -1.5);
  }
  return files;
}

TEST(TrackCsv, ReadsRadarPlotsInTheirOwnCoordinates) {
  const std::string scans = std::string(kScansHeader) +
                            "0,0.000,0.000,radar1,radar,0.0,-12000.0,-10000.0,10000.0,-10000.0,"
                            "10000.0,0.850,30.000,1.50,1\n";
  const std::string meas = std::string(kMeasHeader) +
                           "0,0,0.000,0.000,radar1,radar,0.0,-12000.0,12151.07,0.4058713,-14.466,,,"
                           "225.0000,1.218470e-05,0.4900,,,,7\n";
  const auto looks = ParseMeasurementCsv(meas, scans);
  ASSERT_TRUE(looks) << looks.error().message;
  const Look& look = looks->at(0).look;
  // azimuth clockwise from north: x = range sin, y = -12000 + range cos
  EXPECT_NEAR(look.plots.at(0).p_en_m.x(), 12151.07 * std::sin(0.4058713), 1e-6);
  EXPECT_NEAR(look.plots.at(0).p_en_m.y(), -12000 + 12151.07 * std::cos(0.4058713), 1e-6);
  EXPECT_NEAR(look.plots.at(0).cov_en_m2.trace(), 225 + 12151.07 * 12151.07 * 1.21847e-5, 1e-6);
  EXPECT_NEAR(look.false_alarms_per_m2, 30.0 / 4e8, 1e-15);
  EXPECT_EQ(look.min_detectable_speed_mps, 1.5);
}

TEST(TrackCsv, WritesOneRowASecondOnceConfirmed) {
  const Files files = Eastward(20, -1);
  const auto looks = ParseMeasurementCsv(files.meas, files.scans);
  ASSERT_TRUE(looks);
  const TrackCsvResult result = WriteTrackCsv(*looks, {});
  EXPECT_EQ(result.csv.substr(0, result.csv.find('\n')),
            "time,track_id,x,y,vx,vy,existence_prob,p_xx,p_xy,p_yy,p_vxvx,p_vxvy,p_vyvy");
  EXPECT_NE(result.csv.find("\n19.000,1,"), std::string::npos);
  EXPECT_EQ(result.csv.find("\n0.000,"), std::string::npos);
  EXPECT_EQ(result.plots, 20u);
}

TEST(TrackCsv, ASettledPictureDoesNotDependOnArrival) {
  const Files files = Eastward(30, -1), delayed = Eastward(30, 12);
  TrackCsvOptions options;
  options.hold_s = 5;
  options.settled_lag_s = 5;
  const auto a = WriteTrackCsv(*ParseMeasurementCsv(files.meas, files.scans), options);
  const auto b = WriteTrackCsv(*ParseMeasurementCsv(delayed.meas, delayed.scans), options);
  EXPECT_EQ(a.csv, b.csv);
  EXPECT_EQ(b.late_looks, 0u);
  options.settled_lag_s.reset();
  EXPECT_NE(WriteTrackCsv(*ParseMeasurementCsv(delayed.meas, delayed.scans), options).csv, a.csv);
}

// A convoy under a radar and a camera that keeps above it.
std::vector<Look> ConvoyLooks(double seconds, int vehicles, double camera_period_s,
                              std::mt19937_64& random) {
  std::vector<Look> looks;
  testing::CameraModel camera;
  for (double t = 0; t <= seconds; t += camera_period_s) {
    const auto truths = [&](double at) {
      return testing::Convoy(vehicles, 45, Eigen::Vector2d(-600 + 11 * at, 4 * at), 0.35, 11.7);
    };
    if (std::fmod(t, 5.0) == 0) {
      looks.push_back(testing::RadarLook(testing::RadarModel{}, t, truths(t), random));
    }
    camera.centre_m = truths(t + 0.2).front().p_m;
    looks.push_back(testing::CameraLook(camera, t + 0.2, truths(t + 0.2), random));
  }
  return looks;
}

std::vector<ReceivedLook> Received(const std::vector<Look>& looks, double latest_s,
                                   std::mt19937_64& random) {
  std::uniform_real_distribution<double> delay(0, latest_s);
  std::vector<ReceivedLook> received;
  for (const Look& look : looks) {
    received.push_back({look.time + Duration::FromSeconds(latest_s > 0 ? delay(random) : 0), look});
  }
  std::stable_sort(received.begin(), received.end(),
                   [](const auto& a, const auto& b) { return a.receive_time < b.receive_time; });
  return received;
}

// Scenario S4 of bench/fusion is S2 with its frames up to 8 s late and a satellite pass 40 s after
// its time. (The scenarios themselves: tools/bench/tracking.)
TEST(TrackCsv, SettledAMissionWithLateLooksIsTheOneWithoutByteForByte) {
  std::mt19937_64 random(31);
  const std::vector<Look> looks = ConvoyLooks(70, 6, 0.5, random);
  TrackCsvOptions options;
  options.settled_lag_s = 30;
  options.groups = GroupOptions{};
  const TrackCsvResult in_time = WriteTrackCsv(Received(looks, 0, random), options);
  std::vector<ReceivedLook> late = Received(looks, 8, random);
  testing::CameraModel satellite;
  satellite.source = satellite.georeference = "sat1";
  satellite.half_m = 3000;
  Look pass =
      testing::CameraLook(satellite, 15, testing::Convoy(6, 45, {-435, 60}, 0.35, 11.7), random);
  const auto place = std::find_if(late.begin(), late.end(), [](const ReceivedLook& look) {
    return look.receive_time > testing::At(55);
  });
  late.insert(place, {testing::At(55), pass});
  const TrackCsvResult out_of_order = WriteTrackCsv(late, options);
  EXPECT_EQ(out_of_order.late_looks, 1u);
  EXPECT_GT(in_time.csv.size(), 20'000u);
  EXPECT_GT(in_time.groups_csv.size(), 2'000u);
  EXPECT_TRUE(out_of_order.csv == in_time.csv);
  EXPECT_TRUE(out_of_order.groups_csv == in_time.groups_csv);
}

TEST(TrackCsv, AThousandOrdersOfArrivalWithinTheHoldGiveTheSameSettledBytes) {
  std::mt19937_64 random(32);
  const std::vector<Look> looks = ConvoyLooks(14, 3, 1, random);
  TrackCsvOptions options;
  options.settled_lag_s = 14;
  options.groups = GroupOptions{};
  const TrackCsvResult expected = WriteTrackCsv(Received(looks, 0, random), options);
  EXPECT_GT(expected.groups_csv.size(), 300u);
  std::set<std::vector<Instant>> orders;
  for (int round = 0; round < 1000; ++round) {
    const std::vector<ReceivedLook> received = Received(looks, 9.99, random);
    std::vector<Instant> order;
    for (const ReceivedLook& look : received) order.push_back(look.look.time);
    orders.insert(std::move(order));
    const TrackCsvResult result = WriteTrackCsv(received, options);
    ASSERT_TRUE(result.csv == expected.csv) << round;
    ASSERT_TRUE(result.groups_csv == expected.groups_csv) << round;
  }
  EXPECT_GT(orders.size(), 990u);
}

TEST(TrackCsv, LaterThanTheHoldIsCounted) {
  const Files delayed = Eastward(30, 12);
  TrackCsvOptions options;
  options.hold_s = 1;
  EXPECT_EQ(WriteTrackCsv(*ParseMeasurementCsv(delayed.meas, delayed.scans), options).late_looks,
            1u);
}

TEST(TrackCsv, NamesTheLineThatIsWrong) {
  const Files files = Eastward(3, -1);
  const auto error = [](const std::string& meas, const std::string& scans) {
    const auto looks = ParseMeasurementCsv(meas, scans);
    return looks ? std::string("accepted") : looks.error().message;
  };
  EXPECT_NE(error(files.meas + "9,77,0,0,,,,,,,,1,1,,,,1,0,1,0\n", files.scans).find("meas:5"),
            std::string::npos);
  EXPECT_NE(error(files.meas + "1,2,3\n", files.scans).find("meas:5"), std::string::npos);
  EXPECT_NE(error(files.meas, files.scans + files.scans.substr(files.scans.find('\n') + 1))
                .find("scans:5"),
            std::string::npos);
  EXPECT_NE(error("", files.scans).find("empty"), std::string::npos);
  EXPECT_NE(error(files.meas, "scan_id\n").find("no column"), std::string::npos);
  EXPECT_NE(error(files.meas + "9,1,0,0,,,,,,,,nan,1,,,,1,0,1,0\n", files.scans).find("meas:5"),
            std::string::npos);
  EXPECT_NE(error(files.meas + "9,1,0,0,,,,,,,,1,1,,,,-1,0,1,0\n", files.scans).find("meas:5"),
            std::string::npos);
}

// Whatever is cut off, there is an answer and no crash.
TEST(TrackCsv, SurvivesTruncationAtEveryByte) {
  const Files files = Eastward(3, -1);
  for (std::size_t k = 0; k < files.meas.size(); ++k) {
    static_cast<void>(ParseMeasurementCsv(std::string_view(files.meas).substr(0, k), files.scans));
  }
  for (std::size_t k = 0; k < files.scans.size(); ++k) {
    const auto looks = ParseMeasurementCsv(files.meas, std::string_view(files.scans).substr(0, k));
    EXPECT_FALSE(looks && looks->size() > 3) << k;
  }
}

// Two stations report directions only, as rows of sensor type "bearing".
TEST(TrackCsv, ReadsDirectionsAloneAndTracksWhereTheyCross) {
  std::string scans = kScansHeader, meas = kMeasHeader;
  for (int k = 0; k < 60; ++k) {
    const double x = k % 2 == 0 ? -3000 : 3000, y = -2000;  // stations in turn
    const double azimuth = std::atan2(-300.0 + 10 * k - x, 1000.0 - y);
    scans += fmt::format("{},{},{},{},bearing,{},{},-8000,8000,-8000,8000,0.9,0.5,0,1\n", k, k, k,
                         k % 2 == 0 ? "west" : "east", x, y);
    meas += fmt::format("{},{},{},{},{},bearing,{},{},,{:.6f},,,,,3e-5,,,,,0\n", k, k, k, k,
                        k % 2 == 0 ? "west" : "east", x, y, azimuth);
  }
  const auto looks = ParseMeasurementCsv(meas, scans);
  ASSERT_TRUE(looks) << looks.error().message;
  EXPECT_NEAR(looks->at(0).look.bearing_reach_m, std::hypot(11000, 10000), 1e-6);
  EXPECT_NEAR(looks->at(0).look.false_alarms_per_rad, 0.5 / (2 * std::numbers::pi), 1e-9);
  const TrackCsvResult result = WriteTrackCsv(*looks, {});
  EXPECT_EQ(result.tracks, 1u);
  double time = 0, x = 0, y = 0;
  unsigned id = 0;
  const std::size_t last = result.csv.rfind('\n', result.csv.size() - 2) + 1;
  ASSERT_EQ(std::sscanf(result.csv.c_str() + last, "%lf,%u,%lf,%lf", &time, &id, &x, &y), 4);
  EXPECT_EQ(time, 59);
  EXPECT_NEAR(x, -300 + 10 * 59, 30);
  EXPECT_NEAR(y, 1000, 30);
}

// Of a station outside its footprint the sector is what it sees of it.
TEST(TrackCsv, FalseDirectionsSpreadOverTheSectorOfTheFootprint) {
  const std::string scans =
      std::string(kScansHeader) + "0,0,0,west,bearing,-1000,0,0,1000,-1000,1000,0.9,0.5,0,1\n";
  const auto looks = ParseMeasurementCsv(kMeasHeader, scans);
  ASSERT_TRUE(looks);
  EXPECT_NEAR(looks->at(0).look.false_alarms_per_rad, 0.5 / (std::numbers::pi / 2), 1e-9);
}

TEST(TrackCsv, ADirectionWithoutAnErrorIsRefused) {
  const std::string scans =
      std::string(kScansHeader) + "0,0,0,west,bearing,-1000,0,0,1000,-1000,1000,0.9,0.5,0,1\n";
  const std::string meas =
      std::string(kMeasHeader) + "0,0,0,0,west,bearing,-1000,0,,0.5,,,,,0,,,,,0\n";
  const auto looks = ParseMeasurementCsv(meas, scans);
  ASSERT_FALSE(looks);
  EXPECT_NE(looks.error().message.find("meas:2"), std::string::npos) << looks.error().message;
}

}  // namespace
}  // namespace trucewatch
