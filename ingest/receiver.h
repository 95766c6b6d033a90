// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/bus/log.h"
#include "core/time/clock.h"
#include "ingest/recorded/recorded_mission.h"

namespace trucewatch {

struct ReceiverOptions {
  // The journal's first record: a serialised Envelope with the MissionHeader.
  std::string mission_header;
  // How fast a source is fed (SourceConfig.speed); a source that is not here, or 0, does not wait.
  std::map<SourceId, double> speed;
  // Records are appended, and so made durable, in groups of at most this much.
  std::size_t batch_bytes = 1 << 20;
  std::size_t batch_records = 256;
};

// Writes a mission into its journal: the header, then every raw record, then closes it. Nothing is
// parsed before it is here.
// Resume: what the journal already holds is compared byte by byte with the recording and not
// written again, so a receiver killed at any moment goes on as if it had not been.
// Time: a record of speed s is released at start + (its time - the first time) / s, where start and
// first time are those of the first record that is new. Determinism: the journal depends on the
// header and the recording alone, never on the clock or on how often it was started.
class Receiver {
 public:
  // All four outlive the receiver.
  Receiver(ReceiverOptions options, RecordedMission* mission, LogReader* journal_reader,
           LogWriter* journal_writer, Clock* clock);

  // Runs to the end of the recording, or until `stop` says true (asked between records, and at
  // least every kStopInterval); what was taken until then is durable. Fails with kCheckFailed when
  // the journal holds something else than the recording; with what the journal fails with.
  Result<void> Run(const std::function<bool()>& stop = {});

  std::uint64_t appended() const { return appended_; }  // by this object
  std::uint64_t compared() const { return compared_; }  // found in the journal already
  bool finished() const { return finished_; }           // the journal is whole and closed

  static constexpr Duration kStopInterval = Duration::Millis(100);

 private:
  // The payload of the journal's next record, in order; nothing at the end.
  struct Item {
    std::string payload;
    std::optional<Instant> release;  // event time; nothing for the header
    SourceId source;
  };
  std::optional<Item> NextItem();
  Result<void> CompareStored();
  Result<void> Flush();
  // False when stopped.
  Result<bool> WaitFor(const Item& item, const std::function<bool()>& stop);

  ReceiverOptions options_;
  RecordedMission* mission_;
  LogReader* reader_;
  LogWriter* writer_;
  Clock* clock_;
  bool header_given_ = false;
  std::vector<LogWriter::NewRecord> batch_;
  std::size_t batch_bytes_ = 0;
  std::optional<Instant> start_;       // of the clock, at the first new record
  std::optional<Instant> first_time_;  // of that record
  std::uint64_t appended_ = 0;
  std::uint64_t compared_ = 0;
  bool closed_ = false;  // it was closed before
  bool finished_ = false;
};

}  // namespace trucewatch
