// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/travel.h"

#include <algorithm>

namespace trucewatch::motion {
namespace {

constexpr std::size_t kTravelHits = 8;
constexpr double kLeastWayPx = 10;  // working pixels
constexpr double kLeastWaySizes = 1.5;
constexpr double kTravelResidualPx = 1.2;
constexpr std::size_t kFarHits = 15;
constexpr double kFarShare = 0.85, kFarWayPx = 15, kMostBack = 0.3;
constexpr double kBesidePx = 30;     // working pixels
constexpr double kMostUnruly = 2.5;  // patches
constexpr int kLeastPiecePx = 4;     // nearer than this is a piece of the same thing

}  // namespace

double LeastWayPx(double size_px) { return std::max(kLeastWayPx, kLeastWaySizes * size_px); }

bool WentStraight(const ImageTrack& track, const LineFit& fit, double least_px) {
  if (track.hits.size() < kTravelHits || fit.residual_px > kTravelResidualPx) return false;
  const double span_s = track.hits.back().time_s - track.hits.front().time_s;
  return fit.velocity.norm() * span_s >= least_px;
}

bool WentFar(const ImageTrack& track, double least_px) {
  const auto& hits = track.hits;
  const std::size_t chances = hits.back().moment - hits.front().moment + 1;
  if (hits.size() < kFarHits ||
      static_cast<double>(hits.size()) < kFarShare * static_cast<double>(chances)) {
    return false;
  }
  const double way = (hits.back().place - hits.front().place).norm();
  if (way < std::max(kFarWayPx, least_px)) return false;
  const Eigen::Vector2d along = (hits.back().place - hits.front().place) / way;
  double back = 0;
  for (std::size_t i = 1; i < hits.size(); ++i) {
    back += std::max(0.0, -along.dot(hits[i].place - hits[i - 1].place));
  }
  return back < kMostBack * way;
}

Surroundings::Surroundings(const std::vector<ImageTrack>& tracks,
                           const std::vector<Moment>& moments)
    : moments_(moments) {
  for (const Moment& moment : moments) straight_.emplace_back(moment.blobs.size(), false);
  for (const ImageTrack& track : tracks) {
    const double middle_s = track.hits[track.hits.size() / 2].time_s;
    if (!WentStraight(track, FitLine(track, middle_s, kFitWindow_s), kLeastWayPx)) continue;
    for (const auto& hit : track.hits) straight_[hit.moment][hit.blob] = true;
  }
}

double Surroundings::UnrulyBeside(const ImageTrack& track) const {
  double unruly = 0;
  for (const auto& hit : track.hits) {
    const auto& blobs = moments_[hit.moment].blobs;
    const Blob& own = blobs[hit.blob];
    // Pieces of one vehicle lie within its own size.
    const int piece_px = std::max({own.width, own.height, kLeastPiecePx});
    for (std::size_t i = 0; i < blobs.size(); ++i) {
      if (i == hit.blob || straight_[hit.moment][i]) continue;
      const Eigen::Vector2d apart = blobs[i].centroid - own.centroid;
      if (apart.norm() >= piece_px && apart.cwiseAbs().maxCoeff() < kBesidePx) unruly += 1;
    }
  }
  return unruly / static_cast<double>(track.hits.size());
}

bool Surroundings::Boil(const ImageTrack& track) const { return UnrulyBeside(track) > kMostUnruly; }

}  // namespace trucewatch::motion
