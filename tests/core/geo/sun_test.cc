// SPDX-License-Identifier: Apache-2.0
#include "core/geo/sun.h"

#include <gtest/gtest.h>

#include <string>

namespace trucewatch {
namespace {

Instant At(const std::string& utc) { return ParseUtc(utc).value(); }

TEST(Sun, StandsWhereTheExampleOfTheSolarPositionAlgorithmHasIt) {
  // Reda and Andreas, NREL/TP-560-34302, table A5.1: zenith angle 50.11162 with refraction, azimuth
  // 194.34024 degrees. Refraction at its pressure of 820 mbar lifts by 0.016 degrees.
  const SunDirection sun = SunDirectionAt(At("2003-10-17T19:30:30Z"),
                                          Geodetic::FromDegrees(39.742476, -105.1786, 1830.14));
  EXPECT_NEAR(sun.azimuth.deg(), 194.34024, 0.02);
  EXPECT_NEAR(sun.elevation.deg(), 90 - 50.11162 - 0.016, 0.015);
}

TEST(Sun, CrossesTheEquatorAtTheEquinoxAndTurnsAtTheSolstice) {
  // Times of the seasons as the US Naval Observatory publishes them, to the minute.
  EXPECT_NEAR(SubsolarPointAt(At("2026-03-20T14:46:00Z")).latitude.deg(), 0, 0.01);
  EXPECT_NEAR(SubsolarPointAt(At("2026-09-23T00:05:00Z")).latitude.deg(), 0, 0.01);
  EXPECT_NEAR(SubsolarPointAt(At("2026-06-21T08:25:00Z")).latitude.deg(), 23.436, 0.01);
  EXPECT_NEAR(SubsolarPointAt(At("2026-12-21T20:50:00Z")).latitude.deg(), -23.436, 0.01);
}

TEST(Sun, RisesInTheEastAndCulminatesOverItsOwnMeridian) {
  const Instant noon = At("2026-03-20T12:00:00Z");
  const SubsolarPoint below = SubsolarPointAt(noon);
  // The equation of time in March: the sun is 7.5 minutes late.
  EXPECT_NEAR(below.longitude.deg(), 7.5 / 4, 0.1);
  const auto from = [&](double latitude_deg, double east_deg) {
    return SunDirectionAt(noon, {below.latitude + Angle::Degrees(latitude_deg),
                                 below.longitude + Angle::Degrees(east_deg), 0});
  };
  EXPECT_NEAR(from(0, 0).elevation.deg(), 90, 1e-3);
  EXPECT_NEAR(from(40, 0).elevation.deg(), 50, 1e-9);
  EXPECT_NEAR(from(40, 0).azimuth.deg(), 180, 1e-9);
  EXPECT_NEAR(from(-40, 0).azimuth.deg(), 0, 1e-9);
  EXPECT_NEAR(from(0, -60).azimuth.deg(), 90, 0.1);  // morning
  EXPECT_NEAR(from(0, 60).azimuth.deg(), 270, 0.1);
  EXPECT_LT(from(0, 120).elevation.deg(), 0);
}

}  // namespace
}  // namespace trucewatch
