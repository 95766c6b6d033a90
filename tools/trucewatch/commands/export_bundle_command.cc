// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include "core/config/text_config.h"
#include "core/journal/journal.h"
#include "evidence/release/party_leaf.h"
#include "evidence/release/release_terms.h"
#include "tools/trucewatch/case_files.h"
#include "tools/trucewatch/case_logs.h"
#include "tools/trucewatch/case_page.h"
#include "tools/trucewatch/case_pictures.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/coverage_json.h"
#include "tools/trucewatch/event_json.h"
#include "tools/trucewatch/ledger_entries.h"
#include "tools/trucewatch/retention_pass.h"
#include "tools/trucewatch/salt_key_file.h"
#include "tools/trucewatch/sealed_case.h"

namespace trucewatch::tools {
namespace {

Result<void> AddLeaf(const LedgerEntries& ledger, std::uint64_t index, std::string_view leaf,
                     CaseFolder& folder) {
  TW_RETURN_IF_ERROR(folder.Add(fmt::format("leaves/{}.leaf", index), leaf));
  return folder.Add(fmt::format("leaves/{}.tlog-proof", index), ledger.ProofOf(index));
}

// The newest stamped checkpoint that covers every leaf of the case becomes that of its proofs, and
// comes along with its stamp. None: the newest checkpoint, without one.
Result<void> AddStamp(Storage& storage, const std::string& run, const CaseEntries& entries,
                      LedgerEntries& ledger, CaseFolder& folder) {
  const std::string timestamps = run + "/timestamps";
  TW_ASSIGN_OR_RETURN(const bool any, storage.Exists(timestamps));
  if (!any) return {};
  TW_ASSIGN_OR_RETURN(const std::vector<std::string> names, storage.List(timestamps));
  const std::set<std::string> there(names.begin(), names.end());
  const std::uint64_t least = entries.leaves.rbegin()->first + 1;
  for (std::uint64_t size = ledger.size(); size >= least; --size) {
    const std::string name = std::to_string(size);
    if (!there.contains(name + ".tsr")) continue;
    TW_ASSIGN_OR_RETURN(
        const std::string checkpoint,
        ReadWholeFile(storage, timestamps + "/" + name + ".checkpoint", kMaxNoteSize));
    TW_ASSIGN_OR_RETURN(const std::string response,
                        ReadWholeFile(storage, timestamps + "/" + name + ".tsr", kMaxNoteSize));
    TW_RETURN_IF_ERROR(ledger.UseCheckpoint(checkpoint));
    TW_RETURN_IF_ERROR(folder.Add("checkpoint", checkpoint));
    return folder.Add("checkpoint.tsr", response);
  }
  return {};
}

// What the mission itself says of its keys. A reader's own policy comes from elsewhere.
Result<void> AddPolicy(const std::string& from, CaseFolder& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(from, ignored)) return {};
  TW_ASSIGN_OR_RETURN(const std::string policy, ReadTextFile(from));
  return folder.Add("policy.txt", policy);
}

// Both make the bundle in `out` and say what is in it.
Result<std::string> ForOfficers(Storage& storage, const ExportBundleCommand& command,
                                const evidence::LogKey& key, const std::string& out) {
  TW_ASSIGN_OR_RETURN(LedgerEntries ledger, LedgerEntries::Open(storage, command.run + "/ledger"));
  TW_ASSIGN_OR_RETURN(const CaseEntries entries, SelectCase(ledger, command.event));
  TW_ASSIGN_OR_RETURN(CaseFolder folder, CaseFolder::Make(storage, out));
  TW_RETURN_IF_ERROR(AddStamp(storage, command.run, entries, ledger, folder));
  for (const auto& [index, leaf] : entries.leaves)
    TW_RETURN_IF_ERROR(AddLeaf(ledger, index, leaf, folder));
  std::string lines;
  for (const Published& one : entries.statements) lines += EventJson(one) + "\n";
  TW_RETURN_IF_ERROR(folder.Add("events.jsonl", lines));
  TW_RETURN_IF_ERROR(AddPolicy(command.run + "/policy.txt", folder));
  TW_RETURN_IF_ERROR(folder.Add("agreement.txtpb", entries.agreement_text));
  TW_RETURN_IF_ERROR(folder.Add("mission.txtpb", entries.config_text));
  MissionRecord covered;
  covered.coverage_published = entries.coverage;
  TW_RETURN_IF_ERROR(folder.Add("coverage.jsonl", CoverageLines(covered)));
  const std::string state = StateFolderOf(command.run);
  std::error_code ignored;
  if (std::filesystem::is_directory(state + "/journal", ignored)) {
    TW_ASSIGN_OR_RETURN(const auto journal, Journal::Open(storage, state + "/journal"));
    TW_ASSIGN_OR_RETURN(const KeepingRecord keeping,
                        ReadKeepingRecord(storage, command.run + "/ledger"));
    TW_ASSIGN_OR_RETURN(const TrimmedDigests trimmed, ReadTrimmedDigests(storage, state, keeping));
    PresentRecords present(*journal);
    TW_ASSIGN_OR_RETURN(const std::size_t gone, AddRaw(entries, present, trimmed, false, folder));
    if (gone > 0)
      std::fprintf(
          stderr,
          "%zu raw records that its entries name were trimmed; trimmed.jsonl says when and "
          "by which rule\n",
          gone);
  } else {
    std::fprintf(stderr,
                 "%s/journal: no such folder; the bundle has no raw excerpts, which its entries "
                 "name by digest\n",
                 state.c_str());
    TW_RETURN_IF_ERROR(folder.Add("raw/records.jsonl", ""));
  }
  TW_RETURN_IF_ERROR(AddObservations(storage, state, entries, folder));
  // A picture is a help, no evidence: the bundle is good without.
  auto pictures = CasePictures(storage, state, entries);
  if (!pictures) {
    std::fprintf(stderr, "no picture in the bundle: %s\n", pictures.error().message.c_str());
    pictures.emplace();
  }
  for (const CasePicture& picture : *pictures)
    TW_RETURN_IF_ERROR(folder.Add(picture.path, picture.bytes));
  TW_RETURN_IF_ERROR(folder.Add("index.html", CasePage(entries, *pictures)));
  TW_RETURN_IF_ERROR(folder.Sign({entries.statements.front().finding.event_id, "officers",
                                  ledger.origin(), entries.record.exercise, ledger.size()},
                                 key));
  return fmt::format("{} statements, {} files, {:.1f} MB, signed by {}", entries.statements.size(),
                     folder.files() + 1, static_cast<double>(folder.bytes()) / 1e6, key.name());
}

// Entries of the parties' ledger, by the commitment that each is.
using Commitments = std::map<std::string, std::uint64_t, std::less<>>;

Digest CommitmentOf(const Published& one, const CaseEntries& entries,
                    const evidence::SaltKey& salts) {
  return evidence::Commit(evidence::SaltOf(salts, one.ledger_index),
                          entries.leaves.at(one.ledger_index));
}

// Statements that the parties' ledger commits to: nothing is shown before its time.
std::vector<Published> Committed(const CaseEntries& entries, const evidence::SaltKey& salts,
                                 const Commitments& commitments) {
  std::vector<Published> out;
  for (const Published& one : entries.statements) {
    if (commitments.contains(AsText(CommitmentOf(one, entries, salts)))) out.push_back(one);
  }
  return out;
}

// Where the agreement has pictures for parties.
Result<std::optional<CasePicture>> PartyPicture(Storage& storage,
                                                const ExportBundleCommand& command,
                                                const CaseEntries& entries,
                                                const std::vector<Published>& told) {
  // Terms of release are those of the first version, for the whole mission.
  if (entries.record.versions.empty()) return std::optional<CasePicture>();
  TW_ASSIGN_OR_RETURN(const evidence::ReleaseTerms terms,
                      evidence::ReadReleaseTerms(entries.record.versions.front().second));
  if (!terms.parties.pictures) return std::optional<CasePicture>();
  return RedrawnPicture(storage, StateFolderOf(command.run), told);
}

// Whether the mission has decided that parties may have the recordings of this event.
bool RecordingsReleased(const std::vector<Published>& told) {
  bool released = false;
  for (const Published& one : told) {
    const Finding& f = one.finding;
    // Whatever was decided when it was something else.
    if (f.object_class == ObjectClass::kPersonGroup) return false;
    released = released || (f.kind == FindingKind::kRelease && f.human_record &&
                            f.human_record->decision == "release_raw");
  }
  return released;
}

// What the event rests on: the entries that say so, opened, and what the sensors sent.
Result<void> AddRecordings(Storage& storage, const std::string& run, const LedgerEntries& ledger,
                           CaseEntries entries, std::vector<Published> told,
                           const evidence::SaltKey& salts, const Commitments& commitments,
                           CaseFolder& folder) {
  std::map<std::uint64_t, const Published*> opened;  // by the entry of the parties' ledger
  for (const Published& one : told)
    opened.emplace(commitments.at(std::string(AsText(CommitmentOf(one, entries, salts)))), &one);
  const auto added = ledger.ForEach([&](std::uint64_t index, std::string_view leaf) {
    const auto found = opened.find(index);
    return found == opened.end() ? Result<void>() : AddLeaf(ledger, index, leaf, folder);
  });
  TW_RETURN_IF_ERROR(added);
  for (const auto& [index, one] : opened) {
    const evidence::Salt salt = evidence::SaltOf(salts, one->ledger_index);
    TW_RETURN_IF_ERROR(
        folder.Add(fmt::format("opened/{}.leaf", index), entries.leaves.at(one->ledger_index)));
    TW_RETURN_IF_ERROR(folder.Add(fmt::format("opened/{}.salt", index), AsText(salt)));
  }
  const std::string state = StateFolderOf(run);
  TW_ASSIGN_OR_RETURN(const bool there, storage.Exists(state + "/journal"));
  if (!there)
    return Fail(ErrorCode::kNotFound, "{}/journal: no such folder, and the recordings are in it",
                state);
  TW_ASSIGN_OR_RETURN(const auto journal, Journal::Open(storage, state + "/journal"));
  PresentRecords present(*journal);
  entries.statements = std::move(told);
  return AddRaw(entries, present, {}, true, folder).map([](std::size_t) {});
}

Result<std::string> ForParties(Storage& storage, const ExportBundleCommand& command,
                               const evidence::LogKey& key, const std::string& out) {
  if (command.parties.empty() || command.salts.empty())
    return Fail(ErrorCode::kUsage,
                "--for parties: needs --parties (the folder that release wrote) and --salts");
  TW_ASSIGN_OR_RETURN(const evidence::SaltKey salts, ReadSaltKey(command.salts));
  TW_ASSIGN_OR_RETURN(const LedgerEntries officers,
                      LedgerEntries::Open(storage, command.run + "/ledger"));
  TW_ASSIGN_OR_RETURN(const CaseEntries entries, SelectCase(officers, command.event));
  const std::string name = evidence::PartyName(salts, entries.statements.front().finding.event_id);
  TW_ASSIGN_OR_RETURN(const LedgerEntries ledger,
                      LedgerEntries::Open(storage, command.parties + "/ledger"));
  std::map<std::uint64_t, std::string> leaves;
  std::vector<std::string> statements;
  std::string lines;
  Commitments commitments;
  const auto read =
      ledger.ForEach([&](std::uint64_t index, std::string_view bytes) -> Result<void> {
        TW_ASSIGN_OR_RETURN(const evidence::PartyLeaf leaf, evidence::ParsePartyLeaf(bytes));
        if (leaf.kind == evidence::PartyLeafKind::kCommitment)
          commitments.emplace(leaf.body, index);
        if (leaf.kind != evidence::PartyLeafKind::kStatement ||
            leaf.body.find("\"event\":\"" + name + "\"") == std::string_view::npos)
          return {};
        leaves.emplace(index, bytes);
        statements.emplace_back(leaf.body);
        lines += fmt::format("{{\"ledger_index\":{},{}\n", index, leaf.body.substr(1));
        return {};
      });
  TW_RETURN_IF_ERROR(read);
  if (leaves.empty())
    return Fail(ErrorCode::kUsage,
                "'{}': the parties' ledger says nothing of it (yet); an officer releases it with "
                "`trucewatch decide`, and its delay must have passed",
                command.event);
  TW_ASSIGN_OR_RETURN(CaseFolder folder, CaseFolder::Make(storage, out));
  for (const auto& [index, leaf] : leaves) TW_RETURN_IF_ERROR(AddLeaf(ledger, index, leaf, folder));
  TW_RETURN_IF_ERROR(folder.Add("events.jsonl", lines));
  TW_RETURN_IF_ERROR(AddPolicy(command.parties + "/policy.txt", folder));
  const std::vector<Published> told = Committed(entries, salts, commitments);
  TW_ASSIGN_OR_RETURN(const std::optional<CasePicture> picture,
                      PartyPicture(storage, command, entries, told));
  if (picture) TW_RETURN_IF_ERROR(folder.Add(picture->path, picture->bytes));
  const bool recordings = RecordingsReleased(told);
  if (recordings)
    TW_RETURN_IF_ERROR(
        AddRecordings(storage, command.run, ledger, entries, told, salts, commitments, folder));
  TW_RETURN_IF_ERROR(
      folder.Add("index.html", PartyCasePage(name, entries.record.exercise, statements, picture,
                                             recordings ? told : std::vector<Published>())));
  TW_RETURN_IF_ERROR(
      folder.Sign({name, "parties", ledger.origin(), entries.record.exercise, ledger.size()}, key));
  return fmt::format("{} statements for both parties{}, signed by {}", statements.size(),
                     recordings ? ", and the event's recordings" : "", key.name());
}

}  // namespace

Result<int> RunExportBundle(const ExportBundleCommand& command) {
  const auto storage = MakePosixStorage();
  TW_ASSIGN_OR_RETURN(const std::string key_text, ReadTextFile(command.key));
  const auto key = evidence::LogKey::Parse(key_text);
  if (!key) return Prefix(command.key, key.error());
  const auto make = [&](const std::string& out) {
    return command.audience == "parties" ? ForParties(*storage, command, *key, out)
                                         : ForOfficers(*storage, command, *key, out);
  };
  std::string done;
  if (command.encrypt_to.empty()) {
    TW_ASSIGN_OR_RETURN(done, make(command.out));
  } else {
    TW_RETURN_IF_ERROR(CheckRecipients(command.encrypt_to));  // before the work, not after it
    TW_ASSIGN_OR_RETURN(const PrivateFolder scratch, PrivateFolder::MakeBeside(command.out));
    // One folder comes out of the tar, and its name says no more than the file's.
    const std::string folder = scratch.path() + "/case";
    TW_ASSIGN_OR_RETURN(done, make(folder));
    TW_RETURN_IF_ERROR(SealFolder(folder, command.encrypt_to, command.out));
    done += "; encrypted: open it with `trucewatch bundle open`, or `age --decrypt` and tar";
  }
  std::printf("%s: %s\n", command.out.c_str(), done.c_str());
  return 0;
}

Result<int> RunOpenBundle(const OpenBundleCommand& command) {
  TW_RETURN_IF_ERROR(OpenSealed(command.file, command.identities, command.out));
  std::printf(
      "%s: decrypted; whether it is whole and by whom it was signed says\n"
      "  trucewatch audit --bundle %s --policy POLICY --signer VKEY\n",
      command.out.c_str(), command.out.c_str());
  return 0;
}

}  // namespace trucewatch::tools
