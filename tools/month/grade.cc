// SPDX-License-Identifier: Apache-2.0
#include "tools/month/grade.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/geo/geodetic.h"

namespace trucewatch::tools::month {
namespace {

using Eigen::Vector2d;

constexpr double kLinkM = 250.0;
constexpr double kAlikeMps = 4.0;
constexpr int kConvoy = 5, kPeople = 20, kSiteVehicles = 3;
constexpr double kStartUpS = 30.0;  // fusion's tracks need so long besides the hold
constexpr std::size_t kBin = 300;
// A gathering is clearly one of twenty when it is larger by twice the error of counts from the air.
constexpr int kClearlyTwenty = 26;

Vector2d PlaceOf(const Geodetic& place) {
  static const LocalFrame frame(Geodetic::FromDegrees(30, -40, 0));
  return frame.EnuFromGeodetic(place).head<2>();
}

bool InBuffer(const Vector2d& en) {
  return std::abs(en.y()) < kBufferM && std::abs(en.x()) < kHalfWidthM;
}
// 1 in side A's area, -1 in side B's, else 0.
int AreaOf(const Vector2d& en) {
  if (std::abs(en.x()) >= kHalfWidthM || std::abs(en.y()) <= kBufferM ||
      std::abs(en.y()) >= kWithdrawalM)
    return 0;
  return en.y() > 0 ? 1 : -1;
}
std::string HeavyRule(int area) { return area > 0 ? "heavy_a" : "heavy_b"; }

// Whether two observers of different kinds each cover at least `share` of the things, and all of
// them together at least `least`.
bool TwoKindsSee(const std::vector<const TrueThing*>& things,
                 const std::vector<Observer>& observers, int share, int least) {
  std::vector<int> count(observers.size(), 0);
  int any = 0;
  for (const TrueThing* thing : things) {
    any += thing->covered != 0 ? 1 : 0;
    for (std::size_t i = 0; i < observers.size(); ++i)
      count[i] += (thing->covered >> i & 1U) != 0 ? 1 : 0;
  }
  if (any < least) return false;
  for (std::size_t i = 0; i < observers.size(); ++i) {
    for (std::size_t j = i + 1; j < observers.size(); ++j) {
      if (count[i] >= share && count[j] >= share &&
          observers[i].lineage.modality != observers[j].lineage.modality)
        return true;
    }
  }
  return false;
}

}  // namespace

std::optional<double> CalibrationError(std::vector<Stated> stated) {
  if (stated.size() < kBin) return std::nullopt;
  std::stable_sort(stated.begin(), stated.end(),
                   [](const Stated& a, const Stated& b) { return a.probability < b.probability; });
  const std::size_t bins = stated.size() / kBin;
  double error = 0;
  for (std::size_t b = 0; b < bins; ++b) {
    const std::size_t from = stated.size() * b / bins, to = stated.size() * (b + 1) / bins;
    double sum = 0, so = 0;
    for (std::size_t i = from; i < to; ++i)
      sum += stated[i].probability, so += stated[i].so ? 1 : 0;
    error += std::abs(sum - so) / static_cast<double>(stated.size());
  }
  return error;
}

void Grader::Watch(const std::string& rule, int movement, bool seen, double time_s, double step_s,
                   double hold_s) {
  happened_[rule].insert(movement);
  Chance& chance = chances_[rule][movement];
  if (!seen) return;
  if (chance.held_since_s < 0 || time_s - chance.last_s > 1.5 * step_s)
    chance.held_since_s = time_s;
  chance.last_s = time_s;
  if (chance.satisfiable_s < 0 && time_s - chance.held_since_s >= hold_s)
    chance.satisfiable_s = time_s;
  chance.visible_s = std::max(chance.visible_s, time_s - chance.held_since_s);
}

void Grader::Step(double time_s, double step_s, const std::vector<TrueThing>& truth,
                  const std::vector<Observer>& observers) {
  now_s_ = time_s;
  truth_ = truth;
  clusters_.clear();
  std::vector<const TrueThing*> vehicles;
  for (const TrueThing& thing : truth_) {
    if (thing.movement->people()) {
      if (thing.movement->count < kPeople || !InBuffer(thing.state.en_m)) continue;
      const auto patrol = patrolled_.find(thing.movement->id);
      Watch("gatherings", thing.movement->id,
            thing.covered != 0 && patrol != patrolled_.end() &&
                thing.movement->count >= kClearlyTwenty,
            time_s, step_s, 30);
      continue;
    }
    const int area = AreaOf(thing.state.en_m);
    if (area != 0 && thing.movement->classes[static_cast<std::size_t>(thing.vehicle)] ==
                         ObjectClass::kTrackedVehicle)
      Watch(HeavyRule(area), thing.movement->id, thing.classified, time_s, step_s, 30);
    if (InBuffer(thing.state.en_m)) vehicles.push_back(&thing);
  }
  // Single links between vehicles that move alike.
  std::vector<std::size_t> parent(vehicles.size());
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&](std::size_t i) {
    while (parent[i] != i) i = parent[i];
    return i;
  };
  for (std::size_t i = 0; i < vehicles.size(); ++i) {
    for (std::size_t j = i + 1; j < vehicles.size(); ++j) {
      if ((vehicles[i]->state.en_m - vehicles[j]->state.en_m).norm() < kLinkM &&
          (vehicles[i]->state.velocity_mps - vehicles[j]->state.velocity_mps).norm() < kAlikeMps)
        parent[root(i)] = root(j);
    }
  }
  std::map<std::size_t, Cluster> by_root;
  for (std::size_t i = 0; i < vehicles.size(); ++i) by_root[root(i)].inside.push_back(vehicles[i]);
  for (auto& [first, cluster] : by_root) {
    if (static_cast<int>(cluster.inside.size()) < kConvoy) continue;
    std::map<const Movement*, int> share;
    for (const TrueThing* thing : cluster.inside) {
      const int count = ++share[thing->movement];
      if (cluster.main == nullptr || count > share[cluster.main] ||
          (count == share[cluster.main] && thing->movement->id < cluster.main->id))
        cluster.main = thing->movement;
    }
    cluster.covered =
        cluster.main->purpose == Purpose::kAid || cluster.main->purpose == Purpose::kNotified;
    clusters_.push_back(cluster);
    if (!cluster.covered)
      Watch("no_convoys", cluster.main->id, TwoKindsSee(cluster.inside, observers, 3, kConvoy),
            time_s, step_s, 10);
  }
}

std::optional<int> Grader::TrueMovement(const Finding& finding) const {
  const Vector2d at = PlaceOf(finding.position);
  if (finding.rule == "no_convoys") {
    for (const Cluster& cluster : clusters_) {
      for (const TrueThing* thing : cluster.inside) {
        if ((thing->state.en_m - at).norm() < 400 && !cluster.covered) return cluster.main->id;
      }
    }
    return std::nullopt;
  }
  for (const TrueThing& thing : truth_) {
    const double apart = (thing.state.en_m - at).norm();
    if (finding.rule == "gatherings") {
      if (thing.movement->people() && thing.movement->count >= kPeople &&
          InBuffer(thing.state.en_m) && apart < 150)
        return thing.movement->id;
    } else if (!thing.movement->people() && apart < 500 && AreaOf(thing.state.en_m) != 0 &&
               finding.rule == HeavyRule(AreaOf(thing.state.en_m)) &&
               thing.movement->classes[static_cast<std::size_t>(thing.vehicle)] ==
                   ObjectClass::kTrackedVehicle) {
      return thing.movement->id;
    }
  }
  return std::nullopt;
}

std::optional<int> Grader::TrueSite(const Finding& finding) const {
  int moved = 0;
  int first = -1;
  for (std::size_t i = 0; i < world_.site_moves.size(); ++i) {
    const SiteMove& move = world_.site_moves[i];
    if ("moved_" + Sites()[static_cast<std::size_t>(move.site)].id != finding.rule) continue;
    const Instant time = At(move.time_s);
    if (time <= finding.time_first || time > finding.time_last) continue;
    moved += move.left + move.came;
    if (first < 0) first = static_cast<int>(i);
  }
  return moved >= kSiteVehicles ? std::optional<int>(first) : std::nullopt;
}

void Grader::Take(const Finding& finding) {
  if (finding.kind != FindingKind::kEventTransition) return;
  const bool site = finding.rule.starts_with("moved_");
  const std::string rule = site ? "sites" : finding.rule;
  const std::optional<int> whose = site ? TrueSite(finding) : TrueMovement(finding);
  stated_.push_back({finding.probability, whose.has_value()});
  RuleGrade& grade = rules_[rule];
  if (!events_.contains(finding.event_id)) {
    ++grade.events;
    ++grade.candidates_only;
  }
  EventState& state = events_[finding.event_id];
  state = finding.state;
  if (finding.state != EventState::kVerified) return;
  --grade.candidates_only;
  ++grade.verified;
  if (!whose) {
    std::map<std::string, int> near;
    for (const TrueThing& thing : truth_) {
      if ((thing.state.en_m - PlaceOf(finding.position)).norm() < 800)
        ++near[fmt::format("movement {} of kind {}", thing.movement->id,
                           static_cast<int>(thing.movement->purpose))];
    }
    std::string what;
    for (const auto& [name, count] : near) what += fmt::format("; {} of {}", count, name);
    grade.wrong.push_back(fmt::format("{} {} at {:.0f} {:.0f}: {} In truth there{}", finding.rule,
                                      FormatUtc(finding.time), PlaceOf(finding.position).x(),
                                      PlaceOf(finding.position).y(), finding.reason,
                                      what.empty() ? " was nothing" : what));
    return;
  }
  ++grade.verified_true;
  Chance& chance = chances_[rule][*whose];
  if (!chance.verified && chance.satisfiable_s >= 0)
    grade.delays_s.push_back(std::max(0.0, now_s_ - chance.satisfiable_s));
  chance.verified = true;
}

void Grader::PatrolSaw(const Movement& gathering, double reported_s) {
  patrolled_.emplace(gathering.id, reported_s);
}

void Grader::SiteSeenByBoth(int site, double move_s, double satisfiable_s) {
  for (std::size_t i = 0; i < world_.site_moves.size(); ++i) {
    const SiteMove& move = world_.site_moves[i];
    if (move.site != site || move.time_s != move_s) continue;
    Chance& chance = chances_["sites"][static_cast<int>(i)];
    chance.satisfiable_s = satisfiable_s;
    chance.visible_s = 1e9;
  }
}

void Grader::Finish() {
  for (const SiteMove& move : world_.site_moves) {
    if (move.left + move.came >= kSiteVehicles)
      happened_["sites"].insert(static_cast<int>(&move - world_.site_moves.data()));
  }
  for (const auto& [rule, all] : happened_) rules_[rule].happened = static_cast<int>(all.size());
  for (const auto& [rule, all] : chances_) {
    RuleGrade& grade = rules_[rule];
    const double hold_s = rule == "no_convoys" ? 10 : 30;
    for (const auto& [movement, chance] : all) {
      if (chance.visible_s < hold_s + kStartUpS) continue;
      ++grade.visible;
      if (chance.verified) {
        ++grade.visible_verified;
      } else {
        grade.missed.push_back(fmt::format("{} {} visible for {:.0f} s, satisfiable at {}", rule,
                                           movement, chance.visible_s,
                                           FormatUtc(At(chance.satisfiable_s))));
      }
    }
  }
}

}  // namespace trucewatch::tools::month
