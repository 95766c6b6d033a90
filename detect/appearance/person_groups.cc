// SPDX-License-Identifier: Apache-2.0
#include "detect/appearance/person_groups.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace trucewatch::appearance {
namespace {

using v1::config::ModelClass;

constexpr double kSigmas95Of = 1.96;

struct PersonAt {
  double x_px, y_px, score;
  const Box* box;
};

double RadiusPx(const std::vector<PersonAt>& persons, const PersonGroupOptions& options) {
  if (options.gsd_m) return options.group_radius_m / *options.gsd_m;
  std::vector<double> sides;
  for (const PersonAt& p : persons) sides.push_back(std::max(p.box->width_px, p.box->height_px));
  std::nth_element(sides.begin(), sides.begin() + static_cast<std::ptrdiff_t>(sides.size() / 2),
                   sides.end());
  return options.group_radius_m / kBoxM * sides[sides.size() / 2];
}

// Cluster of each person, from 0.
std::vector<int> LinkPersons(const std::vector<PersonAt>& persons, double radius_px) {
  std::vector<int> cluster(persons.size(), -1);
  int next = 0;
  std::vector<std::size_t> open;
  for (std::size_t start = 0; start < persons.size(); ++start) {
    if (cluster[start] >= 0) continue;
    cluster[start] = next;
    open.assign(1, start);
    while (!open.empty()) {
      const PersonAt a = persons[open.back()];
      open.pop_back();
      for (std::size_t k = 0; k < persons.size(); ++k) {
        if (cluster[k] >= 0) continue;
        if (std::hypot(a.x_px - persons[k].x_px, a.y_px - persons[k].y_px) > radius_px) continue;
        cluster[k] = next;
        open.push_back(k);
      }
    }
    ++next;
  }
  return cluster;
}

PersonGroup GroupOf(const std::vector<PersonAt>& members, int min_count) {
  PersonGroup group;
  double seen = 0, variance = 0;
  double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;
  for (const PersonAt& p : members) {
    seen += p.score;
    variance += p.score * (1 - p.score);
    group.middle_x_px += p.x_px / static_cast<double>(members.size());
    group.middle_y_px += p.y_px / static_cast<double>(members.size());
    left = std::min(left, p.box->x_px);
    top = std::min(top, p.box->y_px);
    right = std::max(right, p.box->x_px + p.box->width_px);
    bottom = std::max(bottom, p.box->y_px + p.box->height_px);
  }
  group.x_px = left;
  group.y_px = top;
  group.width_px = right - left;
  group.height_px = bottom - top;
  std::vector<double> away;
  for (const PersonAt& p : members) {
    away.push_back(std::hypot(p.x_px - group.middle_x_px, p.y_px - group.middle_y_px));
  }
  std::sort(away.begin(), away.end());
  group.extent_px = away[(away.size() * 9 + 9) / 10 - 1];
  group.count_expected = seen / (1 - kMissedShare);
  // Who is missed is drawn anew in each picture, and how many are missed on average is uncertain.
  const double missed = seen * kMissedShare / ((1 - kMissedShare) * (1 - kMissedShare));
  const double share_sigma = group.count_expected * kMissedSigma / (1 - kMissedShare);
  const double sigma = std::sqrt(variance + missed + share_sigma * share_sigma);
  const double low = std::max(group.count_expected - kSigmas95Of * sigma, 1.0);
  group.count_min = static_cast<int>(std::floor(low));
  group.count_max = static_cast<int>(std::ceil(group.count_expected + kSigmas95Of * sigma));
  const double margin = (group.count_expected - min_count + 0.5) / std::max(sigma, 1e-3);
  group.score = 0.5 * std::erfc(-margin / std::sqrt(2.0));
  return group;
}

}  // namespace

std::vector<PersonGroup> GroupPersons(const std::vector<Box>& boxes,
                                      const v1::config::ModelCard& card,
                                      const PersonGroupOptions& options) {
  std::vector<PersonAt> persons;
  for (const Box& box : boxes) {
    if (card.class_(box.model_class).object() != ModelClass::PERSON) continue;
    if (box.score < card.working_score()) continue;
    persons.push_back({box.x_px + box.width_px / 2, box.y_px + box.height_px / 2, box.score, &box});
  }
  if (persons.empty()) return {};
  const std::vector<int> cluster = LinkPersons(persons, RadiusPx(persons, options));
  std::vector<std::vector<PersonAt>> members(
      static_cast<std::size_t>(*std::max_element(cluster.begin(), cluster.end())) + 1);
  for (std::size_t i = 0; i < persons.size(); ++i) {
    members[static_cast<std::size_t>(cluster[i])].push_back(persons[i]);
  }
  std::vector<PersonGroup> groups;
  for (const auto& of_one : members) {
    PersonGroup group = GroupOf(of_one, options.min_count);
    if (group.count_expected >= options.min_count) groups.push_back(group);
  }
  std::stable_sort(groups.begin(), groups.end(), [](const PersonGroup& a, const PersonGroup& b) {
    return a.count_expected > b.count_expected;
  });
  return groups;
}

}  // namespace trucewatch::appearance
