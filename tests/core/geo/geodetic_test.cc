// SPDX-License-Identifier: Apache-2.0
#include "core/geo/geodetic.h"

#include <gtest/gtest.h>

#include <random>

namespace trucewatch {
namespace {

TEST(Ecef, ClosedFormOfTheEllipsoidIsMet) {
  // Closed forms: on the equator the ellipsoid's radius is a, at the pole it is b.
  EXPECT_NEAR(EcefFromGeodetic(Geodetic::FromDegrees(0, 0, 100)).x(), 6378137.0 + 100, 1e-6);
  EXPECT_NEAR(EcefFromGeodetic(Geodetic::FromDegrees(90, 0, 0)).z(), 6356752.314245, 1e-5);
}

TEST(LocalFrame, RandomPlacesComeBackWithinAMicrometre) {
  std::mt19937_64 rng(3);
  std::uniform_real_distribution<double> unit(-1, 1);
  for (int i = 0; i < 1000; ++i) {
    const LocalFrame frame(
        Geodetic::FromDegrees(85 * unit(rng), 180 * unit(rng), 3000 * unit(rng)));
    const Eigen::Vector3d enu(2e4 * unit(rng), 2e4 * unit(rng), 3e3 * unit(rng));
    EXPECT_LT((frame.EnuFromGeodetic(frame.GeodeticFromEnu(enu)) - enu).norm(), 1e-6);
  }
}

TEST(LocalFrame, ItsOriginIsWhereGeographicLibPutsIt) {
  std::mt19937_64 rng(5);
  std::uniform_real_distribution<double> unit(-1, 1);
  for (int i = 0; i < 10'000; ++i) {
    const Geodetic place = Geodetic::FromDegrees(90 * unit(rng), 180 * unit(rng), 1e5 * unit(rng));
    const Eigen::Vector3d origin = LocalFrame(place).EcefFromEnu(Eigen::Vector3d::Zero());
    EXPECT_LT((origin - EcefFromGeodetic(place)).norm(), 1e-8);
  }
}

TEST(LocalFrame, SmallStepsGoEastNorthAndUp) {
  const LocalFrame frame(Geodetic::FromDegrees(36.2, 37.15, 400));
  // Metres a radian: M = a(1-e^2)/(1-e^2 sin^2)^1.5 north, N cos(lat) east (geo fact sheet section
  // 3).
  const Eigen::Vector3d north = frame.EnuFromGeodetic(Geodetic::FromDegrees(36.201, 37.15, 400));
  EXPECT_NEAR(north.y(), 110.96, 0.05);
  EXPECT_NEAR(north.x(), 0.0, 1e-6);
  const Eigen::Vector3d east = frame.EnuFromGeodetic(Geodetic::FromDegrees(36.2, 37.151, 400));
  EXPECT_NEAR(east.x(), 89.93, 0.05);
  EXPECT_NEAR(frame.EnuFromGeodetic(Geodetic::FromDegrees(36.2, 37.15, 425)).z(), 25.0, 1e-6);
}

TEST(Geodesic, ParisToLondonAgreesWithGeodSolve) {
  // `echo 48.8566 2.3522 51.5074 -0.1278 | GeodSolve -i` (GeographicLib 2.1.2): s12 = 343923.120.
  EXPECT_NEAR(GeodesicDistanceM(Geodetic::FromDegrees(48.8566, 2.3522, 0),
                                Geodetic::FromDegrees(51.5074, -0.1278, 0)),
              343923.120, 0.5);
}

TEST(Mgrs, TruncatesAsGeoConvertDoes) {
  // GeoConvert 2.1.2 -m, from the geo fact sheet section 10.
  const struct {
    double lat, lon;
    const char* mgrs;
  } cases[] = {{48.8566, 2.3522, "31UDQ5248211717"},  {0, 0, "31NAA6602100000"},
               {-0.0001, -0.0001, "30MZE3396799988"}, {60.5, 5.3, "32VKN9681712810"},
               {78.2, 15.6, "33XWG1369680760"},       {15.5527, 32.5324, "36PVC4986019513"},
               {49.8419, 24.0315, "35UKR8657525279"}, {-81, -45, "AQV9205107948"}};
  for (const auto& c : cases) {
    EXPECT_EQ(MgrsFromGeodetic(Geodetic::FromDegrees(c.lat, c.lon, 0), 5).value_or("error"),
              c.mgrs);
  }
  EXPECT_FALSE(MgrsFromGeodetic(Geodetic::FromDegrees(0, 0, 0), 6));
}

TEST(Utm, RoundTripAndPolarRefusal) {
  const auto utm = UtmFromGeodetic(Geodetic::FromDegrees(60.5, 5.3, 0));
  ASSERT_TRUE(utm);
  EXPECT_EQ(utm->zone, 32);  // the Norway exception: 5.3 E would be zone 31
  const auto back = GeodeticFromUtm(*utm, 0);
  ASSERT_TRUE(back);
  EXPECT_NEAR(back->latitude.deg(), 60.5, 1e-9);
  EXPECT_NEAR(back->longitude.deg(), 5.3, 1e-9);
  EXPECT_FALSE(UtmFromGeodetic(Geodetic::FromDegrees(86, 0, 0)));
}

}  // namespace
}  // namespace trucewatch
