// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch {

// One record of a numbered log.
struct LogRecord {
  std::uint64_t sequence = 0;  // 1, 2, 3 ... without gaps
  std::uint64_t origin =
      0;  // sequence of the input record it was made from, in the producer's input log
  std::string payload;

  bool operator==(const LogRecord&) const = default;
};

// The largest payload of one record. Bounds what one answer of the bus can be.
inline constexpr std::uint64_t kMaxRecordBytes = 64 << 20;
// What a record counts for besides its payload, so that many empty ones are bounded too.
inline constexpr std::uint64_t kRecordOverheadBytes = 64;

struct LogBatch {
  std::vector<LogRecord> records;
  std::uint64_t last = 0;  // newest sequence of the log when it was asked
  bool closed = false;     // nothing will ever follow `last`
};

// The consumer's side of a stream: a numbered log that is asked "after N, at most B bytes".
// Back-pressure, resume and gap detection follow from that one question. Kept this narrow so that
// another engine can stand behind it. Implementations: Journal (disk), MemoryLog (tests), LogClient
// (ZeroMQ). Threads: each says for itself.
class LogReader {
 public:
  virtual ~LogReader() = default;
  // Records with sequence > after, in order, as many as max_bytes holds (payloads and
  // kRecordOverheadBytes each), but at least one if there is any. max_bytes 0 asks for no records:
  // it only waits for the log to pass `after`. With nothing there, waits at most `wait` and then
  // returns an empty batch. Fails with kCheckFailed when `after` lies beyond the end: the log is
  // not the one that was read before.
  virtual Result<LogBatch> ReadAfter(std::uint64_t after, std::uint64_t max_bytes,
                                     Duration wait) = 0;
};

// The producer's side.
class LogWriter {
 public:
  virtual ~LogWriter() = default;
  struct NewRecord {
    std::uint64_t origin = 0;
    std::string payload;
  };
  // Durable when it returns. The records get the sequences last()+1, last()+2, ...
  // All of them or none. Fails with kBadInput when one is larger than kMaxRecordBytes.
  virtual Result<void> Append(const std::vector<NewRecord>& records) = 0;
  virtual std::uint64_t last() const = 0;
  // Declares that nothing will follow; readers see `closed`. Durable. A second time changes
  // nothing.
  virtual Result<void> Close() = 0;
};

// The errors every implementation must give, in one wording.
Result<void> CheckRecordSizes(const std::vector<LogWriter::NewRecord>& records);
tl::unexpected<Error> FailBeyondEnd(const std::string& log, std::uint64_t after,
                                    std::uint64_t last);

}  // namespace trucewatch
