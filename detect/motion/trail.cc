// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/trail.h"

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>
#include <optional>

#include "detect/motion/patch_sample.h"

namespace trucewatch::motion {
namespace {

constexpr double kStep_s = 0.095;      // pictures nearer than this to the one before are skipped
constexpr int kMostSide = 14;          // samples along each side of a patch
constexpr double kMostDiffer = 50;     // grey levels: larger ones say no more
constexpr double kReachPx = 3;         // about the place expected
constexpr double kMostTurnRate = 1.2;  // radians a second
constexpr double kGround_s = 0.9;      // the ground is looked at so much earlier and later
constexpr double kLeastGround_s = 0.4;
constexpr double kChangedNoise = 2.0;
constexpr int kLeastChanged = 6;  // points
constexpr double kRim_px = 2;     // about what has changed
constexpr double kStart_s = 0.2;  // the first guess compares pictures so far apart
constexpr int kGrid = 3;          // on either side, in steps of
constexpr double kGridPx = 2;
constexpr double kMovesShare = 0.85;  // so much better it must fit moving than standing
constexpr double kPathWindow_s = 0.6;
constexpr int kLearn = 4;            // a quarter of what is new is learnt
constexpr int kMostLearnt = 30;      // grey levels; more is another thing
constexpr double kLost_s = 0.45;     // not seen for so long: the end
constexpr double kLostShare = 0.75;  // of the standing misfit, or
constexpr double kLostNoise = 3.0;   // so many sigmas of noise: seen all the same

struct Template {
  std::vector<Eigen::Vector2d> offset;  // stabilised pixels from the centre
  std::vector<std::int32_t> seen;
  int changed = 0;  // points of it that are not as the ground
};

// The compared moment nearest to a time.
std::size_t NearestCompared(const std::vector<Moment>& moments, double time_s) {
  std::size_t best = 0;
  double least = 1e9;
  for (std::size_t m = 0; m < moments.size(); ++m) {
    const double apart = std::abs(moments[m].time_s - time_s);
    if (moments[m].compared && apart < least) {
      least = apart;
      best = m;
    }
  }
  return best;
}

// Two moments whose ground tells what does not belong to it: before and after, or on one side.
std::vector<std::size_t> GroundMoments(const std::vector<Moment>& moments, std::size_t seed) {
  const double t = moments[seed].time_s;
  const double before = t - moments.front().time_s, after = moments.back().time_s - t;
  std::pair<double, double> at{-kGround_s, kGround_s};
  if (std::min(before, after) < kLeastGround_s) {
    const double sign = before > after ? -1 : 1;
    at = {sign * kGround_s / 2, sign * kGround_s};
  }
  return {NearestCompared(moments, t + at.first), NearestCompared(moments, t + at.second)};
}

// The points of the patch that differ from the ground there, earlier and later, and what is about
// them: its edges.
Template TakeTemplate(const PatchSeed& seed, const std::vector<Moment>& moments,
                      const std::vector<cv::Mat>& images) {
  const Moment& moment = moments[seed.moment];
  const Eigen::Matrix2d linear = Linear(moment.stable_from_working, seed.centre);
  const double step_x = std::max(1.0, 2 * seed.half_width / kMostSide);
  const double step_y = std::max(1.0, 2 * seed.half_height / kMostSide);
  const int columns = static_cast<int>(2 * seed.half_width / step_x) + 1;
  const int rows = static_cast<int>(2 * seed.half_height / step_y) + 1;
  cv::Mat changed(rows, columns, CV_8U, cv::Scalar(255));
  std::vector<std::int32_t> seen(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns),
                                 -1);
  const auto offset = [&](int x, int y) {
    return Eigen::Vector2d(x * step_x - seed.half_width, y * step_y - seed.half_height);
  };
  for (const std::size_t m : GroundMoments(moments, seed.moment)) {
    const Homography back = moments[m].stable_from_working.inverse() * moment.stable_from_working;
    const double gain = moment.level / std::max(1.0, moments[m].level);
    const double least = kChangedNoise * std::max(1.0, moment.noise) * static_cast<double>(kGrey);
    for (int y = 0; y < rows; ++y) {
      for (int x = 0; x < columns; ++x) {
        const Eigen::Vector2d p = seed.centre + offset(x, y);
        auto& here = seen[static_cast<std::size_t>(y * columns + x)];
        here = Sample(images[seed.moment], Fixed(p));
        const std::int32_t there = Sample(images[m], Fixed(Apply(back, p)));
        if (here < 0 || m == seed.moment || (there >= 0 && std::abs(here - gain * there) < least)) {
          changed.at<std::uint8_t>(y, x) = 0;
        }
      }
    }
  }
  Template t;
  t.changed = cv::countNonZero(changed);
  if (t.changed < kLeastChanged) return t;
  const cv::Size around(2 * static_cast<int>(std::lround(kRim_px / step_x)) + 1,
                        2 * static_cast<int>(std::lround(kRim_px / step_y)) + 1);
  cv::dilate(changed, changed, cv::Mat::ones(around, CV_8U));
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      const std::int32_t here = seen[static_cast<std::size_t>(y * columns + x)];
      if (changed.at<std::uint8_t>(y, x) == 0 || here < 0) continue;
      t.offset.push_back(linear * offset(x, y));
      t.seen.push_back(here);
    }
  }
  return t;
}

// A template laid over one picture.
class Overlaid {
 public:
  Overlaid(const Template& patch, const Moment& from, const Moment& to, const cv::Mat& image,
           const Eigen::Vector2d& about)
      : patch_(patch),
        image_(image),
        back_(to.stable_from_working.inverse()),
        linear_(Linear(back_, about)),
        gain_(static_cast<std::int32_t>(
            std::lround(from.level / std::max(1.0, to.level) * (1 << kExposureBits)))) {}

  // Sum of differences with the centre there, given up from `enough` on.
  std::int64_t Misfit(const Eigen::Vector2d& place, double turn, std::int64_t enough) const {
    constexpr auto kMost = static_cast<std::int32_t>(kMostDiffer * kGrey);
    const FixedPoint centre = Fixed(Apply(back_, place));
    const KeptTurn& turned = Turned(turn);
    const std::vector<FixedPoint>& offsets = turned.offsets;
    const bool inside = InPicture({centre.x + turned.low.x, centre.y + turned.low.y}) &&
                        InPicture({centre.x + turned.high.x, centre.y + turned.high.y});
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < patch_.seen.size(); ++i) {
      const FixedPoint at{centre.x + offsets[i].x, centre.y + offsets[i].y};
      const std::int32_t level = Exposed(inside ? SampleInside(image_, at) : Sample(image_, at));
      sum += level < 0 ? kMost / 2 : std::min(std::abs(patch_.seen[i] - level), kMost);
      if ((i & 31) == 31 && sum >= enough) break;
    }
    return sum;
  }

  // The patch as it looks there, into `patch` by a share of what was known of it.
  void Learn(const Eigen::Vector2d& place, double turn, Template& patch) const {
    const FixedPoint centre = Fixed(Apply(back_, place));
    const std::vector<FixedPoint>& offsets = Turned(turn).offsets;
    for (std::size_t i = 0; i < patch.seen.size(); ++i) {
      const std::int32_t level =
          Exposed(Sample(image_, {centre.x + offsets[i].x, centre.y + offsets[i].y}));
      if (level < 0) continue;
      const std::int32_t difference = level - patch.seen[i];
      if (std::abs(difference) >= kMostLearnt * kGrey) continue;  // something lies over it
      patch.seen[i] += difference / kLearn;
    }
  }

  bool Inside(const Eigen::Vector2d& place) const {
    const Eigen::Vector2d p = Apply(back_, place);
    return p.x() >= 1 && p.y() >= 1 && p.x() < image_.cols - 2 && p.y() < image_.rows - 2;
  }

 private:
  // Of the template's offsets, in fixed point.
  Eigen::Matrix2d ToPicture(double turn) const {
    const double c = std::cos(turn), s = std::sin(turn);
    Eigen::Matrix2d rotation;
    rotation << c, -s, s, c;
    return linear_ * rotation * static_cast<double>(1 << kPointBits);
  }

  struct KeptTurn {
    double turn = 0;
    std::vector<FixedPoint> offsets;
    FixedPoint low, high;  // about all of them
  };

  // The template's offsets in this picture. A search comes back to the same few turns: the last
  // ones are kept.
  const KeptTurn& Turned(double turn) const {
    for (const KeptTurn& kept : kept_) {
      if (kept.turn == turn && !kept.offsets.empty()) return kept;
    }
    KeptTurn& kept = kept_[next_kept_++ % kept_.size()];
    kept = {turn, std::move(kept.offsets), {}, {}};
    kept.offsets.resize(patch_.offset.size());
    const Eigen::Matrix2d m = ToPicture(turn);
    for (std::size_t i = 0; i < kept.offsets.size(); ++i) {
      const Eigen::Vector2d o = m * patch_.offset[i];
      const FixedPoint p{static_cast<std::int32_t>(o.x()), static_cast<std::int32_t>(o.y())};
      kept.offsets[i] = p;
      kept.low = {std::min(kept.low.x, p.x), std::min(kept.low.y, p.y)};
      kept.high = {std::max(kept.high.x, p.x), std::max(kept.high.y, p.y)};
    }
    return kept;
  }

  // Where Sample() has all four pixels.
  bool InPicture(const FixedPoint& p) const {
    return p.x >= 0 && p.y >= 0 && (p.x >> kPointBits) < image_.cols - 1 &&
           (p.y >> kPointBits) < image_.rows - 1;
  }

  // At the exposure of the seed's picture; negative outside.
  std::int32_t Exposed(std::int32_t there) const {
    return static_cast<std::int32_t>(std::int64_t{there} * gain_ >> kExposureBits);
  }

  const Template& patch_;
  const cv::Mat& image_;
  Homography back_;
  Eigen::Matrix2d linear_;
  std::int32_t gain_;
  mutable std::array<KeptTurn, 3> kept_;
  mutable std::size_t next_kept_ = 0;
};

constexpr std::int64_t kAllOfIt = std::numeric_limits<std::int64_t>::max();

struct Match {
  Eigen::Vector2d place = Eigen::Vector2d::Zero();
  double turn = 0;
  std::int64_t misfit = kAllOfIt;
};

// To the nearest minimum, in steps down to a quarter of a pixel.
void Descend(const Overlaid& picture, double radius_px, double most_turn, const Match& start,
             double reach_px, Match& best) {
  for (double step = 1.0; step > 0.2; step /= 2) {
    const double turn_step = step / std::max(4.0, radius_px);
    for (bool better = true; better;) {
      better = false;
      const Match around = best;
      const auto attempt = [&](const Eigen::Vector2d& place, double turn) {
        if ((place - start.place).norm() > reach_px || std::abs(turn) > most_turn) return;
        const std::int64_t misfit = picture.Misfit(place, turn, best.misfit);
        if (misfit >= best.misfit) return;
        best = {place, turn, misfit};
        better = true;
      };
      for (const auto& [x, y] : {std::pair{1.0, 0.0}, {-1.0, 0.0}, {0.0, 1.0}, {0.0, -1.0}}) {
        attempt(around.place + step * Eigen::Vector2d(x, y), around.turn);
      }
      if (most_turn <= 0) continue;
      attempt(around.place, around.turn + turn_step);
      attempt(around.place, around.turn - turn_step);
    }
  }
}

// How the template moves about the seed: the best of the guess, of parts of it, and of a grid about
// standing still; nothing when standing fits about as well.
std::optional<Eigen::Vector2d> StartVelocity(const Template& patch, const PatchSeed& seed,
                                             const Eigen::Vector2d& origin,
                                             const std::vector<Moment>& moments,
                                             const std::vector<cv::Mat>& images) {
  const Moment& from = moments[seed.moment];
  std::vector<std::pair<double, Overlaid>> pictures;
  for (const double lag : {-kStart_s, kStart_s}) {
    const std::size_t m = NearestCompared(moments, from.time_s + lag);
    const double dt = moments[m].time_s - from.time_s;
    if (std::abs(dt - lag) > kStart_s / 2) continue;
    pictures.emplace_back(dt, Overlaid(patch, from, moments[m], images[m], origin));
  }
  if (pictures.empty()) return std::nullopt;
  const auto misfit = [&](const Eigen::Vector2d& v) {
    std::int64_t sum = 0;
    for (const auto& [dt, picture] : pictures) sum += picture.Misfit(origin + v * dt, 0, kAllOfIt);
    return sum;
  };
  const std::int64_t standing = misfit(Eigen::Vector2d::Zero());
  Eigen::Vector2d best = Eigen::Vector2d::Zero();
  std::int64_t least = standing;
  const auto attempt = [&](const Eigen::Vector2d& v) {
    const std::int64_t there = misfit(v);
    if (there >= least) return false;
    least = there;
    best = v;
    return true;
  };
  for (double factor = 0.3; factor < 1.65; factor += 0.1) attempt(seed.guess * factor);
  for (int y = -kGrid; y <= kGrid; ++y) {
    for (int x = -kGrid; x <= kGrid; ++x) attempt(Eigen::Vector2d(x, y) * kGridPx / kStart_s);
  }
  for (double step = 1.0 / kStart_s; step > 0.2 / kStart_s; step /= 2) {
    for (bool better = true; better;) {
      better = false;
      const Eigen::Vector2d around = best;
      for (const auto& [x, y] : {std::pair{1.0, 0.0}, {-1.0, 0.0}, {0.0, 1.0}, {0.0, -1.0}}) {
        better = attempt(around + step * Eigen::Vector2d(x, y)) || better;
      }
    }
  }
  if (static_cast<double>(least) > kMovesShare * static_cast<double>(standing)) return std::nullopt;
  return best;
}

// By least squares; without the residual.
template <typename TimeOf, typename PlaceOf>
PathFit FitCurve(std::size_t n, const TimeOf& time_of, const PlaceOf& place_of) {
  PathFit fit;
  fit.points = static_cast<int>(n);
  if (n == 0) return fit;
  for (std::size_t i = 0; i < n; ++i) fit.time_s += time_of(i) / static_cast<double>(n);
  Eigen::Matrix3d a = Eigen::Matrix3d::Zero();
  Eigen::Matrix<double, 3, 2> b = Eigen::Matrix<double, 3, 2>::Zero();
  for (std::size_t i = 0; i < n; ++i) {
    const double t = time_of(i) - fit.time_s;
    const Eigen::Vector3d row(1, t, t * t);
    a += row * row.transpose();
    b += row * place_of(i).transpose();
  }
  Eigen::Matrix<double, 3, 2> x = Eigen::Matrix<double, 3, 2>::Zero();
  // Of the order that so few points allow; fixed sizes need no memory.
  if (n >= 3) {
    x = a.ldlt().solve(b);
  } else if (n == 2) {
    x.topRows<2>() = a.topLeftCorner<2, 2>().ldlt().solve(b.topRows<2>());
  } else {
    x.row(0) = b.row(0);
  }
  fit.place = x.row(0).transpose();
  fit.velocity = x.row(1).transpose();
  fit.half_acceleration = x.row(2).transpose();
  return fit;
}

}  // namespace

PathFit FitPath(const std::vector<double>& times_s, const std::vector<Eigen::Vector2d>& places) {
  PathFit fit = FitCurve(
      times_s.size(), [&](std::size_t i) { return times_s[i]; },
      [&](std::size_t i) -> const Eigen::Vector2d& { return places[i]; });
  double sum = 0;
  for (std::size_t i = 0; i < times_s.size(); ++i) {
    sum += (places[i] - fit.PlaceAt(times_s[i])).squaredNorm();
  }
  if (!times_s.empty()) fit.residual_px = std::sqrt(sum / static_cast<double>(times_s.size()));
  return fit;
}

PathFit PathAbout(const Trail& trail, double time_s) {
  const auto& points = trail.points;
  const double inside = std::clamp(time_s, points.front().time_s, points.back().time_s);
  std::size_t first = 0, end = points.size();
  while (first < end && std::abs(points[first].time_s - inside) > kPathWindow_s) ++first;
  while (end > first && std::abs(points[end - 1].time_s - inside) > kPathWindow_s) --end;
  PathFit fit = FitCurve(
      end - first, [&](std::size_t i) { return points[first + i].time_s; },
      [&](std::size_t i) -> const Eigen::Vector2d& { return points[first + i].place; });
  fit.place = fit.PlaceAt(inside);
  fit.velocity = fit.VelocityAt(inside);
  fit.time_s = inside;
  if (inside != time_s) fit.half_acceleration.setZero();
  return fit;
}

std::vector<TrailPoint> FollowPatch(const PatchSeed& seed, const std::vector<Moment>& moments,
                                    const std::vector<cv::Mat>& images) {
  std::vector<TrailPoint> points;
  const Moment& from = moments[seed.moment];
  const Template patch = TakeTemplate(seed, moments, images);
  if (patch.changed < kLeastChanged) return points;
  const double radius_px = std::max(seed.half_width, seed.half_height);
  const auto mean = [&](std::int64_t sum) {
    return static_cast<double>(sum) /
           static_cast<double>(kGrey * static_cast<std::int64_t>(patch.seen.size()));
  };
  TrailPoint origin;
  origin.moment = seed.moment;
  origin.time_s = from.time_s;
  origin.place = Apply(from.stable_from_working, seed.centre);
  points.push_back(origin);

  const auto start_velocity = StartVelocity(patch, seed, origin.place, moments, images);
  if (!start_velocity) return points;
  for (const int sense : {1, -1}) {
    Template known = patch;  // it changes as the patch turns and comes into the shade
    TrailPoint last = origin;
    Eigen::Vector2d velocity = *start_velocity;
    double turn_rate = 0;
    double visited_s = from.time_s;
    for (auto m = static_cast<std::ptrdiff_t>(seed.moment) + sense;
         m >= 0 && m < static_cast<std::ptrdiff_t>(moments.size()); m += sense) {
      const Moment& to = moments[static_cast<std::size_t>(m)];
      if (!to.compared || std::abs(to.time_s - visited_s) < kStep_s) continue;
      visited_s = to.time_s;
      const double dt = to.time_s - last.time_s;
      if (std::abs(dt) > kLost_s) break;
      const Eigen::Vector2d expected = last.place + velocity * dt;
      const Overlaid picture(known, from, to, images[static_cast<std::size_t>(m)], expected);
      if (!picture.Inside(expected)) break;
      const double most_turn =
          radius_px < 3 ? 0.0 : kMostTurnRate * std::abs(to.time_s - from.time_s);
      const Match start{expected, std::clamp(last.turn + turn_rate * dt, -most_turn, most_turn), 0};
      Match best = start;
      best.misfit = picture.Misfit(best.place, best.turn, kAllOfIt);
      Descend(picture, radius_px, most_turn, start, kReachPx, best);
      TrailPoint point;
      point.moment = static_cast<std::size_t>(m);
      point.time_s = to.time_s;
      point.place = best.place;
      point.turn = best.turn;
      point.moving = mean(best.misfit);
      point.still = mean(picture.Misfit(origin.place, 0, kAllOfIt));
      if (point.moving > std::max(kLostShare * point.still, kLostNoise * from.noise)) continue;
      const Eigen::Vector2d here = (point.place - last.place) / dt;
      velocity = 0.5 * (velocity + here);
      turn_rate = 0.5 * turn_rate + 0.5 * (point.turn - last.turn) / dt;
      picture.Learn(point.place, point.turn, known);
      last = point;
      points.push_back(point);
    }
  }
  std::sort(points.begin(), points.end(),
            [](const TrailPoint& a, const TrailPoint& b) { return a.moment < b.moment; });
  return points;
}

}  // namespace trucewatch::motion
