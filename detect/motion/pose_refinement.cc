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

// A variance is never believed to be less than this share of the stated one.
constexpr double kLeastShare = 0.1;
// Mean squared distance, in stated sigmas, from which on the two disagree.
constexpr double kDisagreement = 2.0;

// How many independent ones so many sightings are worth, by the correlation of neighbours (as of a
// first-order autoregressive process: n (1 - r) / (1 + r)).
double EffectiveCount(const std::vector<Eigen::Vector2d>& residuals) {
  double lagged = 0, square = 0;
  for (std::size_t i = 0; i < residuals.size(); ++i) {
    square += residuals[i].squaredNorm();
    if (i > 0) lagged += residuals[i].dot(residuals[i - 1]);
  }
  const auto count = static_cast<double>(residuals.size());
  if (!(square > 0)) return count;
  const double correlation = std::clamp(lagged / square, 0.0, 0.999);
  return std::max(1.0, count * (1.0 - correlation) / (1.0 + correlation));
}

double MeanSigmaM(const Eigen::Matrix2d& cov) { return std::sqrt(0.5 * cov.trace()); }

}  // namespace

PoseRefinement RefinePoses(const std::vector<PoseSighting>& sightings, std::size_t moments) {
  PoseRefinement refined;
  refined.shift_en_m.assign(moments, Eigen::Vector2d::Zero());
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
  const double effective = EffectiveCount(residuals);
  Eigen::Vector2d scale;
  for (int k = 0; k < 2; ++k) {
    const double share = std::max(0.0, axes.eigenvalues()(k));
    const double variance = share <= 1.0 ? 1.0 - share * (1.0 - 1.0 / effective) : share;
    scale(k) = std::sqrt(std::max(kLeastShare, variance));
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
    return refined;
  }
  for (std::size_t i = 0; i < sightings.size(); ++i) {
    if (sightings[i].moment < moments) refined.shift_en_m[sightings[i].moment] = -residuals[i];
  }
  return refined;
}

}  // namespace trucewatch::motion
