// SPDX-License-Identifier: Apache-2.0
#include "tools/score/consistency.h"

#include <Eigen/LU>
#include <algorithm>

#include "tools/score/assignment.h"

namespace trucewatch::tools {
namespace {

// Chi-square with 2 degrees of freedom, -2 ln (1 - p).
constexpr double kChiSquare95Of2 = 5.991464547107979;
constexpr double kChiSquare9999Of2 = 18.420680743952367;

double SquaredOver(const Eigen::Vector2d& error, const Eigen::Matrix2d& covariance) {
  return error.dot(covariance.inverse() * error);
}

}  // namespace

void ConsistencySum::Add(const TruthPoint& truth, const TrackPoint& track) {
  if (!track.cov_p_m2) return;
  const double squared = SquaredOver(truth.p_en_m - track.p_en_m, *track.cov_p_m2);
  ++sum_.pairs;
  position_ += squared;
  inside_ += squared <= kChiSquare95Of2 ? 1 : 0;
  if (!track.cov_v_m2ps2 || !track.v_en_mps) return;
  ++sum_.velocity_pairs;
  velocity_ += SquaredOver(truth.v_en_mps - *track.v_en_mps, *track.cov_v_m2ps2);
}

std::optional<Consistency> ConsistencySum::Finish() const {
  if (sum_.pairs == 0) return std::nullopt;
  const double pairs = static_cast<double>(sum_.pairs);
  const double velocity_pairs = static_cast<double>(sum_.velocity_pairs);
  Consistency result = sum_;
  result.position_nees_ratio = position_ / 2 / pairs;
  result.inside_95_ratio = inside_ / pairs;
  result.velocity_nees_ratio = velocity_ / 2 / std::max(velocity_pairs, 1.0);
  return result;
}

ConsistencyScore::ConsistencyScore(const TrackedScenario& scenario)
    : scenario_(scenario),
      last_track_(scenario.targets.size(), kUnassigned),
      last_target_(scenario.tracks.size(), kUnassigned),
      place_of_(scenario.tracks.size(), kUnassigned) {}

void ConsistencyScore::AddPair(const ScoredEpoch& epoch, const TruthPoint& truth,
                               const TrackPoint& track) {
  (truth.manoeuvre_onset ? onsets_ : steady_).Add(truth, track);
  if (truth.manoeuvre_onset) return;
  const auto is = TruthKindsOf(scenario_, truth, epoch.camera);
  for (std::size_t k = 0; k < is.size(); ++k) {
    if (is[k]) kinds_[k].Add(truth, track);
  }
}

void ConsistencyScore::Add(const ScoredEpoch& epoch, const std::vector<std::size_t>& track_of) {
  for (std::size_t k = 0; k < epoch.tracks.size(); ++k) place_of_[epoch.tracks[k].track] = k;
  for (std::size_t i = 0; i < epoch.truths.size(); ++i) {
    if (track_of[i] == kUnassigned) continue;
    const TruthPoint& truth = epoch.truths[i];
    const TrackPoint& track = epoch.tracks[track_of[i]];
    AddPair(epoch, truth, track);
    last_track_[truth.target] = track.track;
    last_target_[track.track] = truth.target;
    place_of_[track.track] = kUnassigned;  // taken
  }
  for (std::size_t i = 0; i < epoch.truths.size(); ++i) {
    const TruthPoint& truth = epoch.truths[i];
    const std::size_t last = last_track_[truth.target];
    if (track_of[i] != kUnassigned || last == kUnassigned) continue;
    if (last_target_[last] != truth.target || place_of_[last] == kUnassigned) continue;
    const TrackPoint& track = epoch.tracks[place_of_[last]];
    if (!track.cov_p_m2 ||
        SquaredOver(truth.p_en_m - track.p_en_m, *track.cov_p_m2) > kChiSquare9999Of2) {
      continue;
    }
    AddPair(epoch, truth, track);
  }
  for (const TrackPoint& track : epoch.tracks) place_of_[track.track] = kUnassigned;
}

}  // namespace trucewatch::tools
