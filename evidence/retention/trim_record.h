// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch::evidence {

// What was trimmed, as the ledger keeps it (docs/formats/retention.md): `data_fault.reason` of an
// operation whose format is kTrimFormat.
inline constexpr std::string_view kTrimFormat = "retention";
inline constexpr std::string_view kHoldFormat = "hold";

struct TrimRecord {
  // A withdrawn one says that a segment which an earlier record names was not taken away after all,
  // because something needed it by then.
  bool withdrawn = false;
  std::string log;
  std::uint64_t first = 0, last = 0;  // sequences of the segment's records
  Instant time;                       // when it was decided
  Instant time_first, time_last;      // of what it held
  std::uint64_t bytes = 0;
  std::map<std::string, std::uint64_t> sources;  // records of each
  Digest root{};     // RFC 9162 tree over the records' digests, in order
  std::string rule;  // or why it was withdrawn
};

std::string TrimText(const TrimRecord& record);  // one line
Result<TrimRecord> ParseTrim(std::string_view text);
// "trimmed on 2026-04-02T00:00:00Z: older than 30 days": what a reader is told who misses it.
std::string TrimNote(const TrimRecord& record);

}  // namespace trucewatch::evidence
