// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "core/bus/log.h"
#include "core/time/clock.h"
#include "tools/trucewatch/watch_output.h"

namespace trucewatch::tools {

struct WatcherOptions {
  bool until_end = false;                // ends with the mission; else waits for it to go on
  std::optional<std::uint64_t> count;    // ends after so many lines
  std::optional<std::uint64_t> since;    // ledger index; of an output that has nothing yet: only
                                         // what comes after it
  Duration wait = Duration::Seconds(1);  // of one question; bounds how long stopping takes
};

// One record of a log as watch sees it.
struct WatchedEntry {
  std::uint64_t ledger_index = 0;   // of the ledger that the log shows
  std::optional<std::string> line;  // without its end; none: nothing that is printed
};
using EntryOfRecord = std::function<Result<WatchedEntry>(const LogRecord& record)>;

// Of "published", for officers: what people subscribe for (transitions of events, notified and
// permitted movements, cases, human records), as JSON or as text.
EntryOfRecord PublishedLine(bool json);
// Of "released" and "open": the statements, as statements.jsonl has them.
Result<WatchedEntry> ReleasedLine(const LogRecord& record);

// Follows a log of the hub, whatever happens to the connection. Each record is handled once and in
// order. The ledger has entries of its own besides (witnesses that refused, stamps, trims), and a
// log may show only some: a record's index is its number in the log or more. Threads: one.
class Watcher {
 public:
  // `tell` gets a sentence when an outage begins, when it ends, and when the mission has ended.
  // Everything passed outlives the watcher.
  Watcher(LogReader& log, EntryOfRecord entry_of, WatchOutput& output, Clock& clock,
          const WatcherOptions& options, std::function<void(const std::string&)> tell);

  // Until a stop is asked for, or what the options say. A log that does not answer is asked for
  // ever; any other error of it is returned. kCheckFailed when a record is not the entry it must
  // be.
  Result<void> Run(std::stop_token stop);

 private:
  // True when the watch is over.
  Result<bool> Handle(const LogBatch& batch);
  // Of the log: what is written or passed over.
  std::uint64_t Position() const;
  void Pause(Duration duration, const std::stop_token& stop);

  LogReader& log_;
  const EntryOfRecord entry_of_;
  WatchOutput& output_;
  Clock& clock_;
  const WatcherOptions options_;
  const std::function<void(const std::string&)> tell_;
  std::uint64_t written_ = 0;      // lines
  std::uint64_t passed_over_ = 0;  // records up to --since
  std::optional<std::uint64_t> last_index_;
  bool ended_told_ = false;
};

}  // namespace trucewatch::tools
