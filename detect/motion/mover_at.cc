// SPDX-License-Identifier: Apache-2.0
#include <Eigen/LU>
#include <algorithm>
#include <cmath>

#include "detect/motion/candidate.h"
#include "detect/motion/movers.h"

namespace trucewatch::motion {
namespace {

constexpr double kPiecedSigmaPx = 1.5;  // of the centre of a vehicle pieced together
constexpr double kOutlastGap_s = 0.15;  // a track is believed this long before and after its hits
constexpr double kRoughTrail_px = 0.5;  // root mean square: such a trail may be in error, where
constexpr double kOffTrail_m = 2.5;     // differencing sees the vehicle so far beside its body
constexpr double kSameMoment_s = 0.01;
constexpr double kTrailVelocitySigma_px = 0.5;  // a second; of the path about one moment
constexpr double kScaleError = 0.03;            // of the ground scale, beside what the pose says

// Velocity of a point of the stabilised plane, in working pixels of the moment's picture.
Eigen::Vector2d InPicture(const Homography& working_from_stable, const Eigen::Vector2d& place,
                          const Eigen::Vector2d& velocity) {
  constexpr double kStep_s = 0.05;
  return (Apply(working_from_stable, place + velocity * kStep_s) -
          Apply(working_from_stable, place - velocity * kStep_s)) /
         (2 * kStep_s);
}

// Whether differencing saw it just before and just after.
bool SeenAbout(const ImageTrack& track, double time_s) {
  const auto seen = [&](double from_s, double to_s) {
    return std::any_of(track.hits.begin(), track.hits.end(),
                       [&](const auto& hit) { return hit.time_s >= from_s && hit.time_s <= to_s; });
  };
  return seen(time_s - kOutlastGap_s, time_s) && seen(time_s, time_s + kOutlastGap_s);
}

// Whether differencing saw it at that moment, and only well off what goes with the trail: at its
// ends, and in tight turns, a patch may be found in a wrong place.
bool Contradicted(const Mover& mover, double time_s) {
  if (mover.trail->path.residual_px < kRoughTrail_px) return false;
  const PathFit path = PathAbout(*mover.trail, time_s);
  const Eigen::Matrix2d heading = MetricHeading(mover.metres, path.VelocityAt(time_s));
  const double reach_m = kOffTrail_m + std::max(mover.whole_length_m, mover.whole_breadth_m) / 2;
  bool seen = false;
  for (const auto& hit : mover.track.hits) {
    if (std::abs(hit.time_s - time_s) > kSameMoment_s) continue;
    seen = true;
    const Eigen::Vector2d off = heading * (hit.place - path.PlaceAt(time_s)) - mover.from_trail;
    if (off.norm() < reach_m) return false;
  }
  return seen;
}

}  // namespace

std::optional<Sight> SightAt(const Mover& mover, const Moment& moment, const GroundView& view) {
  const auto& hits = mover.track.hits;
  const double first = mover.trail ? mover.trail->points.front().time_s : hits.front().time_s;
  const double last = mover.trail ? mover.trail->points.back().time_s : hits.back().time_s;
  const bool followed =
      moment.time_s >= first - kOutlastGap_s && moment.time_s <= last + kOutlastGap_s;
  // Differencing may have seen it before and after its pixels could be followed.
  if (!followed && (!mover.trail || !SeenAbout(mover.track, moment.time_s))) return std::nullopt;
  LineFit fit = FitLine(mover.track, moment.time_s, kFitWindow_s);
  if (mover.trail && Contradicted(mover, moment.time_s)) return std::nullopt;
  if (mover.trail && !followed) {
    if (fit.hits < 2) return std::nullopt;
    fit.velocity_sigma = std::max(fit.velocity_sigma, kTrailVelocitySigma_px);
    fit.place_sigma_px = std::max(fit.place_sigma_px, kPiecedSigmaPx);
  } else if (mover.trail) {
    const PathFit path = PathAbout(*mover.trail, moment.time_s);
    fit.velocity = path.VelocityAt(moment.time_s);
    fit.place = path.PlaceAt(moment.time_s) +
                MetricHeading(mover.metres, fit.velocity).inverse() * mover.from_trail;
    fit.velocity_sigma = std::max(mover.velocity_sigma, kTrailVelocitySigma_px);
    fit.place_sigma_px = kPiecedSigmaPx;
  } else if (mover.pieced) {
    fit.place = mover.centre + mover.velocity * moment.time_s;
    fit.velocity = mover.velocity;
    fit.velocity_sigma = std::max(mover.velocity_sigma, kTrailVelocitySigma_px);
    fit.place_sigma_px = kPiecedSigmaPx;
  } else if (fit.hits < 2) {
    return std::nullopt;
  }
  const Homography working_from_stable = moment.stable_from_working.inverse();
  const Eigen::Vector2d place = Apply(working_from_stable, fit.place);
  const auto metres = view.MetresPerPixel(place);
  if (!metres) return std::nullopt;
  const Eigen::Vector2d velocity =
      *metres * InPicture(working_from_stable, fit.place, fit.velocity);

  Sight sight;
  Detection& detection = sight.detection;
  detection.length_m = mover.length_m;
  detection.width_m = mover.width_m;
  detection.score = mover.score;
  detection.classes = mover.classes;
  Eigen::Vector2d half(mover.box_width / 2, mover.box_height / 2);
  if (mover.trail) {
    // As it lies now: it may have turned.
    const Eigen::Matrix2d sides = Linear(working_from_stable, fit.place) *
                                  MetricHeading(mover.metres, fit.velocity).inverse();
    half = sides.cwiseAbs() * Eigen::Vector2d(mover.whole_length_m, mover.whole_breadth_m) / 2;
  }
  sight.velocity = fit.velocity;
  sight.middle = place;
  sight.half = half;
  const Eigen::Vector2d low = view.Encoded(place - half), high = view.Encoded(place + half);
  detection.box_x_px = low.x();
  detection.box_y_px = low.y();
  detection.box_width_px = high.x() - low.x();
  detection.box_height_px = high.y() - low.y();
  if (!view.georeferenced()) return sight;

  const auto ground = view.Locate(place, fit.place_sigma_px);
  if (!ground) return std::nullopt;
  detection.position = ground->position;
  detection.cov_en_m2 = ground->cov_en_m2;
  detection.velocity_en_mps = velocity;
  const double scale_error =
      std::hypot(kScaleError, std::sqrt(ground->cov_en_m2.trace()) / ground->slant_range_m);
  detection.velocity_cov_en =
      fit.velocity_sigma * fit.velocity_sigma * *metres * metres->transpose() +
      scale_error * scale_error * velocity * velocity.transpose();
  return sight;
}

}  // namespace trucewatch::motion
