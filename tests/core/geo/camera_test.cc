// SPDX-License-Identifier: Apache-2.0
#include "core/geo/camera.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace trucewatch {
namespace {

// Reference geometry of the geo fact sheet section 7, made by an independent implementation.
CameraPose ReferencePose() {
  return {.position = Geodetic::FromDegrees(36.2, 37.15, 2000),
          .platform_heading = Angle::Degrees(45),
          .platform_pitch = Angle::Degrees(2),
          .platform_roll = Angle::Degrees(-3),
          .sensor_azimuth = Angle::Degrees(30),
          .sensor_elevation = Angle::Degrees(-25),
          .sensor_roll = Angle::Degrees(0),
          .horizontal_fov = Angle::Degrees(10),
          .vertical_fov = Angle::Degrees(5.65),
          .width_px = 1280,
          .height_px = 720};
}

TEST(Camera, BoresightMatchesTheReference) {
  const Eigen::Vector3d ray = RayEnu(ReferencePose(), 640, 360);
  EXPECT_NEAR(ray.y(), 0.228861, 1e-6);
  EXPECT_NEAR(ray.x(), 0.900118, 1e-6);
  EXPECT_NEAR(-ray.z(), 0.370688, 1e-6);
}

TEST(Camera, CentreAndCornersMeetTheGroundWhereTheReferenceSays) {
  const FlatTerrain ground(400, 0);
  const struct {
    double u, v, lat, lon, slant;
  } cases[] = {{640, 360, 36.2089010, 37.1932359, 4319.698},
               {0, 0, 36.2140708, 37.1987021, 4918.057},
               {1280, 0, 36.2067163, 37.2019199, 4992.554},
               {1280, 720, 36.2048162, 37.1889189, 3885.990},
               {0, 720, 36.2105816, 37.1865569, 3840.728}};
  for (const auto& c : cases) {
    const auto p = GroundFromPixelWithCovariance(ReferencePose(), {}, c.u, c.v, ground);
    ASSERT_TRUE(p);
    // The reference prints seven decimals: 6 mm.
    EXPECT_NEAR(p->position.latitude.deg(), c.lat, 1e-7);
    EXPECT_NEAR(p->position.longitude.deg(), c.lon, 1e-7);
    EXPECT_NEAR(p->position.height_hae_m, 400, 1e-3);
    EXPECT_NEAR(p->slant_range_m, c.slant, 0.01);
  }
}

TEST(Camera, CovarianceMatchesTheReference) {
  // Fact sheet section 9: position 3 m each axis, platform angles 0.1 deg, sensor angles 0.05 deg,
  // ground 5 m.
  const CameraPoseSigma sigma{.position_horizontal_m = 3,
                              .position_vertical_m = 3,
                              .platform_angles = Angle::Degrees(0.1),
                              .sensor_angles = Angle::Degrees(0.05),
                              .pixel_px = 0};
  const auto p =
      GroundFromPixelWithCovariance(ReferencePose(), sigma, 640, 360, FlatTerrain(400, 5));
  ASSERT_TRUE(p);
  EXPECT_NEAR(p->cov_en_m2(0, 0), 702.75, 1.5);
  EXPECT_NEAR(p->cov_en_m2(0, 1), 156.05, 0.8);
  EXPECT_NEAR(p->cov_en_m2(1, 1), 117.70, 0.5);
}

TEST(Camera, PixelFromGroundInvertsGroundFromPixel) {
  std::mt19937_64 rng(5);
  std::uniform_real_distribution<double> unit(0, 1);
  const FlatTerrain ground(400, 0);
  for (int i = 0; i < 200; ++i) {
    const double u = 1280 * unit(rng);
    const double v = 720 * unit(rng);
    const auto place = GroundFromPixel(ReferencePose(), u, v, ground);
    ASSERT_TRUE(place);
    const auto pixel = PixelFromGround(ReferencePose(), *place);
    ASSERT_TRUE(pixel);
    EXPECT_NEAR(pixel->x(), u, 1e-3);
    EXPECT_NEAR(pixel->y(), v, 1e-3);
  }
}

TEST(Camera, RaysThatNeverMeetTheGroundHaveNoPosition) {
  CameraPose pose = ReferencePose();
  pose.sensor_elevation = Angle::Degrees(5);
  EXPECT_FALSE(GroundFromPixel(pose, 640, 360, FlatTerrain(400, 0)));
  pose.sensor_elevation = Angle::Degrees(-1.0);  // grazing
  pose.platform_pitch = pose.platform_roll = Angle();
  EXPECT_FALSE(GroundFromPixel(pose, 640, 360, FlatTerrain(400, 0)));
}

// A wall of high ground in the line of sight: the ray must stop at the first of the two hits.
class Ridge final : public Terrain {
 public:
  std::optional<double> HeightHaeM(Angle, Angle longitude) const override {
    return longitude.deg() > 37.18 && longitude.deg() < 37.185 ? 1000.0 : 400.0;
  }
  double MaxHeightHaeM() const override { return 1000.0; }
  double SigmaM() const override { return 1.0; }
  double CellM() const override { return 30.0; }
};

TEST(Camera, FirstGroundOnTheRayIsTheVisibleOne) {
  const auto behind = GroundFromPixel(ReferencePose(), 640, 360, FlatTerrain(400, 0));
  ASSERT_GT(behind->longitude.deg(), 37.19);
  const auto place = GroundFromPixel(ReferencePose(), 640, 360, Ridge());
  ASSERT_TRUE(place);
  EXPECT_GT(place->longitude.deg(), 37.1799);
  EXPECT_LT(place->longitude.deg(), 37.1851);
  EXPECT_GT(place->height_hae_m, 400);
}

TEST(Camera, GroundSampleDistanceMatchesTheClosedForm) {
  CameraPose pose = ReferencePose();
  const double slant_m = 4319.698;
  const double across = 2 * slant_m * std::tan(Angle::Degrees(5).rad()) / 1280;
  const double along = 2 * slant_m * std::tan(Angle::Degrees(2.825).rad()) / 720 / 0.370688;
  EXPECT_NEAR(GroundSampleDistanceM(pose, slant_m), std::sqrt(across * along), 1e-6);
}

}  // namespace
}  // namespace trucewatch
