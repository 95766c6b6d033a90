// SPDX-License-Identifier: Apache-2.0
// Rules of the agreement: what all kinds have, then what each kind adds.
#include <algorithm>
#include <set>

#include "verify/agreement/internal/fields.h"

namespace trucewatch::internal {
namespace {

namespace config = v1::config;

constexpr const char* kKinds =
    "GROUP_IN_ZONE, VEHICLE_IN_ZONE, CONCENTRATION, SITE_CHANGED, NOT_NOTIFIED, LINE_CROSSED, "
    "CONVOY_TOWARDS, CEILING, BUILD_UP or WITHDRAWAL_MISSING";

std::optional<RuleKind> KindOf(config::Rule::Kind kind) {
  switch (kind) {
    case config::Rule::GROUP_IN_ZONE:
      return RuleKind::kGroupInZone;
    case config::Rule::VEHICLE_IN_ZONE:
      return RuleKind::kVehicleInZone;
    case config::Rule::CONCENTRATION:
      return RuleKind::kConcentration;
    case config::Rule::SITE_CHANGED:
      return RuleKind::kSiteChanged;
    case config::Rule::NOT_NOTIFIED:
      return RuleKind::kNotNotified;
    case config::Rule::LINE_CROSSED:
      return RuleKind::kLineCrossed;
    case config::Rule::CONVOY_TOWARDS:
      return RuleKind::kConvoyTowards;
    case config::Rule::CEILING:
      return RuleKind::kCeiling;
    case config::Rule::BUILD_UP:
      return RuleKind::kBuildUp;
    case config::Rule::WITHDRAWAL_MISSING:
      return RuleKind::kWithdrawalMissing;
    default:
      return std::nullopt;
  }
}

Threshold BuildThreshold(const std::string& path, bool present, const config::Threshold& threshold,
                         Findings& findings) {
  if (!present) {
    findings.Error(path, "is missing; expected min_probability and min_duration_s");
    return {};
  }
  findings.Range(path + ".min_probability", threshold.min_probability(), 0.5, 1.0);
  if (!findings.Range(path + ".min_duration_s", threshold.min_duration_s(), 0.0, 86'400.0))
    return {};
  return {threshold.min_probability(), Duration::FromSeconds(threshold.min_duration_s())};
}

template <typename List>
std::size_t RuleRefersTo(const std::string& path, const std::string& id, const char* what,
                         const List& list, Findings& findings) {
  std::string names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].id == id) return i;
    names += (names.empty() ? "" : ", ") + list[i].id;
  }
  findings.Error(path,
                 list.empty()
                     ? fmt::format("there is no {} in this agreement to speak of", what)
                     : fmt::format("there is no {} \"{}\"; expected one of: {}", what, id, names),
                 "Nothing can be held against a name that the file does not have.");
  return list.size();
}

// A field that only some kinds have.
void OnlyFor(bool meant, bool given, const std::string& path, const char* kinds,
             Findings& findings) {
  if (!meant && given)
    findings.Error(path, fmt::format("has a meaning for {} rules only; expected none here", kinds));
}

void BuildOfLines(const config::Rule& text, const std::string& path, const Agreement& out,
                  Rule& rule, Findings& findings) {
  const bool towards = rule.kind == RuleKind::kConvoyTowards;
  const bool of_lines = towards || rule.kind == RuleKind::kLineCrossed;
  OnlyFor(of_lines, !text.line().empty(), path + ".line", "LINE_CROSSED and CONVOY_TOWARDS",
          findings);
  OnlyFor(of_lines, text.direction() != config::Rule::EITHER_WAY, path + ".direction",
          "LINE_CROSSED and CONVOY_TOWARDS", findings);
  OnlyFor(towards, text.within_s() != 0.0, path + ".within_s", "CONVOY_TOWARDS", findings);
  if (!of_lines) return;
  rule.line = RuleRefersTo(path + ".line", text.line(), "line", out.lines, findings);
  rule.direction = text.direction() == config::Rule::FORWARD    ? Direction::kForward
                   : text.direction() == config::Rule::BACKWARD ? Direction::kBackward
                                                                : Direction::kEitherWay;
  if (towards && findings.Range(path + ".within_s", text.within_s(), 10.0, 3600.0))
    rule.within = Duration::FromSeconds(text.within_s());
}

// A rule about what is missing from a site that has no list of it.
void NoInventory(const std::string& path, const config::Rule& text, const Agreement& out,
                 const Rule& rule, Findings& findings) {
  std::string names;
  for (const std::size_t i : out.withdrawals[rule.withdrawal].weapon_classes)
    names += (names.empty() ? "" : " or ") + out.weapon_classes[i].name;
  findings.Error(
      path,
      fmt::format("zone \"{}\" has no inventory of {}{}", text.zone(),
                  names.empty() ? "weapons" : names,
                  rule.classes.empty() ? ", which cannot be told from above anyway" : ""),
      "The rule cannot count what is missing.",
      fmt::format("Add the inventory to the storage site of zone \"{}\".", text.zone()));
}

void BuildOfCounts(const config::Rule& text, const std::string& path, const Agreement& out,
                   Rule& rule, Findings& findings) {
  const bool ceiling = rule.kind == RuleKind::kCeiling;
  const bool build_up = rule.kind == RuleKind::kBuildUp;
  const bool withdrawal = rule.kind == RuleKind::kWithdrawalMissing;
  OnlyFor(ceiling, !text.ceiling().empty(), path + ".ceiling", "CEILING", findings);
  OnlyFor(build_up, text.days() != 0, path + ".days", "BUILD_UP", findings);
  OnlyFor(withdrawal, !text.withdrawal().empty(), path + ".withdrawal", "WITHDRAWAL_MISSING",
          findings);
  OnlyFor(withdrawal, text.arrival(), path + ".arrival", "WITHDRAWAL_MISSING", findings);
  if (ceiling) {
    rule.ceiling =
        RuleRefersTo(path + ".ceiling", text.ceiling(), "ceiling", out.ceilings, findings);
    if (rule.ceiling < out.ceilings.size()) {
      const Ceiling& its = out.ceilings[rule.ceiling];
      rule.classes = its.classes;
      rule.min_count = its.max_count + 1;
      if (!text.zone().empty() && its.zone != rule.zone)
        findings.Error(path + ".zone",
                       fmt::format("is not the zone of ceiling \"{}\"; expected it, "
                                   "or none here",
                                   its.id));
      rule.zone = its.zone;
      if (its.classes.empty())
        findings.Error(path + ".ceiling",
                       fmt::format("nothing that ceiling \"{}\" counts can be told from above, so "
                                   "this rule would never say anything",
                                   its.id));
    }
  }
  if (build_up && findings.Range(path + ".days", text.days(), 1, 30))
    rule.days = static_cast<int>(text.days());
  if (withdrawal) {
    rule.arrival = text.arrival();
    rule.withdrawal = RuleRefersTo(path + ".withdrawal", text.withdrawal(), "withdrawal",
                                   out.withdrawals, findings);
    if (rule.withdrawal < out.withdrawals.size())
      rule.classes = out.withdrawals[rule.withdrawal].classes;
    if (rule.arrival && rule.withdrawal < out.withdrawals.size() && InventoryOf(out, rule) == 0)
      NoInventory(path + ".arrival", text, out, rule, findings);
  }
  if ((build_up || rule.arrival) && !out.coverage_floor)
    findings.Error(path,
                   "speaks of what was not there, which takes a coverage_floor in the agreement; "
                   "expected one, for instance 0.9");
}

void BuildRule(const config::Agreement& message, const config::Rule& text, const std::string& path,
               Agreement& out, Findings& findings) {
  Rule rule;
  rule.id = text.id();
  rule.clause = text.clause();
  findings.Required(path + ".clause", text.clause());
  const auto kind = KindOf(text.kind());
  if (kind) {
    rule.kind = *kind;
  } else {
    findings.Error(path + ".kind", fmt::format("is missing; expected {}", kKinds));
  }
  const bool ceiling = rule.kind == RuleKind::kCeiling;
  const bool withdrawal = rule.kind == RuleKind::kWithdrawalMissing;
  std::string names;
  bool known = false;
  for (int z = 0; z < message.zone_size(); ++z) {
    names += (names.empty() ? "" : ", ") + message.zone(z).id();
    if (message.zone(z).id() != text.zone() || known) continue;
    rule.zone = static_cast<std::size_t>(z);
    known = true;
  }
  if (!known && !(ceiling && text.zone().empty()))
    findings.Error(path + ".zone",
                   fmt::format("there is no zone \"{}\"; expected one of: {}", text.zone(), names));
  const bool concentration = rule.kind == RuleKind::kConcentration;
  if (!ceiling && !withdrawal) {
    rule.classes = Classes(path + ".object_class", text.object_class(), concentration, findings);
  } else if (!text.object_class().empty()) {
    findings.Error(path + ".object_class", ceiling
                                               ? "is what its ceiling says; expected none here"
                                               : "is what its withdrawal says; expected none here");
  }
  if (concentration) {
    findings.Range(path + ".radius_m", text.radius_m(), 1.0, 5000.0);
    rule.radius_m = text.radius_m();
  }
  OnlyFor(concentration, text.radius_m() != 0.0, path + ".radius_m", "CONCENTRATION", findings);
  if (ceiling) {
    OnlyFor(false, text.min_count() != 0, path + ".min_count",
            "other than CEILING (which has its number from its ceiling)", findings);
  } else if (findings.Range(path + ".min_count", text.min_count(), 1, 10'000)) {
    rule.min_count = static_cast<int>(text.min_count());
    // The other kinds speak of vehicles, not of groups.
    const bool of_groups = concentration || rule.kind == RuleKind::kGroupInZone ||
                           rule.kind == RuleKind::kNotNotified ||
                           rule.kind == RuleKind::kConvoyTowards ||
                           (rule.kind == RuleKind::kLineCrossed && text.min_count() > 1);
    if (of_groups && text.min_count() < message.min_group_size())
      findings.Error(
          path + ".min_count",
          fmt::format("{} is below min_group_size {}; groups that small are never looked at",
                      text.min_count(), message.min_group_size()));
  }
  BuildOfLines(text, path, out, rule, findings);
  BuildOfCounts(text, path, out, rule, findings);
  OnlyFor(rule.kind == RuleKind::kSiteChanged, text.good_looks() != 0, path + ".good_looks",
          "SITE_CHANGED", findings);
  if (findings.Range(path + ".good_looks", text.good_looks(), 0, 100))
    rule.good_looks = std::max(static_cast<int>(text.good_looks()), 1);
  rule.candidate =
      BuildThreshold(path + ".candidate", text.has_candidate(), text.candidate(), findings);
  rule.verified =
      BuildThreshold(path + ".verified", text.has_verified(), text.verified(), findings);
  if (rule.verified.min_probability < rule.candidate.min_probability ||
      rule.verified.min_duration < rule.candidate.min_duration)
    findings.Error(
        path + ".verified",
        "is easier to reach than candidate; expected at least its probability and its duration");
  rule.phases = PhaseIds(path + ".phase", text.phase(), out.phases, findings);
  out.rules.push_back(std::move(rule));
}

}  // namespace

void BuildRules(const config::Agreement& message, Agreement& out, Findings& findings) {
  std::set<std::string> ids;
  for (int i = 0; i < message.rule_size(); ++i) {
    const std::string path = At("rule", i);
    CheckId(path + ".id", message.rule(i).id(), ids, findings);
    BuildRule(message, message.rule(i), path, out, findings);
  }
}

}  // namespace trucewatch::internal
