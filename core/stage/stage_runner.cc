// SPDX-License-Identifier: Apache-2.0
#include "core/stage/stage_runner.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "core/base/check.h"

namespace trucewatch {
namespace {

MetricId Id(const std::string& stage, const char* name, const char* help) {
  return {
      .name = std::string("trucewatch_stage_") + name, .help = help, .labels = {{"stage", stage}}};
}

const std::vector<double> kBatchSecondsBounds{0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60};

// Returns early when asked to stop.
void Sleep(Duration duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, stop, std::chrono::microseconds(duration.micros()), [] { return false; });
}

}  // namespace

StageRunner::StageRunner(const Parts& parts, const StageRunnerOptions& options)
    : parts_(parts),
      options_(options),
      snapshots_(parts.storage, {.path = options.snapshot_path,
                                 .stage = options.name,
                                 .config_digest = options.config_digest}),
      received_(parts.metrics.CounterOf(
          Id(options.name, "received_total", "Input records handled since the start."))),
      published_(parts.metrics.CounterOf(
          Id(options.name, "published_total", "Output records appended since the start."))),
      skipped_(parts.metrics.CounterOf(Id(options.name, "restart_skipped_total",
                                          "Output records that were already in the log."))),
      batch_seconds_(parts.metrics.HistogramOf(
          Id(options.name, "batch_seconds", "Time to handle and publish one batch."),
          kBatchSecondsBounds)),
      queue_depth_(parts.metrics.GaugeOf(
          Id(options.name, "queue_depth", "Input records that wait to be handled."))) {
  health_.name = options.name;
}

StageHealth StageRunner::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

void StageRunner::Report(StageState state, const std::string& error) {
  const std::lock_guard lock(mutex_);
  health_.state = state;
  health_.error = error;
  health_.last_input_sequence = input_;
}

Result<void> StageRunner::Run(std::stop_token stop) {
  Report(StageState::kStarting);
  auto result = RunToEnd(std::move(stop));
  if (!result) {
    result = Prefix("stage " + options_.name, result.error());
    Report(StageState::kFailed, result.error().message);
  }
  return result;
}

Result<void> StageRunner::RunToEnd(std::stop_token stop) {
  TW_RETURN_IF_ERROR(Recover());
  while (!stop.stop_requested()) {
    const auto batch = parts_.input.ReadAfter(input_, options_.max_batch_bytes, options_.poll);
    if (!batch) {
      const ErrorCode code = batch.error().code;
      if (code != ErrorCode::kTimeout && code != ErrorCode::kUnavailable) {
        return Prefix("input", batch.error());
      }
      Report(StageState::kWaiting, batch.error().message);
      if (code == ErrorCode::kUnavailable) Sleep(options_.poll, stop);
      continue;
    }
    queue_depth_.Set(static_cast<double>(batch->last - input_));
    // What was read is not asked for again: who serves it may be gone once all was read.
    for (std::span<const LogRecord> rest = batch->records; !rest.empty();) {
      if (stop.stop_requested()) break;
      const std::size_t most = options_.max_batch_records;
      const std::size_t count = most == 0 ? rest.size() : std::min(most, rest.size());
      Report(StageState::kRunning);
      TW_RETURN_IF_ERROR(HandleBatch(rest.first(count), batch->last));
      TW_RETURN_IF_ERROR(MaybeSnapshot(false));
      rest = rest.subspan(count);
    }
    if (batch->closed && batch->last == input_) return Finish();
    if (batch->records.empty()) Report(StageState::kWaiting);
  }
  TW_RETURN_IF_ERROR(MaybeSnapshot(true));
  Report(StageState::kStopped);
  return {};
}

Result<void> StageRunner::Recover() {
  written_last_ = parts_.output.last();
  if (options_.snapshot_path.empty()) return {};
  for (StageSnapshot& snapshot : snapshots_.Load()) {
    // Snapshots are written after their outputs are durable, so this one belongs to another log.
    if (snapshot.output > written_last_) continue;
    if (!parts_.stage.Restore(snapshot.state)) continue;
    input_ = snapshot.input;
    output_ = snapshot.output;
    snapshot.state.clear();
    last_snapshot_ = std::move(snapshot);
    break;
  }
  return {};
}

Result<void> StageRunner::HandleBatch(std::span<const LogRecord> records, std::uint64_t last) {
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].sequence == input_ + 1 + i) continue;
    return Fail(ErrorCode::kCheckFailed, "input: record {} came where {} was due",
                records[i].sequence, input_ + 1 + i);
  }
  TW_ASSIGN_OR_RETURN(auto made, parts_.stage.Handle(records));
  TW_CHECK(made.size() == records.size());
  std::vector<LogWriter::NewRecord> outputs;
  for (std::size_t i = 0; i < made.size(); ++i) {
    for (std::string& payload : made[i]) {
      outputs.push_back({.origin = records[i].sequence, .payload = std::move(payload)});
    }
  }
  TW_RETURN_IF_ERROR(Publish(outputs));
  input_ += records.size();
  received_.Add(static_cast<double>(records.size()));
  queue_depth_.Set(static_cast<double>(last - input_));
  batch_seconds_.Observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  const std::lock_guard lock(mutex_);
  health_.inputs += records.size();
  health_.last_input_sequence = input_;
  return {};
}

Result<void> StageRunner::Publish(const std::vector<LogWriter::NewRecord>& outputs) {
  std::size_t compared = 0;
  for (; compared < outputs.size() && output_ < written_last_; ++compared) {
    TW_RETURN_IF_ERROR(Compare(outputs[compared]));
    ++output_;
  }
  skipped_.Add(static_cast<double>(compared));
  if (compared == outputs.size()) return {};
  const std::vector<LogWriter::NewRecord> fresh(
      outputs.begin() + static_cast<std::ptrdiff_t>(compared), outputs.end());
  const auto appended = parts_.output.Append(fresh);
  if (!appended) return Prefix("output", appended.error());
  output_ += fresh.size();
  published_.Add(static_cast<double>(fresh.size()));
  const std::lock_guard lock(mutex_);
  health_.outputs += fresh.size();
  return {};
}

Result<void> StageRunner::Compare(const LogWriter::NewRecord& output) {
  if (compared_ == to_compare_.size()) {
    auto batch = parts_.written.ReadAfter(output_, options_.max_batch_bytes, Duration());
    if (!batch) return Prefix("output", batch.error());
    if (batch->records.empty()) {
      return Fail(ErrorCode::kCheckFailed, "output: record {} cannot be read back", output_ + 1);
    }
    to_compare_ = std::move(batch->records);
    compared_ = 0;
  }
  const LogRecord& before = to_compare_[compared_++];
  if (before.sequence != output_ + 1) {
    return Fail(ErrorCode::kCheckFailed, "output: record {} came where {} was due", before.sequence,
                output_ + 1);
  }
  if (before.origin == output.origin && before.payload == output.payload) return {};
  return Differs(
      fmt::format("output {}, now made from input {}, differs", output_ + 1, output.origin));
}

tl::unexpected<Error> StageRunner::Differs(const std::string& how) const {
  return Fail(ErrorCode::kCheckFailed,
              "not deterministic, or its config or build changed: {}; "
              "start with an empty output log or with what made this one",
              how);
}

Result<void> StageRunner::MaybeSnapshot(bool at_end) {
  const std::uint64_t inputs = input_ - last_snapshot_.input;
  const std::uint64_t outputs = output_ - last_snapshot_.output;
  const auto reached = [](std::uint64_t count, std::uint64_t limit) {
    return limit > 0 && count >= limit;
  };
  if (options_.snapshot_path.empty() || inputs == 0) return {};
  if (!at_end && !reached(inputs, options_.snapshot_every_inputs) &&
      !reached(outputs, options_.snapshot_every_outputs)) {
    return {};
  }
  auto state = parts_.stage.Snapshot();
  if (!state) {
    // A stage without snapshots begins at its first input again (stage.h).
    if (state.error().code != ErrorCode::kUnavailable) {
      return tl::unexpected<Error>(state.error());
    }
    last_snapshot_ = {.input = input_, .output = output_, .state = {}};
    return {};
  }
  last_snapshot_ = {.input = input_, .output = output_, .state = {}};
  return snapshots_.Write({.input = input_, .output = output_, .state = std::move(*state)});
}

Result<void> StageRunner::Finish() {
  if (output_ < written_last_) {
    return Differs(
        fmt::format("it makes {} outputs, but its log holds {}", output_, written_last_));
  }
  TW_RETURN_IF_ERROR(MaybeSnapshot(true));
  const auto closed = parts_.output.Close();
  if (!closed) return Prefix("output", closed.error());
  Report(StageState::kFinished);
  return {};
}

}  // namespace trucewatch
