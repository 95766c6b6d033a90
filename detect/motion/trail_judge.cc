// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/trail_judge.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

namespace trucewatch::motion {
namespace {

constexpr std::size_t kLeastPoints = 5;
constexpr double kTellingLag_s = 0.25;  // nearer to the seed everything looks alike
constexpr double kMostRatio = 0.65;     // of the moving to the standing misfit
constexpr double kLeastWay_px = 4.0;
constexpr double kMostDetour = 1.4;  // length of the way over the distance gone
constexpr double kDetourGrace_px = 1.0;
constexpr double kMostResidual_px = 0.45;  // of vehicles, and so much more
constexpr double kResidualShare = 0.02;    // of the distance gone
constexpr double kSymbolRatio = 0.85;      // so much smoother on the screen
constexpr double kSymbolFrom_px = 0.2;     // what is smooth on the ground is no symbol
constexpr double kStands_px = 2.0;         // root mean square
constexpr double kGroundGone_px = 8;
constexpr double kFollowedRatio = 1.3;
constexpr double kShort_s = 0.65;
constexpr double kSmooth_px = 0.25;
constexpr double kComplete = 0.8;
constexpr double kTrailStep_s = 0.095;
constexpr double kEdge_px = 4;
constexpr double kGoesOn_px = 4;  // of where the trail would go on
constexpr double kSeedMargin_px = 2.0;
constexpr double kOtherSeed_s = 0.4;
constexpr std::size_t kMostSeeds = 2;

// The share of the pictures that could have shown the patch in which it was seen.
double Completeness(const Trail& trail, const std::vector<Moment>& moments,
                    const std::vector<cv::Mat>& images) {
  double chances = 0, visited_s = -1e9;
  for (std::size_t m = 0; m < moments.size(); ++m) {
    if (!moments[m].compared || moments[m].time_s - visited_s < kTrailStep_s) continue;
    visited_s = moments[m].time_s;
    const Eigen::Vector2d place = PathAbout(trail, visited_s).PlaceAt(visited_s);
    const Eigen::Vector2d p = Apply(moments[m].stable_from_working.inverse(), place);
    chances += p.x() >= kEdge_px && p.y() >= kEdge_px && p.x() < images[m].cols - kEdge_px &&
                       p.y() < images[m].rows - kEdge_px
                   ? 1.0
                   : 0.0;
  }
  return static_cast<double>(trail.points.size()) / std::max(1.0, chances);
}

// Sightings of the track that lie where the trail would go on lengthen it.
void Lengthen(const ImageTrack& track, Trail& trail) {
  std::vector<Eigen::Vector2d> offsets;
  const auto first = trail.points.front(), last = trail.points.back();
  for (const auto& hit : track.hits) {
    if (hit.time_s < first.time_s || hit.time_s > last.time_s) continue;
    offsets.push_back(hit.place - PathAbout(trail, hit.time_s).PlaceAt(hit.time_s));
  }
  if (offsets.size() < 2) return;
  Eigen::Vector2d mean = Eigen::Vector2d::Zero();
  for (const Eigen::Vector2d& o : offsets) mean += o / static_cast<double>(offsets.size());
  const auto append = [&](const ImageTrack::Hit& hit) {
    const Eigen::Vector2d place = hit.place - mean;
    const Eigen::Vector2d expected = PathAbout(trail, hit.time_s).PlaceAt(hit.time_s);
    if ((place - expected).norm() > kGoesOn_px) return false;
    TrailPoint point;
    point.moment = hit.moment;
    point.time_s = hit.time_s;
    point.place = 0.5 * (place + expected);  // patches' centres are less exact than the trail
    const bool later = hit.time_s > last.time_s;
    trail.points.insert(later ? trail.points.end() : trail.points.begin(), point);
    if (!later) ++trail.seed;
    return true;
  };
  for (const auto& hit : track.hits) {
    if (hit.time_s > last.time_s && !append(hit)) break;
  }
  for (auto hit = track.hits.rbegin(); hit != track.hits.rend(); ++hit) {
    if (hit->time_s < first.time_s && !append(*hit)) break;
  }
}

TrailVerdict VerdictOn(Trail& trail, const std::vector<Moment>& moments) {
  std::vector<double> times;
  std::vector<Eigen::Vector2d> stable, screen;
  const double seed_s = trail.points[trail.seed].time_s;
  double way = 0, count = 0;
  for (std::size_t i = 0; i < trail.points.size(); ++i) {
    const TrailPoint& point = trail.points[i];
    const Homography back = moments[point.moment].stable_from_working.inverse();
    times.push_back(point.time_s);
    stable.push_back(point.place);
    screen.push_back(Apply(back, point.place));
    if (i > 0) way += (point.place - trail.points[i - 1].place).norm();
    if (std::abs(point.time_s - seed_s) < kTellingLag_s) continue;
    trail.moving += point.moving;
    trail.still += point.still;
    count += 1;
  }
  if (count > 0) {
    trail.moving /= count;
    trail.still /= count;
  }
  trail.path = FitPath(times, stable);
  const double gone = (stable.back() - stable.front()).norm();
  const double residual = trail.path.residual_px;
  const double on_screen = FitPath(times, screen).residual_px;
  if (trail.points.size() < kLeastPoints || count == 0) return TrailVerdict::kNothing;
  if (trail.moving > kMostRatio * trail.still) return TrailVerdict::kNothing;
  if (on_screen < kSymbolRatio * residual && residual > kSymbolFrom_px) {
    return TrailVerdict::kSymbol;
  }
  // It hardly leaves its place on the screen while the ground goes on, and is no smoother over the
  // ground than a vehicle would be that a shaking camera follows: a symbol that turns.
  Eigen::Vector2d mean = Eigen::Vector2d::Zero();
  for (const Eigen::Vector2d& p : screen) mean += p / static_cast<double>(screen.size());
  double wander = 0;
  for (const Eigen::Vector2d& p : screen) wander += (p - mean).squaredNorm();
  if (std::sqrt(wander / static_cast<double>(screen.size())) < kStands_px &&
      gone > kGroundGone_px && on_screen < kFollowedRatio * residual) {
    return TrailVerdict::kSymbol;
  }
  if (gone < kLeastWay_px || way > kMostDetour * gone + kDetourGrace_px ||
      residual > kMostResidual_px + kResidualShare * gone) {
    return TrailVerdict::kNothing;
  }
  return TrailVerdict::kMover;
}

// The clearest hits first, those near in time to a clearer one left out.
std::vector<std::size_t> SeedHits(const ImageTrack& track, const std::vector<Moment>& moments) {
  std::vector<std::size_t> order(track.hits.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto clear = [&](std::size_t i) {
    const Blob& blob = moments[track.hits[i].moment].blobs[track.hits[i].blob];
    return blob.area * blob.contrast;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return clear(a) > clear(b); });
  std::vector<std::size_t> seeds;
  for (const std::size_t i : order) {
    const bool near = std::any_of(seeds.begin(), seeds.end(), [&](std::size_t s) {
      return std::abs(track.hits[s].time_s - track.hits[i].time_s) < kOtherSeed_s;
    });
    if (!near && seeds.size() < kMostSeeds) seeds.push_back(i);
  }
  return seeds;
}

}  // namespace

JudgedTrail JudgeTrail(const ImageTrack& track, const Eigen::Vector2d& velocity,
                       const std::vector<Moment>& moments, const std::vector<cv::Mat>& images) {
  for (const std::size_t i : SeedHits(track, moments)) {
    const auto& hit = track.hits[i];
    const Blob& blob = moments[hit.moment].blobs[hit.blob];
    PatchSeed seed;
    seed.moment = hit.moment;
    seed.centre = {blob.x + (blob.width - 1) / 2.0, blob.y + (blob.height - 1) / 2.0};
    seed.half_width = blob.width / 2.0 + kSeedMargin_px;
    seed.half_height = blob.height / 2.0 + kSeedMargin_px;
    seed.guess = velocity;
    JudgedTrail judged;
    judged.trail.points = FollowPatch(seed, moments, images);
    if (judged.trail.points.empty()) continue;
    const auto at = std::find_if(judged.trail.points.begin(), judged.trail.points.end(),
                                 [&](const TrailPoint& p) { return p.moment == seed.moment; });
    judged.trail.seed = static_cast<std::size_t>(at - judged.trail.points.begin());
    judged.verdict = VerdictOn(judged.trail, moments);
    if (judged.verdict == TrailVerdict::kMover) {
      if (track.hits.back().time_s - track.hits.front().time_s < kShort_s &&
          judged.trail.path.residual_px > kSmooth_px &&
          Completeness(judged.trail, moments, images) < kComplete) {
        continue;  // lost in full view, and not seen otherwise: leaves, a symbol that turns
      }
      Lengthen(track, judged.trail);
    }
    if (judged.verdict != TrailVerdict::kNothing) return judged;
  }
  return {};
}

}  // namespace trucewatch::motion
