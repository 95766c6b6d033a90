// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/vehicle_size.h"

#include <algorithm>
#include <cmath>

namespace trucewatch::motion {
namespace {

constexpr double kThinnest = 5.0;                       // length over width, blur included
constexpr double kWalkers_m = 2.8, kWalkers_mps = 2.4;  // a few people, or one with a shadow
constexpr double kFasterThanPeople_mps = 9, kLeastPart_m = 1.2;  // of a vehicle, in thermal video
constexpr double kFasterThanRunners_mps = 6;                     // but sprinters
constexpr double kPace_mps = 1.75;                               // at which people walk
constexpr double kPaceLength_m = 4.15;  // a walker and his shadow are no longer
constexpr std::size_t kPaceHits = 5;    // so slow and seen less: edges of houses
constexpr double kStraight_s = 2.5;     // vehicles go straight for so long
constexpr double kRimPx = 1.0;          // blur makes a patch larger by this on every side
constexpr double kFar_px = 20;          // stabilised pixels
constexpr double kFirmTrail_px = 0.32, kFirmRatio = 0.2;  // of the moving to the standing misfit
constexpr double kLeastShown_m = 1;                       // of a vehicle
constexpr double kMostShadowed = 1.5;  // of the largest size: a vehicle with its shadow
constexpr double kSeldom = 0.3;        // sightings, of the points of a trail

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

// Its pixels leave no doubt: they go along exactly, and fit nowhere else.
bool FollowedFirmly(const Trail& trail) {
  return trail.path.residual_px <= kFirmTrail_px && trail.moving <= kFirmRatio * trail.still;
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

bool FarSeenSeldom(const Candidate& c) {
  if (!c.trail || FollowedFirmly(*c.trail)) return false;
  const auto& points = c.trail->points;
  return (points.back().place - points.front().place).norm() > kFar_px &&
         static_cast<double>(c.track.hits.size()) < kSeldom * static_cast<double>(points.size());
}

Size Measure(const Candidate& c, const std::vector<Moment>& moments, const MotionOptions& options,
             Mover& mover) {
  const bool thin = c.trail ? SizeByTrail(c, mover) : SizeByPatches(c, moments, mover);
  mover.track = c.track;
  mover.velocity = c.patch.velocity;
  mover.velocity_sigma = c.patch.velocity_sigma;
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
  const double longest = std::max(mover.length_m, mover.width_m);
  // Of a vehicle at night only what is warm shows; nobody runs as fast.
  const bool part_of_vehicle = c.trail && c.velocity.norm() > kFasterThanPeople_mps &&
                               longest > kLeastPart_m && FollowedFirmly(*c.trail);
  if (longest < options.min_size_m && !part_of_vehicle) return Size::kSmall;
  // A low sun makes a walker long, but no broader.
  if ((longest < kWalkers_m || NarrowerThanVehicles(c)) && c.velocity.norm() < kWalkers_mps) {
    return Size::kSmall;
  }
  if (c.trail && c.velocity.norm() < kPace_mps &&
      (MomentsSeen(c.track) < kPaceHits || longest < kPaceLength_m)) {
    return Size::kSmall;
  }
  if (longest > options.max_size_m) return Size::kLarge;
  // The rim of a static edge, where registration is a little off, is long and thin.
  if (thin) return Size::kThin;
  return Size::kFits;
}

bool MayBeVehicle(const Candidate& c, Size size, const Mover& mover, const MotionOptions& options) {
  if (size == Size::kFits) return true;
  const double longest = std::max(mover.length_m, mover.width_m);
  const bool may_be_person = size == Size::kSmall || NarrowerThanVehicles(c);
  if (may_be_person && c.velocity.norm() < kFasterThanRunners_mps) return false;
  return longest > kLeastShown_m && longest < kMostShadowed * options.max_size_m;
}

std::vector<std::pair<Candidate, Mover>> ApartFrom(const Vehicle& vehicle,
                                                   const std::vector<Moment>& moments,
                                                   const MotionOptions& options) {
  std::vector<std::pair<Candidate, Mover>> result;
  std::vector<Candidate> parts = vehicle.parts;
  if (parts.empty()) parts.push_back(vehicle.whole);
  for (Candidate& part : parts) {
    if (!part.trail) continue;
    Mover mover;
    Size size = Measure(part, moments, options, mover);
    if (size == Size::kLarge) {
      part.body = ExtentAbout(part.track, *part.trail, part.metres, moments);
      part.seen_body = false;
      size = Measure(part, moments, options, mover);
    }
    if (size != Size::kFits) continue;
    const bool apart = std::all_of(result.begin(), result.end(),
                                   [&](const auto& other) { return LieApart(other.first, part); });
    if (apart) result.emplace_back(part, std::move(mover));
  }
  return result;
}

}  // namespace trucewatch::motion
