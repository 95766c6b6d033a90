// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/ledger_record.h"

#include <algorithm>

#include "core/crypto/sha256.h"
#include "core/note/signed_note.h"
#include "core/types/codec.h"
#include "evidence/leaf.h"
#include "evidence/ledger/checkpoint.h"
#include "evidence/ledger/reread.h"
#include "evidence/ledger/tiles.h"
#include "tools/audit/audit.h"

namespace trucewatch::tools {
namespace {

constexpr std::uint64_t kMaxPolicy = 1U << 20U;

class LedgerReader {
 public:
  LedgerReader(Storage& storage, const std::string& run) : storage_(storage), run_(run) {
    out_.ledger_path = run + "/ledger";
  }

  Result<LedgerRecord> Read(std::optional<Instant> as_of) {
    TW_RETURN_IF_ERROR(ReadCheckpoint());
    TW_RETURN_IF_ERROR(Audit());
    const std::uint64_t bundles = (out_.size + evidence::kTileWidth - 1) / evidence::kTileWidth;
    for (std::uint64_t i = 0; i < bundles; ++i) TW_RETURN_IF_ERROR(ReadBundle(i, as_of));
    out_.as_of = as_of.value_or(out_.record.end);
    return out_;
  }

  // Whether another checkpoint took the place of the one that was read: a mission at work removes
  // outgrown files.
  bool IsOvertaken() const {
    const auto now = ReadWholeFile(storage_, out_.ledger_path + "/checkpoint", kMaxNoteSize);
    return now && !checkpoint_.empty() && *now != checkpoint_;
  }

 private:
  Result<void> ReadCheckpoint() {
    const std::string path = out_.ledger_path + "/checkpoint";
    TW_ASSIGN_OR_RETURN(const bool there, storage_.Exists(path));
    if (!there) {
      return Fail(
          ErrorCode::kNotFound,
          "{}: no such file; expected the folder of a replay or a run, with its ledger in it",
          path);
    }
    TW_ASSIGN_OR_RETURN(checkpoint_, ReadWholeFile(storage_, path, kMaxNoteSize));
    const auto note = ParseNote(checkpoint_);
    if (!note) return Prefix(path, note.error());
    const auto checkpoint = evidence::ParseCheckpoint(note->text);
    if (!checkpoint) return Prefix(path, checkpoint.error());
    out_.origin = checkpoint->origin;
    out_.size = checkpoint->size;
    out_.root = checkpoint->root;
    const auto tree = evidence::Reread(
        storage_, {.directory = out_.ledger_path, .old_size = 0, .size = checkpoint->size});
    if (!tree) return Prefix(out_.ledger_path, tree.error());
    if (tree->root != checkpoint->root || tree->leaf_hashes.size() != checkpoint->size) {
      return Fail(ErrorCode::kCheckFailed, "{}: its {} entries do not make the checkpoint's root",
                  out_.ledger_path, checkpoint->size);
    }
    hashes_ = tree->leaf_hashes;
    return {};
  }

  Result<void> Audit() {
    const std::string path = run_ + "/policy.txt";
    TW_ASSIGN_OR_RETURN(const bool there, storage_.Exists(path));
    if (!there) return {};
    out_.policy_path = path;
    TW_ASSIGN_OR_RETURN(const std::string policy, ReadWholeFile(storage_, path, kMaxPolicy));
    audit::AuditOptions options;
    options.ledger = out_.ledger_path;
    options.policy = policy;
    const auto report = audit::AuditLedger(options);
    if (!report) return Prefix(out_.ledger_path, report.error());
    out_.audited = true;
    return {};
  }

  Result<void> ReadBundle(std::uint64_t index, std::optional<Instant> as_of) {
    const std::uint64_t first = index * evidence::kTileWidth;
    const std::uint64_t width = std::min(evidence::kTileWidth, out_.size - first);
    const std::string path =
        evidence::TilePath({.level = evidence::kEntriesLevel, .index = index, .width = width});
    TW_ASSIGN_OR_RETURN(
        const std::string bytes,
        ReadWholeFile(storage_, out_.ledger_path + "/" + path, evidence::kMaxBundleSize));
    TW_ASSIGN_OR_RETURN(const auto entries, evidence::SplitBundle(bytes, width, first));
    for (std::uint64_t i = 0; i < width; ++i) {
      const auto added = Add(entries[i], first + i, as_of);
      if (!added) return Prefix(fmt::format("{}: entry {}", path, first + i), added.error());
    }
    return {};
  }

  Result<void> Add(std::string_view bytes, std::uint64_t index, std::optional<Instant> as_of) {
    TW_ASSIGN_OR_RETURN(const evidence::Leaf leaf, evidence::ParseLeaf(bytes));
    if (index == 0) TW_RETURN_IF_ERROR(AddHeader(leaf));
    if (leaf.kind != evidence::LeafKind::kFinding) return {};
    TW_ASSIGN_OR_RETURN(Finding finding, FromProto(evidence::FindingOf(leaf)));
    if (as_of && finding.time > *as_of) return {};
    out_.entries.push_back({index, hashes_[index], finding.kind, finding.time});
    AddFinding({std::move(finding), index, out_.size}, &out_.record);
    return {};
  }

  Result<void> AddHeader(const evidence::Leaf& leaf) {
    if (!leaf.envelope.has_mission_header()) {
      return Fail(ErrorCode::kBadInput, "is no mission header, which the first entry must be");
    }
    const v1::MissionHeader& header = leaf.envelope.mission_header();
    v1::config::MissionConfig config;
    TW_RETURN_IF_ERROR(ParseTextConfig(header.config_text(), "mission config", &config));
    out_.record = RecordOf(config, {});
    TW_ASSIGN_OR_RETURN(out_.record.versions, ParseVersionsOf(header));
    if (!out_.record.versions.empty()) {
      out_.record.agreement = out_.record.versions.front().second;
      for (const auto& [hash, version] : out_.record.versions)
        out_.agreement_hash += (out_.agreement_hash.empty() ? "" : ", then ") + hash;
    }
    out_.record.exercise = header.exercise();
    out_.record.start = out_.record.end = Instant::FromMicros(header.start_time_us());
    out_.build_id = header.build_id();
    return {};
  }

  Storage& storage_;
  const std::string run_;
  std::string checkpoint_;
  std::vector<Digest> hashes_;
  LedgerRecord out_;
};

}  // namespace

Result<LedgerRecord> ReadLedgerRecord(Storage& storage, const std::string& run,
                                      std::optional<Instant> as_of) {
  constexpr int kAttempts = 5;
  for (int attempt = 1;; ++attempt) {
    LedgerReader reader(storage, run);
    auto record = reader.Read(as_of);
    if (record || attempt == kAttempts || !reader.IsOvertaken()) return record;
  }
}

std::string FindingKindName(FindingKind kind) {
  switch (kind) {
    case FindingKind::kEventTransition:
      return "event_transition";
    case FindingKind::kNotifiedMovement:
      return "notified_movement";
    case FindingKind::kHeartbeat:
      return "heartbeat";
    case FindingKind::kMissionHeader:
      return "mission_header";
    case FindingKind::kDataFault:
      return "data_fault";
    case FindingKind::kSourceStatus:
      return "source_status";
    case FindingKind::kPermittedMovement:
      return "permitted_movement";
    case FindingKind::kHumanRecord:
      return "human_record";
    case FindingKind::kCase:
      return "case";
    case FindingKind::kCoverage:
      return "coverage";
    case FindingKind::kChallenge:
      return "challenge";
    case FindingKind::kRelease:
      return "release";
    case FindingKind::kKeySet:
      return "key_set";
    case FindingKind::kCustody:
      return "custody";
    case FindingKind::kUnspecified:
      break;
  }
  return "unspecified";
}

}  // namespace trucewatch::tools
