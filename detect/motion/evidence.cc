// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/evidence.h"

#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "detect/motion/patch_sample.h"

namespace trucewatch::motion {
namespace {

constexpr double kNothing = -1;    // where a number has no meaning
constexpr double kFarSides = 1.2;  // as the rules have it
constexpr double kAbout_s = 0.25;  // sightings about a moment
constexpr double kNow_s = 0.01;
constexpr double kPixelsLag_s = 0.5;  // pictures compared
constexpr double kLeastPixelsLag_s = 0.25;
constexpr double kInner = 0.7;  // of the box: its rim is ground
constexpr int kSteps = 6;       // points a side
constexpr double kCrowd_px = 60;
constexpr double kLone_px = 1000;

double Share(double a, double b) { return a / std::max(1e-6, b); }

// How far the places of the patches are from a path of the second order over the ground.
double ResidualOf(const ImageTrack& track) {
  std::vector<double> times;
  std::vector<Eigen::Vector2d> places;
  for (const auto& hit : track.hits) {
    times.push_back(hit.time_s);
    places.push_back(hit.place);
  }
  return FitPath(times, places).residual_px;
}

// What differencing saw.
void AddPatches(const ImageTrack& track, const std::vector<Moment>& moments,
                const std::vector<cv::Mat>& images, Evidence& e) {
  double beside = 0, rim = std::numeric_limits<double>::max();
  std::vector<double> sides, areas, strong, fill;
  for (const auto& hit : track.hits) {
    const Blob& b = moments[hit.moment].blobs[hit.blob];
    const cv::Mat& image = images[hit.moment];
    beside += b.near_symbol ? 1 : 0;
    sides.push_back(std::max(b.width, b.height));
    areas.push_back(b.area);
    strong.push_back(static_cast<double>(b.strong) / b.area);
    fill.push_back(static_cast<double>(b.area) / (b.width * b.height));
    rim = std::min({rim, static_cast<double>(b.x), static_cast<double>(b.y),
                    static_cast<double>(image.cols - b.x - b.width),
                    static_cast<double>(image.rows - b.y - b.height)});
  }
  e.emplace_back("beside_symbol_share", beside / static_cast<double>(track.hits.size()));
  e.emplace_back("patch_side_px", Quantile(sides, 0.5));
  e.emplace_back("patch_side_spread", Quantile(sides, 1.0) / std::max(1.0, Quantile(sides, 0.2)));
  e.emplace_back("patch_area_px2", Quantile(areas, 0.5));
  e.emplace_back("patch_strong_share", Quantile(strong, 0.5));
  e.emplace_back("patch_fill", Quantile(fill, 0.5));
  e.emplace_back("rim_px", rim);
}

// Where it went: way, detour, turn.
void AddWay(const Candidate& c, double patch_side_px, Evidence& e) {
  const auto& hits = c.track.hits;
  std::vector<Eigen::Vector2d> places;
  double span_s = 0, turn = 0;
  if (c.trail) {
    const auto& points = c.trail->points;
    for (const TrailPoint& p : points) places.push_back(p.place);
    const double first = points.front().time_s, last = points.back().time_s;
    const Eigen::Vector2d a = PathAbout(*c.trail, first).VelocityAt(first);
    const Eigen::Vector2d b = PathAbout(*c.trail, last).VelocityAt(last);
    span_s = last - first;
    turn = std::abs(std::atan2(a.x() * b.y() - a.y() * b.x(), a.dot(b)));
  } else {
    for (const auto& hit : hits) places.push_back(hit.place);
  }
  double way = 0;
  for (std::size_t i = 1; i < places.size(); ++i) way += (places[i] - places[i - 1]).norm();
  const double gone = (places.back() - places.front()).norm();
  e.emplace_back("trail_span_s", span_s);
  e.emplace_back("gone_px", gone);
  e.emplace_back("detour", way / std::max(1.0, gone));
  e.emplace_back("turn_rad", turn);
  e.emplace_back("gone_sides", gone / std::max(1.0, patch_side_px));
}

// Mean grey-level difference between what the box shows now and what another picture shows there,
// or where it would have been; negative when too little of it lies in that picture.
double Difference(const Sight& sight, std::size_t m, std::size_t other, bool moved,
                  const std::vector<Moment>& moments, const std::vector<cv::Mat>& images) {
  const Homography back = moments[other].stable_from_working.inverse();
  const double dt = moments[other].time_s - moments[m].time_s;
  const double gain = moments[m].level / std::max(1.0, moments[other].level);
  const Eigen::Vector2d step =
      moved ? Eigen::Vector2d(sight.velocity * dt) : Eigen::Vector2d(Eigen::Vector2d::Zero());
  double sum = 0;
  int count = 0;
  for (int i = 0; i <= kSteps; ++i) {
    for (int j = 0; j <= kSteps; ++j) {
      const Eigen::Vector2d unit(2.0 * i / kSteps - 1, 2.0 * j / kSteps - 1);
      const Eigen::Vector2d here = sight.middle + kInner * sight.half.cwiseProduct(unit);
      const Eigen::Vector2d there = Apply(back, Apply(moments[m].stable_from_working, here) + step);
      const std::int32_t a = Sample(images[m], Fixed(here));
      const std::int32_t b = Sample(images[other], Fixed(there));
      if (a < 0 || b < 0) continue;
      sum += std::abs(a - gain * b) / static_cast<double>(kGrey);
      ++count;
    }
  }
  return count * 2 >= (kSteps + 1) * (kSteps + 1) ? sum / count : kNothing;
}

// Before (sign -1) or after it: the compared moment nearest to half a second away.
std::optional<std::size_t> MomentAt(std::size_t m, double sign,
                                    const std::vector<Moment>& moments) {
  std::optional<std::size_t> best;
  const auto off = [&](std::size_t i) {
    return std::abs(sign * (moments[i].time_s - moments[m].time_s) - kPixelsLag_s);
  };
  for (std::size_t i = 0; i < moments.size(); ++i) {
    if (!moments[i].compared ||
        sign * (moments[i].time_s - moments[m].time_s) < kLeastPixelsLag_s) {
      continue;
    }
    if (!best || off(i) < off(*best)) best = i;
  }
  return best;
}

// Whether something is there that the ground is not, and goes along.
void AddPixels(const Sight& sight, std::size_t m, const std::vector<Moment>& moments,
               const std::vector<cv::Mat>& images, Evidence& e) {
  const double noise = std::max(0.5, moments[m].noise);
  double least_still = kNothing, most_still = kNothing, least_ratio = kNothing,
         most_ratio = kNothing;
  for (const double sign : {-1.0, 1.0}) {
    const auto other = MomentAt(m, sign, moments);
    if (!other) continue;
    const double still = Difference(sight, m, *other, false, moments, images);
    const double moving = Difference(sight, m, *other, true, moments, images);
    if (still >= 0) {
      least_still = least_still < 0 ? still : std::min(least_still, still);
      most_still = std::max(most_still, still);
    }
    if (still < 0 || moving < 0) continue;
    const double ratio = moving / std::max(0.5, still);
    least_ratio = least_ratio < 0 ? ratio : std::min(least_ratio, ratio);
    most_ratio = std::max(most_ratio, ratio);
  }
  e.emplace_back("box_still_least", least_still / noise);
  e.emplace_back("box_still_most", most_still / noise);
  e.emplace_back("box_ratio_least", least_ratio);
  e.emplace_back("box_ratio_most", most_ratio);
}

// How much of the box changed, and how far the nearest change is from its middle.
void AddCover(const Sight& sight, const Moment& moment, Evidence& e) {
  const Eigen::Vector2d low = sight.middle - sight.half, high = sight.middle + sight.half;
  double cover = 0, nearest = kLone_px;
  for (const Blob& b : moment.blobs) {
    const double w = std::min<double>(high.x(), b.x + b.width) - std::max<double>(low.x(), b.x);
    const double h = std::min<double>(high.y(), b.y + b.height) - std::max<double>(low.y(), b.y);
    if (w > 0 && h > 0) cover += w * h * b.area / (b.width * b.height);
    const double dx = std::max({b.x - sight.middle.x(), sight.middle.x() - b.x - b.width, 0.0});
    const double dy = std::max({b.y - sight.middle.y(), sight.middle.y() - b.y - b.height, 0.0});
    nearest = std::min(nearest, std::hypot(dx, dy));
  }
  e.emplace_back("box_cover", cover / std::max(1.0, 4 * sight.half.prod()));
  e.emplace_back("change_off_px", nearest);
}

// The trail at that moment.
void AddTrailAt(const Mover& mover, double t, Evidence& e) {
  double turn = 0, gap = kLone_px, seed = kLone_px, moving = kNothing, ratio = kNothing;
  double local = kNothing, faster = 1;
  if (mover.trail) {
    const auto& points = mover.trail->points;
    const TrailPoint& at =
        *std::min_element(points.begin(), points.end(), [&](const auto& a, const auto& b) {
          return std::abs(a.time_s - t) < std::abs(b.time_s - t);
        });
    const PathFit path = PathAbout(*mover.trail, t);
    turn = std::abs(at.turn);
    gap = std::abs(at.time_s - t);
    seed = std::abs(points[std::min(mover.trail->seed, points.size() - 1)].time_s - t);
    moving = at.moving;
    ratio = at.moving / std::max(0.1, at.still);
    local = path.residual_px;
    faster = path.VelocityAt(t).norm() / std::max(0.1, mover.velocity.norm());
  }
  e.emplace_back("point_turn_rad", turn);
  e.emplace_back("point_gap_s", gap);
  e.emplace_back("seed_gap_s", seed);
  e.emplace_back("point_moving", moving);
  e.emplace_back("point_ratio", ratio);
  e.emplace_back("path_residual_px", local);
  e.emplace_back("path_speed_ratio", faster);
}

// The nearest of the others, or of those against which no rule speaks.
void AddNearest(const std::vector<const Mover*>& movers, const std::vector<Sight>& sights,
                std::size_t i, bool all, const std::array<const char*, 5>& names, Evidence& e) {
  std::optional<std::size_t> near;
  double apart = kLone_px;
  for (std::size_t j = 0; j < sights.size(); ++j) {
    if (j == i || (!all && movers[j]->doubtful)) continue;
    const double d = (sights[j].middle - sights[i].middle).norm();
    if (d >= apart) continue;
    apart = d;
    near = j;
  }
  const auto side = [&](std::size_t k) { return 2 * sights[k].half.maxCoeff(); };
  e.emplace_back(names[0], apart);
  e.emplace_back(names[1], near ? apart / std::max(1.0, side(i) + side(*near)) : kLone_px);
  e.emplace_back(names[2], near ? (sights[*near].velocity - sights[i].velocity).norm() : kNothing);
  e.emplace_back(names[3],
                 near ? static_cast<double>(MomentsSeen(movers[*near]->track)) : kNothing);
  e.emplace_back(names[4], near ? movers[*near]->score : kNothing);
}

}  // namespace

Evidence TrackEvidence(const Candidate& c, const Mover& mover, std::size_t parts,
                       const std::vector<Moment>& moments, const std::vector<cv::Mat>& images,
                       const Surroundings& surroundings, const Slide& slide) {
  Evidence e;
  const auto& hits = c.track.hits;
  const double noise = std::max(0.5, moments[c.middle].noise);
  const auto seen = static_cast<double>(MomentsSeen(c.track));
  const auto chances = static_cast<double>(hits.back().moment - hits.front().moment + 1);
  std::vector<double> sides;
  for (const auto& hit : hits) {
    const Blob& b = moments[hit.moment].blobs[hit.blob];
    sides.push_back(std::max(b.width, b.height));
  }
  const double side_px = Quantile(sides, 0.5);
  e.emplace_back("doubtful", mover.doubtful ? 1 : 0);
  e.emplace_back("trail_points", c.trail ? static_cast<double>(c.trail->points.size()) : 0);
  e.emplace_back("trail_residual_px", c.trail ? c.trail->path.residual_px : kNothing);
  e.emplace_back("misfit_ratio", Share(c.patch.moving_misfit, c.patch.static_misfit));
  e.emplace_back("still_misfit", c.patch.static_misfit / noise);
  e.emplace_back("moving_misfit", c.patch.moving_misfit / noise);
  e.emplace_back("misfit_pairs", c.patch.pairs);
  e.emplace_back("hits", static_cast<double>(hits.size()));
  e.emplace_back("seen", seen);
  e.emplace_back("seen_share", seen / chances);
  e.emplace_back("hit_span_s", hits.back().time_s - hits.front().time_s);
  AddWay(c, side_px, e);
  e.emplace_back("fit_residual_px", c.fit.residual_px);
  e.emplace_back("speed_mps", c.velocity.norm());
  e.emplace_back("speed_sigmas", c.velocity.norm() / std::max(1e-3, c.speed_sigma));
  e.emplace_back("velocity_off", (c.fit.velocity - c.patch.velocity).norm() /
                                     std::max(1.0, c.patch.velocity.norm()));
  e.emplace_back("length_m", mover.length_m);
  e.emplace_back("width_m", mover.width_m);
  e.emplace_back("whole_length_m", mover.whole_length_m);
  e.emplace_back("whole_breadth_m", mover.whole_breadth_m);
  e.emplace_back("seen_body", c.seen_body ? 1 : 0);
  e.emplace_back("area_m2", c.area_m2);
  e.emplace_back("narrowest_m", c.narrowest_m);
  e.emplace_back("shadow_m", c.shadow.norm());
  e.emplace_back("shape_misfit_m2", c.shape ? c.shape->misfit_m2 : kNothing);
  e.emplace_back("shape_height_m", c.shape ? c.shape->height_m : kNothing);
  e.emplace_back("sunlit", c.shape && c.shape->sunlit ? 1 : 0);
  e.emplace_back("contrast_median", Quantile(c.snrs, 0.5));
  e.emplace_back("contrast_most", Quantile(c.snrs, 1.0));
  e.emplace_back("unruly_beside", surroundings.UnrulyBeside(c.track));
  AddPatches(c.track, moments, images, e);
  e.emplace_back("ground_residual_px", ResidualOf(c.track));
  e.emplace_back("pixel_m", std::sqrt(std::abs(c.metres.determinant())));
  e.emplace_back("parts", static_cast<double>(parts));
  e.emplace_back("went_straight",
                 WentStraight(c.track, c.fit, LeastWayPx(Quantile(sides, 1.0))) ? 1 : 0);
  e.emplace_back("went_far", WentFar(c.track, kFarSides * side_px) ? 1 : 0);
  e.emplace_back("slide_cosine", slide.most_mps > 0
                                     ? Share(c.velocity.dot(slide.velocity_mps),
                                             c.velocity.norm() * slide.velocity_mps.norm())
                                     : -2);
  e.emplace_back("slide_speeds",
                 slide.most_mps > 0 ? c.velocity.norm() / slide.most_mps : kNothing);
  e.emplace_back("quality", mover.score);
  return e;
}

void AddMomentEvidence(const Mover& mover, const Sight& sight, std::size_t m,
                       const std::vector<Moment>& moments, const std::vector<cv::Mat>& images,
                       Evidence& e) {
  const Moment& moment = moments[m];
  const double t = moment.time_s;
  const auto& hits = mover.track.hits;
  const double first_hit = hits.front().time_s, last_hit = hits.back().time_s;
  e.emplace_back("since_s", t - (mover.trail ? mover.trail->points.front().time_s : first_hit));
  e.emplace_back("until_s", (mover.trail ? mover.trail->points.back().time_s : last_hit) - t);
  e.emplace_back("since_hit_s", t - first_hit);
  e.emplace_back("until_hit_s", last_hit - t);
  double gap = kLone_px, off = kNothing;
  int about = 0;
  for (const auto& hit : hits) {
    const double apart = std::abs(hit.time_s - t);
    gap = std::min(gap, apart);
    if (apart < kAbout_s) ++about;
    if (apart > kNow_s) continue;
    const double o = (moment.blobs[hit.blob].centroid - sight.middle).norm();
    off = off < 0 ? o : std::min(off, o);
  }
  const double side = 2 * sight.half.maxCoeff();
  e.emplace_back("hit_gap_s", gap);
  e.emplace_back("hits_about", about);
  e.emplace_back("hit_off_px", off);
  e.emplace_back("hit_off_sides", off < 0 ? kNothing : off / std::max(4.0, side));
  AddTrailAt(mover, t, e);
  const Eigen::Vector2d size(images[m].cols, images[m].rows);
  const Eigen::Vector2d middle_rim = sight.middle.cwiseMin(size - sight.middle);
  e.emplace_back("box_rim_px", (middle_rim - sight.half).minCoeff());
  e.emplace_back("middle_rim_px", middle_rim.minCoeff());
  e.emplace_back("box_width_px", 2 * sight.half.x());
  e.emplace_back("box_height_px", 2 * sight.half.y());
  AddCover(sight, moment, e);
  AddPixels(sight, m, moments, images, e);
}

void AddNeighbourEvidence(const std::vector<const Mover*>& movers, const std::vector<Sight>& sights,
                          std::vector<Evidence>& evidence) {
  for (std::size_t i = 0; i < sights.size(); ++i) {
    Evidence& e = evidence[i];
    AddNearest(movers, sights, i, true,
               {"near_px", "near_sides", "near_velocity", "near_seen", "near_quality"}, e);
    AddNearest(movers, sights, i, false,
               {"sure_px", "sure_sides", "sure_velocity", "sure_seen", "sure_quality"}, e);
    const auto crowd = std::count_if(sights.begin(), sights.end(), [&](const Sight& other) {
      return (other.middle - sights[i].middle).norm() < kCrowd_px;
    });
    e.emplace_back("crowd", static_cast<double>(crowd - 1));
  }
}

}  // namespace trucewatch::motion
