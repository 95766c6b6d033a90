// SPDX-License-Identifier: Apache-2.0
// The parties' ledger, made from the officers': what leaves the mission, and when.
#include <cstdio>

#include "core/config/text_config.h"
#include "core/note/signed_note.h"
#include "core/storage/storage.h"
#include "core/types/codec.h"
#include "evidence/leaf.h"
#include "evidence/ledger/ledger.h"
#include "evidence/release/release_book.h"
#include "evidence/signer/log_key.h"
#include "evidence/signer/signer_process.h"
#include "tools/audit/policy.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/ledger_entries.h"
#include "tools/trucewatch/salt_key_file.h"

namespace trucewatch::tools {
namespace {

Result<std::vector<std::string>> PartyLeaves(const LedgerEntries& ledger,
                                             const evidence::SaltKey& salts,
                                             const ReleaseCommand& command) {
  std::optional<evidence::ReleaseBook> book;
  Instant newest;
  const auto read =
      ledger.ForEach([&](std::uint64_t index, std::string_view bytes) -> Result<void> {
        TW_ASSIGN_OR_RETURN(const evidence::Leaf leaf, evidence::ParseLeaf(bytes));
        if (index == 0) {
          if (!leaf.envelope.has_mission_header())
            return Fail(ErrorCode::kBadInput, "entry 0 of the ledger is no mission header");
          const v1::MissionHeader& header = leaf.envelope.mission_header();
          v1::config::Agreement agreement;
          if (!header.agreement_text().empty())
            TW_RETURN_IF_ERROR(ParseTextConfig(header.agreement_text(), "agreement", &agreement));
          TW_ASSIGN_OR_RETURN(evidence::ReleaseTerms terms, evidence::ReadReleaseTerms(agreement));
          newest = Instant::FromMicros(header.start_time_us());
          book.emplace(std::move(terms), salts, header.exercise(), newest);
        }
        TW_ASSIGN_OR_RETURN(const Finding finding, FromProto(evidence::FindingOf(leaf)));
        newest = std::max(newest, finding.time);
        book->Add(std::string(bytes), finding);
        return {};
      });
  TW_RETURN_IF_ERROR(read);
  if (!book) return Fail(ErrorCode::kBadInput, "the ledger is empty");
  Instant as_of = newest;
  if (!command.as_of.empty()) {
    TW_ASSIGN_OR_RETURN(as_of, ParseUtc(command.as_of));
    // What comes later could still belong into a window that had been given.
    if (as_of > newest && !command.ended)
      return Fail(ErrorCode::kUsage,
                  "--as-of {}: the ledger's newest entry is of {}; a later time needs --ended",
                  command.as_of, FormatUtc(newest));
  } else if (command.ended) {
    // The last window and the last day are told by then.
    as_of = newest + Duration::Seconds(3 * 3600) + evidence::kShortestDelay;
  }
  return book->Take(as_of);
}

}  // namespace

Result<int> RunRelease(const ReleaseCommand& command) {
  const auto storage = MakePosixStorage();
  if (command.new_salts) {
    // Never overwritten: without the old one nothing that was committed can be opened.
    TW_RETURN_IF_ERROR(WriteSaltKey(command.salts));
  }
  TW_ASSIGN_OR_RETURN(const evidence::SaltKey salts, ReadSaltKey(command.salts));
  TW_ASSIGN_OR_RETURN(const std::string key_text, ReadTextFile(command.key));
  const auto key = evidence::LogKey::Parse(key_text);
  if (!key) return Prefix(command.key, key.error());
  TW_ASSIGN_OR_RETURN(const LedgerEntries officers,
                      LedgerEntries::Open(*storage, command.run + "/ledger"));
  const bool exercise = evidence::IsExerciseOrigin(officers.origin());
  TW_RETURN_IF_ERROR(evidence::ValidateOrigin(key->name(), exercise));
  if (key->name() == officers.origin())
    return Fail(ErrorCode::kUsage,
                "{}: is the key of the officers' ledger '{}'; the parties' ledger needs a key and "
                "a name of its own",
                command.key, officers.origin());
  TW_ASSIGN_OR_RETURN(const std::vector<std::string> leaves, PartyLeaves(officers, salts, command));

  const std::string folder = command.out + "/ledger";
  TW_RETURN_IF_ERROR(storage->MakeDirectories(folder));
  TW_ASSIGN_OR_RETURN(const auto ledger,
                      evidence::Ledger::Open(*storage, {folder, key->public_key()}));
  if (ledger->size() > leaves.size())
    return Fail(ErrorCode::kCheckFailed,
                "{}: holds {} entries already, more than may be shown by now", folder,
                ledger->size());
  for (std::uint64_t i = 0; i < ledger->size(); ++i) {
    if (ledger->tree().leaf_hash(i) != evidence::LeafHash(AsBytes(leaves[i])))
      return Fail(
          ErrorCode::kCheckFailed,
          "{}: entry {} was made from another ledger, agreement or salt key; nothing was changed",
          folder, i);
  }
  const std::uint64_t before = ledger->size();
  for (std::uint64_t i = before; i < leaves.size(); ++i)
    TW_RETURN_IF_ERROR(ledger->Append(leaves[i]));
  evidence::SignerProcess signer({{"/proc/self/exe", "signer", "--key", command.key, "--state",
                                   command.key + ".state", "--origin", key->name()}});
  if (ledger->size() > 0) TW_RETURN_IF_ERROR(ledger->Publish(signer));

  std::string statements, open;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    TW_ASSIGN_OR_RETURN(const evidence::PartyLeaf leaf, evidence::ParsePartyLeaf(leaves[i]));
    if (leaf.kind != evidence::PartyLeafKind::kStatement) continue;
    const std::string line = fmt::format("{{\"ledger_index\":{},{}\n", i, leaf.body.substr(1));
    statements += line;
    if (leaf.body.starts_with("{\"statement\":\"day\"")) open += line;
  }
  TW_RETURN_IF_ERROR(
      WriteFileAtomically(*storage, command.out + "/statements.jsonl", AsBytes(statements)));
  TW_RETURN_IF_ERROR(WriteFileAtomically(*storage, command.out + "/public.jsonl", AsBytes(open)));
  const std::string policy = audit::PolicyForLog(FormatVkey(key->public_key()));
  TW_RETURN_IF_ERROR(WriteFileAtomically(*storage, command.out + "/policy.txt", AsBytes(policy)));
  std::printf("%s: %llu entries, %llu of them new; %lld statements both parties may read\n",
              command.out.c_str(), static_cast<unsigned long long>(leaves.size()),
              static_cast<unsigned long long>(leaves.size() - before),
              static_cast<long long>(std::count(statements.begin(), statements.end(), '\n')));
  return 0;
}

}  // namespace trucewatch::tools
