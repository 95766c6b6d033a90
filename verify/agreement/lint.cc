// SPDX-License-Identifier: Apache-2.0
#include "verify/agreement/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/crypto/sha256.h"
#include "verify/agreement/internal/build.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxTextBytes = 4u << 20;

struct Checked {
  Agreement agreement;
  std::vector<LintMessage> messages;  // in the order of lines
};

Result<Checked> Check(const std::string& text, const std::string& file_name, bool warnings) {
  if (text.size() > kMaxTextBytes) {
    return Fail(ErrorCode::kBadInput, "{}: has {} bytes; expected an agreement of at most {}",
                file_name, text.size(), kMaxTextBytes);
  }
  v1::config::Agreement message;
  FieldLines lines;
  TW_RETURN_IF_ERROR(ParseTextConfig(text, file_name, &message, &lines));
  internal::Findings findings(lines, message);
  Checked out{internal::BuildAgreement(message, findings), {}};
  out.agreement.hash = HexEncode(Sha256(text));
  if (warnings && !HasErrors(findings.messages()))
    internal::WarnAboutAgreement(out.agreement, findings);
  out.messages = findings.messages();
  std::stable_sort(out.messages.begin(), out.messages.end(),
                   [](const LintMessage& a, const LintMessage& b) {
                     return std::pair(a.line, a.column) < std::pair(b.line, b.column);
                   });
  return out;
}

std::string ClassList(const std::vector<ObjectClass>& classes) {
  std::string out;
  for (const ObjectClass object_class : classes) {
    if (!out.empty()) out += " or ";
    out += object_class == ObjectClass::kUnknownVehicle ? "any vehicle"
           : object_class == ObjectClass::kPersonGroup  ? "people"
                                                        : std::string(ClassName(object_class));
  }
  return out;
}

const char* DirectionWords(const Rule& rule) {
  switch (rule.direction) {
    case Direction::kForward:
      return " from behind it";
    case Direction::kBackward:
      return " to behind it";
    case Direction::kEitherWay:
      break;
  }
  return " either way";
}

}  // namespace

std::string Describe(const Agreement& agreement, const Rule& rule) {
  const std::string& zone = agreement.zones[rule.zone].id;
  const std::string classes = ClassList(rule.classes);
  std::string what;
  switch (rule.kind) {
    case RuleKind::kGroupInZone:
      what = fmt::format("at least {} ({}) that move or stand together are in \"{}\"",
                         rule.min_count, classes, zone);
      break;
    case RuleKind::kVehicleInZone:
      what = fmt::format("at least {} ({}) {} in \"{}\"", rule.min_count, classes,
                         rule.min_count == 1 ? "is" : "are", zone);
      break;
    case RuleKind::kConcentration:
      what = fmt::format("at least {} ({}) are together within {} m in \"{}\"", rule.min_count,
                         classes, rule.radius_m, zone);
      break;
    case RuleKind::kSiteChanged:
      what = fmt::format(
          "at least {} ({}) came to, left or were moved in \"{}\" between two satellite passes{}",
          rule.min_count, classes, zone,
          rule.good_looks > 1 ? fmt::format(", and {} passes agree", rule.good_looks) : "");
      break;
    case RuleKind::kNotNotified:
      what = fmt::format(
          "at least {} ({}) that move together in \"{}\" are the movement of no notification",
          rule.min_count, classes, zone);
      break;
    case RuleKind::kLineCrossed:
      what = fmt::format("at least {} ({}) went across line \"{}\"{}, in \"{}\"", rule.min_count,
                         classes, agreement.lines[rule.line].id, DirectionWords(rule), zone);
      break;
    case RuleKind::kConvoyTowards:
      what = fmt::format(
          "at least {} ({}) that move together in \"{}\" would be across line \"{}\"{} within {} s",
          rule.min_count, classes, zone, agreement.lines[rule.line].id, DirectionWords(rule),
          rule.within.seconds());
      break;
    case RuleKind::kCeiling:
      what = fmt::format("there are more than {} ({}) in \"{}\", which is ceiling \"{}\"",
                         rule.min_count - 1, classes, zone, agreement.ceilings[rule.ceiling].id);
      break;
    case RuleKind::kBuildUp:
      what = fmt::format(
          "there are at least {} ({}) more in \"{}\" than at any time of the quietest day "
          "watched well enough, of the {} days before",
          rule.min_count, classes, zone, rule.days);
      break;
    case RuleKind::kWithdrawalMissing: {
      const Withdrawal& withdrawal = agreement.withdrawals[rule.withdrawal];
      const std::string deadline = FormatUtc(withdrawal.deadline);
      what =
          rule.arrival
              ? fmt::format(
                    "after {}, at least {} of the {} ({}) in the inventory of \"{}\" are "
                    "not seen there",
                    deadline, rule.min_count, InventoryOf(agreement, rule), classes, zone)
              : fmt::format("after {}, at least {} ({}) are in \"{}\" and {} line \"{}\"", deadline,
                            rule.min_count, classes, zone,
                            withdrawal.distance_m > 0.0
                                ? fmt::format("less than {:.10g} m behind", withdrawal.distance_m)
                                : "not behind",
                            agreement.lines[withdrawal.line].id);
      break;
    }
  }
  return fmt::format(
      "rule \"{}\": {}; an event from probability {} for {} s, verified from {} for "
      "{} s",
      rule.id, what, rule.candidate.min_probability, rule.candidate.min_duration.seconds(),
      rule.verified.min_probability, rule.verified.min_duration.seconds());
}

std::string Describe(const PermittedCorridor& corridor) {
  return fmt::format("permitted corridor \"{}\": {}, {}", corridor.id, ClassList(corridor.classes),
                     corridor.max_count == 0
                         ? "groups of any size"
                         : fmt::format("groups of at most {}", corridor.max_count));
}

std::vector<LintMessage> LintAgreement(const std::string& text, const std::string& file_name) {
  auto checked = Check(text, file_name, true);
  if (checked) return checked->messages;
  LintMessage message;
  message.text = checked.error().message;
  // "file:line:column: what" as the text parser says it; line and column go into their own fields.
  if (message.text.starts_with(file_name + ":")) {
    message.text.erase(0, file_name.size() + 1);
    for (int* number : {&message.line, &message.column}) {
      const char* end = message.text.data() + message.text.size();
      const auto [rest, failed] = std::from_chars(message.text.data(), end, *number);
      if (failed == std::errc() && rest != end && *rest == ':')
        message.text.erase(0, static_cast<std::size_t>(rest - message.text.data()) + 1);
    }
    message.text.erase(0, message.text.find_first_not_of(' '));
  }
  message.text = internal::ParserWords(message.text);
  return {message};
}

bool HasErrors(const std::vector<LintMessage>& messages) {
  return std::any_of(messages.begin(), messages.end(), [](const LintMessage& message) {
    return message.severity == LintMessage::Severity::kError;
  });
}

std::string_view SeverityName(LintMessage::Severity severity) {
  switch (severity) {
    case LintMessage::Severity::kError:
      return "error";
    case LintMessage::Severity::kWarning:
      return "warning";
    case LintMessage::Severity::kNote:
      break;
  }
  return "note";
}

std::string FormatLintMessage(const LintMessage& message, const std::string& file_name) {
  std::string place = file_name;
  if (message.line > 0) place += fmt::format(":{}", message.line);
  if (message.line > 0 && message.column > 0) place += fmt::format(":{}", message.column);
  std::string out =
      fmt::format("{}: {}: {}{}", place, SeverityName(message.severity),
                  message.subject.empty() ? "" : message.subject + ": ", message.text);
  for (const std::string* more : {&message.meaning, &message.advice})
    if (!more->empty()) out += " " + *more;
  return out;
}

Result<Agreement> ParseAgreement(const std::string& text, const std::string& file_name) {
  TW_ASSIGN_OR_RETURN(Checked checked, Check(text, file_name, false));
  if (!HasErrors(checked.messages)) return std::move(checked.agreement);
  std::string all;
  for (const LintMessage& message : checked.messages) {
    if (message.severity != LintMessage::Severity::kError) continue;
    all += fmt::format("{}{}:{}:{}: {}: {}", all.empty() ? "" : "\n", file_name, message.line,
                       message.column, message.field, message.text);
    for (const std::string* more : {&message.meaning, &message.advice})
      if (!more->empty()) all += " " + *more;
  }
  return Fail(ErrorCode::kBadInput, "{}", all);
}

}  // namespace trucewatch
