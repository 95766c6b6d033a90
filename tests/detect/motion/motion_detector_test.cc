// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/motion_detector.h"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <algorithm>
#include <array>
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
            << " crooked " << c.crooked << " small " << c.small << " large " << c.large << " thin "
            << c.thin << " ghost " << c.ghost << " parallax " << c.parallax << " duplicate "
            << c.duplicate << "\n";
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
    const MotionResult result = Detect(scene, motion, kFlat);
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

// Static ground, a moving camera and noise: nothing moves, whatever else changes.
void ExpectNothing(const SceneOptions& options) {
  const Scene scene = RenderScene(options);
  MotionOptions every = Flat();
  every.observation_period = Duration();
  const MotionResult result = Detect(scene, every, kFlat);
  ASSERT_EQ(result.moments.size(), static_cast<std::size_t>(options.pictures));
  for (const MotionMoment& moment : result.moments) {
    EXPECT_EQ(moment.degraded_reason, "");
    EXPECT_TRUE(moment.detections.empty()) << "at " << FormatUtc(moment.time);
  }
}

TEST(MotionDetector, SeesNothingOnStaticGround) {
  for (std::uint64_t seed = 20; seed < 23; ++seed) ExpectNothing({.seed = seed, .noise_sigma = 5});
}

TEST(MotionDetector, SeesNothingWhenTheCameraStandsStill) {
  ExpectNothing({.seed = 23, .camera_speed_mps = 0});
}

TEST(MotionDetector, SeesNothingWhenTheCameraPans) {
  ExpectNothing({.seed = 24, .pan_px_per_s = 150});
}

TEST(MotionDetector, ExposureDriftIsNoMotion) {
  ExpectNothing({.seed = 25, .exposure_drift = 0.25});
  ExpectNothing({.seed = 26, .exposure_drift = -0.2});
}

TEST(MotionDetector, BurntInSymbolsAreNoMotion) { ExpectNothing({.seed = 27, .overlay = true}); }

TEST(MotionDetector, FindsVehiclesThroughDriftAndBesideSymbols) {
  Score score;
  MotionCounts counts;
  for (std::uint64_t seed = 30; seed < 33; ++seed) {
    SceneOptions options{.seed = seed, .exposure_drift = 0.2, .overlay = true};
    options.vehicles = Traffic(seed, 10, 4, 15);
    const Scene scene = RenderScene(options);
    const MotionResult result = Detect(scene, Flat(), kFlat);
    Add(scene, result, score);
    counts += result.counts;
  }
  Print("drift and symbols", score, counts);
  EXPECT_GE(score.recall(), 0.85);  // some vehicles pass behind the symbols
  EXPECT_GE(score.precision(), 0.95);
}

TEST(MotionDetector, FirstAndLastPicturesAreNoWorse) {
  Score edges;
  MotionCounts counts;
  for (std::uint64_t seed = 40; seed < 43; ++seed) {
    SceneOptions options{.seed = seed};
    options.vehicles = Traffic(seed, 12, 5, 15);
    const Scene scene = RenderScene(options);
    MotionOptions every = Flat();
    every.observation_period = Duration();
    MotionResult result = Detect(scene, every, kFlat);
    ASSERT_EQ(result.moments.size(), 20U);
    std::erase_if(result.moments,
                  [](const MotionMoment& m) { return m.picture > 0 && m.picture < 19; });
    Add(scene, result, edges);
    counts += result.counts;
  }
  Print("first and last pictures", edges, counts);
  EXPECT_GE(edges.recall(), 0.9);
  EXPECT_GE(edges.precision(), 0.95);
}

TEST(MotionDetector, WorksOnEncodedPicturesFinerThanTheWorkingScale) {
  SceneOptions options{.seed = 45, .width_px = 1920, .height_px = 1080};
  options.vehicles = Traffic(45, 12, 3, 15);
  const Scene scene = RenderScene(options);
  Score score;
  const MotionResult result = Detect(scene, Flat(), kFlat);
  for (const MotionMoment& moment : result.moments) EXPECT_EQ(moment.degraded_reason, "");
  Add(scene, result, score);
  Print("1080p", score, result.counts);
  EXPECT_GE(score.recall(), 0.9);
  EXPECT_GE(score.precision(), 0.95);
}

TEST(MotionDetector, ConvoyVehiclesStaySeparateAndAreCountedOnce) {
  SceneOptions options{.seed = 50};
  for (int i = 0; i < 6; ++i) {
    options.vehicles.push_back({.start_en_m = {-130.0 + 40 * i, 20},
                                .velocity_en_mps = {9, 0},
                                .length_m = i % 2 == 0 ? 8.5 : 5.0,
                                .width_m = 2.5});
  }
  const Scene scene = RenderScene(options);
  const MotionResult result = Detect(scene, Flat(), kFlat);
  ASSERT_EQ(result.moments.size(), 4U);
  for (const MotionMoment& moment : result.moments) {
    EXPECT_EQ(moment.detections.size(), 6U) << FormatUtc(moment.time);
  }
}

TEST(MotionDetector, ThingsTheSizeOfPeopleAreDroppedAndCounted) {
  SceneOptions options{.seed = 60};
  for (int i = 0; i < 8; ++i) {
    options.vehicles.push_back({.start_en_m = {-120.0 + 30 * i, -40.0 + 12 * i},
                                .velocity_en_mps = {3.0, 1.0},
                                .length_m = 1.2,
                                .width_m = 1.0,
                                .windscreen = false});
  }
  const Scene scene = RenderScene(options);
  const MotionResult result = Detect(scene, Flat(), kFlat);
  for (const MotionMoment& moment : result.moments) EXPECT_TRUE(moment.detections.empty());
  EXPECT_GE(result.counts.small, 4);
}

TEST(MotionDetector, PlacesSizesAndSpeedsAreRight) {
  SceneOptions options{.seed = 70};
  options.vehicles = Traffic(70, 12, 5, 15);
  for (std::size_t i = 0; i < options.vehicles.size(); i += 2) {
    options.vehicles[i].length_m = 10;
    options.vehicles[i].width_m = 2.8;
  }
  const Scene scene = RenderScene(options);
  const MotionResult result = Detect(scene, Flat(), kFlat);
  const LocalFrame frame(scene.origin);
  int matched = 0, trucks = 0, cars = 0;
  double place_error = 0, speed_error = 0, chi2 = 0;
  for (const MotionMoment& moment : result.moments) {
    const double t = (moment.time - scene.pictures[0].time).seconds();
    for (const Detection& d : moment.detections) {
      const Eigen::Vector2d p = frame.EnuFromGeodetic(d.position).head<2>();
      for (const SceneVehicle& v : options.vehicles) {
        if ((scene.PlaceOf(v, t) - p).norm() > 6) continue;
        ++matched;
        place_error += (scene.PlaceOf(v, t) - p).squaredNorm();
        ASSERT_TRUE(d.velocity_en_mps.has_value());
        const Eigen::Vector2d dv = *d.velocity_en_mps - v.velocity_en_mps;
        speed_error += dv.squaredNorm();
        chi2 += dv.dot(d.velocity_cov_en.inverse() * dv);
        (v.length_m > 9 ? trucks : cars) += 1;
        EXPECT_NEAR(d.length_m, v.length_m, 2.5);
        EXPECT_NEAR(d.width_m, v.width_m, 2.0);
        const auto share = [&](ObjectClass c) {
          return d.classes.count(c) == 0 ? 0.0 : d.classes.at(c);
        };
        if (v.length_m > 9) {
          EXPECT_GT(share(ObjectClass::kTruck), share(ObjectClass::kLightVehicle));
        } else {
          EXPECT_GT(share(ObjectClass::kLightVehicle), share(ObjectClass::kTruck));
        }
        double sum = 0;
        for (const auto& [c, probability] : d.classes) sum += probability;
        EXPECT_NEAR(sum, 1.0, 1e-9);
        EXPECT_GT(d.score, 0.3);
        EXPECT_LE(d.score, 1.0);
      }
    }
  }
  ASSERT_GT(matched, 20);
  ASSERT_GT(trucks, 5);
  ASSERT_GT(cars, 5);
  place_error = std::sqrt(place_error / matched);
  speed_error = std::sqrt(speed_error / matched);
  std::cout << "place error " << place_error << " m rms, velocity error " << speed_error
            << " m/s rms, chi2 per degree of freedom " << chi2 / (2 * matched) << "\n";
  EXPECT_LT(place_error, 1.0);
  EXPECT_LT(speed_error, 0.7);
  EXPECT_LT(chi2 / (2 * matched), 2.0);
}

// The stated covariance against errors from poses disturbed as their sigmas say, one disturbance a
// scene.
TEST(MotionDetector, CovarianceMatchesPoseErrors) {
  SceneOptions options{.seed = 80};
  for (int i = 0; i < 5; ++i) {
    options.vehicles.push_back(
        {.start_en_m = {-110.0 + 45 * i, -60.0 + 30 * i}, .velocity_en_mps = {8, 4}});
  }
  Scene scene = RenderScene(options);
  const auto true_pictures = scene.pictures;
  const LocalFrame frame(scene.origin);
  CameraPoseSigma sigma;
  sigma.position_horizontal_m = 4;
  sigma.position_vertical_m = 3;
  sigma.platform_angles = Angle::Degrees(0.25);
  sigma.sensor_angles = Angle::Degrees(0.15);
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  double chi2 = 0;
  int n = 0;
  constexpr int kTrials = 40;
  for (int trial = 0; trial < kTrials; ++trial) {
    const double de = 4 * normal(random), dn = 4 * normal(random), du = 3 * normal(random);
    std::array<Angle, 6> turn;
    for (std::size_t i = 0; i < 6; ++i)
      turn[i] = Angle::Degrees((i < 3 ? 0.25 : 0.15) * normal(random));
    for (std::size_t i = 0; i < scene.pictures.size(); ++i) {
      CameraPose pose = *true_pictures[i].pose;
      pose.position = LocalFrame(pose.position).GeodeticFromEnu({de, dn, du});
      pose.platform_heading = pose.platform_heading + turn[0];
      pose.platform_pitch = pose.platform_pitch + turn[1];
      pose.platform_roll = pose.platform_roll + turn[2];
      pose.sensor_azimuth = pose.sensor_azimuth + turn[3];
      pose.sensor_elevation = pose.sensor_elevation + turn[4];
      pose.sensor_roll = pose.sensor_roll + turn[5];
      scene.pictures[i].pose = pose;
      scene.pictures[i].pose_sigma = sigma;
    }
    MotionOptions once = Flat();
    once.observation_period = Duration::Seconds(2);
    once.sample_period = Duration::Millis(200);
    const MotionResult result = Detect(scene, once, kFlat);
    ASSERT_EQ(result.moments.size(), 1U);
    // One detection a trial: the errors of several share the pose and would count one draw many
    // times.
    const double t = (result.moments[0].time - scene.pictures[0].time).seconds();
    const SceneVehicle& v = options.vehicles[static_cast<std::size_t>(trial % 5)];
    const Detection* nearest = nullptr;
    double best = 60;
    for (const Detection& d : result.moments[0].detections) {
      // By the box: places are off by more than the vehicles' distance at times.
      Eigen::Vector2d uv;
      const auto seen = PixelFromGround(
          *true_pictures[result.moments[0].picture].pose,
          frame.GeodeticFromEnu({scene.PlaceOf(v, t).x(), scene.PlaceOf(v, t).y(), 0}));
      uv = *seen -
           Eigen::Vector2d(d.box_x_px + d.box_width_px / 2, d.box_y_px + d.box_height_px / 2);
      if (uv.norm() < best) {
        best = uv.norm();
        nearest = &d;
      }
    }
    ASSERT_NE(nearest, nullptr);
    ASSERT_LT(best, 8);
    const Eigen::Vector2d error =
        frame.EnuFromGeodetic(nearest->position).head<2>() - scene.PlaceOf(v, t);
    chi2 += error.dot(nearest->cov_en_m2.inverse() * error);
    ++n;
  }
  // The sum of n normalised squared errors of two dimensions: chi-square with 2n degrees of
  // freedom, standard deviation sqrt(4n). Four of those either way.
  std::cout << "normalised squared error " << chi2 / n << " of 2 expected, " << n << " trials\n";
  EXPECT_NEAR(chi2, 2.0 * n, 4 * std::sqrt(4.0 * n));
}

TEST(MotionDetector, WithoutPoseThereAreBoxesButNoPlaces) {
  SceneOptions options{.seed = 90};
  options.vehicles = Traffic(90, 8, 5, 15);
  Scene scene = RenderScene(options);
  for (MotionPicture& picture : scene.pictures) picture.pose.reset();
  const MotionResult result = Detect(scene, Flat(), kFlat);
  std::size_t boxes = 0;
  for (const MotionMoment& moment : result.moments) {
    EXPECT_EQ(moment.degraded_reason, "no platform pose");
    EXPECT_FALSE(moment.georeferenced);
    EXPECT_TRUE(moment.footprint.empty());
    boxes += moment.detections.size();
  }
  EXPECT_GT(boxes, 10U);
}

TEST(MotionDetector, FootprintIsTheGroundInView) {
  const Scene scene = RenderScene({.seed = 91});
  const MotionResult result = Detect(scene, Flat(), kFlat);
  const LocalFrame frame(scene.origin);
  for (const MotionMoment& moment : result.moments) {
    ASSERT_GE(moment.footprint.size(), 3U);
    double twice_area = 0;
    for (std::size_t i = 0; i < moment.footprint.size(); ++i) {
      const Eigen::Vector3d a = frame.EnuFromGeodetic(moment.footprint[i]);
      const Eigen::Vector3d b =
          frame.EnuFromGeodetic(moment.footprint[(i + 1) % moment.footprint.size()]);
      twice_area += a.x() * b.y() - b.x() * a.y();
      const auto uv = PixelFromGround(*scene.pictures[moment.picture].pose, moment.footprint[i]);
      ASSERT_TRUE(uv.has_value());
      EXPECT_GT(uv->x(), -1);
      EXPECT_GT(uv->y(), -1);
      EXPECT_LT(uv->x(), 961);
      EXPECT_LT(uv->y(), 541);
    }
    EXPECT_GT(twice_area, 0) << "counter-clockwise";
    EXPECT_GT(twice_area / 2, 5e4);
  }
}

TEST(MotionDetector, PicturesThatCannotBeRelatedAreDegraded) {
  SceneOptions options{.seed = 92};
  Scene scene = RenderScene(options);
  std::mt19937_64 random(3);
  for (auto& luma : scene.luma) {
    for (auto& pixel : luma) pixel = static_cast<std::uint8_t>(random() >> 56);  // snow
  }
  const MotionResult result = Detect(scene, Flat(), kFlat);
  for (const MotionMoment& moment : result.moments) {
    EXPECT_EQ(moment.degraded_reason, "registration failed");
    EXPECT_TRUE(moment.detections.empty());
  }
}

TEST(MotionDetector, OddInputIsNoTrouble) {
  // No pictures, one picture, a flat picture, times that stand still, pictures that never come.
  EXPECT_TRUE(MotionDetector({}, Flat(), kFlat).Finish().moments.empty());
  Scene scene = RenderScene({.seed = 93, .pictures = 3});
  for (auto& picture : scene.pictures) picture.time = scene.pictures[0].time;
  for (const MotionMoment& moment : Detect(scene, Flat(), kFlat).moments) {
    EXPECT_EQ(moment.degraded_reason, "segment too short to compare pictures");
  }
  scene = RenderScene({.seed = 94, .pictures = 12});
  for (auto& luma : scene.luma) std::fill(luma.begin(), luma.end(), std::uint8_t{128});
  for (const MotionMoment& moment : Detect(scene, Flat(), kFlat).moments) {
    EXPECT_EQ(moment.degraded_reason, "registration failed");
  }
  MotionDetector gaps(scene.pictures, Flat(), kFlat);
  gaps.Add(3, 960, 540, scene.luma[3]);
  gaps.Add(2, 960, 540, scene.luma[2]);  // too late
  gaps.Add(5, 960, 541, scene.luma[5]);  // too few bytes
  gaps.Add(6, 0, 0, {});
  gaps.Add(900, 960, 540, scene.luma[5]);  // no such picture
  EXPECT_EQ(gaps.Finish().moments.size(), 1U);
}

}  // namespace
}  // namespace trucewatch
