// SPDX-License-Identifier: Apache-2.0
// Sentences of the rules about lines, counts and deadlines.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>

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
      "At least {} {}{} crossed line '{}' {} and {} on its other side{} (probability {:.3f}, "
      "estimate {}{}); {}",
      rule.min_count, ClassesWords(rule.classes, rule.min_count),
      rule.min_count == 1 ? "" : " moving together", line.name,
      TowardsWords(forward ? edge.outward_en : Eigen::Vector2d(-edge.outward_en)),
      rule.min_count == 1 ? "was" : "were", during, finding.probability, estimate,
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
                                ? fmt::format(", reaching it in about {}",
                                              SpanWords(approach.distance_m / approach.closing_mps))
                                : "";
  return fmt::format(
      "At least {} {} moving together in zone '{}' were on their way to line '{}'{}: {:.0f} m from "
      "it{}, and across it within {} if they keep their velocity (probability {:.3f}, estimate "
      "{}); "
      "{}",
      rule.min_count, ClassesWords(rule.classes, rule.min_count), agreement.zones[rule.zone].name,
      line.name, during, approach.distance_m, there, SpanWords(rule.within.seconds()),
      finding.probability, RangeWords(finding.count_min, finding.count_max), seen);
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
        "After the deadline of withdrawal '{}' ({}), at least {} {} {} still inside zone '{}' and "
        "{} line '{}'{} (probability {:.3f}, estimate {}); {}",
        withdrawal.id, FormatUtc(withdrawal.deadline), rule.min_count,
        ClassesWords(rule.classes, rule.min_count), rule.min_count == 1 ? "was" : "were", zone,
        BehindWords(withdrawal.distance_m), agreement.lines[withdrawal.line].name, during,
        finding.probability, RangeWords(finding.count_min, finding.count_max), seen);
  const int inventory = InventoryOf(agreement, rule);
  return fmt::format(
      "After the deadline of withdrawal '{}' ({}), at least {} of the {} {} that the inventory of "
      "'{}' lists had not arrived{} (probability {:.3f}): {} {} there. {} It was {}",
      withdrawal.id, FormatUtc(withdrawal.deadline), rule.min_count, inventory,
      ClassesWords(rule.classes, inventory), zone, during, finding.probability,
      finding.count_max == 0 ? "none" : RangeWords(finding.count_min, finding.count_max),
      finding.count_max == 1 ? "was" : "were", at.note, seen);
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
          "{} {} were inside zone '{}'{}, where ceiling '{}' allows {} (probability {:.3f} that "
          "there were more); {}",
          estimate, ClassesWords(rule.classes, 2), zone, during,
          agreement.ceilings[rule.ceiling].id, rule.min_count - 1, finding.probability, seen);
    case RuleKind::kBuildUp:
      return fmt::format(
          "{} {} were inside zone '{}'{}, at least {} more than on {} (probability {:.3f}); {}",
          estimate, ClassesWords(rule.classes, 2), zone, during, rule.min_count, at.note,
          finding.probability, seen);
    default:
      return WithdrawalSentence(finding, at, agreement, rule, during, seen);
  }
}

std::string WatchedWords(double watched, double floor) {
  return fmt::format(
      "One that stood there would have been seen with probability {:.3f} (the agreement asks for "
      "{:.2f}).",
      watched, floor);
}

std::string BuildUpWords(const BuildUp& build_up) {
  if (!build_up.base_day) return "";
  std::string left_out;
  for (std::size_t i = 0; i < build_up.left_out.size(); ++i) {
    const bool last = i + 1 == build_up.left_out.size();
    left_out += fmt::format("{}D+{}", i == 0 ? "" : last ? " and " : ", ", build_up.left_out[i]);
  }
  return fmt::format(
      "day D+{}, when the largest number at once was {}{}", *build_up.base_day,
      RangeWords(build_up.base.min, build_up.base.max),
      left_out.empty()
          ? ""
          : fmt::format("; {} not watched well enough to say and left "
                        "out",
                        left_out + (build_up.left_out.size() == 1 ? " was" : " were")));
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
      "vehicle that stands there would have been seen with probability {:.2f}, and the agreement "
      "asks for {:.2f}.",
      agreement.withdrawals[rule.withdrawal].id, agreement.zones[rule.zone].name, watched,
      agreement.coverage_floor.value_or(1.0));
}

}  // namespace trucewatch
