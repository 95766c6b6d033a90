// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/count_zone.h"

#include <algorithm>
#include <cmath>

#include "verify/rules/not_notified.h"

namespace trucewatch {
namespace {

constexpr double kZ95Both = 2.0 * 1.959963984540054;
// Less probable than this to be counted: left out, which bounds the work.
constexpr double kCounted = 1e-4;

// Several vehicles that are in or out together.
struct Extra {
  double weight = 0.0;
  EdgeDistance edge;
  Eigen::Matrix2d cov_en_m2 = Eigen::Matrix2d::Zero();
  std::vector<double> number;  // element k: P(k vehicles)
};

// Normal, rounded, none below zero.
std::vector<double> RoundedNormal(double mean, double sigma) {
  const int last = std::max(static_cast<int>(std::ceil(mean + 5.0 * sigma)), 0);
  std::vector<double> out(static_cast<std::size_t>(last) + 1, 0.0);
  double below = 0.0;
  for (int k = 0; k <= last; ++k) {
    const double gap = k + 0.5 - mean;
    double up_to = k == last      ? 1.0
                   : sigma < 1e-9 ? (gap >= 0.0 ? 1.0 : 0.0)
                                  : NormalCdf(gap / sigma);
    up_to = std::max(up_to, below);
    out[static_cast<std::size_t>(k)] = up_to - below;
    below = up_to;
  }
  return out;
}

std::vector<double> Plus(const std::vector<double>& a, const std::vector<double>& number,
                         double p) {
  std::vector<double> out(a.size() + number.size() - 1, 0.0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    out[i] += a[i] * (1.0 - p);
    for (std::size_t k = 0; k < number.size(); ++k) out[i + k] += a[i] * p * number[k];
  }
  return out;
}

double Apart(const Geodetic& a, const Geodetic& b) {
  return GeodesicDistanceM({a.latitude, a.longitude, 0.0}, {b.latitude, b.longitude, 0.0});
}

// The wholes of the rule's classes, without those that overlap a larger one.
std::vector<const Group*> DistinctWholes(const Rule& rule, std::span<const Group* const> groups) {
  std::vector<const Group*> all;
  for (const Group* group : groups) {
    if (group->members.empty() && ShareOfClasses({{group->object_class, 1.0}}, rule.classes) > 0.5)
      all.push_back(group);
  }
  std::sort(all.begin(), all.end(), [](const Group* a, const Group* b) {
    return a->count_expected > b->count_expected ||
           (a->count_expected == b->count_expected && a->id < b->id);
  });
  std::vector<const Group*> out;
  for (const Group* group : all) {
    const bool again = std::any_of(out.begin(), out.end(), [&](const Group* other) {
      const double sigma_m = std::sqrt(group->cov_en_m2.trace() + other->cov_en_m2.trace());
      return Apart(group->position, other->position) <=
             group->extent_m + other->extent_m + 3.0 * sigma_m;
    });
    if (!again) out.push_back(group);
  }
  return out;
}

bool PartOfAny(const Track& vehicle, std::span<const Group* const> wholes) {
  if (vehicle.velocity_en_mps.norm() >= kLeastMovingMps) return false;
  return std::any_of(wholes.begin(), wholes.end(), [&](const Group* whole) {
    const double sigma_m =
        std::sqrt(vehicle.cov(0, 0) + vehicle.cov(1, 1) + whole->cov_en_m2.trace());
    return Apart(vehicle.position, whole->position) <= whole->extent_m + 3.0 * sigma_m;
  });
}

// Vehicles of a moving group that no track stands for.
Extra UnseenOf(const Rule& rule, const InsideAt& area, const Group& group,
               std::span<const Track* const> vehicles) {
  Extra out;
  double existing = 0.0;
  double variance = 0.0;
  double share = 0.0;
  int members = 0;
  Eigen::Vector2d mean = Eigen::Vector2d::Zero();
  std::optional<LocalFrame> frame;
  for (const Track* track : vehicles) {
    if (!std::binary_search(group.members.begin(), group.members.end(), track->id)) continue;
    if (!frame) frame.emplace(track->position);
    existing += track->existence_probability;
    variance += track->existence_probability * (1.0 - track->existence_probability);
    share += ShareOfClasses(track->classes, rule.classes);
    mean += frame->EnuFromGeodetic(track->position).head<2>();
    out.cov_en_m2 += track->cov.topLeftCorner<2, 2>();
    ++members;
  }
  if (members == 0) return out;
  mean /= members;
  out.cov_en_m2 /= members;
  out.edge = area(frame->GeodeticFromEnu({mean.x(), mean.y(), 0.0}));
  out.weight = share / members;
  const double sigma = std::max(group.count_max - group.count_min, 0) / kZ95Both;
  out.number = RoundedNormal(std::max(group.count_expected - existing, 0.0),
                             std::sqrt(std::max(sigma * sigma - variance, 0.0)));
  return out;
}

}  // namespace

double MeanCount(std::span<const double> distribution) {
  double mean = 0.0;
  for (std::size_t k = 0; k < distribution.size(); ++k)
    mean += static_cast<double>(k) * distribution[k];
  return mean;
}

ZoneCount CountZone(const Rule& rule, const Zone& zone, double map_sigma_m,
                    std::span<const Track* const> vehicles, std::span<const Group* const> groups) {
  return CountArea(
      rule, [&](const Geodetic& place) { return zone.shape.Distance(place); }, map_sigma_m,
      vehicles, groups);
}

ZoneCount CountArea(const Rule& rule, const InsideAt& area, double map_sigma_m,
                    std::span<const Track* const> vehicles, std::span<const Group* const> groups) {
  ZoneCount out;
  const std::vector<const Group*> wholes = DistinctWholes(rule, groups);
  std::vector<Extra> extras;
  for (const Group* whole : wholes) {
    Extra extra{whole->existence_probability, area(whole->position), whole->cov_en_m2,
                RoundedNormal(whole->count_expected,
                              std::max(whole->count_max - whole->count_min, 0) / kZ95Both)};
    const double inside = ProbabilityInside(extra.edge, extra.cov_en_m2, map_sigma_m);
    if (extra.weight * inside < kCounted) continue;
    if (inside >= 0.5) out.wholes.push_back(whole);
    extras.push_back(std::move(extra));
  }
  for (const Group* group : groups) {
    if (group->members.empty()) continue;
    Extra unseen = UnseenOf(rule, area, *group, vehicles);
    if (unseen.number.size() > 1 &&
        unseen.weight * ProbabilityInside(unseen.edge, unseen.cov_en_m2, map_sigma_m) >= kCounted)
      extras.push_back(std::move(unseen));
  }
  std::vector<CountedThing> things;
  for (const Track* track : vehicles) {
    out.member_inside.push_back(false);
    if (PartOfAny(*track, wholes)) continue;
    const CountedThing thing{
        track->existence_probability * ShareOfClasses(track->classes, rule.classes),
        area(track->position), track->cov.topLeftCorner<2, 2>()};
    const double p = thing.weight * ProbabilityInside(thing.edge, thing.cov_en_m2, map_sigma_m);
    if (p < kCounted) continue;
    out.member_inside.back() = p >= 0.5;
    things.push_back(thing);
  }
  if (extras.empty()) {
    out.distribution = CountInside(things, map_sigma_m);
  } else {
    // For each displacement the vehicles first, then whatever is in or out as one.
    std::vector<double> total;
    double weights = 0.0;
    ForEachDisplacement(map_sigma_m, [&](double shift_m, double weight) {
      const auto inside = [&](EdgeDistance edge, const Eigen::Matrix2d& cov) {
        edge.inside_m += shift_m;
        return ProbabilityInside(edge, cov, 0.0);
      };
      std::vector<double> single(things.size());
      for (std::size_t i = 0; i < things.size(); ++i)
        single[i] = things[i].weight * inside(things[i].edge, things[i].cov_en_m2);
      std::vector<double> here = PoissonBinomial(single);
      for (const Extra& extra : extras)
        here = Plus(here, extra.number, extra.weight * inside(extra.edge, extra.cov_en_m2));
      total.resize(std::max(total.size(), here.size()), 0.0);
      for (std::size_t k = 0; k < here.size(); ++k) total[k] += weight * here[k];
      weights += weight;
    });
    for (double& p : total) p /= weights;
    out.distribution = std::move(total);
  }
  out.expected = MeanCount(out.distribution);
  return out;
}

Assessment AssessCeiling(const Rule& rule, const ZoneCount& count) {
  Assessment out;
  out.probability = AtLeast(count.distribution, rule.min_count);
  out.expected_inside = count.expected;
  out.inside = Interval95(count.distribution);
  out.member_inside = count.member_inside;
  return out;
}

}  // namespace trucewatch
