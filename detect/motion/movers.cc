// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/movers.h"

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>

#include "detect/motion/patch_motion.h"
#include "detect/motion/travel.h"

namespace trucewatch::motion {
namespace {

constexpr int kMinHits = 3;
constexpr double kMinHitShare = 0.5;        // of the moments between first and last
constexpr double kMinDisplacementPx = 2.5;  // working pixels, over the whole track
constexpr double kSignificance = 4.0;       // speed over its 1-sigma
constexpr double kTallestStructure_m = 40;  // static things are no taller
constexpr double kParallaxCosine = 0.94;    // within 20 degrees of the epipolar direction
constexpr double kFitRatio = 0.72;   // moved patches must fit so much better than standing ones
constexpr double kStillNoise = 3.0;  // standing patches that fit so well, in noise, are ground
constexpr double kGoodRatio = 0.5;   // less still will do for patches that move as clearly
constexpr double kMaybeStillNoise = 5.0;  // or so well, when moved ones fit no better
constexpr double kTravelStill = 1.5;      // so well, of what has travelled: a gap in a queue
constexpr double kThinnest = 5.0;         // length over width, blur included
constexpr double kTwinLateral_m = 2.0;
constexpr double kTouching_m = 1.5;
constexpr double kEndsApart_m = 6.0;
constexpr double kUsualLength_m = 14.0;
constexpr double kInside = 0.4;      // of the shorter patch lies within the other: one vehicle
constexpr double kStraight_s = 2.5;  // vehicles go straight for so long
constexpr double kMergeGap_s = 1.0;
constexpr double kRimPx = 1.0;          // blur makes a patch larger by this on every side
constexpr double kPiecedSigmaPx = 1.5;  // of the centre of a vehicle pieced together
constexpr double kScreenStill_px = 5.0;
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
  ImageTrack track;
  PatchMotion patch;
  LineFit fit;               // about the middle hit
  std::size_t middle = 0;    // its moment
  Eigen::Vector2d place;     // working pixels, then
  Eigen::Matrix2d metres;    // per stabilised pixel, there
  Eigen::Vector2d velocity;  // m/s
  double speed_sigma = 0;
  std::vector<double> snrs;
};

// Where the patches begin, end and lie across the motion, in stabilised pixels carried back to time
// 0.
struct Extent {
  double rear = 0, front = 0;  // along the motion
  double across = 0;
  double breadth = 0;  // typical, of one patch
  double length = 0;   // typical, of one patch
};

Extent ExtentOf(const ImageTrack& track, const Eigen::Vector2d& velocity,
                const std::vector<Moment>& moments) {
  const Eigen::Vector2d along = velocity.normalized(), across(-along.y(), along.x());
  std::vector<double> rears, fronts, sides, breadths, lengths;
  for (const auto& hit : track.hits) {
    const Moment& moment = moments[hit.moment];
    const Blob& blob = moment.blobs[hit.blob];
    const Eigen::Matrix2d j = Linear(moment.stable_from_working, blob.centroid);
    const Eigen::Matrix2d spread = j * blob.spread * j.transpose();
    // A uniform bar of length L has a variance of L^2/12.
    const double half = std::sqrt(3 * std::max(0.0, along.dot(spread * along)));
    const Eigen::Vector2d p = hit.place - velocity * hit.time_s;
    rears.push_back(p.dot(along) - half);
    fronts.push_back(p.dot(along) + half);
    sides.push_back(p.dot(across));
    lengths.push_back(2 * half);
    breadths.push_back(2 * std::sqrt(3 * std::max(0.0, across.dot(spread * across))));
  }
  return {Quantile(rears, 0.15), Quantile(fronts, 0.85), Quantile(sides, 0.5),
          Quantile(breadths, 0.5), Quantile(lengths, 0.5)};
}

// Two patches of one vehicle: at one velocity, one behind the other, and close.
bool SameVehicle(const Candidate& a, const Candidate& b, const std::vector<Moment>& moments,
                 double max_size_m) {
  const auto &ah = a.track.hits, &bh = b.track.hits;
  const double gap =
      std::max(ah.front().time_s, bh.front().time_s) - std::min(ah.back().time_s, bh.back().time_s);
  if (gap > kMergeGap_s) return false;
  const double faster = std::max(a.velocity.norm(), b.velocity.norm());
  if ((a.velocity - b.velocity).norm() > 1.0 + 0.12 * faster) return false;
  const Eigen::Vector2d velocity = (a.patch.velocity + b.patch.velocity) / 2;
  const double scale = std::sqrt(std::abs(a.metres.determinant()));  // metres a stabilised pixel
  const Extent ea = ExtentOf(a.track, velocity, moments), eb = ExtentOf(b.track, velocity, moments);
  if (std::abs(ea.across - eb.across) * scale > kTwinLateral_m) return false;
  const double apart = (std::max(ea.rear, eb.rear) - std::min(ea.front, eb.front)) * scale;
  const double together = (std::max(ea.front, eb.front) - std::min(ea.rear, eb.rear)) * scale;
  const double shorter = std::min(ea.front - ea.rear, eb.front - eb.rear) * scale;
  if (apart < -kInside * shorter && together < max_size_m) return true;
  if (together > std::max(kUsualLength_m, max_size_m / 2)) return false;
  // Seen at the same moments they are two vehicles unless they nearly touch; seen in turn they may
  // be its two ends.
  return apart < (gap < 0 ? kTouching_m : kEndsApart_m);
}

// The hits of both.
ImageTrack Join(const ImageTrack& a, const ImageTrack& b) {
  ImageTrack joined = a;
  joined.hits.insert(joined.hits.end(), b.hits.begin(), b.hits.end());
  std::stable_sort(joined.hits.begin(), joined.hits.end(),
                   [](const auto& x, const auto& y) { return x.moment < y.moment; });
  return joined;
}

// Parts of burnt-in symbols that the mask misses stay where they are on the screen, beside the
// mask. (Without the mask near by it may be a vehicle that the camera follows.)
bool StandsOnScreen(const ImageTrack& track, const std::vector<Moment>& moments) {
  Eigen::Vector2d low = Eigen::Vector2d::Constant(1e9), high = -low;
  std::size_t beside = 0;
  for (const auto& hit : track.hits) {
    const Blob& blob = moments[hit.moment].blobs[hit.blob];
    low = low.cwiseMin(blob.centroid);
    high = high.cwiseMax(blob.centroid);
    if (blob.near_symbol) ++beside;
  }
  return 2 * beside > track.hits.size() && (high - low).norm() < kScreenStill_px;
}

// What a single track says, or how it fails.
enum class Verdict { kGood, kBrief, kSlow, kFast, kCrooked, kGhost, kSymbol };

Verdict Judge(Candidate& c, const std::vector<Moment>& moments,
              const std::vector<GroundView>& views, const std::vector<cv::Mat>& images,
              const MotionOptions& options) {
  const auto& hits = c.track.hits;
  const std::size_t chances = hits.back().moment - hits.front().moment + 1;
  const auto count = static_cast<double>(hits.size());
  if (count < kMinHits || count < kMinHitShare * static_cast<double>(chances))
    return Verdict::kBrief;
  const auto& middle = hits[hits.size() / 2];
  const Moment& moment = moments[middle.moment];
  const double span = hits.back().time_s - hits.front().time_s;
  c.middle = middle.moment;
  c.fit = FitLine(c.track, middle.time_s, kFitWindow_s);
  const Homography working_from_stable = moment.stable_from_working.inverse();
  c.place = Apply(working_from_stable, c.fit.place);
  const auto metres = views[middle.moment].MetresPerPixel(c.place);
  if (!metres) return Verdict::kBrief;
  c.metres = *metres * Linear(working_from_stable, c.fit.place);
  const double scale = std::sqrt(std::abs(c.metres.determinant()));
  // Cheap tests first, on what differencing says; it may be wrong by a factor of two.
  if ((c.metres * c.fit.velocity).norm() < 0.5 * options.min_speed_mps) return Verdict::kSlow;
  if (c.fit.velocity.norm() * span < kMinDisplacementPx) return Verdict::kBrief;
  double size_px = 0;
  for (const auto& hit : hits) {
    const Blob& blob = moments[hit.moment].blobs[hit.blob];
    size_px =
        std::max({size_px, static_cast<double>(blob.width), static_cast<double>(blob.height)});
    c.snrs.push_back(blob.contrast / std::max(0.5, moments[hit.moment].noise));
  }
  if (c.fit.residual_px > std::max(1.2, 0.2 * size_px)) return Verdict::kCrooked;

  if (StandsOnScreen(c.track, moments)) return Verdict::kSymbol;
  c.patch = MeasurePatchMotion(c.track, c.fit.velocity, moments, images);
  if (c.patch.pairs == 0) return Verdict::kBrief;
  const double still = c.patch.static_misfit / std::max(0.5, moment.noise);
  const double ratio = c.patch.moving_misfit / std::max(1e-6, c.patch.static_misfit);
  const bool fits = ratio < kFitRatio;
  // What went straight for several times its own length is no uncovered ground, however little
  // contrast a car of a few pixels has over its patch. (A gap in a queue travels too, but its
  // pixels are ground: they fit standing.)
  const bool travelled =
      WentStraight(c.track, c.fit, LeastWayPx(size_px)) && (fits || still >= kTravelStill);
  if (!travelled && (still < kStillNoise * std::min(1.0, ratio / kGoodRatio) ||
                     (!fits && still < kMaybeStillNoise))) {
    return Verdict::kGhost;
  }
  if (!fits) {
    // Over strongly patterned ground the patch says only that something goes on: believe the blobs.
    c.patch.velocity = c.fit.velocity;
    c.patch.velocity_sigma = c.fit.velocity_sigma;
  }
  c.velocity = c.metres * c.patch.velocity;
  c.speed_sigma = c.patch.velocity_sigma * scale;
  const double speed = c.velocity.norm();
  if (speed < options.min_speed_mps) return Verdict::kSlow;
  if (speed > options.max_speed_mps) return Verdict::kFast;
  if (speed < kSignificance * c.speed_sigma) return Verdict::kBrief;
  return Verdict::kGood;
}

// Size, classes and score of a vehicle; false when it is not one by its size.
bool Measure(const Candidate& c, const std::vector<Moment>& moments, const MotionOptions& options,
             Mover& mover, MotionCounts& counts) {
  const Extent extent = ExtentOf(c.track, c.patch.velocity, moments);
  const Eigen::Vector2d along = c.patch.velocity.normalized(), across(-along.y(), along.x());
  const double metres_along = (c.metres * along).norm(), metres_across = (c.metres * across).norm();
  const double whole = std::max(extent.length, extent.front - extent.rear);
  mover.pieced = c.track.hits.back().time_s - c.track.hits.front().time_s < kStraight_s;
  const double rim = 2 * kRimPx;
  mover.length_m = metres_along * std::max(1.0, (mover.pieced ? whole : extent.length) - rim);
  mover.width_m = metres_across * std::max(1.0, extent.breadth - rim);
  const bool thin = std::max(whole * metres_along, extent.breadth * metres_across) >
                    kThinnest * std::min(whole * metres_along, extent.breadth * metres_across);
  mover.track = c.track;
  mover.centre = along * ((extent.front + extent.rear) / 2) + across * extent.across;
  mover.velocity = c.patch.velocity;
  mover.velocity_sigma = c.patch.velocity_sigma;

  std::vector<double> box_widths, box_heights;
  for (const auto& hit : c.track.hits) {
    box_widths.push_back(moments[hit.moment].blobs[hit.blob].width);
    box_heights.push_back(moments[hit.moment].blobs[hit.blob].height);
  }
  mover.box_width = Quantile(box_widths, 0.7);
  mover.box_height = Quantile(box_heights, 0.7);
  if (mover.pieced) {
    mover.box_width = std::abs(along.x()) * whole + std::abs(across.x()) * extent.breadth;
    mover.box_height = std::abs(along.y()) * whole + std::abs(across.y()) * extent.breadth;
  }
  const double longest = std::max(mover.length_m, mover.width_m);
  if (longest < options.min_size_m) {
    ++counts.small;
    return false;
  }
  if (longest > options.max_size_m) {
    ++counts.large;
    return false;
  }
  // The rim of a static edge, where registration is a little off, is long and thin.
  if (thin) {
    ++counts.thin;
    return false;
  }
  const double size_px = std::max(mover.box_width, mover.box_height);
  const double hits = static_cast<double>(c.track.hits.size());
  const double hit_quality = 1.0 - std::exp(-hits / 4.0);
  const double snr_quality = 1.0 - std::exp(-Quantile(c.snrs, 0.5) / 3.0);
  const double fit_quality =
      std::exp(-0.5 * std::pow(c.fit.residual_px / (0.5 + 0.1 * size_px), 2));
  const double motion_quality =
      1.0 - std::clamp(c.patch.moving_misfit / std::max(1e-6, c.patch.static_misfit), 0.0, 1.0);
  mover.score = std::clamp(hit_quality * snr_quality * (0.5 + 0.5 * fit_quality) *
                               (0.4 + 0.6 * std::sqrt(motion_quality)),
                           0.0, 1.0);
  mover.classes = ClassesByLength(mover.length_m);
  return true;
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
                                const std::vector<cv::Mat>& images,
                                const std::vector<MotionPicture>& pictures,
                                const MotionOptions& options, MotionCounts& counts) {
  std::vector<Candidate> candidates;
  const Surroundings surroundings(tracks, moments);
  for (const ImageTrack& track : tracks) {
    Candidate candidate;
    candidate.track = track;
    Verdict verdict = Judge(candidate, moments, views, images, options);
    if (verdict == Verdict::kGood && surroundings.Boil(track)) {
      verdict = Verdict::kSymbol;
    }
    switch (verdict) {
      case Verdict::kGood:
        candidates.push_back(std::move(candidate));
        break;
      case Verdict::kBrief:
        ++counts.brief;
        break;
      case Verdict::kSlow:
        ++counts.slow;
        break;
      case Verdict::kFast:
        ++counts.fast;
        break;
      case Verdict::kCrooked:
        ++counts.crooked;
        break;
      case Verdict::kGhost:
        ++counts.ghost;
        break;
      case Verdict::kSymbol:
        ++counts.symbol;
        break;
    }
  }
  // Patches of one vehicle become one, the longest-seen first.
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) {
                     return a.track.hits.size() > b.track.hits.size();
                   });
  std::vector<Candidate> vehicles;
  for (Candidate& candidate : candidates) {
    const auto same = std::find_if(vehicles.begin(), vehicles.end(), [&](const Candidate& other) {
      return SameVehicle(other, candidate, moments, options.max_size_m);
    });
    if (same == vehicles.end()) {
      vehicles.push_back(std::move(candidate));
      continue;
    }
    ++counts.duplicate;
    const double na = same->patch.pairs, nb = candidate.patch.pairs;
    same->patch.velocity = (same->patch.velocity * na + candidate.patch.velocity * nb) / (na + nb);
    same->track = Join(same->track, candidate.track);
  }
  const PlatformMotion platform = MotionOfPlatform(pictures);
  std::vector<Mover> movers;
  for (const Candidate& vehicle : vehicles) {
    Mover mover;
    if (!Measure(vehicle, moments, options, mover, counts)) continue;
    const MotionPicture& picture = pictures[moments[vehicle.middle].picture];
    if (picture.pose) {
      const auto where = views[vehicle.middle].Locate(vehicle.place, 0.5);
      if (where && IsParallax(vehicle.velocity, vehicle.speed_sigma, platform, *picture.pose,
                              where->position)) {
        ++counts.parallax;
        continue;
      }
    }
    movers.push_back(std::move(mover));
  }
  // Numbered by first sighting.
  std::stable_sort(movers.begin(), movers.end(), [](const Mover& a, const Mover& b) {
    const auto &ah = a.track.hits.front(), &bh = b.track.hits.front();
    return std::pair(ah.moment, ah.blob) < std::pair(bh.moment, bh.blob);
  });
  counts.accepted += static_cast<int>(movers.size());
  return movers;
}

std::optional<Detection> DetectionAt(const Mover& mover, const Moment& moment,
                                     const GroundView& view) {
  const auto& hits = mover.track.hits;
  if (moment.time_s < hits.front().time_s - kOutlastGap_s ||
      moment.time_s > hits.back().time_s + kOutlastGap_s) {
    return std::nullopt;
  }
  LineFit fit = FitLine(mover.track, moment.time_s, kFitWindow_s);
  if (mover.pieced) {
    fit.place = mover.centre + mover.velocity * moment.time_s;
    fit.velocity = mover.velocity;
    fit.velocity_sigma = mover.velocity_sigma;
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
  detection.cov_en_m2 = ground->cov_en_m2;
  detection.velocity_en_mps = velocity;
  const double scale_error =
      std::hypot(kScaleError, std::sqrt(ground->cov_en_m2.trace()) / ground->slant_range_m);
  detection.velocity_cov_en =
      fit.velocity_sigma * fit.velocity_sigma * *metres * metres->transpose() +
      scale_error * scale_error * velocity * velocity.transpose();
  return detection;
}

}  // namespace trucewatch::motion
