// SPDX-License-Identifier: Apache-2.0
// What is no motion over the ground, and motion through what disturbs: rendered, short, with truth.
#include <gtest/gtest.h>

#include <iostream>
#include <random>

#include "detect/motion/motion_detector.h"
#include "tests/detect/motion/scene.h"

namespace trucewatch {
namespace {

using testing::RenderScene;
using testing::Scene;
using testing::SceneOptions;
using testing::SceneThing;

const FlatTerrain kLevelGround(0, 0);

// Low and near, so that ten metres of height make parallax of metres a second.
SceneOptions LowFlight(std::uint64_t seed) {
  SceneOptions options{.seed = seed};
  options.camera_height_m = 260;
  options.camera_distance_m = 180;
  options.camera_speed_mps = 18;
  options.horizontal_fov_deg = 36;
  return options;
}

// Things on a grid with a street of `street_m` between them, sizes and heights drawn.
std::vector<SceneThing> Grid(SceneThing::Kind kind, std::uint64_t seed, double street_m) {
  std::mt19937_64 random(seed);
  const auto uniform = [&](double a, double b) {
    return a + (b - a) * static_cast<double>(random() >> 11) * 0x1p-53;
  };
  std::vector<SceneThing> things;
  // Far ones first: the near ones hide them.
  for (double north = 90; north > -70; north -= street_m) {
    for (double east = -90; east < 90; east += street_m) {
      const bool house = kind == SceneThing::Kind::kHouse;
      things.push_back({kind,
                        {east + uniform(-2, 2), north + uniform(-2, 2)},
                        house ? uniform(9, 15) : uniform(5, 9),
                        house ? uniform(5, 12) : uniform(4, 8),
                        house ? uniform(90, 220) : uniform(50, 90)});
    }
  }
  return things;
}

MotionOptions OnTheGround() {
  MotionOptions options;
  options.object_height_m = 0;
  options.min_speed_mps = 1.5;
  return options;
}

int FalseDetections(const SceneOptions& options, const char* name) {
  const Scene scene = RenderScene(options);
  const MotionResult result = Detect(scene, OnTheGround(), kLevelGround);
  int detections = 0;
  for (const MotionMoment& moment : result.moments) {
    EXPECT_EQ(moment.degraded_reason, "") << name;
    for (const Detection& d : moment.detections) {
      ++detections;
      std::cout << name << ": " << d.length_m << " x " << d.width_m << " m at "
                << d.velocity_en_mps->norm() << " m/s, score " << d.score << "\n";
    }
  }
  return detections;
}

// Share of the looks at vehicles (well inside the picture) that have a detection within 3 m.
double Recall(const SceneOptions& options, const char* name) {
  const Scene scene = RenderScene(options);
  const MotionResult result = Detect(scene, OnTheGround(), kLevelGround);
  const LocalFrame frame(scene.origin);
  int looks = 0, found = 0, detections = 0;
  for (const MotionMoment& moment : result.moments) {
    const double t = (moment.time - scene.pictures[0].time).seconds();
    detections += static_cast<int>(moment.detections.size());
    for (const auto& vehicle : options.vehicles) {
      if (!scene.InView(vehicle, moment.picture, 30, nullptr)) continue;
      ++looks;
      for (const Detection& d : moment.detections) {
        const Eigen::Vector2d p = frame.EnuFromGeodetic(d.position).head<2>();
        if ((p - scene.PlaceOf(vehicle, t)).norm() > 3) continue;
        ++found;
        break;
      }
    }
  }
  std::cout << name << ": " << found << " of " << looks << " looks, " << detections
            << " detections\n";
  EXPECT_GT(looks, 20) << name;
  EXPECT_LE(detections, found + looks / 20) << name;
  return static_cast<double>(found) / looks;
}

// Six that drive over the middle, three each way.
void AddTraffic(SceneOptions& options, double speed_mps) {
  for (int i = 0; i < 6; ++i) {
    const double way = i % 2 == 0 ? 1 : -1;
    options.vehicles.push_back({.start_en_m = {-60.0 + 24 * i, -50.0 + 20 * i},
                                .velocity_en_mps = {way * speed_mps, 0.4 * way * speed_mps},
                                .grey = i % 3 == 0 ? 20.0 : 240.0});
  }
}

TEST(MotionRobustness, HousesThatSlideOverTheGroundAreNoMotion) {
  SceneOptions options = LowFlight(101);
  options.things = Grid(SceneThing::Kind::kHouse, 1, 32);
  EXPECT_EQ(FalseDetections(options, "houses"), 0);
}

TEST(MotionRobustness, CrownsThatSwayAreNoMotion) {
  SceneOptions options = LowFlight(102);
  options.things = Grid(SceneThing::Kind::kTree, 2, 22);
  options.wind_m = 0.35;
  EXPECT_EQ(FalseDetections(options, "trees"), 0);
}

TEST(MotionRobustness, ZoomIsNoMotionAndHidesNone) {
  SceneOptions options{.seed = 103, .zoom_per_s = 0.15};
  EXPECT_EQ(FalseDetections(options, "zoom"), 0);
  AddTraffic(options, 6);
  EXPECT_GE(Recall(options, "zoom"), 0.95);
}

TEST(MotionRobustness, ExposureThatFlickersIsNoMotionAndHidesNone) {
  SceneOptions options{.seed = 104, .exposure_flicker = 0.12};
  EXPECT_EQ(FalseDetections(options, "flicker"), 0);
  AddTraffic(options, 6);
  EXPECT_GE(Recall(options, "flicker"), 0.95);
}

TEST(MotionRobustness, InterlacedRowsAreNoMotionAndHideNone) {
  SceneOptions options{.seed = 105, .rate_hz = 25, .interlaced = true};
  options.pictures = 50;
  options.camera_speed_mps = 60;
  options.pan_px_per_s = 40;
  EXPECT_EQ(FalseDetections(options, "interlaced"), 0);
  AddTraffic(options, 6);
  EXPECT_GE(Recall(options, "interlaced"), 0.95);
}

TEST(MotionRobustness, CoarselyCodedPicturesAreNoMotionAndHideNone) {
  SceneOptions options{.seed = 106, .jpeg_quality = 18};
  EXPECT_EQ(FalseDetections(options, "coded"), 0);
  AddTraffic(options, 6);
  EXPECT_GE(Recall(options, "coded"), 0.95);
}

// 1.6 m/s: in the second between two pictures compared a third of the vehicle's length.
TEST(MotionRobustness, MostVehiclesAtAWalkingPaceAreFound) {
  SceneOptions options{.seed = 107};
  AddTraffic(options, 1.5);
  EXPECT_GE(Recall(options, "1.6 m/s"), 0.8);
}

}  // namespace
}  // namespace trucewatch
