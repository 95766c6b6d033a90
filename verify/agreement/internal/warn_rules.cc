// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numbers>

#include "verify/agreement/internal/doubts.h"

namespace trucewatch::internal {
namespace {

std::string RulePath(std::size_t i) { return At("rule", static_cast<int>(i)); }

void DoubtReach(const Agreement& agreement, std::size_t i, Findings& findings) {
  const Rule& rule = agreement.rules[i];
  const Zone& zone = agreement.zones[rule.zone];
  const auto phases = CommonPhases(agreement, rule.phases, zone.phases);
  if (phases.empty()) {
    findings.Warn(RulePath(i),
                  {fmt::format("Rule \"{}\" can never apply: in no phase do both the rule and its "
                               "zone \"{}\" hold.",
                               rule.id, zone.id),
                   "This rule raises no event.",
                   "Let the rule and its zone name a phase that they have in common."});
    return;
  }
  Duration longest;
  for (const Phase* phase : phases) longest = std::max(longest, phase->end - phase->start);
  if (rule.verified.min_duration > longest)
    findings.Warn(RulePath(i) + ".verified",
                  {fmt::format("Rule \"{}\" asks for {} s, and the longest phase in which it holds "
                               "has {} s.",
                               rule.id, rule.verified.min_duration.seconds(), longest.seconds()),
                   "So an event of this rule can never be verified.",
                   "Ask for a shorter time, or look at the dates of the phases."});
}

void DoubtThresholds(const Agreement& agreement, std::size_t i, Findings& findings) {
  const Rule& rule = agreement.rules[i];
  if (rule.verified.min_probability >= 1.0)
    findings.Warn(
        RulePath(i) + ".verified",
        {fmt::format("Rule \"{}\" asks for probability 1, which means no doubt at all.", rule.id),
         "No sensor can give that, so an event of this rule can hardly ever be verified.",
         "0.95 leaves one in twenty, 0.99 one in a hundred."});
  if (rule.kind == RuleKind::kConcentration) {
    // Shoulder to shoulder four people stand on a square metre; a car needs ten.
    const double each_m2 = SpeaksOfPeople(rule) ? 0.25 : 10.0;
    const double room = std::numbers::pi * rule.radius_m * rule.radius_m / each_m2;
    if (rule.min_count > room)
      findings.Warn(
          RulePath(i) + ".min_count",
          {fmt::format("Rule \"{}\" speaks of {} {} within {} m, where there is room for "
                       "{:.0f} at most.",
                       rule.id, rule.min_count, SpeaksOfPeople(rule) ? "people" : "vehicles",
                       rule.radius_m, room),
           "That cannot be, so this rule raises no event.", "Look at radius_m and at min_count."});
  }
  if (rule.kind == RuleKind::kSiteChanged) {
    if (rule.verified.min_duration > Duration())
      findings.Warn(RulePath(i),
                    {fmt::format("Rule \"{}\" states durations, which have no effect.", rule.id),
                     "What changed between two passes of a satellite has no duration.",
                     "Write 0, so that nobody relies on them."});
    // Nothing else supports what a satellite saw between two passes.
    if (agreement.corroboration.human_radius_m <= 0.0)
      findings.Warn(
          RulePath(i) + ".verified",
          {fmt::format(
               "Events of rule \"{}\" come from satellite passes alone, and patrols support "
               "nothing in this agreement (corroboration.human_radius_m is 0).",
               rule.id),
           "Without patrols, no event of this rule can be VERIFIED.",
           "Let patrols support what they see: give human_radius_m and human_recent_s."});
  }
}

void DoubtDuplicates(const Agreement& agreement, std::size_t i, Findings& findings) {
  const Rule& rule = agreement.rules[i];
  for (std::size_t k = 0; k < i; ++k) {
    const Rule& other = agreement.rules[k];
    if (other.kind != rule.kind || other.zone != rule.zone || other.classes != rule.classes ||
        other.min_count != rule.min_count || other.radius_m != rule.radius_m ||
        other.line != rule.line || other.direction != rule.direction ||
        other.within != rule.within || other.ceiling != rule.ceiling || other.days != rule.days ||
        other.withdrawal != rule.withdrawal || other.arrival != rule.arrival ||
        CommonPhases(agreement, other.phases, rule.phases).empty())
      continue;
    findings.Warn(
        RulePath(i),
        {fmt::format("The rules \"{}\" and \"{}\" ask for the same thing in the same zone "
                     "and phase.",
                     other.id, rule.id),
         "Each movement would be two events.",
         "Take one of them out, or give them phases that do not meet."});
    return;
  }
}

void DoubtUnusedZones(const Agreement& agreement, Findings& findings) {
  for (std::size_t i = 0; i < agreement.zones.size(); ++i) {
    const Zone& zone = agreement.zones[i];
    const auto named = [&](const auto& list) {
      return std::any_of(list.begin(), list.end(),
                         [&](const auto& item) { return item.zone == i; });
    };
    const bool ruled = std::any_of(agreement.rules.begin(), agreement.rules.end(),
                                   [&](const Rule& rule) { return rule.zone == i; });
    const std::string path = At("zone", static_cast<int>(i));
    if (ruled && zone.account_only) {
      findings.Warn(path,
                    {fmt::format("Zone \"{}\" is said to be account_only, and a rule speaks of it.",
                                 zone.name),
                     "The rule holds all the same.", "Take account_only out, or the rule."});
    } else if (!ruled && !zone.account_only && !named(agreement.ceilings) &&
               !named(agreement.storage_sites)) {
      findings.Warn(path, {fmt::format("Zone \"{}\" is used by no rule.", zone.id),
                           "How well it was observed is accounted for, and nothing else.",
                           "If that is what is meant, say account_only: true."});
    }
  }
}

}  // namespace

void WarnAboutRules(const Agreement& agreement, Findings& findings) {
  if (agreement.rules.empty())
    findings.Warn("rule",
                  {"There is no rule.", "The software reports no event under this agreement.",
                   "Write a rule for each clause that is to be watched."});
  for (std::size_t i = 0; i < agreement.rules.size(); ++i) {
    DoubtReach(agreement, i, findings);
    DoubtThresholds(agreement, i, findings);
    DoubtDuplicates(agreement, i, findings);
  }
  DoubtUnusedZones(agreement, findings);
}

}  // namespace trucewatch::internal
