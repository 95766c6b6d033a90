// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "core/config/text_config.h"
#include "trucewatch/v1/config/agreement.pb.h"
#include "verify/agreement/agreement.h"
#include "verify/agreement/lint.h"

namespace trucewatch::internal {

// The three things that a lawyer wants to know of a doubt.
struct Doubt {
  std::string what;
  std::string meaning;  // for the truce
  std::string advice;
};

// Collects sentences with the lines they speak of.
class Findings {
 public:
  Findings(const FieldLines& lines, const v1::config::Agreement& message)
      : lines_(lines), message_(message) {}

  // The text goes on from the field's name: "is missing; expected A or B". What it means and what
  // to do are whole sentences; without them the text says both.
  void Error(const std::string& path, std::string text, std::string meaning = "",
             std::string advice = "");
  // Whole sentences.
  void Warn(const std::string& path, Doubt doubt) {
    Add(LintMessage::Severity::kWarning, path, std::move(doubt));
  }
  void Note(const std::string& path, Doubt doubt) {
    Add(LintMessage::Severity::kNote, path, std::move(doubt));
  }
  // Says so when value is not in [low, high] or not finite.
  bool Range(const std::string& path, double value, double low, double high);
  bool Required(const std::string& path, const std::string& value);

  const std::vector<LintMessage>& messages() const { return messages_; }

  std::optional<Instant> day_zero;  // for times that count from it

 private:
  void Add(LintMessage::Severity severity, const std::string& path, Doubt doubt);

  const FieldLines& lines_;
  const v1::config::Agreement& message_;
  std::vector<LintMessage> messages_;
};

// Checks every field and makes the agreement; use the result only if no error was found.
Agreement BuildAgreement(const v1::config::Agreement& message, Findings& findings);

// Its part about corroboration, identity, notification, group size and map error.
void BuildTerms(const v1::config::Agreement& message, Agreement& out, Findings& findings);

// Its part about classes of weapons, lines, sites, ceilings, withdrawals, release and amendment;
// after phases and zones.
void BuildWeapons(const v1::config::Agreement& message, Agreement& out, Findings& findings);

// Its rules; after all that they speak of.
void BuildRules(const v1::config::Agreement& message, Agreement& out, Findings& findings);

// What is allowed but perhaps not meant. The agreement has no errors.
void WarnAboutAgreement(const Agreement& agreement, Findings& findings);
// Its parts: times, zones on the map, rules, weapons and what is told to whom.
void WarnAboutTimes(const Agreement& agreement, Findings& findings);
void WarnAboutMap(const Agreement& agreement, Findings& findings);
void WarnAboutRules(const Agreement& agreement, Findings& findings);
void WarnAboutWeapons(const Agreement& agreement, Findings& findings);
void WarnAboutUnused(const Agreement& agreement, Findings& findings);

// What the text parser says, for somebody who does not know it.
std::string ParserWords(const std::string& text);
// A field's path as people say it: "zone[1].vertex[0].lat_deg" -> "zone \"buffer\", vertex 1,
// lat_deg".
std::string PathInWords(const std::string& path, const v1::config::Agreement& message);

}  // namespace trucewatch::internal
