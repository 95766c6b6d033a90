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
    sighting.moment = static_cast<std::size_t>(i);
    sighting.time_s = 0.1 * i;
    sighting.place = frame.GeodeticFromEnu({error.x(), error.y(), 0});
    sighting.stated_cov_en_m2 = stated;
    sightings.push_back(sighting);
  }
  return sightings;
}

const Eigen::Matrix2d kBiasCov{{120, 30}, {30, 40}};
const Eigen::Matrix2d kNoiseCov{{60, -10}, {-10, 30}};

TEST(RefinePoses, CovarianceHoldsTheErrorThatIsLeft) {
  std::mt19937_64 rng(4);
  const LocalFrame frame(kPlace);
  int inside_refined = 0, inside_stated = 0;
  double squares_refined = 0, squares_single = 0;
  constexpr int kRuns = 4000;
  for (int run = 0; run < kRuns; ++run) {
    const Eigen::Vector2d bias = Draw(rng, kBiasCov);
    const Eigen::Matrix2d stated = kBiasCov + kNoiseCov;
    const auto sightings = Sightings(rng, 20, bias, kNoiseCov, stated);
    const PoseRefinement refined = RefinePoses(sightings, 20);
    EXPECT_FALSE(refined.disagree) << refined.note;
    const Eigen::Vector2d single = frame.EnuFromGeodetic(sightings[7].place).head<2>();
    const Eigen::Vector2d better = single + refined.shift_en_m[7];
    const Eigen::Matrix2d cov = refined.transform * stated * refined.transform.transpose();
    constexpr double kQuantile95 = 5.991;  // chi-squared of two
    if (better.dot(cov.inverse() * better) < kQuantile95) ++inside_refined;
    if (single.dot(stated.inverse() * single) < kQuantile95) ++inside_stated;
    squares_refined += better.squaredNorm();
    squares_single += single.squaredNorm();
  }
  EXPECT_NEAR(inside_stated / double{kRuns}, 0.95, 0.012);
  EXPECT_NEAR(inside_refined / double{kRuns}, 0.95, 0.025);
  // What is left is the bias and a twentieth of the noise.
  const double expected = (kBiasCov + kNoiseCov / 20).trace() / (kBiasCov + kNoiseCov).trace();
  EXPECT_NEAR(squares_refined / squares_single, expected, 0.05);
}

TEST(RefinePoses, ScatterAboveTheStatedErrorsWidensThemAndSaysSo) {
  std::mt19937_64 rng(5);
  const Eigen::Matrix2d stated = Eigen::Matrix2d::Identity() * 4;   // 2 m
  const Eigen::Matrix2d noise = Eigen::Matrix2d::Identity() * 100;  // 10 m
  const PoseRefinement refined =
      RefinePoses(Sightings(rng, 30, Eigen::Vector2d::Zero(), noise, stated), 30);
  EXPECT_TRUE(refined.disagree);
  EXPECT_NE(refined.note.find("disagree"), std::string::npos);
  EXPECT_NEAR(refined.scatter_m, 10, 3);
  EXPECT_NEAR(refined.stated_sigma_m, 2, 1e-9);
  const Eigen::Matrix2d cov = refined.transform * stated * refined.transform.transpose();
  EXPECT_NEAR(std::sqrt(0.5 * cov.trace()), refined.scatter_m, 0.1);
}

TEST(RefinePoses, ADriftIsNotTakenForIndependentNoise) {
  // All sightings on one slow line: the mean knows hardly more than one of them.
  std::vector<PoseSighting> sightings = [] {
    std::mt19937_64 rng(6);
    return Sightings(rng, 20, Eigen::Vector2d::Zero(), Eigen::Matrix2d::Identity() * 1e-6,
                     Eigen::Matrix2d::Identity() * 100);
  }();
  const LocalFrame frame(kPlace);
  for (std::size_t i = 0; i < sightings.size(); ++i) {
    sightings[i].place = frame.GeodeticFromEnu({1.2 * static_cast<double>(i) - 11.4, 0, 0});
  }
  const PoseRefinement refined = RefinePoses(sightings, 20);
  const Eigen::Matrix2d cov = refined.transform * 100 * refined.transform.transpose();
  EXPECT_GT(cov(0, 0), 60);
  EXPECT_NEAR(cov(1, 1), 100, 1);
  EXPECT_FALSE(refined.disagree);
}

TEST(RefinePoses, FewSightingsChangeNothing) {
  std::mt19937_64 rng(7);
  const auto sightings =
      Sightings(rng, 3, Eigen::Vector2d::Zero(), kNoiseCov, kBiasCov + kNoiseCov);
  const PoseRefinement refined = RefinePoses(sightings, 5);
  EXPECT_EQ(refined.shift_en_m.size(), 5U);
  EXPECT_EQ(refined.shift_en_m[1], Eigen::Vector2d::Zero());
  EXPECT_EQ(refined.transform, Eigen::Matrix2d::Identity());
}

}  // namespace
}  // namespace trucewatch::motion
