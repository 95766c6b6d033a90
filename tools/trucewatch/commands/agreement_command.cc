// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>

#include "core/config/text_config.h"
#include "core/crypto/sha256.h"
#include "core/json/json_writer.h"
#include "core/storage/storage.h"
#include "evidence/signer/log_key.h"
#include "tools/trucewatch/agreement_files.h"
#include "tools/trucewatch/commands/agreement_commands.h"
#include "tools/trucewatch/output_file.h"
#include "verify/agreement/agreement.h"
#include "verify/agreement/freeze.h"
#include "verify/agreement/lint.h"
#include "verify/agreement/versions.h"

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

// text: with points; hash: of the file as it is.
Result<void> PrintLintWords(const std::vector<LintMessage>& messages, const std::string& file,
                            const std::string& text, const std::string& hash) {
  for (const LintMessage& message : messages)
    std::printf("%s\n", FormatLintMessage(message, file).c_str());
  if (HasErrors(messages)) {
    std::printf("%s: %s; the agreement cannot be used as it is\n", file.c_str(),
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
              hash.c_str());
  for (const Rule& rule : agreement.rules) std::printf("  %s\n", Describe(agreement, rule).c_str());
  for (const PermittedCorridor& corridor : agreement.permitted)
    std::printf("  %s\n", Describe(corridor).c_str());
  return {};
}

// Said of a file that can be used only together with its map files.
LintMessage NotFrozen() {
  LintMessage message;
  message.severity = LintMessage::Severity::kWarning;
  message.field = "geometry_file";
  message.text = "Zones, lines or roads are still drawn in other files.";
  message.meaning =
      "The agreement alone does not say where they are, and the software will not "
      "take it.";
  message.advice = "Run `trucewatch agreement freeze`, and let both sides sign what it writes.";
  return message;
}

// Says who signed. All of `keys` must have.
Result<bool> CheckKeys(const CheckAgreementCommand& command, const std::string& file,
                       const std::string& text) {
  TW_ASSIGN_OR_RETURN(const Agreement agreement, ParseAgreement(text, file));
  std::vector<NoteKey> keys;
  for (const std::string& path : command.keys) {
    TW_ASSIGN_OR_RETURN(std::string vkey, ReadTextFile(path));
    vkey.erase(vkey.find_last_not_of(" \n\r") + 1);
    auto key = ParseVkey(vkey);
    if (!key) return Prefix(path, key.error());
    keys.push_back(std::move(*key));
  }
  const std::string note_path = file + ".note";
  const auto note = ReadTextFile(note_path);
  if (!note) {
    std::fprintf(stderr, "%s: nobody has signed it: %s\n", file.c_str(),
                 note.error().message.c_str());
    return false;
  }
  const auto signers = CheckSeal(agreement, *note, keys);
  if (!signers) {
    std::fprintf(stderr, "%s: %s\n", note_path.c_str(), signers.error().message.c_str());
    return false;
  }
  bool all = true;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const bool signed_it = std::find(signers->begin(), signers->end(), i) != signers->end();
    all &= signed_it;
    if (!command.json || !signed_it)
      std::fprintf(signed_it ? stdout : stderr, "%s: %s by %s (%s)\n", file.c_str(),
                   signed_it ? "signed" : "not signed", keys[i].name.c_str(),
                   command.keys[i].c_str());
  }
  return all;
}

}  // namespace

Result<int> RunCheckAgreement(const CheckAgreementCommand& command) {
  int code = 0;
  std::vector<AgreementFile> versions;
  std::vector<CheckedAgreement> checked;
  for (const std::string& file : command.files) {
    TW_ASSIGN_OR_RETURN(std::string text, ReadTextFile(file));
    checked.push_back(CheckWithMapFiles(file, text));
    versions.push_back({file, std::move(text)});
  }
  // A single amendment is looked at by itself; a chain has to begin with the first version.
  const auto chain = versions.size() > 1 ? CheckVersions(versions) : std::vector<VersionMessage>();
  for (std::size_t i = 0; i < versions.size(); ++i) {
    std::vector<LintMessage>& messages = checked[i].messages;
    for (const VersionMessage& message : chain)
      if (message.file == versions[i].name) messages.push_back(message.message);
    if (!checked[i].frozen && !HasErrors(messages)) messages.push_back(NotFrozen());
    if (command.json) {
      PrintLintJson(messages, versions[i].name, HexEncode(Sha256(versions[i].text)));
    } else {
      TW_RETURN_IF_ERROR(PrintLintWords(messages, versions[i].name, checked[i].text,
                                        HexEncode(Sha256(versions[i].text))));
    }
    if (!HasErrors(messages)) continue;
    // What the parser could not read has no field; nothing behind it was looked at.
    code = std::max(code, messages.size() == 1 && messages[0].field.empty() ? 3 : 4);
  }
  if (code != 0) return code;
  if (!command.keys.empty()) {
    TW_ASSIGN_OR_RETURN(const bool all,
                        CheckKeys(command, versions.back().name, versions.back().text));
    if (!all) return 4;
  }
  if (command.map.empty()) return 0;
  TW_ASSIGN_OR_RETURN(const Agreement agreement,
                      ParseAgreement(checked.back().text, versions.back().name));
  TW_ASSIGN_OR_RETURN(const std::string map, AgreementMap(agreement, command.map));
  const auto storage = MakePosixStorage();
  TW_RETURN_IF_ERROR(WriteOutputFile(*storage, command.map, AsBytes(map)));
  return 0;
}

Result<int> RunFreezeAgreement(const FreezeAgreementCommand& command) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(command.file));
  const Frozen frozen =
      FreezeAgreement(text, command.file, ReadMapFiles(command.file, text), false);
  std::vector<LintMessage> messages = LintAgreement(frozen.text, command.file);
  if (HasErrors(frozen.messages)) messages = frozen.messages;
  if (HasErrors(messages)) {
    for (const LintMessage& message : messages)
      if (message.severity == LintMessage::Severity::kError)
        std::fprintf(stderr, "%s\n", FormatLintMessage(message, command.file).c_str());
    return 4;
  }
  const auto storage = MakePosixStorage();
  TW_RETURN_IF_ERROR(WriteOutputFile(*storage, command.out, AsBytes(frozen.text)));
  std::printf("%s: the points of %d drawings are in it; SHA-256 %s\n", command.out.c_str(),
              frozen.drawn, HexEncode(Sha256(frozen.text)).c_str());
  return 0;
}

Result<int> RunSignAgreement(const SignAgreementCommand& command) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(command.file));
  // Nobody signs what cannot be used, nor what still rests on other files.
  TW_ASSIGN_OR_RETURN(const Agreement agreement, ParseAgreement(text, command.file));
  TW_ASSIGN_OR_RETURN(const std::string key_text, ReadTextFile(command.key));
  const auto key = evidence::LogKey::Parse(key_text);
  if (!key) return Prefix(command.key, key.error());
  const std::string note_path = command.file + ".note";
  const auto storage = MakePosixStorage();
  std::string note;
  TW_ASSIGN_OR_RETURN(const bool exists, storage->Exists(note_path));
  if (exists) {
    TW_ASSIGN_OR_RETURN(note, ReadTextFile(note_path));
  }
  auto sealed = AddSeal(agreement, note, key->Sign(SealText(agreement)));
  if (!sealed) return Prefix(note_path, sealed.error());
  TW_RETURN_IF_ERROR(WriteOutputFile(*storage, note_path, AsBytes(*sealed)));
  std::printf("%s: signed by %s, SHA-256 %s\n", note_path.c_str(), key->name().c_str(),
              agreement.hash.c_str());
  return 0;
}

}  // namespace trucewatch::tools
