// SPDX-License-Identifier: Apache-2.0
#include "evidence/retention/plan.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "core/base/result.h"

namespace trucewatch::evidence {

RetentionPlan PlanRetention(std::span<const StoredSegment> segments, const RetentionRule& rule) {
  RetentionPlan plan;
  for (const StoredSegment& segment : segments) plan.bytes_before += segment.bytes;
  plan.bytes_after = plan.bytes_before;
  std::vector<std::size_t> order(segments.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tie(segments[a].time_last, segments[a].log, segments[a].first) <
           std::tie(segments[b].time_last, segments[b].log, segments[b].first);
  });
  for (const std::size_t i : order) {
    const StoredSegment& segment = segments[i];
    if (!segment.kept_because.empty() || segment.time_last + rule.margin >= rule.now) continue;
    std::string why;
    if (rule.keep > Duration() && segment.time_last + rule.keep < rule.now) {
      why = fmt::format("older than {:g} days", rule.keep.seconds() / 86'400);
    } else if (rule.quota_bytes > 0 && plan.bytes_after > rule.quota_bytes) {
      why = fmt::format("above the quota of {:g} MB", static_cast<double>(rule.quota_bytes) / 1e6);
    } else {
      continue;
    }
    plan.bytes_after -= segment.bytes;
    plan.trims.push_back({i, std::move(why)});
  }
  plan.quota_met = rule.quota_bytes == 0 || plan.bytes_after <= rule.quota_bytes;
  return plan;
}

}  // namespace trucewatch::evidence
