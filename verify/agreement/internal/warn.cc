// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "verify/agreement/internal/build.h"

namespace trucewatch::internal {
namespace {

bool Lists(const std::vector<std::string>& phases, const std::string& id) {
  return phases.empty() || std::find(phases.begin(), phases.end(), id) != phases.end();
}

}  // namespace

void WarnAboutAgreement(const Agreement& agreement, Findings& findings) {
  if (agreement.rules.empty())
    findings.Warn("rule", "there is no rule, so no event can ever be raised");
  for (std::size_t i = 0; i < agreement.rules.size(); ++i) {
    const Rule& rule = agreement.rules[i];
    const bool reachable =
        std::any_of(agreement.phases.begin(), agreement.phases.end(), [&](const Phase& phase) {
          return Lists(rule.phases, phase.id) && Lists(agreement.zones[rule.zone].phases, phase.id);
        });
    if (!reachable) {
      findings.Warn(
          fmt::format("rule[{}]", i),
          fmt::format(
              "rule \"{}\" can never apply: in no phase do both the rule and its zone \"{}\" hold",
              rule.id, agreement.zones[rule.zone].id));
    }
  }
  for (std::size_t i = 0; i < agreement.rules.size(); ++i) {
    const Rule& rule = agreement.rules[i];
    if (rule.kind == RuleKind::kSiteChanged && rule.verified.min_duration > Duration())
      findings.Warn(fmt::format("rule[{}]", i),
                    fmt::format("rule \"{}\" states durations, which have no effect: what changed "
                                "between two passes has none",
                                rule.id));
  }
  for (std::size_t i = 0; i < agreement.permitted.size(); ++i) {
    const PermittedCorridor& permitted = agreement.permitted[i];
    const bool touches =
        std::any_of(agreement.zones.begin(), agreement.zones.end(),
                    [&](const Zone& zone) { return permitted.corridor.Touches(zone.shape); });
    if (!touches)
      findings.Warn(fmt::format("permitted_corridor[{}]", i),
                    fmt::format("permitted corridor \"{}\" touches no zone, so it has no effect",
                                permitted.id));
  }
  for (std::size_t i = 0; i < agreement.zones.size(); ++i) {
    const bool used = std::any_of(agreement.rules.begin(), agreement.rules.end(),
                                  [&](const Rule& rule) { return rule.zone == i; });
    if (!used && !agreement.zones[i].account_only)
      findings.Warn(
          fmt::format("zone[{}]", i),
          fmt::format(
              "zone \"{}\" is used by no rule; if only its coverage matters, say account_only",
              agreement.zones[i].id));
  }
  for (std::size_t i = 0; i < agreement.notified.size(); ++i) {
    const NotifiedMovement& notified = agreement.notified[i];
    const std::string path = fmt::format("notified_movement[{}]", i);
    const bool dated =
        std::any_of(agreement.phases.begin(), agreement.phases.end(), [&](const Phase& phase) {
          return notified.window_start < phase.end && phase.start < notified.window_end;
        });
    if (!dated)
      findings.Warn(
          path,
          fmt::format(
              "the window of notified movement \"{}\" lies outside all phases, so it has no effect",
              notified.id));
    const bool touches =
        std::any_of(agreement.zones.begin(), agreement.zones.end(),
                    [&](const Zone& zone) { return notified.corridor.Touches(zone.shape); });
    if (!touches)
      findings.Warn(
          path, fmt::format(
                    "the corridor of notified movement \"{}\" touches no zone, so it has no effect",
                    notified.id));
  }
}

}  // namespace trucewatch::internal
