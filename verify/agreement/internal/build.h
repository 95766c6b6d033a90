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

// Collects sentences with the lines they speak of.
class Findings {
 public:
  explicit Findings(const FieldLines& lines) : lines_(lines) {}

  void Error(const std::string& path, std::string text) {
    messages_.push_back({LintMessage::Severity::kError, lines_.Of(path), path, std::move(text)});
  }
  void Warn(const std::string& path, std::string text) {
    messages_.push_back({LintMessage::Severity::kWarning, lines_.Of(path), path, std::move(text)});
  }
  // Says so when value is not in [low, high] or not finite.
  bool Range(const std::string& path, double value, double low, double high);
  bool Required(const std::string& path, const std::string& value);

  const std::vector<LintMessage>& messages() const { return messages_; }

  std::optional<Instant> day_zero;  // for times that count from it

 private:
  const FieldLines& lines_;
  std::vector<LintMessage> messages_;
};

// Checks every field and makes the agreement; use the result only if no error was found.
Agreement BuildAgreement(const v1::config::Agreement& message, Findings& findings);

// Its part about corroboration, identity, notification, group size and map error.
void BuildTerms(const v1::config::Agreement& message, Agreement& out, Findings& findings);

// Its part about classes of weapons, lines, sites, ceilings, withdrawals, release and amendment;
// after phases and zones.
void BuildWeapons(const v1::config::Agreement& message, Agreement& out, Findings& findings);

// What is allowed but perhaps not meant. The agreement has no errors.
void WarnAboutAgreement(const Agreement& agreement, Findings& findings);

}  // namespace trucewatch::internal
