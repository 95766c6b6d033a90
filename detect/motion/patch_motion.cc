// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/patch_motion.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "detect/motion/patch_sample.h"

namespace trucewatch::motion {
namespace {

constexpr double kLag_s = 0.4;
constexpr double kLeastLag_s = 0.1, kMostLag_s = 0.7;
constexpr int kMaxPairs = 8;
constexpr int kMargin_px =
    1;  // about the patch: its edges carry the information, more ground would dilute it
constexpr int kMaxSide_px = 14;         // samples along each side of a patch
constexpr double kMostDifference = 50;  // grey levels: larger ones say no more

// One patch and the picture it is laid over. The map is linear about the patch's centre.
struct Pair {
  const cv::Mat* from = nullptr;
  const cv::Mat* to = nullptr;
  double dt_s = 0;
  double gain = 1;                 // brings `to` to the exposure of `from`
  Eigen::Vector2d centre;          // in `from`
  Eigen::Vector2d landed;          // centre in `to`, standing still
  Eigen::Matrix2d to_from_from;    // linear part
  Eigen::Matrix2d to_from_stable;  // of displacements
  double half_width = 0, half_height = 0;
  // Points of the patch: what is seen there, and where they land standing still.
  std::vector<std::int32_t> seen;
  std::vector<FixedPoint> land;
};

void TakePoints(Pair& pair) {
  const double step_x = std::max(1.0, 2 * pair.half_width / kMaxSide_px);
  const double step_y = std::max(1.0, 2 * pair.half_height / kMaxSide_px);
  for (double dy = -pair.half_height; dy <= pair.half_height; dy += step_y) {
    for (double dx = -pair.half_width; dx <= pair.half_width; dx += step_x) {
      const Eigen::Vector2d d(dx, dy);
      const std::int32_t seen = Sample(*pair.from, Fixed(pair.centre + d));
      if (seen < 0) continue;
      pair.seen.push_back(seen);
      pair.land.push_back(Fixed(pair.landed + pair.to_from_from * d));
    }
  }
}

// Sum of absolute differences of the patches with the ground velocity v; given up, with what there
// is so far, from `enough` on.
std::int64_t Misfit(const std::vector<Pair>& pairs, const Eigen::Vector2d& v, std::int64_t enough) {
  constexpr auto kMost = static_cast<std::int32_t>(kMostDifference * kGrey);
  std::int64_t sum = 0;
  for (const Pair& pair : pairs) {
    const FixedPoint shift = Fixed(pair.to_from_stable * (v * pair.dt_s));
    const auto gain = static_cast<std::int32_t>(std::lround(pair.gain * (1 << kExposureBits)));
    for (std::size_t i = 0; i < pair.seen.size(); ++i) {
      const std::int32_t there =
          Sample(*pair.to, {pair.land[i].x + shift.x, pair.land[i].y + shift.y});
      const std::int32_t level =
          static_cast<std::int32_t>(std::int64_t{there} * gain >> kExposureBits);
      sum += there < 0 ? kMost / 2 : std::min(std::abs(pair.seen[i] - level), kMost);
    }
    if (sum >= enough) break;
  }
  return sum;
}

std::vector<Pair> ChoosePairs(const ImageTrack& track, const std::vector<Moment>& moments,
                              const std::vector<cv::Mat>& images) {
  std::vector<Pair> pairs;
  const std::size_t hits = track.hits.size();
  const std::size_t step = std::max<std::size_t>(1, (2 * hits + kMaxPairs - 1) / kMaxPairs);
  // Alternately later and earlier pictures, spread over the track.
  for (std::size_t i = 0; i < 2 * hits; i += step) {
    const auto& hit = track.hits[i / 2];
    const double sign = (i / step) % 2 == 0 ? 1 : -1;
    const Moment& here = moments[hit.moment];
    std::optional<std::size_t> best;
    for (const double direction : {sign, -sign}) {
      for (std::size_t m = 0; m < moments.size(); ++m) {
        const double lag = (moments[m].time_s - here.time_s) * direction;
        if (!moments[m].compared || lag < kLeastLag_s || lag > kMostLag_s) continue;
        if (!best || std::abs(lag - kLag_s) <
                         std::abs(std::abs(moments[*best].time_s - here.time_s) - kLag_s)) {
          best = m;
        }
      }
      if (best) break;
    }
    if (!best) continue;
    const Moment& there = moments[*best];
    const Blob& blob = here.blobs[hit.blob];
    Pair pair;
    pair.from = &images[hit.moment];
    pair.to = &images[*best];
    pair.dt_s = there.time_s - here.time_s;
    pair.gain = here.level / std::max(1.0, there.level);
    pair.centre = {blob.x + (blob.width - 1) / 2.0, blob.y + (blob.height - 1) / 2.0};
    pair.half_width = blob.width / 2.0 + kMargin_px;
    pair.half_height = blob.height / 2.0 + kMargin_px;
    const Homography back = there.stable_from_working.inverse();
    const Homography across = back * here.stable_from_working;
    pair.landed = Apply(across, pair.centre);
    pair.to_from_from = Linear(across, pair.centre);
    pair.to_from_stable = Linear(back, Apply(here.stable_from_working, pair.centre));
    TakePoints(pair);
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

}  // namespace

PatchMotion MeasurePatchMotion(const ImageTrack& track, const Eigen::Vector2d& guess,
                               const std::vector<Moment>& moments,
                               const std::vector<cv::Mat>& images) {
  PatchMotion result;
  result.velocity = guess;
  const std::vector<Pair> pairs = ChoosePairs(track, moments, images);
  result.pairs = static_cast<int>(pairs.size());
  if (pairs.empty()) return result;
  double lag = 0;
  for (const Pair& pair : pairs) lag += std::abs(pair.dt_s) / static_cast<double>(pairs.size());

  std::size_t points = 0;
  for (const Pair& pair : pairs) points += pair.seen.size();
  const auto mean = [&](std::int64_t sum) {
    return points > 0 ? static_cast<double>(sum) / static_cast<double>(kGrey * points)
                      : kMostDifference;
  };
  constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();
  result.static_misfit = mean(Misfit(pairs, Eigen::Vector2d::Zero(), kAll));
  // Along the guess first: the ends of a long vehicle seem to run up to twice as fast, or half as
  // fast.
  Eigen::Vector2d best = guess;
  std::int64_t least = Misfit(pairs, guess, kAll);
  for (double factor = 0.3; factor < 1.65; factor += 0.1) {
    const std::int64_t misfit = Misfit(pairs, guess * factor, least);
    if (misfit < least) {
      least = misfit;
      best = guess * factor;
    }
  }
  // Then to the nearest minimum, in steps down to a quarter of a pixel.
  for (double step = 1.0 / lag; step > 0.2 / lag; step /= 2) {
    for (bool better = true; better;) {
      better = false;
      const Eigen::Vector2d around = best;
      for (const auto& [x, y] : {std::pair{1.0, 0.0}, {-1.0, 0.0}, {0.0, 1.0}, {0.0, -1.0}}) {
        const Eigen::Vector2d v = around + step * Eigen::Vector2d(x, y);
        if ((v - guess).norm() > guess.norm() + 4 / lag) continue;
        const std::int64_t misfit = Misfit(pairs, v, least);
        if (misfit < least) {
          least = misfit;
          best = v;
          better = true;
        }
      }
    }
  }
  result.velocity = best;
  result.moving_misfit = mean(least);
  result.velocity_sigma = 0.5 / (lag * std::sqrt(static_cast<double>(pairs.size())));
  return result;
}

}  // namespace trucewatch::motion
