// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/movers.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

#include "core/geo/sun.h"
#include "detect/motion/candidate.h"
#include "detect/motion/evidence.h"
#include "detect/motion/on_screen.h"
#include "detect/motion/patch_motion.h"
#include "detect/motion/shadow.h"
#include "detect/motion/trail_judge.h"
#include "detect/motion/travel.h"
#include "detect/motion/vehicle_size.h"

namespace trucewatch::motion {
namespace {

constexpr double kLowestSun_deg = 4, kHighestSun_deg = 60;
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
constexpr double kUnfitHitShare = 0.84;   // seen in so many, when moved ones fit no better
constexpr double kFarStill = 2.5;         // the same, of what turned
constexpr double kFarSizes = 1.2;         // of its patch it must have gone, then
constexpr double kTravelStill = 1.5;      // so well, of what has travelled: a gap in a queue
constexpr double kFirm_s =
    0.95;  // seen so long: what neither a trail nor a straight way speaks for
constexpr double kSmoothTrail_px = 0.4;  // leaves and turning symbols jerk more
constexpr double kTrailSigma_px = 0.3;   // of one end of a trail

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
Slide SlideAt(const PlatformMotion& platform, const CameraPose& pose, const Geodetic& place) {
  Slide slide;
  if (!platform.known) return slide;
  const Eigen::Vector3d from_camera = LocalFrame(pose.position).EnuFromGeodetic(place);
  const double height = pose.position.height_hae_m - place.height_hae_m;
  if (height < 2 * kTallestStructure_m) return slide;  // anything may be parallax: no statement
  slide.velocity_mps =
      -platform.velocity_en_mps - from_camera.head<2>() * platform.climb_mps / height;
  slide.most_mps = slide.velocity_mps.norm() * kTallestStructure_m / (height - kTallestStructure_m);
  return slide;
}

bool IsParallax(const Candidate& c, const Slide& slide) {
  const double speed = c.velocity.norm();
  if (slide.most_mps < 0 || speed > slide.most_mps + 2 * c.speed_sigma) return false;
  return c.velocity.dot(slide.velocity_mps) > kParallaxCosine * speed * slide.velocity_mps.norm();
}

// What a metre of height shows as, east and north, in the middle of the segment. Without a shadow
// where the sun is so high that it hardly matters, or so low that the ground decides.
std::optional<Upright> UprightIn(const std::vector<Moment>& moments,
                                 const std::vector<GroundView>& views,
                                 const std::vector<cv::Mat>& images,
                                 const std::vector<MotionPicture>& pictures) {
  const std::size_t m = moments.size() / 2;
  const MotionPicture& picture = pictures[moments[m].picture];
  if (!picture.pose) return std::nullopt;
  const auto ground = views[m].Locate({0.5 * images[m].cols, 0.5 * images[m].rows}, 0);
  if (!ground) return std::nullopt;
  const Eigen::Vector3d sight =
      LocalFrame(picture.pose->position).EnuFromGeodetic(ground->position);
  Upright upright{sight.head<2>() / std::max(1.0, -sight.z()), {0, 0}};
  const SunDirection sun = SunDirectionAt(picture.time, ground->position);
  if (sun.elevation.deg() > kLowestSun_deg && sun.elevation.deg() < kHighestSun_deg) {
    const double azimuth = sun.azimuth.rad();
    upright.shadow =
        -Eigen::Vector2d(std::sin(azimuth), std::cos(azimuth)) / std::tan(sun.elevation.rad());
  }
  return upright;
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
  std::vector<double> sizes;
  for (const auto& hit : hits) {
    const Blob& blob = moments[hit.moment].blobs[hit.blob];
    sizes.push_back(std::max(blob.width, blob.height));
  }
  const double size_px = Quantile(sizes, 1.0);
  const bool went_far = WentFar(c.track, kFarSizes * Quantile(sizes, 0.5));
  if (c.fit.residual_px > std::max(1.2, 0.2 * size_px) && !went_far) {
    return Verdict::kCrooked;
  }

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
      (WentStraight(c.track, c.fit, LeastWayPx(size_px)) && (fits || still >= kTravelStill)) ||
      (went_far && still >= kFarStill);
  if (!travelled && span < kFirm_s) return Verdict::kBrief;
  if (!travelled && (still < kStillNoise * std::min(1.0, ratio / kGoodRatio) ||
                     (!fits && still < kMaybeStillNoise))) {
    return Verdict::kGhost;
  }
  // Crowns in the wind come and go, and none of their patches is found again.
  if (!travelled && !fits && count < kUnfitHitShare * static_cast<double>(chances)) {
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

// Counts what a rule speaks against.
void Count(Verdict verdict, MotionCounts& counts) {
  switch (verdict) {
    case Verdict::kGood:
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

// Whether a track against which a rule speaks may be a vehicle all the same; then its motion is
// known.
bool MayBe(Candidate& c, Verdict verdict, bool boils, const std::vector<Moment>& moments,
           const std::vector<cv::Mat>& images, const MotionOptions& options) {
  const bool open = verdict == Verdict::kBrief || verdict == Verdict::kCrooked ||
                    verdict == Verdict::kGhost || (verdict == Verdict::kSymbol && boils);
  // Without contrasts it was given up before anything was known.
  if (!open || MomentsSeen(c.track) < kMinHits || c.snrs.empty()) return false;
  if (!c.trail) {
    if (c.patch.pairs == 0) c.patch = MeasurePatchMotion(c.track, c.fit.velocity, moments, images);
    if (c.patch.pairs == 0 || c.patch.moving_misfit > kFitRatio * c.patch.static_misfit) {
      c.patch.velocity = c.fit.velocity;
      c.patch.velocity_sigma = c.fit.velocity_sigma;
    }
    c.velocity = c.metres * c.patch.velocity;
    c.speed_sigma = c.patch.velocity_sigma * std::sqrt(std::abs(c.metres.determinant()));
  }
  const double speed = c.velocity.norm();
  return speed >= options.min_speed_mps && speed <= options.max_speed_mps;
}

// The longest-seen first.
void Sort(std::vector<Candidate>& candidates) {
  std::stable_sort(
      candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
        const auto seen = [](const Candidate& c) {
          return std::pair(c.trail ? c.trail->points.size() : std::size_t{0}, c.track.hits.size());
        };
        return seen(a) > seen(b);
      });
}

// Takes those that pass out of `from`.
template <class Test>
std::vector<Candidate> TakeIf(std::vector<Candidate>& from, const Test& test) {
  const auto rest =
      std::stable_partition(from.begin(), from.end(), [&](const Candidate& c) { return !test(c); });
  std::vector<Candidate> taken(std::make_move_iterator(rest), std::make_move_iterator(from.end()));
  from.erase(rest, from.end());
  return taken;
}

}  // namespace

std::vector<Mover> SelectMovers(const std::vector<ImageTrack>& tracks,
                                const std::vector<Moment>& moments,
                                const std::vector<GroundView>& views,
                                const std::vector<cv::Mat>& images,
                                const std::vector<MotionPicture>& pictures,
                                const MotionOptions& options, MotionCounts& counts) {
  std::vector<Candidate> candidates, doubtful;
  const Surroundings surroundings(tracks, moments);
  for (const ImageTrack& track : tracks) {
    Candidate candidate;
    candidate.track = track;
    Verdict verdict = Judge(candidate, moments, views, images, options);
    const bool smooth = candidate.trail && candidate.trail->path.residual_px <= kSmoothTrail_px;
    const bool boils = verdict == Verdict::kGood && !smooth && surroundings.Boil(track);
    if (boils) verdict = Verdict::kSymbol;
    Count(verdict, counts);
    if (verdict == Verdict::kGood) {
      candidates.push_back(std::move(candidate));
    } else if (MayBe(candidate, verdict, boils, moments, images, options)) {
      doubtful.push_back(std::move(candidate));
    }
  }
  const std::optional<Upright> upright = UprightIn(moments, views, images, pictures);
  MeasureBodies(moments, images, upright, doubtful);
  // Patches of one vehicle become one, the longest-seen first.
  Sort(candidates);
  MeasureBodies(moments, images, upright, candidates);
  for (Candidate& gap : TakeIf(candidates, IsGap)) {
    ++counts.ghost;
    doubtful.push_back(std::move(gap));
  }
  std::vector<Vehicle> vehicles;
  for (Candidate& candidate : candidates) {
    const auto same = std::find_if(vehicles.begin(), vehicles.end(), [&](const Vehicle& other) {
      return SameVehicle(other.whole, candidate, moments, options.max_size_m);
    });
    if (same == vehicles.end()) {
      vehicles.push_back({std::move(candidate), {}});
      continue;
    }
    ++counts.duplicate;
    if (same->parts.empty()) same->parts.push_back(same->whole);
    Absorb(candidate, same->whole);
    same->parts.push_back(std::move(candidate));
  }
  const PlatformMotion platform = MotionOfPlatform(pictures);
  std::vector<Mover> movers;
  const auto add = [&](const Candidate& candidate, Mover mover, std::size_t parts) {
    Slide slide;
    const MotionPicture& picture = pictures[moments[candidate.middle].picture];
    const auto where = picture.pose ? views[candidate.middle].Locate(candidate.place, 0.5)
                                    : std::optional<GroundPoint>();
    if (where) slide = SlideAt(platform, *picture.pose, where->position);
    if (IsParallax(candidate, slide)) {
      if (!mover.doubtful) ++counts.parallax;
      return;
    }
    mover.pixel_m = std::sqrt(std::abs(candidate.metres.determinant()));
    mover.evidence = TrackEvidence(candidate, mover, parts, moments, images, surroundings, slide);
    movers.push_back(std::move(mover));
  };
  std::vector<const Candidate*> apart;
  for (const Vehicle& vehicle : vehicles) {
    if (FarSeenSeldom(vehicle.whole)) {
      ++counts.brief;
      doubtful.push_back(vehicle.whole);
      continue;
    }
    Mover mover;
    std::vector<std::pair<Candidate, Mover>> measured;
    const Size size = Measure(vehicle.whole, moments, options, mover);
    if (size == Size::kFits) {
      measured.emplace_back(vehicle.whole, std::move(mover));
    } else if (size == Size::kLarge) {
      measured = ApartFrom(vehicle, moments, options);
    }
    if (measured.empty()) {
      ++(size == Size::kSmall ? counts.small : size == Size::kLarge ? counts.large : counts.thin);
      if (size == Size::kLarge && !vehicle.parts.empty()) {
        doubtful.insert(doubtful.end(), vehicle.parts.begin(), vehicle.parts.end());
      } else {
        doubtful.push_back(vehicle.whole);
      }
      continue;
    }
    apart.push_back(&vehicle.whole);
    for (auto& [candidate, of_vehicle] : measured) {
      add(candidate, std::move(of_vehicle), std::max<std::size_t>(1, vehicle.parts.size()));
    }
  }
  Sort(doubtful);
  for (const Candidate& candidate : doubtful) {
    const bool same = std::any_of(apart.begin(), apart.end(), [&](const Candidate* other) {
      return SameVehicle(*other, candidate, moments, options.max_size_m);
    });
    Mover mover;
    mover.doubtful = true;
    if (same) continue;
    const Size size = Measure(candidate, moments, options, mover);
    if (!MayBeVehicle(candidate, size, mover, options)) continue;
    apart.push_back(&candidate);
    add(candidate, std::move(mover), 0);
  }
  // Numbered by first sighting.
  std::stable_sort(movers.begin(), movers.end(), [](const Mover& a, const Mover& b) {
    const auto &ah = a.track.hits.front(), &bh = b.track.hits.front();
    return std::pair(ah.moment, ah.blob) < std::pair(bh.moment, bh.blob);
  });
  counts.accepted += static_cast<int>(std::count_if(
      movers.begin(), movers.end(), [](const Mover& mover) { return !mover.doubtful; }));
  return movers;
}

}  // namespace trucewatch::motion
