// SPDX-License-Identifier: Apache-2.0
// Sentences of the rules about lines, counts and deadlines.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>

#include "core/types/words.h"
#include "verify/rule_memory.h"
#include "verify/rules/convoy_towards.h"
#include "verify/wording.h"

namespace trucewatch {
namespace {

// "tracked vehicles", "light vehicles or trucks", "vehicles".
std::string ClassesWords(const std::vector<ObjectClass>& classes, int count) {
  std::string out;
  for (const ObjectClass object_class : classes) {
    if (object_class == ObjectClass::kUnknownVehicle) return count == 1 ? "vehicle" : "vehicles";
    out += fmt::format("{}{}{}", out.empty() ? "" : " or ", ClassName(object_class),
                       count == 1 ? "" : "s");
  }
  return out;
}

std::string RangeWords(int low, int high) {
  return low == high ? fmt::format("{}", low) : fmt::format("{} to {}", low, high);
}

// "southwards", "north-eastwards".
std::string TowardsWords(const Eigen::Vector2d& direction_en) {
  static constexpr std::array<const char*, 8> kWinds = {
      "north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"};
  const double turns = std::atan2(direction_en.x(), direction_en.y()) / (2.0 * std::numbers::pi);
  const int eighth = (static_cast<int>(std::lround(turns * 8.0)) + 8) % 8;
  return std::string(kWinds[static_cast<std::size_t>(eighth)]) + "wards";
}

// "2.6 km", "620 m": two figures, because the rest is in the finding and is not sure.
std::string AboutM(double m) {
  if (m >= 1000.0) return fmt::format("{:.{}f} km", m / 1000.0, m < 9950.0 ? 1 : 0);
  return fmt::format("{:.0f} m", m < 95.0 ? m : std::round(m / 10.0) * 10.0);
}

// What the agreement calls by a name is counted as kinds of vehicles that can be told from above;
// the name says more than was seen.
std::string CountedAs(const Agreement& agreement, const Rule& rule) {
  const std::vector<std::size_t>& named =
      rule.kind == RuleKind::kCeiling ? agreement.ceilings[rule.ceiling].weapon_classes
                                      : agreement.withdrawals[rule.withdrawal].weapon_classes;
  std::string names;
  for (const std::size_t i : named) {
    const WeaponClass& weapons = agreement.weapon_classes[i];
    if (weapons.classes.empty() || weapons.name == ClassesWords(weapons.classes, 2)) continue;
    names += fmt::format("{}'{}'", names.empty() ? "" : " and ", weapons.name);
  }
  if (names.empty()) return "";
  return fmt::format(" Counted as {} were {}{}.", names, ClassesWords(rule.classes, 2),
                     rule.arrival ? " only" : "; what they were besides was not seen");
}

// "12 s", "10 minutes".
std::string SpanWords(double s) {
  return s < 120.0 ? fmt::format("{:.0f} s", s) : fmt::format("{:.0f} minutes", s / 60.0);
}

std::string CrossedSentence(const Finding& finding, const EventMoment& at,
                            const Agreement& agreement, const Rule& rule, const std::string& during,
                            const std::string& seen) {
  const Line& line = agreement.lines[rule.line];
  const EdgeDistance edge = line.shape.Distance(at.position);
  const double away = at.velocity_en_mps.dot(edge.outward_en);
  const bool forward = rule.direction == Direction::kForward ||
                       (rule.direction == Direction::kEitherWay &&
                        (std::abs(away) > 0.5 ? away > 0.0 : edge.inside_m < 0.0));
  const std::string estimate = RangeWords(finding.count_min, finding.count_max);
  return fmt::format(
      "At least {} {}{} crossed line '{}' {} and {} on its other side{} (probability {}, "
      "estimate {}{}); {}",
      rule.min_count, ClassesWords(rule.classes, rule.min_count),
      rule.min_count == 1 ? "" : " moving together", line.name,
      TowardsWords(forward ? edge.outward_en : Eigen::Vector2d(-edge.outward_en)),
      rule.min_count == 1 ? "was" : "were", during, ProbabilityWords(finding.probability), estimate,
      finding.probability < rule.verified.min_probability
          ? "; near line: on which side it was is not sure"
          : "",
      seen);
}

std::string TowardsSentence(const Finding& finding, const EventMoment& at,
                            const Agreement& agreement, const Rule& rule, const std::string& during,
                            const std::string& seen) {
  const Line& line = agreement.lines[rule.line];
  const Approach approach = ApproachOf(line.shape, at.position, at.velocity_en_mps);
  const std::string there = approach.closing_mps > 0.1
                                ? fmt::format(", {} at that velocity",
                                              SpanWords(approach.distance_m / approach.closing_mps))
                                : "";
  return fmt::format(
      "At least {} {} moving together in zone '{}' went so{} that, if they kept their velocity, "
      "they would be across line '{}' within {} (probability {}, estimate {}). They were about {} "
      "from it{}. This is a forecast, not a crossing. They were {}",
      rule.min_count, ClassesWords(rule.classes, rule.min_count), agreement.zones[rule.zone].name,
      during, line.name, SpanWords(rule.within.seconds()), ProbabilityWords(finding.probability),
      RangeWords(finding.count_min, finding.count_max), AboutM(approach.distance_m), there, seen);
}

// "not behind", "less than 7.5 km behind"
std::string BehindWords(double distance_m) {
  if (distance_m <= 0.0) return "not behind";
  return distance_m < 1000.0 ? fmt::format("less than {:.6g} m behind", distance_m)
                             : fmt::format("less than {:.6g} km behind", distance_m / 1000.0);
}

std::string WithdrawalSentence(const Finding& finding, const EventMoment& at,
                               const Agreement& agreement, const Rule& rule,
                               const std::string& during, const std::string& seen) {
  const Withdrawal& withdrawal = agreement.withdrawals[rule.withdrawal];
  const std::string& zone = agreement.zones[rule.zone].name;
  if (!rule.arrival)
    return fmt::format(
        "After the deadline of withdrawal '{}' ({}), at least {} {} {} inside zone '{}' and {} "
        "line '{}'{} (probability {}, estimate {}).{} {} {}",
        withdrawal.id, FormatUtc(withdrawal.deadline), rule.min_count,
        ClassesWords(rule.classes, rule.min_count), rule.min_count == 1 ? "was" : "were", zone,
        BehindWords(withdrawal.distance_m), agreement.lines[withdrawal.line].name, during,
        ProbabilityWords(finding.probability), RangeWords(finding.count_min, finding.count_max),
        CountedAs(agreement, rule), rule.min_count == 1 ? "It was" : "They were", seen);
  const int inventory = InventoryOf(agreement, rule);
  return fmt::format(
      "After the deadline of withdrawal '{}' ({}), at least {} of the {} {} that the inventory of "
      "'{}' lists were not seen there{}; {}. {} That at least {} did not stand in the open has "
      "probability {}.{} The site was {}",
      withdrawal.id, FormatUtc(withdrawal.deadline), rule.min_count, inventory,
      ClassesWords(rule.classes, inventory), zone, during,
      finding.count_max == 0
          ? "none was seen"
          : fmt::format("the most seen at once {} {}", finding.count_max == 1 ? "was" : "were",
                        RangeWords(finding.count_min, finding.count_max)),
      at.note, rule.min_count, ProbabilityWords(finding.probability), CountedAs(agreement, rule),
      seen);
}

}  // namespace

std::string RuleSentence(const Finding& finding, const EventMoment& at, const Agreement& agreement,
                         const Rule& rule, const std::string& during, const std::string& seen) {
  const std::string& zone = agreement.zones[rule.zone].name;
  const std::string estimate = RangeWords(finding.count_min, finding.count_max);
  switch (rule.kind) {
    case RuleKind::kLineCrossed:
      return CrossedSentence(finding, at, agreement, rule, during, seen);
    case RuleKind::kConvoyTowards:
      return TowardsSentence(finding, at, agreement, rule, during, seen);
    case RuleKind::kCeiling:
      return fmt::format(
          "{} {}, counted or estimated, were inside zone '{}'{}, where ceiling '{}' allows {} "
          "(probability {} that there were more).{} They were {}",
          estimate, ClassesWords(rule.classes, 2), zone, during,
          agreement.ceilings[rule.ceiling].id, rule.min_count - 1,
          ProbabilityWords(finding.probability), CountedAs(agreement, rule), seen);
    case RuleKind::kBuildUp:
      return fmt::format(
          "{} {}, counted or estimated, were inside zone '{}'{}. {} That there are at least {} "
          "more now has probability {}. They were {}",
          estimate, ClassesWords(rule.classes, 2), zone, during, at.note, rule.min_count,
          ProbabilityWords(finding.probability), seen);
    default:
      return WithdrawalSentence(finding, at, agreement, rule, during, seen);
  }
}

std::string WatchedWords(double watched, double floor) {
  return fmt::format(
      "One standing in the open would have been seen with probability {} (the agreement asks for "
      "{}); one under a roof or a net would not.",
      ProbabilityWords(watched), floor);
}

std::string PatrolReportSentence(const SourceId& source, double apart_m, Duration before) {
  return fmt::format(
      " What {} reported lay {} away, {}.", source.value, AboutM(apart_m),
      before > Duration() ? SpanWords(before.seconds()) + " earlier" : "at the same time");
}

std::string BuildUpWords(const BuildUp& build_up) {
  if (!build_up.base_day) return "";
  std::string left_out;
  for (std::size_t i = 0; i < build_up.left_out.size(); ++i) {
    const bool last = i + 1 == build_up.left_out.size();
    left_out += fmt::format("{}D+{}", i == 0 ? "" : last ? " and " : ", ", build_up.left_out[i]);
  }
  const bool one = build_up.left_out.size() == 1;
  return fmt::format(
      "On day D+{}, the quietest before of those watched well enough, the largest number at once "
      "was {}.{}",
      *build_up.base_day, RangeWords(build_up.base.min, build_up.base.max),
      left_out.empty() ? ""
                       : fmt::format(" {} {} not watched well enough and {} left out.", left_out,
                                     one ? "was" : "were", one ? "is" : "are"));
}

std::string NearLineSentence(const Line& line, int vehicles) {
  return fmt::format(
      "Near line '{}': {} vehicle{} for {} s and longer, of which it cannot be said on which side "
      "{}.",
      line.name, vehicles, vehicles == 1 ? "" : "s", kNearLineLong.micros() / 1'000'000,
      vehicles == 1 ? "it is" : "they are");
}

std::string NotWatchedSentence(const Agreement& agreement, const Rule& rule, double watched) {
  return fmt::format(
      "Whether the withdrawal '{}' has arrived in zone '{}' was not observed well enough to say: a "
      "vehicle standing there in the open would have been seen with probability {}, and the "
      "agreement asks for {}.",
      agreement.withdrawals[rule.withdrawal].id, agreement.zones[rule.zone].name,
      ProbabilityWords(watched), agreement.coverage_floor.value_or(1.0));
}

}  // namespace trucewatch
