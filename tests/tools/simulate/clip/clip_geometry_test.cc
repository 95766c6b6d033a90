// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>
#include <numbers>

#include "core/geo/sun.h"
#include "tests/tools/simulate/clip/clip_settings.h"
#include "tools/simulate/clip/rendered_clip.h"
#include "tools/simulate/clip/thing_paint.h"
#include "tools/simulate/vehicle_kinds.h"

namespace trucewatch::clip {
namespace {

using v1::config::ClipScene;

// A camera straight above the origin of an orthogonal picture.
simulate::View FromAbove(double height_m) {
  CameraPose pose;
  pose.position = Geodetic::FromDegrees(10, 20, height_m);
  pose.sensor_elevation = Angle::Degrees(-90);
  pose.width_px = pose.height_px = 400;
  pose.horizontal_fov = pose.vertical_fov = Angle::Degrees(20);
  return {pose, LocalFrame(Geodetic::FromDegrees(10, 20, 0)), {0, 0}};
}

// A point h above the ground seen from H straight above lies H / (H - h) times as far from the
// middle as its foot.
TEST(ClipGeometry, CornersOfARoofLeanOutwardsAsTheIntercept) {
  const simulate::View view = FromAbove(500);
  const double focal_px = 200 / std::tan(10 * std::numbers::pi / 180);
  for (const Eigen::Vector2d& corner : Rectangle({30, -20}, {0.8, 0.6}, 12, 7)) {
    for (const double height_m : {0.0, 6.0, 25.0}) {
      const double k = focal_px / (500 - height_m);
      const Eigen::Vector2d expected(200 + k * corner.x(), 200 - k * corner.y());
      EXPECT_LT((view.Project(corner, height_m) - expected).norm(), 0.01);
    }
  }
}

TEST(ClipGeometry, AClipByDayIsTakenWhenAndWhereTheSunStandsAsDrawn) {
  ClipScene scene = testing::SmallScene(ClipScene::SNOW);
  scene.mutable_sun_azimuth_deg()->set_max(360);
  scene.mutable_sun_elevation_deg()->set_min(5);
  scene.mutable_sun_elevation_deg()->set_max(85);
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const ClipPlan plan = DrawClip(scene, seed, 1);
    const SunDirection sun = SunDirectionAt(plan.start, plan.origin);
    EXPECT_NEAR(sun.elevation.deg(), plan.sun_elevation_deg, 1e-6) << seed;
    EXPECT_NEAR((sun.azimuth - Angle::Degrees(plan.sun_azimuth_deg)).NormalisedSigned().deg(), 0,
                1e-5)
        << seed;
    EXPECT_LE(std::abs(plan.origin.latitude.deg()), 65);
    // The shadows that are painted are those of that sun.
    const Eigen::Vector2d shadow = DaylightOf(plan).shadow_per_metre;
    EXPECT_NEAR(shadow.norm(), 1 / std::tan(sun.elevation.rad()), 1e-6);
    EXPECT_NEAR(std::sin(std::atan2(-shadow.x(), -shadow.y()) - sun.azimuth.rad()), 0, 1e-6);
  }
}

struct Painted {
  Canvas canvas{400, 400, true};
  ClipPlan plan = DrawClip(testing::SmallScene(ClipScene::TOWN), 1, 1);
  Daylight sun = DaylightOf(plan);
  simulate::View view = Oblique();

  // Looks north, 45 degrees down, at the origin; a tenth of a metre a pixel there.
  static simulate::View Oblique() {
    const LocalFrame frame(Geodetic::FromDegrees(10, 20, 0));
    CameraPose pose;
    pose.position = frame.GeodeticFromEnu({0, -1000, 1000});
    pose.sensor_elevation = Angle::Degrees(-45);
    pose.width_px = pose.height_px = 400;
    pose.horizontal_fov = pose.vertical_fov = Angle::Radians(2 * std::atan(20 / 1414.2));
    return {pose, frame, {0, 0}};
  }

  // A car that stands along east at `north`, a wall of `height_m` along east before it at 0, from
  // `east` to the right. The share of the car that remains in sight.
  double VisibleBehindWall(double north_m, double east_m, double height_m) {
    const Brush brush{plan, view, sun, 0, 0.1, canvas};
    simulate::Random random(1, "car");
    simulate::Mover car = simulate::MakeVehicle(simulate::MoverKind::kCar, random);
    car.length_m = 4.5;
    simulate::MoverState state;
    state.position = {0, north_m};
    state.direction = {1, 0};
    state.velocity_mps.setZero();
    Prism body;
    body.footprint = Rectangle(state.position, state.direction, 2.25, 0.5 * car.width_m);
    body.top_m = car.height_m;
    body.image_low = {0, 0}, body.image_high = {400, 400};
    PaintVehicle(car, state, {}, 7, brush);
    if (height_m > 0) {
      House wall;
      wall.body.centre = {east_m + 15, 0};
      wall.body.along = {1, 0};
      wall.body.half_length_m = 15, wall.body.half_width_m = 0.2, wall.body.height_m = height_m;
      wall.body.roof = wall.body.wall = simulate::FromRgb(120, 120, 120);
      PaintHouse(wall, 1, brush);
    }
    return VisibleShare(body, view, canvas, 7);
  }
};

TEST(ClipGeometry, CarInTheOpenIsWhollyVisible) {
  EXPECT_GT(Painted().VisibleBehindWall(3, -10, 0), 0.93);
}

// Seen at 45 degrees a wall of height h hides the ground for h behind it.
TEST(ClipGeometry, WallHidesWhatStandsWithinItsHeightBehindIt) {
  EXPECT_LT(Painted().VisibleBehindWall(3, -15, 6), 0.01);   // 2.1 + 1.5 < 6: all of it
  EXPECT_GT(Painted().VisibleBehindWall(10, -15, 6), 0.93);  // beyond the hidden strip
}

TEST(ClipGeometry, WallThatEndsAtTheMiddleHidesHalf) {
  EXPECT_NEAR(Painted().VisibleBehindWall(3, 0, 6), 0.5, 0.06);
}

TEST(ClipGeometry, CarBeforeTheWallIsPaintedOverIt) {
  Painted painted;
  const Prism wall = [] {
    Prism p;
    p.footprint = Rectangle({0, 0}, {1, 0}, 15, 0.2);
    p.top_m = 6;
    return p;
  }();
  Prism car;
  car.footprint = Rectangle({0, -3}, {1, 0}, 2.2, 0.9);
  car.top_m = 1.5;
  EXPECT_EQ(InFront(car, wall, painted.view.camera_enu_m().head<2>()), 1);
}

// What a raised point at rest seems to do when pictures are laid on one another by the ground,
// worked out from two views: the sense and the line that the flag goes by.
TEST(ClipGeometry, ParallaxOfARaisedPointRunsAgainstThePlatform) {
  const ClipPlan plan = DrawClip(testing::SmallScene(ClipScene::TOWN), 5, 10);
  const ClipFlight flight(plan);
  for (const double t_s : {0.5, 4.0, 8.0}) {
    const Eigen::Vector2d place = flight.StareAt(t_s) + Eigen::Vector2d(20, 12);
    const auto seen_at = [&](double t) -> Eigen::Vector2d {
      const simulate::View view = flight.ViewAt(t);
      const Eigen::Vector2d image = view.Project(place, 8);
      return (view.image_from_ground().inverse() * image.homogeneous()).hnormalized();
    };
    const Eigen::Vector2d apparent = (seen_at(t_s + 0.1) - seen_at(t_s - 0.1)) / 0.2;
    EXPECT_GT(ParallaxCosine(flight.PlatformVelocity(t_s), apparent), 0.9999);
    // Its speed: h / (H - h) of the platform's.
    EXPECT_NEAR(apparent.norm(), 8 / (600 - 8.0) * flight.PlatformVelocity(t_s).norm(), 0.01);
  }
}

// Where core/geo puts a pixel by the erring metadata, with the sigmas as stated: the truth lies in
// its 95 % ellipse in 95 of 100 clips. 1500 clips: 0.56 % of standard deviation, three of them.
TEST(ClipGeometry, StatedSigmasAreThoseOfTheErrorsOnTheGround) {
  auto scene = testing::SmallScene(ClipScene::DESERT);
  scene.mutable_depression_deg()->set_min(35), scene.mutable_depression_deg()->set_max(70);
  scene.set_position_sigma_m(10);
  scene.set_platform_angle_sigma_deg(0.3);
  scene.set_sensor_angle_sigma_deg(0.3);
  scene.set_terrain_sigma_m(10);
  scene.set_noise_share(0.3);
  const CameraPoseSigma sigma{.position_horizontal_m = 10,
                              .position_vertical_m = 10,
                              .platform_angles = Angle::Degrees(0.3),
                              .sensor_angles = Angle::Degrees(0.3),
                              .pixel_px = 0};
  constexpr int kClips = 1500;
  int inside = 0;
  for (int seed = 0; seed < kClips; ++seed) {
    const ClipPlan plan = DrawClip(scene, static_cast<std::uint64_t>(seed), 1);
    const ClipFlight flight(plan);
    const FlatTerrain told(flight.ToldGroundHaeM(), 10), truth(plan.origin.height_hae_m, 0);
    const auto place = GroundFromPixel(flight.TruePose(flight.SecondsOf(4)), 100, 60, truth);
    const auto found = GroundFromPixelWithCovariance(flight.MetadataPose(4), sigma, 100, 60, told);
    ASSERT_TRUE(place && found);
    const Eigen::Vector2d error = LocalFrame(*place).EnuFromGeodetic(found->position).head<2>();
    inside += error.dot(found->cov_en_m2.inverse() * error) <= 5.991 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(inside) / kClips, 0.95, 0.017);
}

TEST(ClipGeometry, ParallaxCosineIsOneAlongTheLineAndNoneAcrossIt) {
  EXPECT_NEAR(ParallaxCosine({30, 0}, {-5, 0}), 1, 1e-12);
  EXPECT_NEAR(ParallaxCosine({30, 0}, {5, 0}), -1, 1e-12);
  EXPECT_NEAR(ParallaxCosine({30, 0}, {0, 5}), 0, 1e-12);
  EXPECT_EQ(ParallaxCosine({0, 0}, {5, 0}), 0);
}

}  // namespace
}  // namespace trucewatch::clip
