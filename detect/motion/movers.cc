// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/movers.h"

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>

namespace trucewatch::motion {
namespace {

constexpr int kMinHits = 3;
constexpr double kMinHitShare = 0.5;        // of the moments between first and last
constexpr double kMinDisplacementPx = 2.5;  // working pixels, over the whole track
constexpr double kSignificance = 4.0;       // speed over its 1-sigma
constexpr double kTallestStructure_m = 40;  // static things are no taller
constexpr double kParallaxCosine = 0.94;    // within 20 degrees of the epipolar direction
constexpr double kTwinLateral_m = 2.5;
constexpr double kThinnest = 5.0;       // length over width, blur included
constexpr double kSliverShare = 0.4;    // of the other patch's area
constexpr double kSliverCosine = 0.9;   // directions within 25 degrees
constexpr double kRimPx = 1.0;          // blur makes a patch larger by this on every side
constexpr double kOutlastGap_s = 0.15;  // a track is believed this long before and after its hits
constexpr double kScaleError = 0.03;    // of the ground scale, beside what the pose says

double Quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const auto i = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  return values[i];
}

// Velocity of a point of the stabilised plane, in working pixels of the moment's picture.
Eigen::Vector2d InPicture(const Homography& working_from_stable, const Eigen::Vector2d& place,
                          const Eigen::Vector2d& velocity) {
  constexpr double kStep_s = 0.05;
  return (Apply(working_from_stable, place + velocity * kStep_s) -
          Apply(working_from_stable, place - velocity * kStep_s)) /
         (2 * kStep_s);
}

struct PlatformMotion {
  bool known = false;
  Eigen::Vector2d velocity_en_mps = Eigen::Vector2d::Zero();
  double climb_mps = 0;
};

// Mean over the segment: single poses are noisy.
PlatformMotion MotionOfPlatform(const std::vector<MotionPicture>& pictures) {
  const MotionPicture* first = nullptr;
  const MotionPicture* last = nullptr;
  for (const MotionPicture& picture : pictures) {
    if (!picture.pose) continue;
    if (first == nullptr) first = &picture;
    last = &picture;
  }
  PlatformMotion result;
  if (first == nullptr || last->time <= first->time) return result;
  const double dt = (last->time - first->time).seconds();
  const Eigen::Vector3d d = LocalFrame(first->pose->position).EnuFromGeodetic(last->pose->position);
  result.known = true;
  result.velocity_en_mps = d.head<2>() / dt;
  result.climb_mps = d.z() / dt;
  return result;
}

// A static object of height h under a platform at height H slides over the ground plane with
// h/(H-h) times the opposite of the platform's velocity (and outwards when it sinks).
bool IsParallax(const Eigen::Vector2d& velocity, double sigma, const PlatformMotion& platform,
                const CameraPose& pose, const Geodetic& place) {
  if (!platform.known) return false;
  const Eigen::Vector3d from_camera = LocalFrame(pose.position).EnuFromGeodetic(place);
  const double height = pose.position.height_hae_m - place.height_hae_m;
  if (height < 2 * kTallestStructure_m) return false;  // anything may be parallax: no statement
  const Eigen::Vector2d slide =
      -platform.velocity_en_mps - from_camera.head<2>() * platform.climb_mps / height;
  const double most = slide.norm() * kTallestStructure_m / (height - kTallestStructure_m);
  const double speed = velocity.norm();
  if (speed > most + 2 * sigma) return false;
  return velocity.dot(slide) > kParallaxCosine * speed * slide.norm();
}

struct Candidate {
  Mover mover;
  Eigen::Vector2d velocity = Eigen::Vector2d::Zero();  // m/s, of its middle
  Eigen::Matrix2d metres = Eigen::Matrix2d::Zero();    // per stabilised pixel, of its middle
  double mid_s = 0;
};

// Two patches of one vehicle: side by side all the time, at one velocity.
bool SameVehicle(const Candidate& a, const Candidate& b, double max_size_m) {
  const auto &ah = a.mover.track.hits, &bh = b.mover.track.hits;
  const double from = std::max(ah.front().time_s, bh.front().time_s);
  const double to = std::min(ah.back().time_s, bh.back().time_s);
  // Tracks that follow each other at once may be one vehicle whose patch was lost for a moment.
  if (from - to > 0.5) return false;
  const double t = (from + to) / 2;
  const LineFit fa = FitLine(a.mover.track, t, 10), fb = FitLine(b.mover.track, t, 10);
  const double slower = std::min(a.velocity.norm(), b.velocity.norm());
  const double faster = std::max(a.velocity.norm(), b.velocity.norm());
  const double cosine = a.velocity.dot(b.velocity) / std::max(1e-6, slower * faster);
  const double area_a = a.mover.length_m * a.mover.width_m;
  const double area_b = b.mover.length_m * b.mover.width_m;
  // Ground that a slow vehicle has just left, or will reach, looks changed too: a sliver at its end
  // that moves the same way, but not as fast.
  const bool sliver = std::min(area_a, area_b) < kSliverShare * std::max(area_a, area_b);
  if (sliver ? cosine < kSliverCosine || slower < 0.3 * faster
             : (a.velocity - b.velocity).norm() > 1.0 + 0.2 * faster) {
    return false;
  }
  const Eigen::Vector2d apart = a.metres * (fb.place - fa.place);
  const Eigen::Vector2d along = a.velocity / std::max(0.1, a.velocity.norm());
  const double lateral = std::abs(apart.x() * along.y() - apart.y() * along.x());
  const double slack = sliver ? 4.0 : 1.0;
  const double reach =
      std::min(0.6 * (a.mover.length_m + b.mover.length_m) + slack, max_size_m / 2);
  return lateral < kTwinLateral_m && std::abs(apart.dot(along)) < reach;
}

}  // namespace

ClassProbabilities ClassesByLength(double length_m) {
  // Half of the belief stays with "some vehicle": shadows and merged patches change lengths by
  // metres.
  const double truck = 1.0 / (1.0 + std::exp(-(length_m - 6.5) / 0.9));
  return {{ObjectClass::kUnknownVehicle, 0.5},
          {ObjectClass::kLightVehicle, 0.5 * (1.0 - truck)},
          {ObjectClass::kTruck, 0.5 * truck}};
}

std::vector<Mover> SelectMovers(const std::vector<ImageTrack>& tracks,
                                const std::vector<Moment>& moments,
                                const std::vector<GroundView>& views,
                                const std::vector<MotionPicture>& pictures,
                                const MotionOptions& options, MotionCounts& counts) {
  const PlatformMotion platform = MotionOfPlatform(pictures);
  std::vector<Candidate> candidates;
  for (const ImageTrack& track : tracks) {
    const auto& hits = track.hits;
    const std::size_t chances = hits.back().moment - hits.front().moment + 1;
    if (static_cast<int>(hits.size()) < kMinHits ||
        static_cast<double>(hits.size()) < kMinHitShare * static_cast<double>(chances)) {
      ++counts.brief;
      continue;
    }
    const auto& middle = hits[hits.size() / 2];
    const Moment& moment = moments[middle.moment];
    const LineFit fit = FitLine(track, middle.time_s, kFitWindow_s);
    const double span = hits.back().time_s - hits.front().time_s;
    const Homography working_from_stable = moment.stable_from_working.inverse();
    const Eigen::Vector2d place = Apply(working_from_stable, fit.place);
    const auto metres = views[middle.moment].MetresPerPixel(place);
    if (!metres) {
      ++counts.brief;
      continue;
    }
    const Eigen::Vector2d velocity_px = InPicture(working_from_stable, fit.place, fit.velocity);
    const Eigen::Vector2d velocity = *metres * velocity_px;
    const double gsd = std::sqrt(std::abs(metres->determinant()));
    const double speed = velocity.norm();
    const double speed_sigma = fit.velocity_sigma * gsd;

    std::vector<double> lengths, widths, box_widths, box_heights, snrs;
    for (const auto& hit : hits) {
      const Blob& blob = moments[hit.moment].blobs[hit.blob];
      const Eigen::SelfAdjointEigenSolver<Eigen::Matrix2d> axes(*metres * blob.spread *
                                                                metres->transpose());
      // A uniform bar of length L has a variance of L^2/12.
      lengths.push_back(std::sqrt(12.0 * std::max(0.0, axes.eigenvalues()(1))));
      widths.push_back(std::sqrt(12.0 * std::max(0.0, axes.eigenvalues()(0))));
      box_widths.push_back(blob.width);
      box_heights.push_back(blob.height);
      snrs.push_back(blob.contrast / std::max(0.5, moments[hit.moment].noise));
    }
    Candidate candidate;
    Mover& mover = candidate.mover;
    const double rim_m = 2 * kRimPx * gsd;
    mover.length_m = std::max(gsd, Quantile(lengths, 0.7) - rim_m);
    mover.width_m = std::max(gsd, Quantile(widths, 0.5) - rim_m);
    mover.box_width = Quantile(box_widths, 0.7);
    mover.box_height = Quantile(box_heights, 0.7);

    if (speed < options.min_speed_mps) {
      ++counts.slow;
      continue;
    }
    if (fit.velocity.norm() * span < kMinDisplacementPx || speed < kSignificance * speed_sigma) {
      ++counts.brief;
      continue;
    }
    if (speed > options.max_speed_mps) {
      ++counts.fast;
      continue;
    }
    const double size_px = std::max(mover.box_width, mover.box_height);
    if (fit.residual_px > std::max(1.2, 0.2 * size_px)) {
      ++counts.crooked;
      continue;
    }
    if (mover.length_m < options.min_size_m) {
      ++counts.small;
      continue;
    }
    // The rim of a static edge, where registration is a little off, is long and thin.
    if (Quantile(lengths, 0.5) > kThinnest * Quantile(widths, 0.5)) {
      ++counts.thin;
      continue;
    }
    if (mover.length_m > options.max_size_m) {
      ++counts.large;
      continue;
    }
    const MotionPicture& picture = pictures[moment.picture];
    if (picture.pose) {
      const auto where = views[middle.moment].Locate(place, fit.place_sigma_px);
      if (where && IsParallax(velocity, speed_sigma, platform, *picture.pose, where->position)) {
        ++counts.parallax;
        continue;
      }
    }
    const double hit_quality = 1.0 - std::exp(-static_cast<double>(hits.size()) / 4.0);
    const double snr_quality = 1.0 - std::exp(-Quantile(snrs, 0.5) / 3.0);
    const double fit_quality =
        std::exp(-0.5 * std::pow(fit.residual_px / (0.5 + 0.1 * size_px), 2));
    mover.score = std::clamp(hit_quality * snr_quality * (0.4 + 0.6 * fit_quality), 0.0, 1.0);
    mover.classes = ClassesByLength(mover.length_m);
    mover.track = track;
    candidate.velocity = velocity;
    candidate.metres =
        *metres * (InPicture(working_from_stable, fit.place, {1, 0}) * Eigen::RowVector2d(1, 0) +
                   InPicture(working_from_stable, fit.place, {0, 1}) * Eigen::RowVector2d(0, 1));
    candidate.mid_s = middle.time_s;
    candidates.push_back(std::move(candidate));
  }
  // The better-seen patch of a vehicle stays.
  const auto seen = [](const Candidate& c) {
    return static_cast<double>(c.mover.track.hits.size()) * c.mover.length_m;
  };
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&](const Candidate& a, const Candidate& b) { return seen(a) > seen(b); });
  std::vector<Candidate> kept;
  for (Candidate& candidate : candidates) {
    const bool twin = std::any_of(kept.begin(), kept.end(), [&](const Candidate& other) {
      return SameVehicle(other, candidate, options.max_size_m);
    });
    if (twin) {
      ++counts.duplicate;
    } else {
      kept.push_back(std::move(candidate));
    }
  }
  std::vector<Mover> movers;
  for (Candidate& candidate : kept) movers.push_back(std::move(candidate.mover));
  // Numbered by first sighting.
  std::stable_sort(movers.begin(), movers.end(), [](const Mover& a, const Mover& b) {
    const auto &ah = a.track.hits.front(), &bh = b.track.hits.front();
    return std::pair(ah.moment, ah.blob) < std::pair(bh.moment, bh.blob);
  });
  counts.accepted += static_cast<int>(movers.size());
  return movers;
}

std::optional<Detection> DetectionAt(const Mover& mover, const Moment& moment,
                                     const GroundView& view, double platform_speed_mps,
                                     Duration metadata_skew) {
  const auto& hits = mover.track.hits;
  if (moment.time_s < hits.front().time_s - kOutlastGap_s ||
      moment.time_s > hits.back().time_s + kOutlastGap_s) {
    return std::nullopt;
  }
  const LineFit fit = FitLine(mover.track, moment.time_s, kFitWindow_s);
  if (fit.hits < 2) return std::nullopt;
  const Homography working_from_stable = moment.stable_from_working.inverse();
  const Eigen::Vector2d place = Apply(working_from_stable, fit.place);
  const auto metres = view.MetresPerPixel(place);
  if (!metres) return std::nullopt;
  const Eigen::Vector2d velocity =
      *metres * InPicture(working_from_stable, fit.place, fit.velocity);

  Detection detection;
  detection.length_m = mover.length_m;
  detection.width_m = mover.width_m;
  detection.score = mover.score;
  detection.classes = mover.classes;
  const Eigen::Vector2d half(mover.box_width / 2, mover.box_height / 2);
  const Eigen::Vector2d low = view.Encoded(place - half), high = view.Encoded(place + half);
  detection.box_x_px = low.x();
  detection.box_y_px = low.y();
  detection.box_width_px = high.x() - low.x();
  detection.box_height_px = high.y() - low.y();
  if (!view.georeferenced()) return detection;

  const auto ground = view.Locate(place, fit.place_sigma_px);
  if (!ground) return std::nullopt;
  detection.position = ground->position;
  // A picture whose pose is of another moment is off by what the platform flew since.
  const double lag_m = platform_speed_mps * metadata_skew.seconds();
  detection.cov_en_m2 = ground->cov_en_m2 + Eigen::Matrix2d::Identity() * lag_m * lag_m;
  detection.velocity_en_mps = velocity;
  const double scale_error =
      std::hypot(kScaleError, std::sqrt(ground->cov_en_m2.trace()) / ground->slant_range_m);
  detection.velocity_cov_en =
      fit.velocity_sigma * fit.velocity_sigma * *metres * metres->transpose() +
      scale_error * scale_error * velocity * velocity.transpose();
  return detection;
}

}  // namespace trucewatch::motion
