// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/movers.h"

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>

#include "detect/motion/candidate.h"
#include "detect/motion/on_screen.h"
#include "detect/motion/patch_motion.h"
#include "detect/motion/shadow.h"
#include "detect/motion/trail_judge.h"
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
constexpr double kFirm_s =
    0.95;  // seen so long: what neither a trail nor a straight way speaks for
constexpr double kWalkers_m = 2.8, kWalkers_mps = 2.4;  // a few people, or one with a shadow
constexpr double kStraight_s = 2.5;                     // vehicles go straight for so long
constexpr double kRimPx = 1.0;           // blur makes a patch larger by this on every side
constexpr double kFar_px = 20;           // stabilised pixels
constexpr double kSeldom = 0.3;          // sightings, of the points of a trail
constexpr double kPiecedSigmaPx = 1.5;   // of the centre of a vehicle pieced together
constexpr double kOutlastGap_s = 0.15;   // a track is believed this long before and after its hits
constexpr double kSmoothTrail_px = 0.4;  // leaves and turning symbols jerk more
constexpr double kTrailVelocitySigma_px = 0.5;  // a second; of the path about one moment
constexpr double kTrailSigma_px = 0.3;          // of one end of a trail
constexpr double kScaleError = 0.03;            // of the ground scale, beside what the pose says

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

// What a single track says, or how it fails.
enum class Verdict { kGood, kBrief, kSlow, kFast, kCrooked, kGhost, kSymbol };

// By what the pixels of one patch do, followed from picture to picture; nothing when they do not
// say.
std::optional<Verdict> JudgeByTrail(Candidate& c, const std::vector<Moment>& moments,
                                    const std::vector<GroundView>& views,
                                    const std::vector<cv::Mat>& images,
                                    const MotionOptions& options) {
  JudgedTrail judged = JudgeTrail(c.track, c.fit.velocity, moments, images);
  if (judged.verdict == TrailVerdict::kNothing) return std::nullopt;
  c.trail = std::move(judged.trail);
  if (judged.verdict == TrailVerdict::kSymbol || StandsOnScreen(c.track, *c.trail, moments)) {
    return Verdict::kSymbol;
  }
  const auto& points = c.trail->points;
  // The moment nearest to the middle of the way.
  const TrailPoint& middle = points[points.size() / 2];
  const Homography working_from_stable = moments[middle.moment].stable_from_working.inverse();
  const Eigen::Vector2d place = Apply(working_from_stable, middle.place);
  const auto metres = views[middle.moment].MetresPerPixel(place);
  if (!metres) return std::nullopt;
  c.middle = middle.moment;
  c.place = place;
  c.metres = *metres * Linear(working_from_stable, middle.place);
  const double span = points.back().time_s - points.front().time_s;
  c.patch.velocity = (points.back().place - points.front().place) / span;
  c.patch.velocity_sigma =
      std::max(kTrailSigma_px, c.trail->path.residual_px) * std::sqrt(2.0) / span;
  c.patch.moving_misfit = c.trail->moving;
  c.patch.static_misfit = c.trail->still;
  c.patch.pairs = static_cast<int>(points.size());
  c.velocity = c.metres * c.patch.velocity;
  c.speed_sigma = c.patch.velocity_sigma * std::sqrt(std::abs(c.metres.determinant()));
  if (c.velocity.norm() < options.min_speed_mps) return Verdict::kSlow;
  if (c.velocity.norm() > options.max_speed_mps) return Verdict::kFast;
  return Verdict::kGood;
}

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
  for (const auto& hit : hits) {
    const Blob& blob = moments[hit.moment].blobs[hit.blob];
    c.snrs.push_back(blob.contrast / std::max(0.5, moments[hit.moment].noise));
  }
  if (const auto by_trail = JudgeByTrail(c, moments, views, images, options)) return *by_trail;
  // Cheap tests first, on what differencing says; it may be wrong by a factor of two.
  if ((c.metres * c.fit.velocity).norm() < 0.5 * options.min_speed_mps) return Verdict::kSlow;
  if (c.fit.velocity.norm() * span < kMinDisplacementPx) return Verdict::kBrief;
  double size_px = 0;
  for (const auto& hit : hits) {
    const Blob& blob = moments[hit.moment].blobs[hit.blob];
    size_px =
        std::max({size_px, static_cast<double>(blob.width), static_cast<double>(blob.height)});
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
  if (!travelled && span < kFirm_s) return Verdict::kBrief;
  if (!travelled && (still < kStillNoise * std::min(1.0, ratio / kGoodRatio) ||
                     (!fits && still < kMaybeStillNoise))) {
    return Verdict::kGhost;
  }
  // Words that blink, and digits that change beside the mask, come and go with the ground about
  // them; they go nowhere.
  if (!fits && BesideSymbol(c.track, moments)) return Verdict::kSymbol;
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

// How large it is, by its trail; true when it is far longer than wide.
bool SizeByTrail(const Candidate& c, Mover& mover) {
  const Extent extent = *c.body;
  const double rim_m = BlurM(c);
  mover.trail = c.trail;
  mover.metres = c.metres;
  mover.from_trail = {(extent.front + extent.rear) / 2, extent.across};
  mover.whole_length_m = std::max(extent.length, extent.front - extent.rear);
  mover.whole_breadth_m = extent.breadth;
  mover.length_m = std::max(rim_m / 2, mover.whole_length_m - rim_m);
  mover.width_m = std::max(rim_m / 2, mover.whole_breadth_m - rim_m);
  return std::max(mover.whole_length_m, mover.whole_breadth_m) >
         kThinnest * std::min(mover.whole_length_m, mover.whole_breadth_m);
}

// The same by patches along a straight way.
bool SizeByPatches(const Candidate& c, const std::vector<Moment>& moments, Mover& mover) {
  const Extent extent = ExtentOf(c.track, c.patch.velocity, moments);
  const Eigen::Vector2d along = c.patch.velocity.normalized(), across(-along.y(), along.x());
  const double metres_along = (c.metres * along).norm(), metres_across = (c.metres * across).norm();
  const double whole = std::max(extent.length, extent.front - extent.rear);
  mover.pieced = c.track.hits.back().time_s - c.track.hits.front().time_s < kStraight_s;
  const double rim = 2 * kRimPx;
  mover.length_m = metres_along * std::max(1.0, (mover.pieced ? whole : extent.length) - rim);
  mover.width_m = metres_across * std::max(1.0, extent.breadth - rim);
  mover.centre = along * ((extent.front + extent.rear) / 2) + across * extent.across;
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
  const double long_m = whole * metres_along, wide_m = extent.breadth * metres_across;
  return std::max(long_m, wide_m) > kThinnest * std::min(long_m, wide_m);
}

// What goes far is other than the ground before and after wherever it is: differencing sees it all
// the time. Not so what coarse coding drags along about a vehicle, and parts of a turning symbol.
bool FarSeenSeldom(const Candidate& c) {
  if (!c.trail) return false;
  const auto& points = c.trail->points;
  return (points.back().place - points.front().place).norm() > kFar_px &&
         static_cast<double>(c.track.hits.size()) < kSeldom * static_cast<double>(points.size());
}

// Size, classes and score of a vehicle; false when it is not one by its size.
bool Measure(const Candidate& c, const std::vector<Moment>& moments, const MotionOptions& options,
             Mover& mover, MotionCounts& counts) {
  const bool thin = c.trail ? SizeByTrail(c, mover) : SizeByPatches(c, moments, mover);
  mover.track = c.track;
  mover.velocity = c.patch.velocity;
  mover.velocity_sigma = c.patch.velocity_sigma;
  const double longest = std::max(mover.length_m, mover.width_m);
  if (longest < options.min_size_m) {
    ++counts.small;
    return false;
  }
  // A low sun makes a walker long, but no broader.
  if ((longest < kWalkers_m || NarrowerThanVehicles(c)) && c.velocity.norm() < kWalkers_mps) {
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
  const double hits = static_cast<double>(
      std::max(c.track.hits.size(), c.trail ? c.trail->points.size() : std::size_t{0}));
  const double hit_quality = 1.0 - std::exp(-hits / 4.0);
  const double snr_quality = 1.0 - std::exp(-Quantile(c.snrs, 0.5) / 3.0);
  const double fit_quality =
      c.trail ? 1.0 : std::exp(-0.5 * std::pow(c.fit.residual_px / (0.5 + 0.1 * size_px), 2));
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
    const bool smooth = candidate.trail && candidate.trail->path.residual_px <= kSmoothTrail_px;
    if (verdict == Verdict::kGood && !smooth && surroundings.Boil(track)) {
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
  std::stable_sort(
      candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
        const auto seen = [](const Candidate& c) {
          return std::pair(c.trail ? c.trail->points.size() : std::size_t{0}, c.track.hits.size());
        };
        return seen(a) > seen(b);
      });
  MeasureBodies(moments, images, candidates);
  counts.ghost += static_cast<int>(std::erase_if(candidates, IsGap));
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
    Absorb(candidate, *same);
  }
  const PlatformMotion platform = MotionOfPlatform(pictures);
  std::vector<Mover> movers;
  for (const Candidate& vehicle : vehicles) {
    if (FarSeenSeldom(vehicle)) {
      ++counts.brief;
      continue;
    }
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
  const double first = mover.trail ? mover.trail->points.front().time_s : hits.front().time_s;
  const double last = mover.trail ? mover.trail->points.back().time_s : hits.back().time_s;
  if (moment.time_s < first - kOutlastGap_s || moment.time_s > last + kOutlastGap_s) {
    return std::nullopt;
  }
  LineFit fit = FitLine(mover.track, moment.time_s, kFitWindow_s);
  if (mover.trail) {
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

  Detection detection;
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
