// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/on_screen.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

namespace trucewatch::motion {
namespace {

constexpr double kScreenStill_px = 5.0;
constexpr double kTrailStill_px = 3.0;  // root mean square
constexpr double kBesideRatio =
    0.25;                           // of the moving to the standing misfit: hardly the same thing
constexpr double kBesideNoise = 6;  // so much more than noise: cars of a few pixels are as blurred
constexpr double kJerks_px = 0.4;

}  // namespace

bool BesideSymbol(const ImageTrack& track, const std::vector<Moment>& moments) {
  const auto beside = std::count_if(track.hits.begin(), track.hits.end(), [&](const auto& hit) {
    return moments[hit.moment].blobs[hit.blob].near_symbol;
  });
  return 2 * static_cast<std::size_t>(beside) > track.hits.size();
}

bool StandsOnScreen(const ImageTrack& track, const std::vector<Moment>& moments) {
  Eigen::Vector2d low = Eigen::Vector2d::Constant(1e9), high = -low;
  for (const auto& hit : track.hits) {
    const Blob& blob = moments[hit.moment].blobs[hit.blob];
    low = low.cwiseMin(blob.centroid);
    high = high.cwiseMax(blob.centroid);
  }
  return BesideSymbol(track, moments) && (high - low).norm() < kScreenStill_px;
}

bool StandsOnScreen(const ImageTrack& track, const Trail& trail,
                    const std::vector<Moment>& moments) {
  if (!BesideSymbol(track, moments)) return false;
  const double noise = std::max(1.0, moments[trail.points[trail.seed].moment].noise);
  if (trail.moving > kBesideRatio * trail.still && trail.moving > kBesideNoise * noise &&
      trail.path.residual_px > kJerks_px) {
    return true;
  }
  std::vector<Eigen::Vector2d> places;
  Eigen::Vector2d mean = Eigen::Vector2d::Zero();
  for (const TrailPoint& point : trail.points) {
    places.push_back(Apply(moments[point.moment].stable_from_working.inverse(), point.place));
    mean += places.back() / static_cast<double>(trail.points.size());
  }
  double sum = 0;
  for (const Eigen::Vector2d& place : places) sum += (place - mean).squaredNorm();
  return std::sqrt(sum / static_cast<double>(places.size())) < kTrailStill_px;
}

}  // namespace trucewatch::motion
