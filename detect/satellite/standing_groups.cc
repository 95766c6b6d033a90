// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "detect/satellite/scene_detector.h"

namespace trucewatch {
namespace {

constexpr double kTogetherM = 60.0;
constexpr std::size_t kLeastGroup = 5;

GroupObservation GroupOf(const std::vector<const Detection*>& members, double pd) {
  GroupObservation group;
  group.object_class = ObjectClass::kUnknownVehicle;
  const LocalFrame frame(members.front()->position);
  const auto count = static_cast<double>(members.size());
  Eigen::Vector2d middle = Eigen::Vector2d::Zero();
  double real = 0;
  double variance = 0;
  for (const Detection* d : members) {
    middle += frame.EnuFromGeodetic(d->position).head<2>() / count;
    group.cov_en_m2 += d->cov_en_m2 / count;  // errors of one scene are common to all
    real += d->score;
    variance += d->score * (1 - d->score);
  }
  std::vector<double> distances;
  for (const Detection* d : members) {
    distances.push_back((frame.EnuFromGeodetic(d->position).head<2>() - middle).norm());
  }
  std::sort(distances.begin(), distances.end());
  group.extent_m = distances[static_cast<std::size_t>(std::ceil(0.9 * count)) - 1];
  group.position = frame.GeodeticFromEnu({middle.x(), middle.y(), 0});
  group.position.height_hae_m = members.front()->position.height_hae_m;
  // Each report is real with its score (Poisson-binomial); of n real ones n (1 - pd) / pd more were
  // missed on average (negative binomial).
  const double missed = real * (1 - pd) / pd;
  const double missed_variance = missed / pd;
  group.count_expected = real + missed;
  group.count_min = std::max(1, static_cast<int>(std::floor(real - 1.96 * std::sqrt(variance))));
  group.count_max =
      std::max(static_cast<int>(members.size()),
               static_cast<int>(
                   std::ceil(group.count_expected + 1.96 * std::sqrt(variance + missed_variance))));
  double none = 1;
  for (const Detection* d : members) none *= 1 - d->score;
  group.score = std::clamp(1 - none, 0.0, 1.0);
  return group;
}

}  // namespace

std::vector<GroupObservation> GroupStanding(const std::vector<Detection>& detections,
                                            double detection_probability) {
  std::vector<GroupObservation> groups;
  if (detections.size() < kLeastGroup) return groups;
  const LocalFrame frame(detections.front().position);
  std::vector<std::pair<Eigen::Vector2d, std::size_t>> places;
  for (std::size_t i = 0; i < detections.size(); ++i) {
    places.emplace_back(frame.EnuFromGeodetic(detections[i].position).head<2>(), i);
  }
  // From west to east, so that only a strip has to be searched.
  std::sort(places.begin(), places.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.x(), a.second) < std::pair(b.first.x(), b.second);
  });
  std::vector<std::size_t> parent(places.size());
  for (std::size_t i = 0; i < parent.size(); ++i) parent[i] = i;
  const auto root = [&](std::size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::size_t j = i + 1;
         j < places.size() && places[j].first.x() - places[i].first.x() <= kTogetherM; ++j) {
      if ((places[j].first - places[i].first).norm() > kTogetherM) continue;
      const auto [low, high] = std::minmax({root(i), root(j)});
      parent[high] = low;
    }
  }
  std::vector<std::vector<const Detection*>> members(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    members[root(i)].push_back(&detections[places[i].second]);
  }
  for (const auto& group : members) {
    if (group.size() >= kLeastGroup) {
      groups.push_back(GroupOf(group, std::clamp(detection_probability, 0.05, 1.0)));
    }
  }
  return groups;
}

}  // namespace trucewatch
