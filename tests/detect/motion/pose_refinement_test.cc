// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/pose_refinement.h"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <cmath>
#include <random>

namespace trucewatch::motion {
namespace {

const Geodetic kPlace = Geodetic::FromDegrees(36.2, 37.15, 400);

Eigen::Vector2d Draw(std::mt19937_64& rng, const Eigen::Matrix2d& cov) {
  std::normal_distribution<double> normal;
  const Eigen::Matrix2d root = cov.llt().matrixL();
  return root * Eigen::Vector2d(normal(rng), normal(rng));
}

// Sightings of one place with a common error and noise; stated is their sum.
std::vector<PoseSighting> Sightings(std::mt19937_64& rng, int count, const Eigen::Vector2d& bias,
                                    const Eigen::Matrix2d& noise, const Eigen::Matrix2d& stated) {
  const LocalFrame frame(kPlace);
  std::vector<PoseSighting> sightings;
  for (int i = 0; i < count; ++i) {
    const Eigen::Vector2d error = bias + Draw(rng, noise);
    PoseSighting sighting;
    sighting.place = frame.GeodeticFromEnu({error.x(), error.y(), 0});
    sighting.stated_cov_en_m2 = stated;
    sightings.push_back(sighting);
  }
  return sightings;
}

const Eigen::Matrix2d kBiasCov{{120, 30}, {30, 40}};
const Eigen::Matrix2d kNoiseCov{{60, -10}, {-10, 30}};

TEST(RefinePoses, ScatterThatTheStatedErrorsExplainIsMeasuredAndSeldomWidens) {
  std::mt19937_64 rng(4);
  const Eigen::Matrix2d stated = kBiasCov + kNoiseCov;
  double squares = 0;
  constexpr int kRuns = 2000;
  for (int run = 0; run < kRuns; ++run) {
    const auto sightings = Sightings(rng, 20, Draw(rng, kBiasCov), kNoiseCov, stated);
    const PoseRefinement refined = RefinePoses(sightings);
    EXPECT_FALSE(refined.disagree) << refined.note;
    const Eigen::Matrix2d cov = refined.transform * stated * refined.transform.transpose();
    EXPECT_GE(cov.trace(), stated.trace() * (1 - 1e-12));
    squares += refined.scatter_m * refined.scatter_m / kRuns;
  }
  EXPECT_NEAR(squares, 0.5 * kNoiseCov.trace(), 0.05 * kNoiseCov.trace());
}

TEST(RefinePoses, ScatterAboveTheStatedErrorsWidensThemAndSaysSo) {
  std::mt19937_64 rng(5);
  const Eigen::Matrix2d stated = Eigen::Matrix2d::Identity() * 4;   // 2 m
  const Eigen::Matrix2d noise = Eigen::Matrix2d::Identity() * 100;  // 10 m
  const PoseRefinement refined =
      RefinePoses(Sightings(rng, 30, Eigen::Vector2d::Zero(), noise, stated));
  EXPECT_TRUE(refined.disagree);
  EXPECT_NE(refined.note.find("disagree"), std::string::npos);
  EXPECT_NEAR(refined.scatter_m, 10, 3);
  EXPECT_NEAR(refined.stated_sigma_m, 2, 1e-9);
  const Eigen::Matrix2d cov = refined.transform * stated * refined.transform.transpose();
  EXPECT_NEAR(std::sqrt(0.5 * cov.trace()), refined.scatter_m, 0.1);
}

TEST(RefinePoses, FewSightingsChangeNothing) {
  std::mt19937_64 rng(7);
  const auto sightings =
      Sightings(rng, 3, Eigen::Vector2d::Zero(), kNoiseCov, kBiasCov + kNoiseCov);
  const PoseRefinement refined = RefinePoses(sightings);
  EXPECT_EQ(refined.transform, Eigen::Matrix2d::Identity());
}

}  // namespace
}  // namespace trucewatch::motion
