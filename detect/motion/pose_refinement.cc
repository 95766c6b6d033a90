// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/pose_refinement.h"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>

namespace trucewatch::motion {
namespace {

// Mean squared distance, in stated sigmas, from which on the two disagree.
constexpr double kDisagreement = 2.0;

double MeanSigmaM(const Eigen::Matrix2d& cov) { return std::sqrt(0.5 * cov.trace()); }

}  // namespace

PoseRefinement RefinePoses(const std::vector<PoseSighting>& sightings) {
  PoseRefinement refined;
  if (sightings.size() < kMinSightings) return refined;

  const LocalFrame frame(sightings.front().place);
  const auto count = static_cast<double>(sightings.size());
  std::vector<Eigen::Vector2d> residuals;
  Eigen::Vector2d mean = Eigen::Vector2d::Zero();
  Eigen::Matrix2d stated = Eigen::Matrix2d::Zero();
  for (const PoseSighting& sighting : sightings) {
    residuals.push_back(frame.EnuFromGeodetic(sighting.place).head<2>());
    mean += residuals.back() / count;
    stated += sighting.stated_cov_en_m2 / count;
  }
  Eigen::Matrix2d noise = Eigen::Matrix2d::Zero();
  for (Eigen::Vector2d& residual : residuals) {
    residual -= mean;
    noise += residual * residual.transpose() / (count - 1.0);
  }
  refined.stated_sigma_m = MeanSigmaM(stated);
  refined.scatter_m = MeanSigmaM(noise);

  const Eigen::LLT<Eigen::Matrix2d> root(stated);
  if (root.info() != Eigen::Success)
    return refined;  // nothing is stated: nothing to hold it against
  // In the frame where the stated covariance is the unit matrix.
  const Eigen::Matrix2d l = root.matrixL();
  const Eigen::Matrix2d l_inverse = l.inverse();
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix2d> axes(l_inverse * noise *
                                                            l_inverse.transpose());
  Eigen::Vector2d scale;
  for (int k = 0; k < 2; ++k) {
    scale(k) = std::sqrt(std::max(1.0, axes.eigenvalues()(k)));
  }
  const Eigen::Matrix2d& u = axes.eigenvectors();
  refined.transform = l * u * scale.asDiagonal() * u.transpose() * l_inverse;

  refined.disagree = 0.5 * axes.eigenvalues().sum() > kDisagreement;
  if (refined.disagree) {
    refined.note = fmt::format(
        "metadata and registration disagree: by the poses one place of the ground wanders by "
        "{:.1f} "
        "m (measured), their stated errors make {:.1f} m; covariances are widened to it",
        refined.scatter_m, refined.stated_sigma_m);
  }
  return refined;
}

}  // namespace trucewatch::motion
