// SPDX-License-Identifier: Apache-2.0
#include "fusion/bearings.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <optional>

namespace trucewatch {
namespace {

constexpr double kBearingMemoryS = 3.0;
constexpr double kLeastSine = 0.17365;     // of the angle between two that cross: 10 degrees
constexpr double kSpeedBetweenMps = 12.0;  // of what moves between the two reports
constexpr double kLeastRangeM = 10.0;
constexpr std::size_t kMaxLoneBearings = 500;

Eigen::Vector2d Along(double bearing_rad) { return {std::sin(bearing_rad), std::cos(bearing_rad)}; }

std::optional<Crossing> CrossingOf(const LoneBearing& a, const LoneBearing& b) {
  const Eigen::Vector2d u = Along(a.bearing_rad), w = Along(b.bearing_rad);
  const double sine = u.x() * w.y() - u.y() * w.x();
  if (std::abs(sine) < kLeastSine) return std::nullopt;
  const Eigen::Vector2d base = b.sensor_en_m - a.sensor_en_m;
  const double range_a = (base.x() * w.y() - base.y() * w.x()) / sine;
  const double range_b = (base.x() * u.y() - base.y() * u.x()) / sine;
  if (!(range_a > kLeastRangeM && range_a <= a.reach_m && range_b > kLeastRangeM &&
        range_b <= b.reach_m)) {
    return std::nullopt;
  }
  // Each direction weighs across itself: sum of w w' / (range sigma)^2 over both.
  const double moved = kSpeedBetweenMps * std::abs((a.time - b.time).seconds());
  const auto information = [](const Eigen::Vector2d& along, double range, double sigma,
                              double more) {
    const Eigen::Vector2d across(along.y(), -along.x());
    const double variance = range * range * sigma * sigma + more * more;
    return Eigen::Matrix2d(across * across.transpose() / variance);
  };
  Crossing crossing;
  crossing.plot.p_en_m = a.sensor_en_m + range_a * u;
  crossing.plot.cov_en_m2 =
      (information(u, range_a, a.sigma_rad, 0.0) + information(w, range_b, b.sigma_rad, moved))
          .inverse();
  crossing.clutter_per_m2 =
      a.false_per_rad * b.false_per_rad * std::abs(sine) / (range_a * range_b);
  return crossing;
}

}  // namespace

std::vector<Crossing> BearingMemory::Cross(const Look& look, const std::vector<double>& taken) {
  std::vector<Crossing> crossings;
  const bool has_bearings =
      look.sensor_en_m && std::any_of(look.plots.begin(), look.plots.end(), [](const auto& plot) {
        return plot.bearing_rad.has_value();
      });
  if (lone_.empty() && !has_bearings) return crossings;
  std::erase_if(lone_, [&](const LoneBearing& lone) {
    return (look.time - lone.time).seconds() > kBearingMemoryS;
  });
  const std::size_t before = lone_.size();
  for (std::size_t k = 0; k < look.plots.size() && has_bearings; ++k) {
    const LookPlot& plot = look.plots[k];
    if (!plot.bearing_rad || taken[k] > 0.5) continue;
    const LoneBearing lone{.time = look.time,
                           .source = look.source,
                           .sensor_en_m = *look.sensor_en_m,
                           .bearing_rad = *plot.bearing_rad,
                           .sigma_rad = plot.bearing_sigma_rad,
                           .reach_m = look.bearing_reach_m,
                           .false_per_rad = look.false_alarms_per_rad};
    for (std::size_t i = 0; i < before; ++i) {
      if (lone_[i].source == look.source) continue;
      std::optional<Crossing> crossing = CrossingOf(lone, lone_[i]);
      if (!crossing) continue;
      crossing->plot.classes = plot.classes;
      crossing->plot.height_hae_m = plot.height_hae_m;
      crossings.push_back(std::move(*crossing));
    }
    if (lone_.size() < kMaxLoneBearings) lone_.push_back(lone);
  }
  return crossings;
}

}  // namespace trucewatch
