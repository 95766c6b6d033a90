// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/swept_box.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace trucewatch::motion {
namespace {

constexpr std::size_t kDirections = 16;  // in which widths are compared
constexpr double kWidestPlain_m = 3.4;
constexpr double kNarrow_m = 1.6, kBroad_m = 3.0, kUsual_m = 2.1;
constexpr double kUsualWeight = 0.5;
constexpr double kLooselyUsual = 0.25;  // of that, where height and sun are known
constexpr double kShortestBox_m = 2.6, kLongestBox_m = 13.0;
constexpr double kLeastSweep_m = 1.2;
constexpr double kBetterThanPlain = 0.3;             // of its squared misfit
constexpr double kMostMisfit_m = 0.8;                // root mean square over the directions
constexpr double kLowest_m = 1.1, kHighest_m = 4.0;  // roofs of vehicles
// A car is so high, and a lorry or a bus so much higher that is so much longer.
constexpr double kCarHeight_m = 1.5, kCarLength_m = 5.5;
constexpr double kLorryHeight_m = 2.8, kLorryLength_m = 7.5;
constexpr double kHeightWeight = 0.04;
constexpr double kHeightStep_m = 0.1;
constexpr double kSpare_m = 0.5;  // of a length, to either side

// How wide a shape is across each direction.
class Widths {
 public:
  explicit Widths(const std::vector<Eigen::Vector2d>& points) {
    std::vector<cv::Point2f> all, hull;
    for (const Eigen::Vector2d& p : points) {
      all.emplace_back(static_cast<float>(p.x()), static_cast<float>(p.y()));
    }
    cv::convexHull(all, hull);
    for (std::size_t k = 0; k < kDirections; ++k) {
      const double angle = CV_PI * static_cast<double>(k) / kDirections;
      directions_[k] = {std::cos(angle), std::sin(angle)};
      double low = 1e9, high = -1e9;
      for (const cv::Point2f& p : hull) {
        const double along = directions_[k].x() * p.x + directions_[k].y() * p.y;
        low = std::min(low, along);
        high = std::max(high, along);
      }
      widths_[k] = high - low;
    }
  }

  double along() const { return widths_[0]; }
  double across() const { return widths_[kDirections / 2]; }
  // Mean square difference to those of a swept box, m2.
  double Misfit(double length, double breadth, const Eigen::Vector2d& sweep) const {
    double sum = 0;
    for (std::size_t k = 0; k < kDirections; ++k) {
      const Eigen::Vector2d& u = directions_[k];
      const double width =
          length * std::abs(u.x()) + breadth * std::abs(u.y()) + std::abs(u.dot(sweep));
      sum += (width - widths_[k]) * (width - widths_[k]) / kDirections;
    }
    return sum;
  }

 private:
  std::array<double, kDirections> widths_{};
  std::array<Eigen::Vector2d, kDirections> directions_;
};

double Unusual(double breadth, double rim_m) {
  const double off = kUsualWeight * (breadth - kUsual_m - rim_m);
  return off * off;
}

double HeightOf(double length) {
  const double share =
      std::clamp((length - kCarLength_m) / (kLorryLength_m - kCarLength_m), 0.0, 1.0);
  return kCarHeight_m + share * (kLorryHeight_m - kCarHeight_m);
}

}  // namespace

std::optional<SweptBox> FitSweptBox(const std::vector<Eigen::Vector2d>& points, double rim_m) {
  if (points.size() < 6) return std::nullopt;
  const Widths widths(points);
  const double along = widths.along(), across = widths.across();
  if (across < kWidestPlain_m + rim_m) return std::nullopt;
  // A plain box fits a vehicle without a shadow, however broad.
  const double plain = widths.Misfit(along, across, {0, 0});
  const double most = std::min(kMostMisfit_m * kMostMisfit_m, kBetterThanPlain * plain);
  std::optional<SweptBox> best;
  double least = 1e9;
  for (double breadth = kNarrow_m + rim_m; breadth <= kBroad_m + rim_m; breadth += 0.2) {
    const double sweep_y = across - breadth;
    if (sweep_y < kLeastSweep_m) continue;
    for (double sweep_x = -along; sweep_x <= along; sweep_x += 0.25) {
      const double length = along - std::abs(sweep_x);
      if (length < kShortestBox_m + rim_m || length > kLongestBox_m + rim_m || length < breadth)
        continue;
      const Eigen::Vector2d sweep(sweep_x, sweep_y);
      const double sum = widths.Misfit(length, breadth, sweep);
      const double misfit = sum + Unusual(breadth, rim_m);
      if (misfit >= least) continue;
      least = misfit;
      best = {length, breadth, sweep};
      if (sum > most) best.reset();
    }
  }
  return best;
}

std::optional<UprightBox> FitUprightBox(const std::vector<Eigen::Vector2d>& points, double rim_m,
                                        const Upright& upright) {
  if (points.size() < 6) return std::nullopt;
  // How far the shape reaches in each direction.
  std::array<Eigen::Vector2d, 2 * kDirections> directions;
  std::array<double, 2 * kDirections> reach{};
  for (std::size_t k = 0; k < directions.size(); ++k) {
    const double angle = CV_PI * static_cast<double>(k) / kDirections;
    directions[k] = {std::cos(angle), std::sin(angle)};
    reach[k] = -1e9;
    for (const Eigen::Vector2d& p : points) reach[k] = std::max(reach[k], directions[k].dot(p));
  }
  std::optional<UprightBox> best;
  double least = 1e9;
  for (double height = kLowest_m; height <= kHighest_m; height += kHeightStep_m) {
    const Eigen::Vector2d lean = height * upright.lean, shadow = height * upright.shadow;
    std::array<double, 2 * kDirections> rest = reach;
    for (std::size_t k = 0; k < rest.size(); ++k) {
      rest[k] -= std::max({0.0, directions[k].dot(lean), directions[k].dot(shadow)});
    }
    const double along = rest[0] + rest[kDirections];
    for (double length = std::max(kShortestBox_m + rim_m, along - kSpare_m);
         length <= std::min(kLongestBox_m + rim_m, along + kSpare_m); length += 0.25) {
      for (double breadth = kNarrow_m + rim_m; breadth <= kBroad_m + rim_m; breadth += 0.2) {
        if (length < breadth) continue;
        Eigen::Vector2d foot = Eigen::Vector2d::Zero();
        std::array<double, 2 * kDirections> off{};
        for (std::size_t k = 0; k < off.size(); ++k) {
          off[k] = rest[k] - 0.5 * (length * std::abs(directions[k].x()) +
                                    breadth * std::abs(directions[k].y()));
          foot += off[k] * directions[k] / kDirections;
        }
        double sum = 0;
        for (std::size_t k = 0; k < off.size(); ++k) {
          const double left = off[k] - directions[k].dot(foot);
          sum += left * left / (2 * kDirections);
        }
        const double unusual =
            kHeightWeight * (height - HeightOf(length - rim_m)) * (lean - shadow).norm();
        const double misfit = sum + kLooselyUsual * Unusual(breadth, rim_m) + unusual * unusual;
        if (misfit >= least) continue;
        least = misfit;
        best = {length + std::abs(lean.x()), breadth + std::abs(lean.y()), height, foot + lean / 2,
                sum};
      }
    }
  }
  return best;
}

}  // namespace trucewatch::motion
