// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/image_tracker.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace trucewatch::motion {
namespace {

constexpr double kPredictWindow_s = 0.6;
constexpr double kCentroidSigmaPx = 0.5;  // least error of a patch's centroid

}  // namespace

LineFit FitLine(const ImageTrack& track, double time_s, double window_s) {
  LineFit fit;
  double n = 0, t1 = 0, t2 = 0;
  Eigen::Vector2d p1 = Eigen::Vector2d::Zero(), tp = Eigen::Vector2d::Zero();
  for (const auto& hit : track.hits) {
    const double t = hit.time_s - time_s;
    if (std::abs(t) > window_s) continue;
    n += 1;
    t1 += t;
    t2 += t * t;
    p1 += hit.place;
    tp += t * hit.place;
  }
  fit.hits = static_cast<int>(n);
  if (fit.hits == 0) return fit;
  const double spread = t2 - t1 * t1 / n;  // sum of squared times about their mean
  if (spread > 1e-9) fit.velocity = (tp - t1 / n * p1) / spread;
  fit.place = p1 / n - fit.velocity * (t1 / n);
  double sum = 0;
  for (const auto& hit : track.hits) {
    const double t = hit.time_s - time_s;
    if (std::abs(t) <= window_s) sum += (hit.place - fit.place - fit.velocity * t).squaredNorm();
  }
  fit.residual_px = std::sqrt(sum / n);
  // Unbiased per-axis scatter (2n numbers, 4 parameters), never better than a centroid can be.
  const double scatter = n > 2 ? std::sqrt(sum / (2 * n - 4)) : 1.0;
  const double sigma = std::max(kCentroidSigmaPx, scatter);
  const double mean_t = t1 / n;
  fit.velocity_sigma = spread > 1e-9 ? sigma / std::sqrt(spread) : 1e3;
  fit.place_sigma_px = sigma * std::sqrt(1 / n + (spread > 1e-9 ? mean_t * mean_t / spread : 0.0));
  return fit;
}

std::vector<ImageTrack> FollowSightings(const std::vector<double>& times_s,
                                        const std::vector<std::vector<Sighting>>& moments,
                                        const ImageTrackerOptions& options) {
  std::vector<ImageTrack> tracks;
  std::vector<std::size_t> alive;
  for (std::size_t m = 0; m < moments.size(); ++m) {
    const double now = times_s[m];
    std::erase_if(alive, [&](std::size_t i) {
      return now - tracks[i].hits.back().time_s > options.max_gap_s;
    });
    // Cost, hits so far (longer tracks first among equals), track, sighting.
    std::vector<std::tuple<double, std::size_t, std::size_t>> pairs;
    for (const std::size_t i : alive) {
      const ImageTrack& track = tracks[i];
      const auto& last = track.hits.back();
      const double dt = now - last.time_s;
      Eigen::Vector2d predicted = last.place;
      double gate = options.max_speed_px_per_s * dt + options.gate_px;
      if (track.hits.size() > 1) {
        const LineFit fit = FitLine(track, now, kPredictWindow_s + (now - last.time_s));
        predicted = fit.place;
        const double uncertain = track.hits.size() == 2 ? 2.0 : 1.0;
        gate = std::min(gate, options.gate_px * uncertain + 0.35 * fit.velocity.norm() * dt);
      }
      for (std::size_t s = 0; s < moments[m].size(); ++s) {
        const Sighting& sighting = moments[m][s];
        const double distance = (sighting.place - predicted).norm();
        // A patch may break up or be half hidden: its centre then jumps by a part of its size.
        const double reach = gate + 0.25 * std::min(sighting.size_px, 30.0);
        if (distance > reach) continue;
        const double handicap = track.hits.size() > 2 ? 0.0 : 1.0;
        pairs.emplace_back(distance / reach + handicap, i, s);
      }
    }
    std::sort(pairs.begin(), pairs.end());
    std::vector<bool> track_used(tracks.size(), false), used(moments[m].size(), false);
    for (const auto& [cost, i, s] : pairs) {
      if (track_used[i] || used[s]) continue;
      track_used[i] = used[s] = true;
      tracks[i].hits.push_back({m, now, moments[m][s].place, moments[m][s].blob});
    }
    for (std::size_t s = 0; s < moments[m].size(); ++s) {
      if (used[s]) continue;
      alive.push_back(tracks.size());
      tracks.push_back({{{m, now, moments[m][s].place, moments[m][s].blob}}});
    }
  }
  return tracks;
}

}  // namespace trucewatch::motion
