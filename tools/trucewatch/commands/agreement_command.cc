// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>

#include "core/config/text_config.h"
#include "core/crypto/sha256.h"
#include "core/json/json_writer.h"
#include "tools/trucewatch/commands/agreement_commands.h"
#include "verify/agreement/agreement.h"
#include "verify/agreement/lint.h"

namespace trucewatch::tools {
namespace {

using Severity = LintMessage::Severity;

long CountOf(const std::vector<LintMessage>& messages, Severity severity) {
  return std::count_if(messages.begin(), messages.end(),
                       [&](const LintMessage& m) { return m.severity == severity; });
}

std::string Counted(long count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

void PrintLintJson(const std::vector<LintMessage>& messages, const std::string& file,
                   const std::string& hash) {
  for (const LintMessage& message : messages) {
    JsonWriter json;
    json.BeginObject()
        .Field("file", file)
        .Field("line", message.line)
        .Field("column", message.column)
        .Field("severity", SeverityName(message.severity))
        .Field("field", message.field)
        .Field("subject", message.subject)
        .Field("text", message.text)
        .Field("meaning", message.meaning)
        .Field("advice", message.advice)
        .EndObject();
    std::printf("%s\n", json.text().c_str());
  }
  JsonWriter json;
  json.BeginObject()
      .Field("file", file)
      .Field("usable", !HasErrors(messages))
      .Field("errors", CountOf(messages, Severity::kError))
      .Field("warnings", CountOf(messages, Severity::kWarning))
      .Field("notes", CountOf(messages, Severity::kNote))
      .Field("sha256", hash)
      .EndObject();
  std::printf("%s\n", json.text().c_str());
}

Result<void> PrintLintWords(const std::vector<LintMessage>& messages, const std::string& file,
                            const std::string& text) {
  for (const LintMessage& message : messages)
    std::printf("%s\n", FormatLintMessage(message, file).c_str());
  if (HasErrors(messages)) {
    std::printf("%s: %s; the agreement cannot be used until they are put right\n", file.c_str(),
                Counted(CountOf(messages, Severity::kError), "error").c_str());
    return {};
  }
  TW_ASSIGN_OR_RETURN(const Agreement agreement, ParseAgreement(text, file));
  std::printf("%s: %s; %s, %s, %s, %s, %s, %s; SHA-256 %s\n", file.c_str(),
              messages.empty()
                  ? "no problem found"
                  : fmt::format("usable, with {} and {}",
                                Counted(CountOf(messages, Severity::kWarning), "warning"),
                                Counted(CountOf(messages, Severity::kNote), "note"))
                        .c_str(),
              Counted(static_cast<long>(agreement.zones.size()), "zone").c_str(),
              Counted(static_cast<long>(agreement.lines.size()), "line").c_str(),
              Counted(static_cast<long>(agreement.rules.size()), "rule").c_str(),
              Counted(static_cast<long>(agreement.phases.size()), "phase").c_str(),
              Counted(static_cast<long>(agreement.notified.size()), "notified movement").c_str(),
              Counted(static_cast<long>(agreement.permitted.size()), "permitted corridor").c_str(),
              agreement.hash.c_str());
  for (const Rule& rule : agreement.rules) std::printf("  %s\n", Describe(agreement, rule).c_str());
  for (const PermittedCorridor& corridor : agreement.permitted)
    std::printf("  %s\n", Describe(corridor).c_str());
  return {};
}

}  // namespace

Result<int> RunCheckAgreement(const CheckAgreementCommand& command) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(command.file));
  const std::vector<LintMessage> messages = LintAgreement(text, command.file);
  if (command.json) {
    PrintLintJson(messages, command.file, HexEncode(Sha256(text)));
  } else {
    TW_RETURN_IF_ERROR(PrintLintWords(messages, command.file, text));
  }
  if (!HasErrors(messages)) return 0;
  // What the parser could not read has no field; nothing behind it was looked at.
  return messages.size() == 1 && messages[0].field.empty() ? 3 : 4;
}

}  // namespace trucewatch::tools
