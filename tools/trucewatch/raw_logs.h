// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/journal/journal.h"
#include "evidence/retention/needs.h"
#include "evidence/retention/plan.h"
#include "evidence/retention/trim_record.h"

namespace trucewatch::tools {

// The logs of a run that hold what sensors sent: "received" (batches as stations signed them),
// "journal" (raw records) and "ingest" (the same video and looks, taken apart).
inline const std::vector<std::string> kRawLogs = {"received", "journal", "ingest"};

// What of one stored record concerns one source.
struct RawPart {
  SourceId source;
  Instant first, last;
  std::vector<Digest> raw;  // records that it is, or was made from
};
struct RawRecordFacts {
  std::vector<RawPart> parts;
  std::string pinned;  // why it may never go; empty: it may
  Digest digest{};     // of a raw record its payload's, else the stored record's
};
// Fails when the record is none of that log.
Result<RawRecordFacts> FactsOf(const std::string& log, const LogRecord& record,
                               const std::set<SourceId>& human_sources);

// Segments of one log that are still there, with what needs them. Reads all of them.
Result<std::vector<evidence::StoredSegment>> ScanRawLog(const std::string& name, Journal& log,
                                                        const evidence::Needs& needs,
                                                        const std::set<SourceId>& human_sources);

// What is put on record before a segment goes, and the digests its root stands for.
struct TrimDraft {
  evidence::TrimRecord record;
  std::vector<Digest> digests;
};
Result<TrimDraft> DraftTrim(const evidence::StoredSegment& segment, Journal& log,
                            const std::string& rule, Instant now);

}  // namespace trucewatch::tools
