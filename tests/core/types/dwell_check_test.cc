// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "core/types/codec.h"

namespace trucewatch {
namespace {

RadarDwell DwellWithTwoPlots() {
  RadarDwell dwell;
  dwell.source = {"radar1"};
  dwell.lineage.modality = Modality::kRadarGmti;
  dwell.sensor = Geodetic::FromDegrees(30, -40, 9000);
  dwell.footprint = {Geodetic::FromDegrees(30, -40, 0), Geodetic::FromDegrees(30.1, -40, 0),
                     Geodetic::FromDegrees(30, -40.1, 0)};
  dwell.detection_probability = 0.8;
  dwell.min_detectable_speed_mps = 2;
  dwell.plots.resize(2);
  for (Plot& plot : dwell.plots) {
    plot.position = Geodetic::FromDegrees(30.02, -40.02, 10);
    plot.cov_en_m2 << 100, 20, 20, 50;
    plot.range_rate_mps = -4;
    plot.range_rate_sigma_mps = 1;
    plot.snr_db = 12;
    plot.classes = {{ObjectClass::kTruck, 1.0}};
  }
  return dwell;
}

// Every field that a message or the codec could refuse.
std::vector<std::function<double&(RadarDwell&)>> NumbersOf() {
  return {
      [](RadarDwell& d) -> double& { return d.detection_probability; },
      [](RadarDwell& d) -> double& { return d.min_detectable_speed_mps; },
      [](RadarDwell& d) -> double& { return d.false_alarms_per_km2; },
      [](RadarDwell& d) -> double& { return d.sensor.height_hae_m; },
      [](RadarDwell& d) -> double& { return d.footprint[1].height_hae_m; },
      [](RadarDwell& d) -> double& { return d.plots[1].position.height_hae_m; },
      [](RadarDwell& d) -> double& { return d.plots[1].cov_en_m2(0, 0); },
      [](RadarDwell& d) -> double& { return d.plots[1].cov_en_m2(0, 1); },
      [](RadarDwell& d) -> double& { return d.plots[0].cov_en_m2(1, 1); },
      [](RadarDwell& d) -> double& { return *d.plots[1].range_rate_mps; },
      [](RadarDwell& d) -> double& { return d.plots[1].range_rate_sigma_mps; },
      [](RadarDwell& d) -> double& { return *d.plots[1].snr_db; },
      [](RadarDwell& d) -> double& { return d.plots[1].classes[ObjectClass::kTruck]; },
  };
}

void ExpectTheSameVerdict(const RadarDwell& dwell, int* refused) {
  const auto through = FromProto(ToProto(dwell));
  const auto checked = Check(dwell);
  ASSERT_EQ(checked.has_value(), through.has_value());
  if (checked) return;
  EXPECT_EQ(checked.error().message, through.error().message);
  ++*refused;
}

TEST(DwellCheck, RefusesExactlyWhatTheNextStageWould) {
  const double odd[] = {-1,
                        0,
                        1,
                        1.5,
                        -0.1,
                        20,
                        1e10,
                        -1e300,
                        std::numeric_limits<double>::infinity(),
                        std::numeric_limits<double>::quiet_NaN()};
  int refused = 0;
  for (const auto& number : NumbersOf()) {
    for (const double value : odd) {
      RadarDwell dwell = DwellWithTwoPlots();
      number(dwell) = value;
      dwell.plots[1].cov_en_m2(1, 0) = dwell.plots[1].cov_en_m2(0, 1);
      ExpectTheSameVerdict(dwell, &refused);
    }
  }
  EXPECT_GE(refused, 50);
}

TEST(DwellCheck, RefusesPlacesAndModalitiesTheNextStageWouldNotTake) {
  std::mt19937_64 rng(7);
  std::uniform_real_distribution<double> degrees(-400, 400);
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    for (int which = 0; which < 3; ++which) {
      RadarDwell dwell = DwellWithTwoPlots();
      Geodetic& place = which == 0   ? dwell.sensor
                        : which == 1 ? dwell.footprint[2]
                                     : dwell.plots[0].position;
      place.latitude = Angle::Degrees(i % 2 == 0 ? degrees(rng) : 90.0);
      place.longitude = Angle::Degrees(degrees(rng));
      ExpectTheSameVerdict(dwell, &refused);
    }
  }
  RadarDwell dwell = DwellWithTwoPlots();
  dwell.lineage.modality = static_cast<Modality>(99);
  ExpectTheSameVerdict(dwell, &refused);
  EXPECT_GT(refused, 300);
  EXPECT_TRUE(Check(DwellWithTwoPlots()));
}

}  // namespace
}  // namespace trucewatch
