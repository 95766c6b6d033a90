// SPDX-License-Identifier: Apache-2.0
#include "core/geo/geodesic_edges.h"

#include <gtest/gtest.h>

#include <GeographicLib/Geodesic.hpp>
#include <GeographicLib/Gnomonic.hpp>
#include <algorithm>
#include <cmath>
#include <random>

namespace trucewatch {
namespace {

Geodetic Place(double lat_deg, double lon_deg) {
  return Geodetic::FromDegrees(lat_deg, lon_deg, 0.0);
}

Geodetic Away(const Geodetic& from, double azimuth_deg, double distance_m) {
  double lat = 0, lon = 0;
  GeographicLib::Geodesic::WGS84().Direct(from.latitude.deg(), from.longitude.deg(), azimuth_deg,
                                          distance_m, lat, lon);
  return Place(lat, lon);
}

// Distance from a place to the geodesic from a to b by GeographicLib alone: the foot of the
// perpendicular found with its gnomonic projection, again and again about the last foot (Karney
// 2013, section 8), or the nearer end.
double DistanceToEdge(const Geodetic& a, const Geodetic& b, const Geodetic& place) {
  static const GeographicLib::Gnomonic gnomonic(GeographicLib::Geodesic::WGS84());
  double lat = place.latitude.deg(), lon = place.longitude.deg();
  for (int i = 0; i < 4; ++i) {
    double ax, ay, bx, by, px, py;
    gnomonic.Forward(lat, lon, a.latitude.deg(), a.longitude.deg(), ax, ay);
    gnomonic.Forward(lat, lon, b.latitude.deg(), b.longitude.deg(), bx, by);
    gnomonic.Forward(lat, lon, place.latitude.deg(), place.longitude.deg(), px, py);
    const double share = ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) /
                         ((bx - ax) * (bx - ax) + (by - ay) * (by - ay));
    const double foot = std::clamp(share, 0.0, 1.0);
    gnomonic.Reverse(lat, lon, ax + foot * (bx - ax), ay + foot * (by - ay), lat, lon);
  }
  return GeodesicDistanceM(place, Place(lat, lon));
}

// Whether a place is within a closed chain, in GeographicLib's projection about its middle.
bool Within(const Geodetic& middle, const std::vector<Geodetic>& ring, const Geodetic& place) {
  static const GeographicLib::Gnomonic gnomonic(GeographicLib::Geodesic::WGS84());
  const auto forward = [&](const Geodetic& g, double* x, double* y) {
    gnomonic.Forward(middle.latitude.deg(), middle.longitude.deg(), g.latitude.deg(),
                     g.longitude.deg(), *x, *y);
  };
  double px, py;
  forward(place, &px, &py);
  bool inside = false;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    double ax, ay, bx, by;
    forward(ring[i], &ax, &ay);
    forward(ring[(i + 1) % ring.size()], &bx, &by);
    if ((ay > py) != (by > py) && px < ax + (py - ay) * (bx - ax) / (by - ay)) inside = !inside;
  }
  return inside;
}

TEST(GeodesicEdges, TenThousandRandomPlacesAreWithinAMetreOfGeographicLib) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  double worst = 0.0;
  int inside_count = 0;
  for (int zone = 0; zone < 200; ++zone) {
    // Any corner of the earth; a star of five corners, up to 100 km from its middle.
    const Geodetic middle = Place(-85.0 + 170.0 * unit(random), -180.0 + 360.0 * unit(random));
    std::vector<Geodetic> ring;
    for (int i = 0; i < 5; ++i)
      ring.push_back(
          Away(middle, 72.0 * i + 50.0 * unit(random), 100'000.0 * (0.2 + 0.8 * unit(random))));
    const GeodesicEdges edges(ring, true);
    for (int compared = 0; compared < 50;) {
      const Geodetic place =
          Away(middle, 360.0 * unit(random), 150'000.0 * std::sqrt(unit(random)));
      double reference = 1e9;
      for (std::size_t e = 0; e < ring.size(); ++e)
        reference =
            std::min(reference, DistanceToEdge(ring[e], ring[(e + 1) % ring.size()], place));
      if (reference > 100'000.0) continue;
      ++compared;
      const NearestEdge nearest = edges.Nearest(place);
      worst = std::max(worst, std::abs(nearest.distance_m - reference));
      if (reference < 1.0) continue;
      const bool within = Within(middle, ring, place);
      EXPECT_EQ(nearest.inside, within) << middle.latitude.deg() << ", " << reference;
      inside_count += within ? 1 : 0;
    }
  }
  std::printf("largest difference from GeographicLib: %.4f m\n", worst);
  EXPECT_LT(worst, 0.1);  // the bar is 1 m; this is what the header says
  EXPECT_GT(inside_count, 1000);
}

TEST(GeodesicEdges, DirectionsAreThoseOfTheGeodesicAtThePlace) {
  std::mt19937_64 random(8);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  for (int i = 0; i < 200; ++i) {
    const Geodetic place = Place(-80.0 + 160.0 * unit(random), 360.0 * unit(random) - 180.0);
    const double azimuth_deg = 360.0 * unit(random);
    const Geodetic near = Away(place, azimuth_deg, 50'000.0);
    // Both edges lead away, so the corner is the nearest point.
    const GeodesicEdges edges(
        {Away(near, azimuth_deg + 60.0, 80'000.0), near, Away(near, azimuth_deg - 60.0, 80'000.0)},
        false);
    const NearestEdge nearest = edges.Nearest(place);
    EXPECT_NEAR(nearest.distance_m, 50'000.0, 0.05);
    EXPECT_NEAR(nearest.toward_en.x(), std::sin(Angle::Degrees(azimuth_deg).rad()), 1e-6);
    EXPECT_NEAR(nearest.toward_en.y(), std::cos(Angle::Degrees(azimuth_deg).rad()), 1e-6);
    // The chain comes from the right, seen from the place, turns and goes on to the left.
    EXPECT_TRUE(nearest.left);
  }
}

TEST(GeodesicEdges, PlaceOnTheOtherSideOfTheEarthIsFarAndOutside) {
  const GeodesicEdges edges({Place(30.0, -40.0), Place(30.0, -39.0), Place(31.0, -39.0)}, true);
  for (const Geodetic& far : {Place(-30.5, 140.5), Place(-30.0, 10.0), Place(89.0, 0.0)}) {
    EXPECT_FALSE(edges.Nearest(far).inside);
    EXPECT_GT(edges.Nearest(far).distance_m, 1'000'000.0);
  }
}

TEST(GnomonicPlane, GoesThereAndBack) {
  std::mt19937_64 random(9);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  for (int i = 0; i < 300; ++i) {
    const Geodetic origin = Place(-80.0 + 160.0 * unit(random), 360.0 * unit(random) - 180.0);
    const Geodetic place = Away(origin, 360.0 * unit(random), 100'000.0 * unit(random));
    const GnomonicPlane plane(origin);
    EXPECT_LT(GeodesicDistanceM(plane.ToGeodetic(plane.FromGeodetic(place)), place), 0.1);
  }
}

TEST(GeodesicPoint, LiesOnTheWay) {
  const Geodetic a = Place(48.0, 37.0), b = Place(48.9, 38.3);
  const Geodetic middle = GeodesicPoint(a, b, 0.25);
  const double length = GeodesicDistanceM(a, b);
  EXPECT_NEAR(GeodesicDistanceM(a, middle), 0.25 * length, 1e-6);
  EXPECT_NEAR(GeodesicDistanceM(middle, b), 0.75 * length, 1e-6);
}

TEST(GeodesicArea, OfADegreeSquareIsTheTabledOne) {
  // Area between the parallels 0 and 1 and a degree of longitude: 12 308.8 km2 (WGS-84, closed
  // form); the northern edge as a geodesic bulges to the north by less than 0.02 % of it.
  const double area =
      GeodesicAreaM2({Place(0.0, 0.0), Place(0.0, 1.0), Place(1.0, 1.0), Place(1.0, 0.0)});
  EXPECT_NEAR(area / 1e6, 12'308.8, 3.0);
}

}  // namespace
}  // namespace trucewatch
