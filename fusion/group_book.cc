// SPDX-License-Identifier: Apache-2.0
#include "fusion/group_book.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "fusion/internal/polygon.h"
#include "fusion/internal/track_bookkeeping.h"

namespace trucewatch {
namespace {

constexpr double kSigmas95 = 1.96;

bool ArePeople(ObjectClass object_class) { return object_class == ObjectClass::kPersonGroup; }

// One source's word.
struct SourceCount {
  double mean = 0;
  double low_variance = 0, high_variance = 0;
  double Variance() const { return 0.5 * (low_variance + high_variance); }
};

SourceCount CountOfSource(std::span<const CountReport> reports, const SourceId& source,
                          Instant newest, double fade_s) {
  double sum = 0, mean = 0, low = 0, high = 0;
  std::vector<std::pair<double, double>> said;  // (weight, expected)
  for (const CountReport& report : reports) {
    if (report.source != source) continue;
    // Counts are whole: an interval of one number still leaves a third of one open.
    const double down = std::max((report.expected - report.min) / kSigmas95, 0.3);
    const double up = std::max((report.max - report.expected) / kSigmas95, 0.3);
    const double age = std::max((newest - report.time).seconds(), 0.0);
    const double weight = std::exp(-age / fade_s) / (0.25 * (down + up) * (down + up));
    sum += weight;
    mean += weight * report.expected;
    low += weight * down * down;
    high += weight * up * up;
    said.emplace_back(weight, report.expected);
  }
  SourceCount count{.mean = mean / sum, .low_variance = low / sum, .high_variance = high / sum};
  double spread = 0;
  for (const auto& [weight, expected] : said) {
    spread += weight * (expected - count.mean) * (expected - count.mean);
  }
  count.low_variance += spread / sum;
  count.high_variance += spread / sum;
  return count;
}

}  // namespace

FusedCount FuseCounts(std::span<const CountReport> reports, double fade_s) {
  if (reports.empty()) return {};
  Instant newest = reports.front().time;
  std::map<SourceId, SourceCount> sources;
  for (const CountReport& report : reports) {
    newest = std::max(newest, report.time);
    sources[report.source];
  }
  double sum = 0, mean = 0;
  for (auto& [id, count] : sources) {
    count = CountOfSource(reports, id, newest, fade_s);
    sum += 1.0 / count.Variance();
    mean += count.mean / count.Variance();
  }
  mean /= sum;
  double chi2 = 0, low = 0, high = 0;
  for (const auto& [id, count] : sources) {
    chi2 += (count.mean - mean) * (count.mean - mean) / count.Variance();
    low += 1.0 / count.low_variance;
    high += 1.0 / count.high_variance;
  }
  const double birge =
      sources.size() < 2 ? 1.0 : std::max(1.0, chi2 / static_cast<double>(sources.size() - 1));
  FusedCount fused;
  fused.expected = mean;
  // A hundred-millionth of a person is rounding, not doubt.
  const double low_end = std::max(mean - kSigmas95 * std::sqrt(birge / low), 0.0);
  const double high_end = mean + kSigmas95 * std::sqrt(birge / high);
  fused.min = static_cast<int>(std::floor(low_end + 1e-8));
  fused.max = static_cast<int>(std::ceil(high_end - 1e-8));
  return fused;
}

const GroupKindOptions& GroupBook::Kind(ObjectClass object_class) const {
  return ArePeople(object_class) ? options_.people : options_.vehicles;
}

void GroupBook::Advance(BookGroup& group, Instant time) const {
  if (time <= group.time) return;
  const double dt = (time - group.time).seconds();
  const GroupKindOptions& kind = Kind(group.object_class);
  group.cov_en_m2 += kind.wander_m2ps * dt * Eigen::Matrix2d::Identity();
  group.existence *= std::exp(-dt / kind.mean_life_s);
  group.time = time;
}

// How much this look's word counts: the whole of it only when the source's last is long enough ago.
double GroupBook::TakeOpportunity(BookGroup& group, const Look& look) const {
  auto place = group.opportunities.begin();
  while (place != group.opportunities.end() && place->source < look.source) ++place;
  if (place == group.opportunities.end() || place->source != look.source) {
    group.opportunities.insert(place, {look.source, look.time});
    return 1.0;
  }
  const double ago = (look.time - place->time).seconds();
  place->time = std::max(place->time, look.time);
  return std::clamp(ago / options_.independent_s, 0.0, 1.0);
}

void GroupBook::TakeReport(BookGroup& group, const Look& look, const GroupReport& report) const {
  const double weight = TakeOpportunity(group, look);
  const double seen = std::max(ArePeople(group.object_class) ? look.group_detection_probability
                                                             : look.standing_detection_probability,
                               0.5);
  const double invented = std::clamp(1.0 - report.score, 0.02, 0.5);
  const double odds = group.existence / (1.0 - group.existence) * std::pow(seen / invented, weight);
  group.existence = std::min(odds / (1.0 + odds), options_.max_existence);

  // Reports of one georeference share most of their error: the place gets no surer by repetition.
  const std::string& georeference = look.lineage.georeference;
  const bool shared =
      std::any_of(group.supports.begin(), group.supports.end(), [&](const TrackSupport& support) {
        return !georeference.empty() && support.lineage.georeference == georeference &&
               (look.time - support.last).seconds() < options_.georeference_memory_s;
      });
  const Eigen::Matrix2d gain = group.cov_en_m2 * (group.cov_en_m2 + report.cov_en_m2).inverse();
  group.p_en_m += gain * (report.p_en_m - group.p_en_m);
  if (!shared) {
    const Eigen::Matrix2d cov = group.cov_en_m2 - gain * group.cov_en_m2;
    group.cov_en_m2 = 0.5 * (cov + cov.transpose());
  } else if (report.cov_en_m2.trace() < group.cov_en_m2.trace()) {
    group.cov_en_m2 = report.cov_en_m2;
  }
  group.extent_m += 0.3 * (report.extent_m - group.extent_m);
  group.height_hae_m = report.height_hae_m;

  group.counts.push_back({.time = look.time,
                          .source = look.source,
                          .expected = report.count_expected,
                          .min = report.count_min,
                          .max = report.count_max});
  const Instant newest = std::max(group.last, look.time);
  std::erase_if(group.counts, [&](const CountReport& count) {
    return (newest - count.time).seconds() > options_.count_memory_s;
  });
  if (group.counts.size() > options_.max_counts) group.counts.erase(group.counts.begin());
  // A report so old that it is forgotten at once changes no count.
  if (!group.counts.empty()) group.count = FuseCounts(group.counts, options_.count_fade_s);
  internal::NoteSupport(group.supports, look);
  group.first = std::min(group.first, look.time);
  group.last = newest;
}

void GroupBook::TakeMiss(BookGroup& group, const Look& look) const {
  const double seen = ArePeople(group.object_class) ? look.group_detection_probability
                                                    : look.standing_detection_probability;
  if (!(seen > 0) || look.footprint_en_m.empty()) return;
  // The whole of it must have been in view, as far as its place is known.
  const double sigma = std::sqrt(0.5 * group.cov_en_m2.trace());
  if (internal::DepthInside(look.footprint_en_m, group.p_en_m) < group.extent_m + 2.0 * sigma) {
    return;
  }
  const double weight = TakeOpportunity(group, look);
  const double odds = group.existence / (1.0 - group.existence) * std::pow(1.0 - seen, weight);
  group.existence = odds / (1.0 + odds);
}

std::size_t GroupBook::Process(const Look& look, const std::function<GroupId()>& new_id) {
  struct Pair {
    double d2;
    std::size_t group, report;
  };
  std::vector<Pair> pairs;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    BookGroup& group = groups_[g];
    Advance(group, look.time);
    for (std::size_t r = 0; r < look.groups.size(); ++r) {
      const GroupReport& report = look.groups[r];
      if (ArePeople(report.object_class) != ArePeople(group.object_class)) continue;
      // The middle of a group moves with who happens to be seen: a quarter of its reach.
      const double reach = 0.5 * (group.extent_m + report.extent_m);
      const Eigen::Matrix2d s =
          group.cov_en_m2 + report.cov_en_m2 + 0.0625 * reach * reach * Eigen::Matrix2d::Identity();
      const Eigen::Vector2d y = report.p_en_m - group.p_en_m;
      const double d2 = y.dot(s.inverse() * y);
      if (d2 <= options_.gate_d2 || y.norm() <= reach) pairs.push_back({d2, g, r});
    }
  }
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
    return std::tie(a.d2, a.group, a.report) < std::tie(b.d2, b.group, b.report);
  });
  std::vector<char> group_taken(groups_.size(), 0), report_taken(look.groups.size(), 0);
  for (const Pair& pair : pairs) {
    if (group_taken[pair.group] || report_taken[pair.report]) continue;
    group_taken[pair.group] = report_taken[pair.report] = 1;
    TakeReport(groups_[pair.group], look, look.groups[pair.report]);
  }
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if (!group_taken[g]) TakeMiss(groups_[g], look);
  }
  std::erase_if(
      groups_, [&](const BookGroup& group) { return group.existence < options_.delete_existence; });
  std::size_t refused = 0;
  for (std::size_t r = 0; r < look.groups.size(); ++r) {
    if (report_taken[r]) continue;
    if (groups_.size() >= options_.max_groups) {
      ++refused;
      continue;
    }
    const GroupReport& report = look.groups[r];
    BookGroup group;
    group.id = new_id();
    group.object_class = report.object_class;
    group.time = group.first = group.last = look.time;
    group.p_en_m = report.p_en_m;
    group.cov_en_m2 = report.cov_en_m2;
    group.extent_m = report.extent_m;
    group.height_hae_m = report.height_hae_m;
    group.existence = std::clamp(report.score, options_.delete_existence, 0.95);
    group.counts = {{.time = look.time,
                     .source = look.source,
                     .expected = report.count_expected,
                     .min = report.count_min,
                     .max = report.count_max}};
    group.count = FuseCounts(group.counts, options_.count_fade_s);
    group.opportunities = {{look.source, look.time}};
    internal::NoteSupport(group.supports, look);
    groups_.push_back(std::move(group));
  }
  return refused;
}

std::vector<BookGroup> GroupBook::Estimates(Instant time) {
  std::erase_if(groups_, [&](const BookGroup& group) {
    return (time - group.last).seconds() > Kind(group.object_class).unseen_s;
  });
  std::vector<BookGroup> result;
  for (const BookGroup& group : groups_) {
    BookGroup ahead = group;
    Advance(ahead, time);
    if (ahead.existence >= options_.publish_existence) result.push_back(std::move(ahead));
  }
  return result;
}

}  // namespace trucewatch
