// SPDX-License-Identifier: Apache-2.0
#include "verify/agreement/shape.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

namespace trucewatch {
namespace {

Geodetic At(double lat_deg, double lon_deg) { return Geodetic::FromDegrees(lat_deg, lon_deg, 0.0); }

std::vector<Geodetic> Box(double south, double west, double north, double east) {
  return {At(south, west), At(south, east), At(north, east), At(north, west)};
}

// Smallest value of a function with one minimum.
double Minimum(double low, double high, const std::function<double(double)>& f) {
  for (int i = 0; i < 200; ++i) {
    const double a = low + (high - low) / 3.0;
    const double b = high - (high - low) / 3.0;
    (f(a) < f(b) ? high : low) = f(a) < f(b) ? b : a;
  }
  return f((low + high) / 2.0);
}

TEST(PolygonShape, DistanceToAMeridianEdgeEqualsTheGeodesicOne) {
  // A meridian is a geodesic, so the distance to the eastern edge is the least GeographicLib
  // distance along it.
  const PolygonShape zone(Box(29.9, -40.2, 30.1, -39.9));
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> lat(29.97, 30.03);
  std::uniform_real_distribution<double> lon(-39.97, -39.8);
  for (int i = 0; i < 200; ++i) {
    const Geodetic place = At(lat(random), lon(random));
    const double reference = Minimum(29.9, 30.1, [&](double latitude_deg) {
      return GeodesicDistanceM(place, At(latitude_deg, -39.9));
    });
    const EdgeDistance edge = zone.Distance(place);
    EXPECT_NEAR(std::abs(edge.inside_m), reference, 0.001);
    EXPECT_EQ(edge.inside_m > 0.0, place.longitude.deg() < -39.9);
    EXPECT_NEAR(edge.outward_en.x(), 1.0, 1e-3);
  }
}

TEST(PolygonShape, DistanceOutsideACornerIsThatToTheVertex) {
  const PolygonShape zone(Box(29.99, -40.06, 30.01, -39.94));
  const Geodetic place = At(30.03, -39.92);
  EXPECT_NEAR(zone.Distance(place).inside_m, -GeodesicDistanceM(place, At(30.01, -39.94)), 0.02);
}

TEST(PolygonShape, DistanceIsRightAtAHundredKilometres) {
  const PolygonShape zone(Box(29.99, -40.01, 30.01, -39.99));
  for (const double east_deg : {0.518, 1.036}) {  // 50 km and 100 km at this latitude
    const Geodetic far = At(30.0, -40.0 + east_deg);
    const double reference = Minimum(29.99, 30.01, [&](double latitude_deg) {
      return GeodesicDistanceM(far, At(latitude_deg, -39.99));
    });
    EXPECT_NEAR(-zone.Distance(far).inside_m, reference, 0.05);
  }
}

TEST(LineShape, BehindIsTheHandThatIsNamed) {
  // Walked from west to east: north is the left hand.
  const LineShape line({At(30.0, -40.1), At(30.01, -40.0), At(30.0, -39.9)}, true);
  const Geodetic north = At(30.05, -40.0), south = At(29.95, -40.0);
  EXPECT_NEAR(line.Distance(north).inside_m, GeodesicDistanceM(north, At(30.01, -40.0)), 200.0);
  EXPECT_GT(line.Distance(north).inside_m, 0.0);
  EXPECT_LT(line.Distance(south).inside_m, 0.0);
  EXPECT_LT(line.Distance(north).outward_en.y(), -0.9);
  EXPECT_LT(line.Distance(south).outward_en.y(), -0.9);
  const LineShape other({At(30.0, -40.1), At(30.01, -40.0), At(30.0, -39.9)}, false);
  EXPECT_NEAR(other.Distance(north).inside_m, -line.Distance(north).inside_m, 1e-9);
  EXPECT_TRUE(line.Abreast(north));
  EXPECT_FALSE(line.Abreast(At(30.0, -40.2)));
  EXPECT_FALSE(line.Abreast(At(30.0, -39.8)));
  EXPECT_NEAR(line.LengthM(), 19'430.0, 20.0);
  // On the line itself "outward" still leads from behind it to beyond it.
  const EdgeDistance on = line.Distance(At(30.0, -40.1));
  EXPECT_NEAR(on.inside_m, 0.0, 1e-6);
  EXPECT_LT(on.outward_en.y(), -0.9);
}

TEST(LineShape, SideIsRightAtSharpCorners) {
  // A hook: eastwards, then back to the south-west. Behind is the left hand, outside of the hook.
  const LineShape line({At(30.0, -40.0), At(30.0, -39.9), At(29.98, -39.98)}, true);
  EXPECT_GT(line.Distance(At(30.01, -39.95)).inside_m, 0.0);
  EXPECT_GT(line.Distance(At(30.0001, -39.89)).inside_m, 0.0);
  EXPECT_GT(line.Distance(At(29.999, -39.89)).inside_m, 0.0);
  EXPECT_LT(line.Distance(At(29.995, -39.95)).inside_m, 0.0);
}

TEST(PolygonShape, ConcaveZoneHoldsTheUnionOfItsBoxes) {
  // An L: the southern half, and the western third of the northern half.
  const PolygonShape zone({At(30.0, -40.0), At(30.0, -39.7), At(30.1, -39.7), At(30.1, -39.9),
                           At(30.2, -39.9), At(30.2, -40.0)});
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> lat(29.95, 30.25);
  std::uniform_real_distribution<double> lon(-40.05, -39.65);
  int inside = 0;
  for (int i = 0; i < 5000; ++i) {
    const double la = lat(random);
    const double lo = lon(random);
    const EdgeDistance edge = zone.Distance(At(la, lo));
    // Parallels are no geodesics: over 29 km an edge along one is up to 10 m off.
    if (std::abs(edge.inside_m) < 15.0) continue;
    const bool expected = (la > 30.0 && la < 30.1 && lo > -40.0 && lo < -39.7) ||
                          (la >= 30.1 && la < 30.2 && lo > -40.0 && lo < -39.9);
    EXPECT_EQ(edge.inside_m > 0.0, expected) << la << " " << lo;
    inside += expected ? 1 : 0;
  }
  EXPECT_GT(inside, 1000);
}

TEST(PolygonShape, OrderOfVerticesAndDateLineMakeNoDifference) {
  std::vector<Geodetic> vertices = Box(10.0, 179.9, 10.2, -179.9);
  const PolygonShape zone(vertices);
  const PolygonShape turned({vertices.rbegin(), vertices.rend()});
  EXPECT_NEAR(zone.Distance(At(10.1, 180.0)).inside_m, turned.Distance(At(10.1, 180.0)).inside_m,
              1e-6);
  EXPECT_GT(zone.Distance(At(10.1, 180.0)).inside_m, 10'000.0);
  EXPECT_LT(zone.Distance(At(10.1, 0.0)).inside_m, 0.0);
}

TEST(PolygonShape, CrossingEdgesAreNamed) {
  EXPECT_TRUE(PolygonShape(Box(30.0, -40.0, 30.1, -39.9)).CrossingEdges().empty());
  const PolygonShape bow({At(30.0, -40.0), At(30.1, -39.9), At(30.0, -39.9), At(30.1, -40.0)});
  EXPECT_EQ(bow.CrossingEdges(), (std::vector<std::size_t>{0, 2}));
  const PolygonShape spike({At(30.0, -40.0), At(30.0, -39.8), At(30.0, -39.9), At(30.1, -39.9)});
  EXPECT_FALSE(spike.CrossingEdges().empty());
  const PolygonShape twice({At(30.0, -40.0), At(30.0, -39.9), At(30.0, -39.9), At(30.1, -39.9)});
  EXPECT_FALSE(twice.CrossingEdges().empty());
}

TEST(CorridorShape, DistanceIsHalfTheWidthLessThatToTheRoute) {
  const CorridorShape corridor({At(29.9, -40.0), At(30.1, -40.0)}, 400.0);
  const Geodetic place = At(30.0, -39.997);
  const double off = GeodesicDistanceM(place, At(30.0, -40.0));
  EXPECT_NEAR(corridor.Distance(place).inside_m, 200.0 - off, 0.05);
  EXPECT_NEAR(corridor.Distance(place).outward_en.x(), 1.0, 1e-3);
  EXPECT_NEAR(corridor.DirectionEn(place).y(), 1.0, 1e-6);
  // Beyond its end the corridor is round.
  const Geodetic beyond = At(30.101, -40.0);
  EXPECT_NEAR(corridor.Distance(beyond).inside_m,
              200.0 - GeodesicDistanceM(beyond, At(30.1, -40.0)), 0.05);
}

TEST(CorridorShape, TouchesOnlyZonesItReaches) {
  const CorridorShape corridor({At(29.9, -40.0), At(30.1, -40.0)}, 400.0);
  EXPECT_TRUE(corridor.Touches(PolygonShape(Box(29.99, -40.1, 30.01, -39.9))));
  EXPECT_TRUE(corridor.Touches(PolygonShape(Box(29.99, -39.999, 30.01, -39.9))));
  EXPECT_FALSE(corridor.Touches(PolygonShape(Box(29.99, -39.99, 30.01, -39.9))));
}

}  // namespace
}  // namespace trucewatch
