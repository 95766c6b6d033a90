// SPDX-License-Identifier: Apache-2.0
#include "detect/people/crowd.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

namespace trucewatch::people {
namespace {

constexpr double kCellM = 0.5;
constexpr double kUsualPersonM2 = 0.4;  // with shadow; where the pictures do not say it
constexpr double kLeastPersonM2 = 0.12;
constexpr double kMostPersonM2 = 5.0;  // a low sun
constexpr double kAlike = 1.2;
constexpr double kGoodPeak = 0.3;  // of the highest
constexpr double kPastPeak = 0.9;
constexpr int kEnoughPatches = 12;
constexpr double kWhole = 0.75;   // of a person: smaller patches are pieces and count by their area
constexpr double kSingle = 1.35;  // of a person: larger ones are several
constexpr double kMissed = 0.03, kMissedSigma = 0.05;
constexpr double kSizeSigma = 0.07;
constexpr double kRoundingSigma = 0.5;
constexpr double kSigmas95 = 1.96;

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return 0.5 * (values[(n - 1) / 2] + values[n / 2]);
}

// Ground that one person covers: the size of patches that holds most of the foreground's area; of
// sizes about as good the smallest, as pairs may outnumber singles. By area, so that specks of
// noise have no say.
double PersonArea(const std::vector<std::vector<Patch>>& pictures, double least_m2) {
  std::vector<double> areas;
  for (const auto& picture : pictures) {
    for (const Patch& patch : picture) {
      if (patch.area_m2 >= least_m2 && patch.area_m2 <= kAlike * kMostPersonM2) {
        areas.push_back(patch.area_m2);
      }
    }
  }
  if (static_cast<int>(areas.size()) < kEnoughPatches) return kUsualPersonM2;
  std::sort(areas.begin(), areas.end());
  const auto mass = [&](double size) {
    double sum = 0;
    for (auto area = std::lower_bound(areas.begin(), areas.end(), size / kAlike);
         area != areas.end() && *area <= size * kAlike; ++area) {
      sum += *area;
    }
    return sum;
  };
  double most = 0;
  for (double size = kLeastPersonM2; size <= kMostPersonM2; size *= 1.05) {
    most = std::max(most, mass(size));
  }
  // The first peak that is high enough.
  double person = 0, best = 0;
  for (double size = kLeastPersonM2; size <= kMostPersonM2; size *= 1.05) {
    const double here = mass(size);
    if (here >= kGoodPeak * most && here > best) {
      best = here;
      person = size;
    } else if (person > 0 && here < kPastPeak * best) {
      break;
    }
  }
  // The mean of those about it.
  for (int round = 0; round < 5; ++round) {
    double sum = 0;
    int n = 0;
    for (const double area : areas) {
      if (area < person / kSingle || area > kSingle * person) continue;
      sum += area;
      ++n;
    }
    if (n > 0) person = sum / n;
  }
  return std::clamp(person, kLeastPersonM2, kMostPersonM2);
}

double PeopleIn(const Patch& patch, double person_m2) {
  const double ratio = patch.area_m2 / person_m2;
  if (ratio < kWhole) return ratio;
  return ratio < kSingle ? 1.0 : ratio;
}

using Cell = std::pair<int, int>;

Cell CellOf(const Eigen::Vector2d& place_m) {
  return {static_cast<int>(std::floor(place_m.y() / kCellM)),
          static_cast<int>(std::floor(place_m.x() / kCellM))};
}

// Single links between the half-metre cells that patches of any picture fall into.
std::map<Cell, int> LinkCells(const std::vector<std::vector<Patch>>& pictures, double radius_m) {
  std::map<Cell, int> label;
  std::vector<Cell> cells;
  for (const auto& picture : pictures) {
    for (const Patch& patch : picture) {
      // All along it: the middle of several who touch may be far from the outermost.
      for (const double along : {0.0, -1.0, -0.5, 0.5, 1.0}) {
        const Cell cell = CellOf(patch.place_m + along * patch.half_axis_m);
        if (label.emplace(cell, -1).second) cells.push_back(cell);
      }
    }
  }
  std::sort(cells.begin(), cells.end());
  const double reach = radius_m / kCellM;
  int next = 0;
  std::vector<std::size_t> open;
  for (std::size_t start = 0; start < cells.size(); ++start) {
    if (label[cells[start]] >= 0) continue;
    label[cells[start]] = next;
    open.assign(1, start);
    while (!open.empty()) {
      const Cell a = cells[open.back()];
      open.pop_back();
      // Cells are in order of rows: only rows within reach are looked at.
      const auto first = std::lower_bound(cells.begin(), cells.end(),
                                          Cell(a.first - static_cast<int>(reach) - 1, -(1 << 30)));
      for (auto b = first; b != cells.end() && b->first - a.first <= reach; ++b) {
        if (std::hypot(b->first - a.first, b->second - a.second) > reach) continue;
        int& of = label[*b];
        if (of >= 0) continue;
        of = next;
        open.push_back(static_cast<std::size_t>(b - cells.begin()));
      }
    }
    ++next;
  }
  return label;
}

struct Member {
  Eigen::Vector2d place_m;
  double people;
};

// Ground within a person's length of where somebody was seen: what the group may cover.
double GroundOf(const std::vector<Member>& members) {
  std::map<Cell, char> near;
  for (const Member& member : members) {
    const auto [row, column] = CellOf(member.place_m);
    for (int dy = -3; dy <= 3; ++dy) {
      for (int dx = -3; dx <= 3; ++dx) near[{row + dy, column + dx}] = 1;
    }
  }
  return static_cast<double>(near.size()) * kCellM * kCellM;
}

}  // namespace

std::vector<Crowd> CountCrowds(const std::vector<std::vector<Patch>>& pictures,
                               const CrowdOptions& options) {
  if (pictures.empty()) return {};
  const double person = PersonArea(pictures, options.least_patch_m2);
  const std::map<Cell, int> label = LinkCells(pictures, options.group_radius_m);
  int clusters = 0;
  for (const auto& [cell, of] : label) clusters = std::max(clusters, of + 1);
  std::vector<std::vector<Member>> members(static_cast<std::size_t>(clusters));
  std::vector<std::vector<double>> counts(members.size(),
                                          std::vector<double>(pictures.size(), 0.0));
  std::vector<std::vector<double>> areas = counts, touching = counts;
  for (std::size_t k = 0; k < pictures.size(); ++k) {
    for (const Patch& patch : pictures[k]) {
      const auto c = static_cast<std::size_t>(label.at(CellOf(patch.place_m)));
      const double people = PeopleIn(patch, person);
      counts[c][k] += people;
      if (patch.area_m2 >= kSingle * person) touching[c][k] += people;
      areas[c][k] += patch.area_m2;
      members[c].push_back({patch.place_m, people});
    }
  }
  std::vector<Crowd> crowds;
  for (std::size_t c = 0; c < members.size(); ++c) {
    if (Median(counts[c]) < 1) continue;
    const double covered = std::min(Median(areas[c]) / GroundOf(members[c]), 0.7);
    const double hidden = covered > 1e-6 ? -std::log(1.0 - covered) / covered : 1.0;
    for (std::size_t k = 0; k < pictures.size(); ++k) counts[c][k] += (hidden - 1) * touching[c][k];
    const double seen = Median(counts[c]);
    std::vector<double> away;
    for (const double count : counts[c]) away.push_back(std::abs(count - seen));
    const double spread = 1.4826 * Median(away);
    Crowd crowd;
    crowd.count_expected = seen / (1.0 - kMissed);
    if (crowd.count_expected < options.min_count) continue;
    const double sigma = std::sqrt(spread * spread + kSizeSigma * kSizeSigma * seen * seen +
                                   kRoundingSigma * kRoundingSigma);
    const double high_sigma = std::hypot(sigma, kMissedSigma * seen);
    crowd.count_min = static_cast<int>(std::floor(std::max(seen - kSigmas95 * sigma, 1.0)));
    crowd.count_max = static_cast<int>(std::ceil(crowd.count_expected + kSigmas95 * high_sigma));
    const double margin = (crowd.count_expected - options.min_count + 0.5) / sigma;
    crowd.score = 0.95 * 0.5 * std::erfc(-margin / std::sqrt(2.0));

    double total = 0;
    crowd.low_m = crowd.high_m = members[c].front().place_m;
    for (const Member& member : members[c]) {
      total += member.people;
      crowd.middle_m += member.people * member.place_m;
      crowd.low_m = crowd.low_m.cwiseMin(member.place_m);
      crowd.high_m = crowd.high_m.cwiseMax(member.place_m);
    }
    crowd.middle_m /= total;
    std::vector<std::pair<double, double>> far;  // (distance, people)
    for (const Member& member : members[c]) {
      const Eigen::Vector2d d = member.place_m - crowd.middle_m;
      crowd.spread_m2 += member.people / total * d * d.transpose();
      far.emplace_back(d.norm(), member.people);
    }
    std::sort(far.begin(), far.end());
    double below = 0;
    for (const auto& [distance, people] : far) {
      below += people;
      crowd.extent_m = distance;
      if (below >= 0.9 * total) break;
    }
    crowds.push_back(crowd);
  }
  std::stable_sort(crowds.begin(), crowds.end(), [](const Crowd& a, const Crowd& b) {
    return a.count_expected > b.count_expected;
  });
  return crowds;
}

}  // namespace trucewatch::people
