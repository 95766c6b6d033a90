// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/party_release.h"

#include <algorithm>

#include "core/config/text_config.h"
#include "core/types/codec.h"
#include "evidence/leaf.h"
#include "evidence/ledger/checkpoint.h"
#include "evidence/signer/log_key.h"
#include "tools/audit/policy.h"
#include "tools/trucewatch/salt_key_file.h"

namespace trucewatch::tools {
namespace {

constexpr std::string_view kDay = "{\"statement\":\"day\"";

}  // namespace

Result<std::optional<std::string>> StatementLine(std::string_view party_leaf,
                                                 std::uint64_t ledger_index) {
  TW_ASSIGN_OR_RETURN(const evidence::PartyLeaf leaf, evidence::ParsePartyLeaf(party_leaf));
  if (leaf.kind != evidence::PartyLeafKind::kStatement || leaf.body.empty()) return std::nullopt;
  return std::optional(fmt::format("{{\"ledger_index\":{},{}", ledger_index, leaf.body.substr(1)));
}

bool IsForThePublic(std::string_view party_leaf) {
  const auto leaf = evidence::ParsePartyLeaf(party_leaf);
  return leaf && leaf->kind == evidence::PartyLeafKind::kStatement && leaf->body.starts_with(kDay);
}

Result<std::unique_ptr<PartyRelease>> PartyRelease::Open(Storage& storage,
                                                         PartyReleaseOptions options) {
  std::unique_ptr<PartyRelease> out(new PartyRelease(storage, std::move(options)));
  const PartyReleaseOptions& o = out->options_;
  if (o.make_salts) {
    TW_ASSIGN_OR_RETURN(const bool has_salts, storage.Exists(o.salt_file));
    TW_ASSIGN_OR_RETURN(const bool has_ledger, storage.Exists(o.directory + "/ledger/checkpoint"));
    if (!has_salts && !has_ledger) TW_RETURN_IF_ERROR(WriteSaltKey(o.salt_file));
  }
  TW_ASSIGN_OR_RETURN(out->salts_, ReadSaltKey(o.salt_file));
  TW_ASSIGN_OR_RETURN(const std::string key_text, ReadTextFile(o.key_file));
  const auto key = evidence::LogKey::Parse(key_text);
  if (!key) return Prefix(o.key_file, key.error());
  TW_RETURN_IF_ERROR(
      evidence::ValidateOrigin(key->name(), evidence::IsExerciseOrigin(o.officers_origin)));
  if (key->name() == o.officers_origin)
    return Fail(ErrorCode::kUsage,
                "{}: is the key of the officers' ledger '{}'; the parties' ledger needs a key and "
                "a name of its own",
                o.key_file, o.officers_origin);
  out->key_ = key->public_key();
  TW_RETURN_IF_ERROR(storage.MakeDirectories(o.directory + "/ledger"));
  TW_ASSIGN_OR_RETURN(out->ledger_,
                      evidence::Ledger::Open(storage, {o.directory + "/ledger", out->key_}));
  out->signer_.emplace(evidence::SignerProcessOptions{
      .argv = {o.signer_program, "signer", "--key", o.key_file, "--state",
               o.signer_state.empty() ? o.key_file + ".state" : o.signer_state, "--origin",
               key->name()}});
  return out;
}

Result<void> PartyRelease::Add(std::string_view bytes) {
  TW_ASSIGN_OR_RETURN(const evidence::Leaf leaf, evidence::ParseLeaf(bytes));
  if (!book_) {
    if (!leaf.envelope.has_mission_header())
      return Fail(ErrorCode::kBadInput, "entry 0 of the ledger is no mission header");
    const v1::MissionHeader& header = leaf.envelope.mission_header();
    v1::config::Agreement agreement;
    if (!header.agreement_text().empty())
      TW_RETURN_IF_ERROR(ParseTextConfig(header.agreement_text(), "agreement", &agreement));
    TW_ASSIGN_OR_RETURN(evidence::ReleaseTerms terms, evidence::ReadReleaseTerms(agreement));
    delay_ = terms.parties.delay;
    newest_ = Instant::FromMicros(header.start_time_us());
    book_.emplace(std::move(terms), salts_, header.exercise(), newest_);
  }
  ++added_;
  if (leaf.kind == evidence::LeafKind::kOperation) {
    waiting_.emplace_back(bytes);
    return {};
  }
  for (const std::string& operation : waiting_) {
    TW_ASSIGN_OR_RETURN(const evidence::Leaf read, evidence::ParseLeaf(operation));
    TW_RETURN_IF_ERROR(AddToBook(operation, read));
  }
  waiting_.clear();
  return AddToBook(std::string(bytes), leaf);
}

Result<void> PartyRelease::AddToBook(const std::string& bytes, const evidence::Leaf& leaf) {
  TW_ASSIGN_OR_RETURN(const Finding finding, FromProto(evidence::FindingOf(leaf)));
  newest_ = std::max(newest_, finding.time);
  book_->Add(bytes, finding);
  return {};
}

// The last window and the last day are told by then.
Instant PartyRelease::all_shown() const { return newest_ + Duration::Seconds(3 * 3600) + delay_; }

Result<void> PartyRelease::Release(Instant as_of) {
  if (!book_) return Fail(ErrorCode::kBadInput, "the ledger is empty");
  std::vector<std::string> more = book_->Take(as_of);
  const std::uint64_t first = leaves_.size();
  for (std::uint64_t i = 0; i < more.size() && first + i < ledger_->size(); ++i) {
    if (ledger_->tree().leaf_hash(first + i) != evidence::LeafHash(AsBytes(more[i])))
      return Fail(
          ErrorCode::kCheckFailed,
          "{}/ledger: entry {} was made from another ledger, agreement or salt key; nothing was "
          "changed",
          options_.directory, first + i);
  }
  for (std::string& leaf : more) {
    if (leaves_.size() >= ledger_->size()) TW_RETURN_IF_ERROR(ledger_->Append(leaf));
    leaves_.push_back(std::move(leaf));
  }
  if (ledger_->size() > ledger_->published_size()) {
    TW_RETURN_IF_ERROR(ledger_->Publish(*signer_));
    TW_RETURN_IF_ERROR(ledger_->TidyUp());
  }
  // What may not be shown any more than that yet is there from before.
  if (leaves_.size() < ledger_->size()) return {};
  return WriteFiles();
}

Result<void> PartyRelease::WriteFiles() {
  std::string statements, open;
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    TW_ASSIGN_OR_RETURN(const auto line, StatementLine(leaves_[i], i));
    if (!line) continue;
    statements += *line + "\n";
    if (IsForThePublic(leaves_[i])) open += *line + "\n";
  }
  const std::string& folder = options_.directory;
  TW_RETURN_IF_ERROR(
      WriteFileAtomically(storage_, folder + "/statements.jsonl", AsBytes(statements)));
  TW_RETURN_IF_ERROR(WriteFileAtomically(storage_, folder + "/public.jsonl", AsBytes(open)));
  return WriteFileAtomically(storage_, folder + "/policy.txt",
                             AsBytes(audit::PolicyForLog(FormatVkey(key_))));
}

}  // namespace trucewatch::tools
