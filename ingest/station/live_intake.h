// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "core/time/clock.h"
#include "core/types/observation.h"
#include "ingest/station/batch_sealer.h"
#include "ingest/station/live_source.h"

namespace trucewatch::station {

struct LiveOptions {
  std::string source;
  std::string station;
  std::string url;          // as it may be shown
  bool occasional = false;  // speaks now and then: its silence says nothing
  Duration stall = Duration::Seconds(3);
  // What is taken in one second at most; a second's worth may come at once.
  double max_bytes_per_s = 64e6;
  double max_records_per_s = 20'000;
  Duration backoff_first = Duration::Millis(500);
  Duration backoff_last = Duration::Seconds(30);
  Duration answer_within = Duration::Seconds(5);  // of a call
  std::uint64_t seed = 0;                         // of the back-off's jitter
};

// How a live source is, for a person.
struct LiveStatus {
  std::string source;
  std::string url;
  bool connected = false;
  Instant since;              // of that, or of its end
  std::string problem;        // why it is not connected
  bool late = false;          // it is on record as silent
  std::uint64_t records = 0;  // taken, in this life; likewise the rest
  std::uint64_t bytes = 0;
  double bytes_per_s = 0;  // of the last seconds
  std::optional<Instant> last_data;
  std::uint64_t lost = 0;  // records declared lost
  std::uint64_t line_losses = 0;
  std::uint64_t attempts = 0;  // to open the line
};

// One live source: opens its line, again with growing pauses when it breaks; numbers what comes;
// says when it falls silent and when it is back; lets in no more than its share. What it gives has
// to be sealed in this order.
//   LATE     no record for `stall`: "station fs1: no data for 3.0 s (connected)", or "station fs1:
//            line broken: connection refused". Its time is that of the last data.
//   RESUMED  before the next record.
//   NOTE     an established line was lost, and why; it is back, and after how long.
// Pauses: backoff_first, doubled up to backoff_last, each shortened by up to half of it at random;
// a line that stood for kSettled begins anew. What comes beyond the rates, or while the source's
// share of the outbox is used up, is dropped in whole records, and is a Loss. Threads: Step by one
// thread, status by any.
class LiveIntake {
 public:
  struct Loss {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::string reason;
  };
  using Item = std::variant<RawRecord, Loss, SourceStatus>;
  using OpenSource = std::function<Result<std::unique_ptr<LiveSource>>()>;

  // `before`: how far the source was in an earlier life. `clock` outlives it.
  LiveIntake(LiveOptions options, OpenSource open, const SourceProgress& before,
             const Clock& clock);

  // One round: opens the line when it is due, takes what comes within `wait`. Does not wait while
  // there is no line. `full`: the source's share of the outbox is used up.
  std::vector<Item> Step(Duration wait, bool full);
  bool has_line() const { return line_ != nullptr; }
  // The last Step asked for nothing, because a patient line has to wait for room.
  bool waits() const { return waits_; }
  // Records of the source up to `sequence` are durable.
  void Kept(std::uint64_t sequence);
  const LiveOptions& options() const { return options_; }
  LiveStatus status() const;

  static constexpr Duration kSettled = Duration::Seconds(10);

 private:
  void Open(Instant now);
  void NoteConnected(Instant now);
  void LineLost(const std::string& why, Instant now, bool full);
  void Take(std::string bytes, Instant now, bool full);
  void Drop(const char* why, Instant now);
  void DeclareDropped();
  void DeclareLost(std::uint64_t records, const char* why);
  void CheckSilence(Instant now);
  void Say(SourceState state, Instant time, const std::string& what);
  void Refill(Instant now);
  void Measure(Instant now);
  Duration NextPause();

  const LiveOptions options_;
  const OpenSource open_;
  const Clock& clock_;
  std::mt19937_64 random_;
  std::unique_ptr<LiveSource> line_;
  std::string broken_;  // why there is no line
  Instant next_try_;
  Duration pause_;
  Instant opened_;                  // the line, or the attempt under way
  bool up_ = false;                 // the line is connected
  std::optional<Instant> lost_at_;  // an established line was lost and is not back
  std::uint64_t tries_since_loss_ = 0;
  std::uint64_t line_lost_ = 0;  // of line_->lost(), as seen
  Instant quiet_since_;          // last data, or the beginning
  RawRecord record_;             // the last one: its numbers
  bool late_ = false;
  bool waits_ = false;
  std::optional<Loss> dropped_;  // not declared yet
  Instant dropped_since_;
  double byte_tokens_ = 0;
  double record_tokens_ = 0;
  Instant refilled_;
  Instant measured_;
  std::uint64_t measured_bytes_ = 0;
  std::vector<Item> items_;

  mutable std::mutex mutex_;
  LiveStatus status_;
};

}  // namespace trucewatch::station
