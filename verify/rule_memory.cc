// SPDX-License-Identifier: Apache-2.0
#include "verify/rule_memory.h"

#include <algorithm>
#include <cmath>

namespace trucewatch {
namespace {

// Less probable than this to be of the rule's classes: not remembered.
constexpr double kRemembered = 0.05;
// Nearer to either side than this: its side is as good as known.
constexpr double kSurelyNot = 0.05;

// How many sigma a side is on the side that is asked for; the larger, the surer.
double Surety(const LineSide& side, bool behind) {
  const double distance_m = behind ? side.distance_m : -side.distance_m;
  return distance_m / std::max(side.sigma_m, 1e-6);
}

void Place(std::map<TrackId, LinePlace>& places, TrackId id, const LineSide& side, bool behind,
           Instant now) {
  auto [at, fresh] = places.try_emplace(id, LinePlace{side, now});
  at->second.last = now;
  if (!fresh && Surety(side, behind) > Surety(at->second.side, behind)) at->second.side = side;
}

}  // namespace

void RememberSides(RuleMemory& memory, const Agreement& agreement, const Rule& rule,
                   const Picture& picture, Duration keep) {
  const Line& line = agreement.lines[rule.line];
  const Zone& zone = agreement.zones[rule.zone];
  const Instant now = picture.time;
  for (const Track& track : picture.tracks) {
    const double weight = track.existence_probability * ShareOfClasses(track.classes, rule.classes);
    if (weight < kRemembered) continue;
    const auto side = SideOf(line.shape, track.position, track.cov.topLeftCorner<2, 2>());
    const bool outside = zone.shape.Distance(track.position).inside_m <
                         -3.0 * std::sqrt(track.cov(0, 0) + track.cov(1, 1));
    if (!side || outside) {
      // Whoever goes round the end of the line has not crossed it.
      memory.behind.erase(track.id);
      memory.beyond.erase(track.id);
      memory.near.erase(track.id);
      continue;
    }
    const bool behind = ProbabilityBehind(*side, agreement.map_sigma_m) >= 0.5;
    Place(behind ? memory.behind : memory.beyond, track.id, *side, behind, now);

    // Unsure: on which side it is, and whether it crossed if it came from somewhere.
    const double p_behind = ProbabilityBehind(*side, agreement.map_sigma_m);
    const auto crossing = CrossingOf(memory, agreement, rule, track);
    const bool crossed =
        crossing && ProbabilityOfCrossing(rule, agreement.map_sigma_m, *crossing) >=
                        rule.candidate.min_probability;
    if (weight >= 0.5 && std::min(p_behind, 1.0 - p_behind) > kSurelyNot && !crossed) {
      const auto [at, fresh] = memory.near.try_emplace(track.id, NearLine{now, now});
      at->second.last = now;
    } else {
      memory.near.erase(track.id);
    }
  }
  const auto old = [&](const auto& entry) { return now - entry.second.last > keep; };
  std::erase_if(memory.behind, old);
  std::erase_if(memory.beyond, old);
  std::erase_if(memory.near,
                [&](const auto& entry) { return now - entry.second.last > kNearLineLong; });
}

std::optional<LineCrossing> CrossingOf(const RuleMemory& memory, const Agreement& agreement,
                                       const Rule& rule, const Track& vehicle) {
  const auto now =
      SideOf(agreement.lines[rule.line].shape, vehicle.position, vehicle.cov.topLeftCorner<2, 2>());
  if (!now) return std::nullopt;
  const auto behind = memory.behind.find(vehicle.id);
  const auto beyond = memory.beyond.find(vehicle.id);
  std::optional<LineCrossing> best;
  double most = 0.0;
  const auto consider = [&](const LineSide& before, bool forward) {
    const bool asked = rule.direction == Direction::kEitherWay ||
                       forward == (rule.direction == Direction::kForward);
    if (!asked) return;
    const LineCrossing crossing{&vehicle, before, *now, forward};
    const double p = ProbabilityOfCrossing(rule, agreement.map_sigma_m, crossing);
    if (best && p <= most) return;
    most = p;
    best = crossing;
  };
  if (behind != memory.behind.end()) consider(behind->second.side, true);
  if (beyond != memory.beyond.end()) consider(beyond->second.side, false);
  return best;
}

int CountNearLine(const RuleMemory& memory, Instant now) {
  return static_cast<int>(
      std::count_if(memory.near.begin(), memory.near.end(),
                    [&](const auto& entry) { return now - entry.second.since >= kNearLineLong; }));
}

}  // namespace trucewatch
