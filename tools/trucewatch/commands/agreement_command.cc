// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "core/config/text_config.h"
#include "tools/trucewatch/commands/commands.h"
#include "verify/agreement/agreement.h"
#include "verify/agreement/lint.h"

namespace trucewatch::tools {

Result<int> RunAgreementCheck(const AgreementCheckCommand& command) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(command.file));
  const std::vector<LintMessage> messages = LintAgreement(text, command.file);
  for (const LintMessage& message : messages) {
    std::printf("%s\n", FormatLintMessage(message, command.file).c_str());
  }
  // An agreement that cannot be used is bad input; one that needs a human's look has failed the
  // check.
  if (HasErrors(messages)) return 3;
  TW_ASSIGN_OR_RETURN(const Agreement agreement, ParseAgreement(text, command.file));
  std::printf(
      "%s: %s; %zu zones, %zu rules, %zu phases, %zu notified movements, %zu permitted corridors; "
      "SHA-256 %s\n",
      command.file.c_str(), messages.empty() ? "no problem found" : "see above",
      agreement.zones.size(), agreement.rules.size(), agreement.phases.size(),
      agreement.notified.size(), agreement.permitted.size(), agreement.hash.c_str());
  for (const Rule& rule : agreement.rules) std::printf("  %s\n", Describe(agreement, rule).c_str());
  for (const PermittedCorridor& corridor : agreement.permitted)
    std::printf("  %s\n", Describe(corridor).c_str());
  return messages.empty() ? 0 : 4;
}

}  // namespace trucewatch::tools
