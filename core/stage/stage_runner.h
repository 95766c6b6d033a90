// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/bus/log.h"
#include "core/metrics/metrics.h"
#include "core/stage/snapshot_store.h"
#include "core/stage/stage.h"
#include "core/stage/stage_health.h"
#include "core/storage/storage.h"

namespace trucewatch {

struct StageRunnerOptions {
  std::string name = {};
  // Snapshots go to PATH.a and PATH.b, in a folder that is there. Empty: none; a restart begins at
  // the first input.
  std::string snapshot_path = {};
  // Of the stage's config, any bytes: a snapshot made with another one is not used.
  std::string config_digest = {};
  // A snapshot is written after this many inputs or outputs, whichever is first (0: does not
  // count), and at the end.
  std::uint64_t snapshot_every_inputs = 256;
  std::uint64_t snapshot_every_outputs = 1024;
  std::uint64_t max_batch_bytes = 8 << 20;
  // Of inputs that are handled at once; 0: does not count. A stage whose inputs are long work
  // answers the sooner.
  std::size_t max_batch_records = 0;
  // How long one question to the input waits; bounds how long a request to stop waits.
  Duration poll = Duration::Millis(200);
};

// Runs a stage from its input log to its output log, so that every input has its effect exactly
// once whenever the process is killed: the stage is restored from the newest snapshot, handles the
// inputs after it again, and outputs that the output log already holds are compared with it byte
// for byte and not appended again. Fails with kCheckFailed when they differ: the stage is not
// deterministic, or its config or build changed. Waits,
//   and says so in health(), while its input cannot be reached.
// Threads: Run by one thread; health() by any.
class StageRunner {
 public:
  // What it works on; all of it outlives the runner. `output` and `written` are the same log.
  struct Parts {
    Stage& stage;
    LogReader& input;
    LogWriter& output;
    LogReader& written;
    Storage& storage;
    Metrics& metrics;
  };
  StageRunner(const Parts& parts, const StageRunnerOptions& options);

  // Until the input is closed and all of it is handled; then closes the output. Or until asked to
  // stop.
  Result<void> Run(std::stop_token stop);
  StageHealth health() const;

 private:
  Result<void> RunToEnd(std::stop_token stop);
  Result<void> Recover();
  // Of the input log, whose newest record is `last`.
  Result<void> HandleBatch(std::span<const LogRecord> records, std::uint64_t last);
  // Compares or appends.
  Result<void> Publish(const std::vector<LogWriter::NewRecord>& outputs);
  Result<void> Compare(const LogWriter::NewRecord& output);
  Result<void> MaybeSnapshot(bool at_end);
  Result<void> Finish();
  tl::unexpected<Error> Differs(const std::string& how) const;
  void Report(StageState state, const std::string& error = {});

  const Parts parts_;
  const StageRunnerOptions options_;
  SnapshotStore snapshots_;
  Counter& received_;
  Counter& published_;
  Counter& skipped_;
  Histogram& batch_seconds_;
  Gauge& queue_depth_;

  std::uint64_t input_ = 0;            // sequence of the last input handled
  std::uint64_t output_ = 0;           // number of outputs made for the inputs so far
  std::uint64_t written_last_ = 0;     // of the output log when we started
  StageSnapshot last_snapshot_;        // without its state
  std::vector<LogRecord> to_compare_;  // from the output log, in order
  std::size_t compared_ = 0;           // of to_compare_

  mutable std::mutex mutex_;
  StageHealth health_;
};

}  // namespace trucewatch
