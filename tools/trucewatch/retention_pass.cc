// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/retention_pass.h"

#include <algorithm>
#include <filesystem>

#include "core/config/text_config.h"
#include "core/types/codec.h"
#include "evidence/leaf.h"
#include "evidence/ledger/merkle.h"
#include "tools/trucewatch/ledger_entries.h"

namespace trucewatch::tools {
namespace {

constexpr std::uint64_t kMaxDigestList = 1U << 30U;

std::set<SourceId> HumanSources(const v1::config::MissionConfig& config) {
  std::set<SourceId> out;
  for (const auto& source : config.source()) {
    if (source.format() == v1::config::SourceConfig::HUMAN) out.insert({source.id()});
  }
  return out;
}

// Keys that were revoked are among them: a hold that was placed before must not fall with its key.
Result<std::vector<NoteKey>> HoldersOf(const v1::config::MissionConfig& config,
                                       const KeyBook& key_book) {
  std::map<std::string, NoteKey> keys;  // by vkey: an officer may stand in two places
  const auto add = [&](const std::string& vkey) -> Result<void> {
    TW_ASSIGN_OR_RETURN(NoteKey key, ParseVkey(vkey));
    keys.emplace(vkey, std::move(key));
    return {};
  };
  for (const auto& source : config.source()) {
    if (source.format() != v1::config::SourceConfig::HUMAN ||
        source.human_role() != v1::config::SourceConfig::OFFICERS)
      continue;
    for (const std::string& vkey : source.signer_vkey()) TW_RETURN_IF_ERROR(add(vkey));
  }
  for (const std::string& vkey : config.evidence().retention().holder_vkey())
    TW_RETURN_IF_ERROR(add(vkey));
  if (key_book.has_begun()) {
    for (const NoteKey& key : key_book.KeysOf(kRoleOfficer)) keys.emplace(FormatVkey(key), key);
  }
  std::vector<NoteKey> out;
  for (auto& [vkey, key] : keys) out.push_back(std::move(key));
  return out;
}

std::string DigestListPath(const std::string& state, const evidence::TrimRecord& record) {
  return fmt::format("{}/trimmed/{}-{:020}.sha256", state, record.log, record.first);
}

// The newest word on each segment: one that was withdrawn may be trimmed later.
std::vector<RecordedTrim> NewestTrims(const std::vector<RecordedTrim>& all) {
  std::map<std::pair<std::string, std::uint64_t>, RecordedTrim> newest;
  for (const RecordedTrim& trim : all)
    newest.insert_or_assign({trim.record.log, trim.record.first}, trim);
  std::vector<RecordedTrim> out;
  for (auto& [key, trim] : newest) {
    if (!trim.record.withdrawn) out.push_back(std::move(trim));
  }
  return out;
}

// Operations of the publisher that are trims, also those that no checkpoint covers yet.
Result<std::vector<RecordedTrim>> TrimsOf(const evidence::LedgerPublisher& publisher) {
  std::vector<RecordedTrim> out;
  for (const auto& operation : publisher.operations()) {
    TW_ASSIGN_OR_RETURN(const evidence::Leaf leaf, evidence::ParseLeaf(operation.leaf));
    const v1::DataFault& fault = leaf.envelope.data_fault();
    if (fault.format() != evidence::kTrimFormat) continue;
    TW_ASSIGN_OR_RETURN(evidence::TrimRecord record, evidence::ParseTrim(fault.reason()));
    out.push_back({std::move(record), operation.ledger_index});
  }
  return out;
}

}  // namespace

std::string StateFolderOf(const std::string& run) {
  std::error_code ignored;
  return std::filesystem::is_directory(run + "/state", ignored) ? run + "/state" : run;
}

Result<KeepingRecord> ReadKeepingRecord(Storage& storage, const std::string& ledger_directory) {
  TW_ASSIGN_OR_RETURN(const LedgerEntries ledger, LedgerEntries::Open(storage, ledger_directory));
  KeepingRecord out;
  out.origin = ledger.origin();
  std::vector<std::string> notes;
  const auto read =
      ledger.ForEach([&](std::uint64_t index, std::string_view bytes) -> Result<void> {
        TW_ASSIGN_OR_RETURN(const evidence::Leaf leaf, evidence::ParseLeaf(bytes));
        if (index == 0) {
          TW_RETURN_IF_ERROR(ParseTextConfig(leaf.envelope.mission_header().config_text(),
                                             "mission config", &out.config));
          const auto& sets = leaf.envelope.mission_header().key_set_note();
          if (out.config.has_keys()) {
            TW_RETURN_IF_ERROR(out.keys.Begin(out.origin, out.config.keys().first_sha256(),
                                              std::vector<std::string>(sets.begin(), sets.end())));
          }
        }
        const v1::Finding message = evidence::FindingOf(leaf);
        out.newest = std::max(out.newest, Instant::FromMicros(message.time_us()));
        if (leaf.kind == evidence::LeafKind::kOperation) {
          const v1::DataFault& fault = leaf.envelope.data_fault();
          if (fault.format() == evidence::kHoldFormat) notes.push_back(fault.reason());
          if (fault.format() == evidence::kTrimFormat) {
            TW_ASSIGN_OR_RETURN(evidence::TrimRecord record, evidence::ParseTrim(fault.reason()));
            out.trims.push_back({std::move(record), index});
          }
          return {};
        }
        if (message.kind() == v1::FINDING_KIND_KEY_SET && message.has_human_record()) {
          TW_ASSIGN_OR_RETURN(KeySetVersion next, out.keys.Check(message.human_record().key_set()));
          out.keys.Take(std::move(next));
        }
        if (message.event_id().empty() && message.case_id().empty()) return {};
        TW_ASSIGN_OR_RETURN(Finding finding, FromProto(message));
        out.subjects.push_back(std::move(finding));
        return {};
      });
  TW_RETURN_IF_ERROR(read);
  TW_ASSIGN_OR_RETURN(out.holders, HoldersOf(out.config, out.keys));
  for (const std::string& note : notes) {
    TW_ASSIGN_OR_RETURN(evidence::HoldStatement hold,
                        evidence::ParseHold(note, out.origin, out.holders));
    out.holds.push_back(std::move(hold));
  }
  return out;
}

Result<std::map<std::string, std::string>> ReadHoldNotes(Storage& storage,
                                                         const std::string& state) {
  std::map<std::string, std::string> out;
  const std::string folder = state + "/holds";
  TW_ASSIGN_OR_RETURN(const bool there, storage.Exists(folder));
  if (!there) return out;
  TW_ASSIGN_OR_RETURN(const std::vector<std::string> names, storage.List(folder));
  for (const std::string& name : names) {
    if (!name.ends_with(".note")) continue;
    TW_ASSIGN_OR_RETURN(out[name], ReadWholeFile(storage, folder + "/" + name, kMaxNoteSize));
  }
  return out;
}

Result<RetentionOutlook> RetentionPass::Look(const KeepingRecord& record,
                                             const RetentionTerms& terms) {
  evidence::Needs needs(terms.margin);
  for (const Finding& finding : record.subjects) needs.Add(finding);
  for (const evidence::HoldStatement& hold : record.holds) needs.Add(hold);
  TW_ASSIGN_OR_RETURN(const auto notes, ReadHoldNotes(storage_, state_));
  for (const auto& [name, note] : notes) {
    const auto hold = evidence::ParseHold(note, record.origin, record.holders);
    if (!hold) return Prefix(state_ + "/holds/" + name, hold.error());
    needs.Add(*hold);
  }
  needs.Settle();
  RetentionOutlook out;
  out.notes = notes;
  const std::set<SourceId> human_sources = HumanSources(record.config);
  Instant newest;
  for (const auto& [name, log] : logs_) {
    TW_ASSIGN_OR_RETURN(auto segments, ScanRawLog(name, *log, needs, human_sources));
    for (evidence::StoredSegment& segment : segments) {
      newest = std::max(newest, segment.time_last);
      out.segments.push_back(std::move(segment));
    }
  }
  // No clock is asked: one that is wrong by a month must not cost a month of evidence.
  out.rule = {.keep = terms.keep,
              .quota_bytes = terms.quota_bytes,
              .margin = terms.margin,
              .now = terms.now.value_or(newest)};
  for (const RecordedTrim& trim : NewestTrims(record.trims)) {
    const bool still_there = std::any_of(
        out.segments.begin(), out.segments.end(), [&](const evidence::StoredSegment& segment) {
          return segment.log == trim.record.log && segment.first == trim.record.first;
        });
    (still_there ? out.pending : out.earlier).push_back(trim);
  }
  out.plan = evidence::PlanRetention(out.segments, out.rule);
  return out;
}

Result<void> RetentionPass::SameNotes(const RetentionOutlook& outlook) {
  TW_ASSIGN_OR_RETURN(const auto notes, ReadHoldNotes(storage_, state_));
  if (notes == outlook.notes) return {};
  return Fail(ErrorCode::kUnavailable,
              "{}/holds: a note was added meanwhile; nothing was trimmed, run it again", state_);
}

Result<void> RetentionPass::CarryOut(const evidence::TrimRecord& record,
                                     std::uint64_t ledger_index) {
  const auto log = logs_.find(record.log);
  if (log == logs_.end())
    return Fail(ErrorCode::kCheckFailed, "the ledger says that '{}' was trimmed: no such log",
                record.log);
  return log->second->Trim(
      record.first, fmt::format("{} (ledger entry {})", evidence::TrimNote(record), ledger_index));
}

Result<std::vector<evidence::TrimRecord>> RetentionPass::Trim(
    const KeepingRecord& record, const RetentionOutlook& outlook,
    evidence::LedgerPublisher& publisher, const std::function<Result<void>()>& settle) {
  const std::int64_t now_us = outlook.rule.now.micros();
  TW_RETURN_IF_ERROR(SameNotes(outlook));
  for (const auto& [name, note] : outlook.notes) {
    TW_ASSIGN_OR_RETURN(const auto hold, evidence::ParseHold(note, record.origin, record.holders));
    const bool known =
        std::any_of(record.holds.begin(), record.holds.end(),
                    [&](const evidence::HoldStatement& one) { return one.id == hold.id; });
    if (known) continue;
    publisher.Add({std::string(evidence::kHoldFormat), hold.author, note, hold.time.micros()});
  }
  // What was said before a crash: done now, or taken back where something needs it by now.
  TW_ASSIGN_OR_RETURN(const std::vector<RecordedTrim> said, TrimsOf(publisher));
  std::set<std::pair<std::string, std::uint64_t>> resumed;
  for (const RecordedTrim& trim : NewestTrims(said)) {
    const auto segment = std::find_if(
        outlook.segments.begin(), outlook.segments.end(),
        [&](const auto& s) { return s.log == trim.record.log && s.first == trim.record.first; });
    if (segment == outlook.segments.end()) continue;
    if (segment->kept_because.empty()) {
      resumed.insert({trim.record.log, trim.record.first});
      continue;
    }
    evidence::TrimRecord back = trim.record;
    back.withdrawn = true;
    back.time = outlook.rule.now;
    back.rule = segment->kept_because;
    publisher.Add({std::string(evidence::kTrimFormat), "", evidence::TrimText(back), now_us});
  }
  TW_RETURN_IF_ERROR(storage_.MakeDirectories(state_ + "/trimmed"));
  for (const auto& trim : outlook.plan.trims) {
    const evidence::StoredSegment& segment = outlook.segments[trim.segment];
    if (resumed.contains({segment.log, segment.first})) continue;
    TW_ASSIGN_OR_RETURN(const TrimDraft draft,
                        DraftTrim(segment, *logs_.at(segment.log), trim.rule, outlook.rule.now));
    std::string list;
    for (const Digest& digest : draft.digests) list += HexEncode(digest) + "\n";
    TW_RETURN_IF_ERROR(
        WriteFileAtomically(storage_, DigestListPath(state_, draft.record), AsBytes(list)));
    publisher.Add(
        {std::string(evidence::kTrimFormat), "", evidence::TrimText(draft.record), now_us});
  }
  TW_RETURN_IF_ERROR(settle());
  TW_RETURN_IF_ERROR(SameNotes(outlook));
  TW_ASSIGN_OR_RETURN(const std::vector<RecordedTrim> now_said, TrimsOf(publisher));
  std::vector<evidence::TrimRecord> done;
  for (const RecordedTrim& trim : NewestTrims(now_said)) {
    if (trim.ledger_index >= publisher.signed_size()) continue;
    const bool still_there =
        std::any_of(outlook.segments.begin(), outlook.segments.end(), [&](const auto& segment) {
          return segment.log == trim.record.log && segment.first == trim.record.first;
        });
    if (!still_there) continue;
    TW_RETURN_IF_ERROR(CarryOut(trim.record, trim.ledger_index));
    done.push_back(trim.record);
  }
  return done;
}

Result<std::map<Digest, std::string>> ReadTrimmedDigests(Storage& storage, const std::string& state,
                                                         const KeepingRecord& record) {
  std::map<Digest, std::string> out;
  for (const RecordedTrim& trim : NewestTrims(record.trims)) {
    if (trim.record.log != "journal") continue;
    const std::string path = DigestListPath(state, trim.record);
    TW_ASSIGN_OR_RETURN(const bool there, storage.Exists(path));
    if (!there) continue;
    TW_ASSIGN_OR_RETURN(const std::string list, ReadWholeFile(storage, path, kMaxDigestList));
    evidence::MerkleTree tree;
    std::vector<Digest> digests;
    for (std::size_t at = 0; at + 65 <= list.size(); at += 65) {
      const auto bytes = HexDecode(std::string_view(list).substr(at, 64));
      if (!bytes) return Fail(ErrorCode::kCheckFailed, "{}: line {} is no digest", path, at / 65);
      Digest& digest = digests.emplace_back();
      std::copy(bytes->begin(), bytes->end(), digest.begin());
      tree.Append(evidence::LeafHash(digest));
    }
    if (tree.size() == 0 || tree.Root(tree.size()) != trim.record.root)
      return Fail(ErrorCode::kCheckFailed, "{}: is not what ledger entry {} says was trimmed", path,
                  trim.ledger_index);
    const std::string note =
        fmt::format("{} (ledger entry {})", evidence::TrimNote(trim.record), trim.ledger_index);
    for (const Digest& digest : digests) out.emplace(digest, note);
  }
  return out;
}

}  // namespace trucewatch::tools
