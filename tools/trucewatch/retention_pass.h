// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/keys/key_book.h"
#include "core/note/signed_note.h"
#include "core/storage/storage.h"
#include "core/types/finding.h"
#include "evidence/ledger_publisher.h"
#include "evidence/retention/needs.h"
#include "evidence/retention/plan.h"
#include "tools/trucewatch/raw_logs.h"
#include "trucewatch/v1/config/mission.pb.h"

namespace trucewatch::tools {

// A replay keeps its logs in RUN/state, a run in its state folder itself.
std::string StateFolderOf(const std::string& run);

// A trim as it stands in the ledger.
struct RecordedTrim {
  evidence::TrimRecord record;
  std::uint64_t ledger_index = 0;
};

// What a ledger says about keeping evidence.
struct KeepingRecord {
  std::string origin;
  v1::config::MissionConfig config;  // of the mission header
  std::vector<NoteKey> holders;      // officers of the sources and retention's own
  KeyBook keys;                      // the newest key set; not begun where there is none
  std::vector<Finding> subjects;     // on events and cases, in order
  std::vector<evidence::HoldStatement> holds;
  std::vector<RecordedTrim> trims;
  Instant newest;  // time of the last entry
};
Result<KeepingRecord> ReadKeepingRecord(Storage& storage, const std::string& ledger_directory);

// Signed notes in STATE/holds, by name: they count from the moment they lie there. One that does
// not read is no reason to trim: it fails.
Result<std::map<std::string, std::string>> ReadHoldNotes(Storage& storage,
                                                         const std::string& state);

struct RetentionTerms {
  Duration keep, margin;
  std::uint64_t quota_bytes = 0;
  std::optional<Instant> now;  // nothing: the newest record
};

// What would go and what stays, and why.
struct RetentionOutlook {
  evidence::RetentionRule rule;
  std::vector<evidence::StoredSegment> segments;
  evidence::RetentionPlan plan;
  std::vector<RecordedTrim> pending;         // on record, but still there: a crash lay between
  std::vector<RecordedTrim> earlier;         // on record, and gone
  std::map<std::string, std::string> notes;  // ReadHoldNotes, as they were looked at
};

// Decides and carries out what retention takes away from the raw logs of one run. Nothing goes
// before a signed checkpoint covers the record of it.
class RetentionPass {
 public:
  using Logs = std::map<std::string, Journal*>;  // those of kRawLogs that the run has
  // All outlive it.
  RetentionPass(Storage& storage, std::string state, Logs logs)
      : storage_(storage), state_(std::move(state)), logs_(std::move(logs)) {}

  Result<RetentionOutlook> Look(const KeepingRecord& record, const RetentionTerms& terms);

  // Holds that the ledger does not know yet, trims that a crash interrupted, and then the plan.
  // `settle` brings what was added under a signed checkpoint, or fails. What was trimmed is
  // returned. Fails with kUnavailable, and nothing goes, when a note was added since the look.
  Result<std::vector<evidence::TrimRecord>> Trim(const KeepingRecord& record,
                                                 const RetentionOutlook& outlook,
                                                 evidence::LedgerPublisher& publisher,
                                                 const std::function<Result<void>()>& settle);

 private:
  Result<void> SameNotes(const RetentionOutlook& outlook);
  Result<void> CarryOut(const evidence::TrimRecord& record, std::uint64_t ledger_index);

  Storage& storage_;
  const std::string state_;
  const Logs logs_;
};

// Digests of what was trimmed, from the lists that were written before it went: to when and why.
Result<std::map<Digest, std::string>> ReadTrimmedDigests(Storage& storage, const std::string& state,
                                                         const KeepingRecord& record);

}  // namespace trucewatch::tools
