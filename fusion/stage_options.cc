// SPDX-License-Identifier: Apache-2.0
#include "fusion/stage_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace trucewatch {

Result<void> CheckFusionConfig(const v1::config::FusionConfig& c) {
  const auto in = [](double value, double low, double high) {
    return value >= low && value <= high;
  };
  if (!in(c.hold_s(), 0, 600) || !in(c.picture_period_s(), 0.1, 60) ||
      !in(c.group_distance_m(), 1, 5000) || !in(c.group_speed_mps(), 0.1, 50) ||
      !in(c.group_min_count(), 2, 1000) || !in(c.confirm_existence(), 0.5, 0.9999) ||
      !in(c.delete_existence(), 1e-6, c.confirm_existence()) || !in(c.late_s(), 0, 86'400) ||
      (c.has_settled_lag_s() && !in(c.settled_lag_s(), c.hold_s(), 3600))) {
    return Fail(ErrorCode::kBadInput,
                "fusion config out of range: hold_s 0..600, picture_period_s 0.1..60, "
                "group_distance_m 1..5000, group_speed_mps 0.1..50, group_min_count 2..1000, "
                "confirm_existence 0.5..0.9999, delete_existence 1e-6..confirm_existence, "
                "late_s 0..86400, settled_lag_s hold_s..3600");
  }
  return {};
}

TrackerOptions TrackerOptionsFor(const v1::config::FusionConfig& config) {
  TrackerOptions options;
  options.confirm_existence = config.confirm_existence();
  options.delete_existence = config.delete_existence();
  options.max_existence = std::max(options.max_existence, config.confirm_existence());
  return options;
}

GroupOptions GroupOptionsFor(const v1::config::FusionConfig& config) {
  GroupOptions options;
  options.distance_m = config.group_distance_m();
  options.speed_mps = config.group_speed_mps();
  options.min_count = static_cast<int>(config.group_min_count());
  return options;
}

HoldBuffer::Options HoldOptionsFor(const FusionStage::Options& options) {
  HoldBuffer::Options hold{.hold = Duration::FromSeconds(options.config.hold_s())};
  for (const FusionSource& source : options.sources) {
    (source.sparse ? hold.sparse : hold.expected).insert(source.id);
  }
  return hold;
}

Duration AheadFor(const v1::config::FusionConfig& config) {
  constexpr double kDefaultLagS = 30;
  const double lag =
      config.has_settled_lag_s() ? config.settled_lag_s() : std::max(kDefaultLagS, config.hold_s());
  return Duration::FromSeconds(lag - config.hold_s());
}

Smoother::Options SmootherOptionsFor(const v1::config::FusionConfig& config) {
  return {.motion = TrackerOptionsFor(config).motion,
          .mean_life_s = TrackerOptionsFor(config).mean_life_s,
          .min_existence = config.delete_existence(),  // as the tracker publishes
          .keep = AheadFor(config) + Duration::FromSeconds(2 * config.picture_period_s())};
}

LateBook::Options LateOptionsFor(const v1::config::FusionConfig& config) {
  constexpr double kDefaultLateS = 3600;
  return {.keep = Duration::FromSeconds(config.late_s() > 0 ? config.late_s() : kDefaultLateS),
          .picture_period = Duration::FromSeconds(config.picture_period_s())};
}

std::string ConfigKey(const FusionStage::Options& options) {
  std::map<SourceId, bool> sources;
  for (const FusionSource& source : options.sources) sources[source.id] = source.sparse;
  std::string key = fmt::format("{};{:a};{:a};{:a}", options.config.SerializeAsString(),
                                options.origin.latitude.rad(), options.origin.longitude.rad(),
                                options.origin.height_hae_m);
  for (const auto& [id, sparse] : sources) {
    key += fmt::format(";{}:{}:{}", id.value.size(), id.value, sparse ? "sparse" : "steady");
  }
  return key;
}

}  // namespace trucewatch
