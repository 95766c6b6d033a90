// SPDX-License-Identifier: Apache-2.0
#include "fusion/look_codec.h"

#include <gtest/gtest.h>

#include <cmath>

namespace trucewatch {
namespace {

const Geodetic kCodecOrigin = Geodetic::FromDegrees(48.0, 37.5, 150.0);

RadarDwell Dwell() {
  RadarDwell dwell;
  dwell.source = {"radar1"};
  dwell.time = Instant::FromMicros(1);
  dwell.sensor = Geodetic::FromDegrees(47.9, 37.5, 3000.0);
  dwell.detection_probability = 1.0;
  Plot plot;
  plot.position = Geodetic::FromDegrees(48.1, 37.7, 120.0);
  plot.cov_en_m2 << 900, 0, 0, 100;
  plot.range_rate_mps = -8;
  plot.range_rate_sigma_mps = 0.5;
  dwell.plots = {plot};
  return dwell;
}

TEST(LookCodec, APlaceGoesToThePlaneAndBackWithinACentimetre) {
  const LocalFrame frame(kCodecOrigin);
  const auto look = LookFromRadarDwell(Dwell(), frame);
  ASSERT_TRUE(look) << look.error().message;
  const LookPlot& plot = look->look.plots.at(0);
  TrackEstimate estimate;
  estimate.state.mean << plot.p_en_m, 1, 2;
  estimate.height_hae_m = plot.height_hae_m;
  const Track track = TrackFromEstimate(estimate, frame);
  // 18.5 km out the plane lies 27 m above the ground; that must not move the place.
  EXPECT_LT(GeodesicDistanceM(track.position, Dwell().plots[0].position), 0.2);
  EXPECT_NEAR(track.position.height_hae_m, 120.0, 0.5);
  EXPECT_LT(look->look.detection_probability, 1.0);  // nothing is detected with certainty
}

TEST(LookCodec, RefusesReportsOutsideTheMissionAreaOrWithoutACovarianceAndCountsThem) {
  const LocalFrame frame(kCodecOrigin);
  RadarDwell dwell = Dwell();
  dwell.plots.resize(4, dwell.plots[0]);
  dwell.plots[1].position = Geodetic::FromDegrees(10, 10, 0);
  dwell.plots[2].cov_en_m2 << 1e12, 0, 0, 1e12;
  dwell.plots[3].range_rate_mps = 4000;
  const auto look = LookFromRadarDwell(dwell, frame);
  ASSERT_TRUE(look);
  EXPECT_EQ(look->look.plots.size(), 1u);
  EXPECT_EQ(look->refused_plots, 3u);
}

TEST(LookCodec, RefusesALookThatCannotBe) {
  const LocalFrame frame(kCodecOrigin);
  RadarDwell dwell = Dwell();
  dwell.footprint.resize(2);
  EXPECT_FALSE(LookFromRadarDwell(dwell, frame));
  dwell = Dwell();
  dwell.plots.resize(5'001, dwell.plots[0]);
  EXPECT_FALSE(LookFromRadarDwell(dwell, frame));
  dwell = Dwell();
  dwell.min_detectable_speed_mps = -1;
  EXPECT_FALSE(LookFromRadarDwell(dwell, frame));
  dwell = Dwell();
  dwell.false_alarms_per_km2 = -1;
  EXPECT_FALSE(LookFromRadarDwell(dwell, frame));
  dwell = Dwell();
  dwell.sensor = Geodetic::FromDegrees(-48, -140, 0);
  EXPECT_FALSE(LookFromRadarDwell(dwell, frame));
}

TEST(LookCodec, ADegradedLookProvesNothingByAMiss) {
  const LocalFrame frame(kCodecOrigin);
  ObservationSet set;
  set.source = {"drone1"};
  set.footprint = {Geodetic::FromDegrees(48, 37.5, 0), Geodetic::FromDegrees(48, 37.51, 0),
                   Geodetic::FromDegrees(48.01, 37.5, 0)};
  EXPECT_EQ(LookFromObservationSet(set, frame)->look.footprint_en_m.size(), 3u);
  set.degraded_reason = "cloud";
  EXPECT_TRUE(LookFromObservationSet(set, frame)->look.footprint_en_m.empty());
}

TEST(LookCodec, AVelocityIsUsedOnlyWithASaneCovariance) {
  const LocalFrame frame(kCodecOrigin);
  ObservationSet set;
  Detection detection;
  detection.position = kCodecOrigin;
  detection.cov_en_m2 << 25, 0, 0, 25;
  detection.velocity_en_mps = Eigen::Vector2d(5, 5);
  detection.velocity_cov_en << 1, 0, 0, 1;
  set.detections = {detection};
  EXPECT_TRUE(LookFromObservationSet(set, frame)->look.plots.at(0).v_en_mps);
  for (const double bad : {0.0, 1e6}) {
    set.detections[0].velocity_cov_en << bad, 0, 0, bad;
    EXPECT_FALSE(LookFromObservationSet(set, frame)->look.plots.at(0).v_en_mps) << bad;
  }
}

}  // namespace
}  // namespace trucewatch
