// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/judge.h"

#include <gtest/gtest.h>

#include <string>

#include "core/geo/terrain.h"
#include "tests/detect/motion/scene.h"

namespace trucewatch::motion {
namespace {

// Two cars in open ground, and what the detector says of them with the evidence.
MotionResult TwoCars(double least_probability, double times_as_far = 1) {
  testing::SceneOptions options;
  options.camera_height_m *= times_as_far;
  options.camera_distance_m *= times_as_far;
  options.vehicles = {{.start_en_m = {-20, 10}, .velocity_en_mps = {9, 2}},
                      {.start_en_m = {30, -20}, .velocity_en_mps = {-7, 6}}};
  const testing::Scene scene = testing::RenderScene(options);
  static const FlatTerrain flat(0, 1);
  MotionOptions motion;
  motion.observation_period = Duration();
  motion.least_probability = least_probability;
  motion.evidence = true;
  return testing::Detect(scene, motion, flat);
}

TEST(Judge, KnowsItsEvidenceByTheSameNamesInTheSameOrder) {
  std::vector<std::string> judged_by;
  for (const char* name : JudgedBy()) judged_by.emplace_back(name);
  std::size_t detections = 0;
  for (const MotionMoment& moment : TwoCars(0).moments) {
    ASSERT_EQ(moment.evidence.size(), moment.detections.size());
    for (const auto& evidence : moment.evidence) {
      ++detections;
      std::vector<std::string> names;
      for (const auto& [name, number] : evidence) names.emplace_back(name);
      ASSERT_EQ(names, judged_by);
    }
  }
  EXPECT_GT(detections, 20U);
}

TEST(Judge, IsSureOfCarsInOpenGround) {
  std::size_t detections = 0, pictures = 0;
  for (const MotionMoment& moment : TwoCars(MotionOptions().least_probability).moments) {
    ++pictures;
    detections += moment.detections.size();
    for (std::size_t i = 0; i < moment.detections.size(); ++i) {
      EXPECT_DOUBLE_EQ(moment.detections[i].score, Probability(moment.evidence[i]));
      EXPECT_LE(moment.detections[i].score, 1);
    }
  }
  EXPECT_GE(static_cast<double>(detections), 0.9 * 2 * static_cast<double>(pictures));
}

// At 0.8 m a pixel.
TEST(Judge, LeavesCoarsePicturesToTheRules) {
  std::size_t detections = 0;
  for (const MotionMoment& moment : TwoCars(1, 2).moments) {
    for (std::size_t i = 0; i < moment.detections.size(); ++i) {
      ++detections;
      EXPECT_EQ(moment.evidence[i].front().second, 0) << "no rule speaks against it";
      EXPECT_LT(moment.detections[i].score, 1) << "not as likely as was asked for";
    }
  }
  EXPECT_GT(detections, 10U);
}

}  // namespace
}  // namespace trucewatch::motion
