// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/motion_detector.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <iostream>
#include <random>

#include "tests/detect/motion/scene.h"

namespace trucewatch {
namespace {

using testing::RenderScene;
using testing::Scene;
using testing::SceneOptions;
using testing::SceneVehicle;

const FlatTerrain kFlat(0, 0);

MotionOptions Flat() {
  MotionOptions options;
  options.object_height_m = 0;  // the scene's vehicles are painted on the ground
  return options;
}

// Vehicles spread over the picture, each with a speed and a heading of its own, at least 40 m
// apart.
std::vector<SceneVehicle> Traffic(std::uint64_t seed, int count, double speed_min,
                                  double speed_max) {
  std::mt19937_64 random(seed);
  const auto uniform = [&](double a, double b) {
    return a + (b - a) * static_cast<double>(random() >> 11) * 0x1p-53;
  };
  std::vector<SceneVehicle> vehicles;
  for (int tries = 0; static_cast<int>(vehicles.size()) < count && tries < 10000; ++tries) {
    SceneVehicle v;
    v.start_en_m = {uniform(-150, 150), uniform(-100, 130)};
    const double heading = uniform(0, 6.283), speed = uniform(speed_min, speed_max);
    v.velocity_en_mps = speed * Eigen::Vector2d(std::sin(heading), std::cos(heading));
    v.grey = uniform(0, 1) < 0.5 ? uniform(200, 250) : uniform(5, 40);
    bool free = true;
    for (const SceneVehicle& other : vehicles) {
      for (double t = 0; t < 2; t += 0.1) {
        const Eigen::Vector2d d =
            v.start_en_m + v.velocity_en_mps * t - other.start_en_m - other.velocity_en_mps * t;
        free = free && d.norm() > 20;
      }
    }
    if (free) vehicles.push_back(v);
  }
  return vehicles;
}

struct Score {
  int truths = 0, found = 0, detections = 0, right = 0;
  double recall() const { return truths == 0 ? 1 : static_cast<double>(found) / truths; }
  double precision() const { return detections == 0 ? 1 : static_cast<double>(right) / detections; }
};

// One to one by distance, 12 px at most; truths within 20 px of the border do not count either way.
void Add(const Scene& scene, const MotionResult& result, Score& score) {
  for (const MotionMoment& moment : result.moments) {
    std::vector<bool> used(moment.detections.size(), false), ignored = used;
    for (const SceneVehicle& vehicle : scene.options.vehicles) {
      Eigen::Vector2d uv;
      const bool counts = scene.InView(vehicle, moment.picture, 20, &uv);
      double best = 12;
      std::size_t match = moment.detections.size();
      for (std::size_t i = 0; i < moment.detections.size(); ++i) {
        const Detection& d = moment.detections[i];
        const Eigen::Vector2d c(d.box_x_px + d.box_width_px / 2, d.box_y_px + d.box_height_px / 2);
        if (!used[i] && (c - uv).norm() < best) {
          best = (c - uv).norm();
          match = i;
        }
      }
      if (match < used.size()) used[match] = true;
      if (!counts) {
        if (match < used.size()) ignored[match] = true;
        continue;
      }
      ++score.truths;
      if (match < used.size()) ++score.found;
    }
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (ignored[i]) continue;
      ++score.detections;
      if (used[i]) ++score.right;
    }
  }
}

void Print(const char* name, const Score& score, const MotionCounts& c) {
  std::cout << name << ": recall " << score.recall() << " precision " << score.precision() << " of "
            << score.truths << " truths, " << score.detections << " detections; tracks: accepted "
            << c.accepted << " brief " << c.brief << " slow " << c.slow << " fast " << c.fast
            << " crooked " << c.crooked << " small " << c.small << " large " << c.large
            << " parallax " << c.parallax << " duplicate " << c.duplicate << "\n";
}

TEST(MotionDetector, FindsMovingVehiclesAndNothingElse) {
  Score score;
  MotionCounts counts;
  double ms = 0;
  int pictures = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SceneOptions options;
    options.seed = seed;
    options.vehicles = Traffic(seed, 12, 2, 15);
    const Scene scene = RenderScene(options);
    MotionOptions motion = Flat();
    motion.min_speed_mps = 1.5;
    const auto start = std::chrono::steady_clock::now();
    const MotionResult result = DetectMotion(scene.pictures, motion, kFlat);
    ms +=
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    pictures += options.pictures;
    Add(scene, result, score);
    counts += result.counts;
  }
  Print("traffic", score, counts);
  std::cout << ms / pictures << " ms a picture\n";
  EXPECT_GE(score.recall(), 0.9);
  EXPECT_GE(score.precision(), 0.95);
}

}  // namespace
}  // namespace trucewatch
