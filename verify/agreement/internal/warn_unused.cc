// SPDX-License-Identifier: Apache-2.0
// What stands in the agreement and is held against nothing; rules that ask for what cannot be.
#include <algorithm>
#include <functional>

#include "verify/agreement/internal/doubts.h"

namespace trucewatch::internal {
namespace {

bool AnyRule(const Agreement& agreement, const std::function<bool(const Rule&)>& is_it) {
  return std::any_of(agreement.rules.begin(), agreement.rules.end(), is_it);
}

void DoubtUnheldCeilings(const Agreement& agreement, Findings& findings) {
  for (std::size_t i = 0; i < agreement.ceilings.size(); ++i) {
    const Ceiling& ceiling = agreement.ceilings[i];
    // What no sensor can tell is said of its class.
    const bool held = ceiling.classes.empty() || AnyRule(agreement, [&](const Rule& rule) {
                        return rule.kind == RuleKind::kCeiling && rule.ceiling == i;
                      });
    if (!held)
      findings.Warn(
          At("ceiling", static_cast<int>(i)),
          {fmt::format("No rule holds the ceiling \"{}\" against what is seen: at most {} in "
                       "\"{}\".",
                       ceiling.id, ceiling.max_count, agreement.zones[ceiling.zone].name),
           "More could stand there, and no event would be raised.",
           fmt::format("Write a rule of kind CEILING that names it (ceiling: \"{}\").",
                       ceiling.id)});
  }
}

void DoubtUnheldWithdrawals(const Agreement& agreement, Findings& findings) {
  for (std::size_t i = 0; i < agreement.withdrawals.size(); ++i) {
    const Withdrawal& withdrawal = agreement.withdrawals[i];
    const bool held =
        withdrawal.classes.empty() || AnyRule(agreement, [&](const Rule& rule) {
          return rule.kind == RuleKind::kWithdrawalMissing && !rule.arrival && rule.withdrawal == i;
        });
    if (!held)
      findings.Warn(
          At("withdrawal", static_cast<int>(i)),
          {fmt::format("No rule asks whether the withdrawal \"{}\" was carried out by its "
                       "deadline, {}.",
                       withdrawal.id, FormatUtc(withdrawal.deadline)),
           "What is too near to the line after it raises no event.",
           fmt::format("Write a rule of kind WITHDRAWAL_MISSING that names it (withdrawal: "
                       "\"{}\"), for the zone they must leave.",
                       withdrawal.id)});
  }
}

// Stocks that are to come by a deadline. Of those that always were there SITE_CHANGED tells.
void DoubtUnheldStocks(const Agreement& agreement, Findings& findings) {
  for (std::size_t i = 0; i < agreement.storage_sites.size(); ++i) {
    const StorageSite& site = agreement.storage_sites[i];
    for (std::size_t w = 0; w < agreement.withdrawals.size(); ++w) {
      Rule arrival;  // as it would have to be
      arrival.zone = site.zone;
      arrival.withdrawal = w;
      const Withdrawal& withdrawal = agreement.withdrawals[w];
      const int stored = InventoryOf(agreement, arrival);
      if (withdrawal.side != agreement.zones[site.zone].side || stored == 0) continue;
      const bool held = AnyRule(agreement, [&](const Rule& rule) {
        return rule.arrival && rule.zone == site.zone && rule.withdrawal == w;
      });
      if (held) continue;
      findings.Warn(
          At("storage_site", static_cast<int>(i)),
          {fmt::format("No rule asks whether the {} that the inventory of \"{}\" lists have come "
                       "there by the deadline of withdrawal \"{}\".",
                       stored, agreement.zones[site.zone].name, withdrawal.id),
           "Weapons that do not arrive raise no event.",
           fmt::format("Write a rule of kind WITHDRAWAL_MISSING with arrival: true for this zone "
                       "and withdrawal: \"{}\".",
                       withdrawal.id)});
    }
  }
}

// Whether a rule could ever be held against the vehicles of a movement on its road and in its time.
bool Meets(const Agreement& agreement, const Rule& rule, const NotifiedMovement& movement) {
  if (rule.kind == RuleKind::kSiteChanged || rule.arrival || SpeaksOfPeople(rule) ||
      !movement.corridor.Touches(agreement.zones[rule.zone].shape))
    return false;
  const auto any = [](const std::vector<ObjectClass>& classes) {
    return std::find(classes.begin(), classes.end(), ObjectClass::kUnknownVehicle) != classes.end();
  };
  const bool of_classes =
      any(rule.classes) || any(movement.classes) ||
      std::find_first_of(rule.classes.begin(), rule.classes.end(), movement.classes.begin(),
                         movement.classes.end()) != rule.classes.end();
  if (!of_classes) return false;
  // That it never holds is said of the rule.
  if (CommonPhases(agreement, rule.phases, agreement.zones[rule.zone].phases).empty()) return true;
  for (const Phase& phase : agreement.phases) {
    const Instant from = std::max(phase.start, movement.window_start);
    if (from < std::min(phase.end, movement.window_end) && RuleApplies(agreement, rule, from))
      return true;
  }
  return false;
}

void DoubtUselessNotices(const Agreement& agreement, Findings& findings) {
  for (std::size_t i = 0; i < agreement.notified.size(); ++i) {
    const NotifiedMovement& movement = agreement.notified[i];
    // That it touches no zone, or lies outside all phases, is said elsewhere.
    const bool on_zones =
        std::any_of(agreement.zones.begin(), agreement.zones.end(),
                    [&](const Zone& zone) { return movement.corridor.Touches(zone.shape); });
    const bool in_phases =
        std::any_of(agreement.phases.begin(), agreement.phases.end(), [&](const Phase& phase) {
          return phase.start < movement.window_end && movement.window_start < phase.end;
        });
    if (!on_zones || !in_phases ||
        AnyRule(agreement, [&](const Rule& rule) { return Meets(agreement, rule, movement); }))
      continue;
    findings.Warn(
        At("notified_movement", static_cast<int>(i)),
        {fmt::format("No rule speaks of what the notified movement \"{}\" does: of its kinds of "
                     "vehicles, on its road, in its window.",
                     movement.id),
         "No rule here requires notice of such a movement, so the notice changes nothing.",
         "Look at its classes and dates, or at the phases of the rules that should bind it."});
  }
}

void CannotBe(std::size_t rule, std::string what, std::string advice, Findings& findings) {
  findings.Warn(At("rule", static_cast<int>(rule)),
                {std::move(what), "This rule raises no event.", std::move(advice)});
}

// Metres behind a line of the corners of a zone: the least and the most.
std::pair<double, double> BehindM(const Line& line, Side side, const Zone& zone) {
  const double sign = line.side == Side::kNeither && side == Side::kB ? -1.0 : 1.0;
  std::pair<double, double> out = {1e12, -1e12};
  for (const Geodetic& corner : zone.shape.vertices()) {
    const double behind_m = sign * line.shape.Distance(corner).inside_m;
    out = {std::min(out.first, behind_m), std::max(out.second, behind_m)};
  }
  return out;
}

void DoubtLineRule(const Agreement& agreement, std::size_t i, Findings& findings) {
  const Rule& rule = agreement.rules[i];
  const Zone& zone = agreement.zones[rule.zone];
  const Line& line = agreement.lines[rule.line];
  const auto [least_m, most_m] = BehindM(line, Side::kA, zone);
  const bool in_it =
      std::any_of(line.shape.points().begin(), line.shape.points().end(),
                  [&](const Geodetic& point) { return zone.shape.Distance(point).inside_m > 0.0; });
  const bool one_side = !in_it && (least_m >= 0.0 || most_m <= 0.0);
  if (rule.kind == RuleKind::kLineCrossed && one_side) {
    CannotBe(i,
             fmt::format("The line \"{}\" does not run through the zone \"{}\" of rule \"{}\", "
                         "so no vehicle in it can cross it.",
                         line.name, zone.name, rule.id),
             "Give the rule a zone that lies on both sides of the line.", findings);
  } else if (rule.kind == RuleKind::kConvoyTowards && one_side &&
             rule.direction == (most_m <= 0.0 ? Direction::kForward : Direction::kBackward)) {
    CannotBe(i,
             fmt::format("The zone \"{}\" of rule \"{}\" lies wholly {} the line \"{}\", and the "
                         "rule speaks of vehicles that come from the other side.",
                         zone.name, rule.id, most_m <= 0.0 ? "in front of" : "behind", line.name),
             "Turn the rule's direction, or name the zone on the other side.", findings);
  }
}

void DoubtWithdrawalRule(const Agreement& agreement, std::size_t i, Findings& findings) {
  const Rule& rule = agreement.rules[i];
  const Zone& zone = agreement.zones[rule.zone];
  const Withdrawal& withdrawal = agreement.withdrawals[rule.withdrawal];
  if (rule.arrival && rule.min_count > InventoryOf(agreement, rule))
    CannotBe(i,
             fmt::format("Rule \"{}\" asks for {} that are missing, and the inventory of \"{}\" "
                         "lists {} of their kind.",
                         rule.id, rule.min_count, zone.name, InventoryOf(agreement, rule)),
             "Look at min_count and at the inventory.", findings);
  const Line& line = agreement.lines[withdrawal.line];
  if (!rule.arrival && BehindM(line, withdrawal.side, zone).first >= withdrawal.distance_m)
    CannotBe(i,
             fmt::format("All of zone \"{}\" lies {}behind the line \"{}\", where withdrawal "
                         "\"{}\" lets them stand; rule \"{}\" asks for those that are too near.",
                         zone.name,
                         withdrawal.distance_m > 0.0
                             ? fmt::format("{:.10g} m and more ", withdrawal.distance_m)
                             : "",
                         line.name, withdrawal.id, rule.id),
             "Name the zone they must leave, and see whether LEFT and RIGHT are mixed up.",
             findings);
}

// Moments at which a rule could begin to apply: phases begin, deadlines pass.
bool EverApplies(const Agreement& agreement, const Rule& rule) {
  return std::any_of(agreement.phases.begin(), agreement.phases.end(), [&](const Phase& phase) {
    Instant from = phase.start;
    if (rule.kind == RuleKind::kWithdrawalMissing)
      from = std::max(from, agreement.withdrawals[rule.withdrawal].deadline);
    return from < phase.end && RuleApplies(agreement, rule, from);
  });
}

}  // namespace

void WarnAboutUnused(const Agreement& agreement, Findings& findings) {
  DoubtUnheldCeilings(agreement, findings);
  DoubtUnheldWithdrawals(agreement, findings);
  DoubtUnheldStocks(agreement, findings);
  DoubtUselessNotices(agreement, findings);
  for (std::size_t i = 0; i < agreement.rules.size(); ++i) {
    const Rule& rule = agreement.rules[i];
    const Zone& zone = agreement.zones[rule.zone];
    // That the rule and its zone have no phase in common, or a deadline is outside all, is said
    // elsewhere.
    const bool undated =
        rule.kind == RuleKind::kWithdrawalMissing &&
        PhaseAt(agreement, agreement.withdrawals[rule.withdrawal].deadline) == nullptr;
    if (!undated && !CommonPhases(agreement, rule.phases, zone.phases).empty() &&
        !EverApplies(agreement, rule)) {
      const bool withdrawal = rule.kind == RuleKind::kWithdrawalMissing;
      CannotBe(
          i,
          fmt::format("Rule \"{}\" can never apply: in none of its phases does {} hold.", rule.id,
                      withdrawal                        ? "the time after its withdrawal's deadline"
                      : rule.kind == RuleKind::kCeiling ? "its ceiling"
                                                        : "its line"),
          withdrawal ? "Look at the deadline and at the rule's phases."
                     : "Let them name a phase that they have in common.",
          findings);
    }
    if (rule.kind == RuleKind::kLineCrossed || rule.kind == RuleKind::kConvoyTowards)
      DoubtLineRule(agreement, i, findings);
    if (rule.kind == RuleKind::kWithdrawalMissing) DoubtWithdrawalRule(agreement, i, findings);
  }
}

}  // namespace trucewatch::internal
