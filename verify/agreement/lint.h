// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verify/agreement/agreement.h"

namespace trucewatch {

// What is to be said about an agreement file, for someone who has never seen the code.
struct LintMessage {
  enum class Severity {
    kError,    // the file cannot be used
    kWarning,  // it can be used, but perhaps does not say what was meant
    kNote,     // it is as it should be, but the signatories should know it
  };
  Severity severity = Severity::kError;
  int line = 0;  // from 1; 0: the file as a whole
  int column = 0;
  std::string
      field;  // path in the file: "zone[2].vertex[0].lat_deg"; empty for faults of the text itself
  std::string subject;  // the same in words: "zone \"buffer\", vertex 1"; empty: text says it
  std::string text;     // what there is
  std::string meaning;  // ... and what it means for the truce; may be empty
  std::string advice;   // what to do about it; may be empty
};

// Everything worth saying about an agreement file, in the order of its lines. Errors are exactly
// what ParseAgreement refuses; warnings and notes need a human's look. A fault of the text itself
// (a misspelt field, a missing brace) comes alone: nothing behind it can be judged.
std::vector<LintMessage> LintAgreement(const std::string& text, const std::string& file_name);

bool HasErrors(const std::vector<LintMessage>& messages);

std::string_view SeverityName(LintMessage::Severity severity);  // "error", "warning", "note"

// "file:line:column: error: subject: text. meaning advice"
std::string FormatLintMessage(const LintMessage& message, const std::string& file_name);

// What a rule or a corridor means, in one line for `trucewatch agreement check`.
std::string Describe(const Agreement& agreement, const Rule& rule);
std::string Describe(const PermittedCorridor& corridor);

}  // namespace trucewatch
