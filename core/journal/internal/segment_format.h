// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace trucewatch::journal {

// A segment file, all integers big-endian:
//   header  "TWSEGM01"  u64 sequence of its first record  u32 CRC-32C of the 16 bytes before
//   record  u32 magic  u32 payload length  u64 sequence  u64 origin  u32 CRC-32C of length..origin
//   and payload
//           payload
inline constexpr std::uint64_t kSegmentHeaderBytes = 20;
inline constexpr std::uint64_t kRecordHeaderBytes = 28;

// Where a record lies.
struct Location {
  std::uint64_t segment = 0;  // sequence of the segment's first record; names the file
  std::uint64_t offset = 0;   // of the record header
  std::uint32_t length = 0;   // of the payload
  std::uint64_t end() const { return offset + kRecordHeaderBytes + length; }
};

// One row of the index.
struct Row {
  std::uint64_t sequence = 0;
  std::uint64_t origin = 0;
  Location location;
};

// A segment that retention took away: its rows stay, its records are gone.
struct TrimmedSegment {
  std::uint64_t first = 0;  // sequence of its first record; names the file
  std::uint64_t last = 0;
  std::string note;  // when and by which rule, in words
};

std::string SegmentName(std::uint64_t first_sequence);  // "segment-00000000000000000001.log"
std::optional<std::uint64_t> ParseSegmentName(std::string_view name);

std::string EncodeSegmentHeader(std::uint64_t first_sequence);
Result<void> CheckSegmentHeader(Bytes header, std::uint64_t first_sequence);

void AppendRecord(std::uint64_t sequence, std::uint64_t origin, std::string_view payload,
                  std::string& out);
// `record` is header and payload as the index says they lie. Fails with kCheckFailed when they are
// not the record that `row` means.
Result<void> CheckRecord(Bytes record, const Row& row);

}  // namespace trucewatch::journal
