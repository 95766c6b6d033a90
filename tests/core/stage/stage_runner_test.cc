// SPDX-License-Identifier: Apache-2.0
#include "core/stage/stage_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "core/bus/memory_log.h"
#include "core/metrics/prometheus_metrics.h"
#include "core/storage/faulty_storage.h"
#include "tests/core/stage/toy_stage.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;
using testing::ToyStage;

constexpr int kRunnerInputs = 60;

std::vector<LogRecord> ContentOf(LogReader& log) {
  return log.ReadAfter(0, 1 << 30, Duration()).value().records;
}

// Passes records on to a log until it has taken `limit` of them; then the process is dead: of the
// group under way the records up to the limit are stored, and nobody is told.
class DyingWriter final : public LogWriter {
 public:
  DyingWriter(MemoryLog& log, std::uint64_t limit) : log_(log), limit_(limit) {}
  Result<void> Append(const std::vector<NewRecord>& records) override {
    for (const NewRecord& record : records) {
      if (taken_ == limit_) return Dead();
      ++taken_;
      TW_RETURN_IF_ERROR(log_.Append({record}));
    }
    if (taken_ == limit_) return Dead();
    return {};
  }
  std::uint64_t last() const override { return log_.last(); }
  Result<void> Close() override {
    if (taken_ == limit_) return Dead();
    return log_.Close();
  }

 private:
  static tl::unexpected<Error> Dead() { return Fail(ErrorCode::kIo, "killed"); }
  MemoryLog& log_;
  const std::uint64_t limit_;
  std::uint64_t taken_ = 0;
};

class StageRunnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < kRunnerInputs; ++i) {
      ASSERT_TRUE(input_.Append({{0, "input " + std::to_string(i)}}));
    }
    ASSERT_TRUE(input_.Close());
    ToyStage stage;
    const auto made = stage.Handle(ContentOf(input_)).value();
    for (std::size_t i = 0; i < made.size(); ++i) {
      for (const std::string& payload : made[i]) {
        expected_.push_back({expected_.size() + 1, i + 1, payload});
      }
    }
    ASSERT_GT(expected_.size(), 50u);
  }

  Result<void> Run(Stage& stage, LogWriter& output, LogReader& written) {
    StageRunner runner({stage, input_, output, written, storage_, *metrics_}, options_);
    auto result = runner.Run(std::stop_token());
    health_ = runner.health();
    return result;
  }
  // A new process over the same disk and logs.
  Result<void> Run(MemoryLog& output) {
    ToyStage stage;
    auto result = Run(stage, output, output);
    handled_ = stage.handled;
    return result;
  }
  void ExpectComplete(MemoryLog& output) {
    ASSERT_EQ(ContentOf(output), expected_);
    ASSERT_TRUE(output.ReadAfter(output.last(), 1, Duration())->closed);
  }

  MemoryLog input_;
  std::vector<LogRecord> expected_;
  FaultyStorage storage_;
  std::unique_ptr<Metrics> metrics_ = MakeNullMetrics();
  StageRunnerOptions options_{.name = "toy", .snapshot_path = "d/toy", .max_batch_bytes = 400};
  StageHealth health_;
  int handled_ = 0;
};

TEST_F(StageRunnerTest, EveryInputIsHandledAndTheOutputIsClosed) {
  MemoryLog output;
  const auto run = Run(output);
  ASSERT_TRUE(run) << run.error().message;
  ExpectComplete(output);
  EXPECT_EQ(health_.state, StageState::kFinished);
  EXPECT_EQ(health_.inputs, std::uint64_t{kRunnerInputs});
  EXPECT_EQ(health_.outputs, expected_.size());
  EXPECT_EQ(health_.last_input_sequence, std::uint64_t{kRunnerInputs});
}

TEST_F(StageRunnerTest, TheBatchSizeChangesNothing) {
  for (const std::uint64_t bytes : {1, 100, 1000, 1000000}) {
    for (const std::size_t records : {0, 1, 3}) {
      options_.max_batch_bytes = bytes;
      options_.max_batch_records = records;
      options_.snapshot_path.clear();
      MemoryLog output;
      ASSERT_TRUE(Run(output));
      ExpectComplete(output);
    }
  }
}

// A producer that goes once all of its log was read.
class GoesAfterTheEnd final : public LogReader {
 public:
  explicit GoesAfterTheEnd(LogReader& log) : log_(log) {}
  Result<LogBatch> ReadAfter(std::uint64_t after, std::uint64_t max_bytes, Duration wait) override {
    if (gone_) {
      ++asked_in_vain;
      if (asked_in_vain > 3) return Fail(ErrorCode::kIo, "asked for what was read already");
      return Fail(ErrorCode::kTimeout, "nobody answers");
    }
    auto batch = log_.ReadAfter(after, max_bytes, wait);
    gone_ = batch && batch->closed && !batch->records.empty() &&
            batch->records.back().sequence == batch->last;
    return batch;
  }
  int asked_in_vain = 0;

 private:
  LogReader& log_;
  bool gone_ = false;
};

TEST_F(StageRunnerTest, WhatWasReadIsHandledToItsEndInBatchesOfAnySize) {
  for (const std::size_t records : {0, 1, 7}) {
    options_.max_batch_bytes = 1 << 20;
    options_.max_batch_records = records;
    options_.snapshot_path.clear();
    GoesAfterTheEnd input(input_);
    MemoryLog output;
    ToyStage stage;
    StageRunner runner({stage, input, output, output, storage_, *metrics_}, options_);
    const auto run = runner.Run(std::stop_token());
    ASSERT_TRUE(run) << run.error().message;
    ExpectComplete(output);
    EXPECT_EQ(input.asked_in_vain, 0);
  }
}

// Dies after the 1st, 2nd, ... output, then runs on, with and without snapshots, with small and
// large batches.
TEST_F(StageRunnerTest, KilledAtEveryOutputTheLogIsTheSame) {
  for (const std::uint64_t every : {0, 1, 7}) {
    for (const std::uint64_t batch_bytes : {1, 900}) {
      options_.max_batch_bytes = batch_bytes;
      options_.snapshot_every_inputs = every;
      for (std::uint64_t limit = 0; limit <= expected_.size(); ++limit) {
        options_.snapshot_path = every == 0 ? "" : "d/toy" + std::to_string(limit);
        MemoryLog output;
        DyingWriter dying(output, limit);
        ToyStage stage;
        const auto killed = Run(stage, dying, output);
        ASSERT_FALSE(killed);
        ASSERT_EQ(output.last(), limit);
        const auto run = Run(output);
        ASSERT_TRUE(run) << run.error().message;
        ExpectComplete(output);
        ASSERT_EQ(health_.outputs, expected_.size() - limit) << "the rest and no more";
        storage_.Crash(limit);
      }
    }
  }
}

TEST_F(StageRunnerTest, KilledAgainAndAgainTheLogIsTheSame) {
  options_.snapshot_every_inputs = 3;
  MemoryLog output;
  int lives = 0;
  for (bool done = false; !done; ++lives) {
    ASSERT_LT(lives, 100);
    ToyStage stage;
    DyingWriter dying(output, 2);
    done = Run(stage, dying, output).has_value();
    storage_.Crash(static_cast<std::uint64_t>(lives));
  }
  EXPECT_GT(lives, 30);
  ExpectComplete(output);
}

TEST_F(StageRunnerTest, ASnapshotSparesTheInputsBeforeIt) {
  options_.snapshot_every_inputs = 10;
  options_.max_batch_bytes = 1;
  MemoryLog output;
  ToyStage stage;
  std::uint64_t limit = 0;
  while (limit < expected_.size() && expected_[limit].origin <= 45) ++limit;
  DyingWriter dying(output, limit);
  ASSERT_FALSE(Run(stage, dying, output));
  ASSERT_TRUE(Run(output));
  ExpectComplete(output);
  EXPECT_EQ(handled_, kRunnerInputs - 40);
  EXPECT_TRUE(Run(output)) << "a finished stage may be run again";
  EXPECT_EQ(handled_, 0);
  EXPECT_EQ(health_.state, StageState::kFinished);
}

// A stage whose state cannot be saved (ingest: a demuxer's cannot).
class UnsavableStage final : public Stage {
 public:
  Result<std::vector<std::vector<std::string>>> Handle(std::span<const LogRecord> inputs) override {
    handled_ += static_cast<int>(inputs.size());
    return toy_.Handle(inputs);
  }
  Result<std::string> Snapshot() const override {
    return Fail(ErrorCode::kUnavailable, "no snapshot");
  }
  Result<void> Restore(std::string_view) override {
    return Fail(ErrorCode::kUnavailable, "no snapshot");
  }
  int handled() const { return handled_; }

 private:
  ToyStage toy_;
  int handled_ = 0;
};

TEST_F(StageRunnerTest, AStageThatCannotBeSavedStartsFromItsFirstInputAgain) {
  options_.snapshot_every_inputs = 1;
  for (std::uint64_t limit = 1; limit <= expected_.size(); limit += 9) {
    MemoryLog output;
    DyingWriter dying(output, limit);
    UnsavableStage first;
    ASSERT_FALSE(Run(first, dying, output));
    UnsavableStage second;
    const auto run = Run(second, output, output);
    ASSERT_TRUE(run) << run.error().message;
    ExpectComplete(output);
    EXPECT_EQ(second.handled(), kRunnerInputs);
    EXPECT_EQ(health_.outputs, expected_.size() - limit) << "the rest and no more";
  }
}

TEST_F(StageRunnerTest, OutputsAloneCanCallForASnapshot) {
  options_.snapshot_every_inputs = 0;
  options_.snapshot_every_outputs = 5;
  options_.max_batch_bytes = 1;
  MemoryLog output;
  ToyStage stage;
  DyingWriter dying(output, 20);
  ASSERT_FALSE(Run(stage, dying, output));
  ASSERT_TRUE(Run(output));
  ExpectComplete(output);
  EXPECT_LT(handled_, kRunnerInputs - 3);
}

TEST_F(StageRunnerTest, ADamagedSnapshotCostsTimeButNoRecord) {
  options_.snapshot_every_inputs = 10;
  options_.max_batch_bytes = 1;
  for (int damaged = 1; damaged <= 2; ++damaged) {
    options_.snapshot_path = "d/damaged" + std::to_string(damaged);
    MemoryLog output;
    ToyStage stage;
    DyingWriter dying(output, expected_.size() - 1);
    ASSERT_FALSE(Run(stage, dying, output));
    const auto newest = SnapshotStore(storage_, {options_.snapshot_path, "toy", ""}).Load();
    ASSERT_EQ(newest.size(), 2u);
    // With .b newest: first only that one, then both.
    storage_.CorruptByte(options_.snapshot_path + (newest[0].input % 20 == 0 ? ".b" : ".a"), 50);
    if (damaged == 2) {
      storage_.CorruptByte(options_.snapshot_path + (newest[0].input % 20 == 0 ? ".a" : ".b"), 50);
    }
    ASSERT_TRUE(Run(output));
    ExpectComplete(output);
    const int begin = damaged == 2 ? 0 : static_cast<int>(newest[1].input);
    EXPECT_EQ(handled_, kRunnerInputs - begin);
  }
}

TEST_F(StageRunnerTest, AChangedStageIsRefusedAndNamed) {
  options_.snapshot_path.clear();
  MemoryLog output;
  ToyStage stage;
  DyingWriter dying(output, 20);
  ASSERT_FALSE(Run(stage, dying, output));
  ToyStage changed(2);
  const auto run = Run(changed, output, output);
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, ErrorCode::kCheckFailed);
  EXPECT_THAT(run.error().message, HasSubstr("stage toy: not deterministic, or its config"));
  EXPECT_THAT(run.error().message, HasSubstr("output 1, "));
  EXPECT_EQ(output.last(), 20u) << "nothing was appended";
  EXPECT_EQ(health_.state, StageState::kFailed);
  EXPECT_EQ(health_.error, run.error().message);
}

TEST_F(StageRunnerTest, ADifferentOriginOrFewerOutputsAreRefused) {
  options_.snapshot_path.clear();
  MemoryLog shifted;
  for (const LogRecord& record : expected_) {
    const std::uint64_t shift = record.sequence == 10 ? 1 : 0;
    ASSERT_TRUE(shifted.Append({{record.origin + shift, record.payload}}));
  }
  EXPECT_THAT(Run(shifted).error().message, HasSubstr("output 10, "));
  MemoryLog longer;
  for (const LogRecord& record : expected_) {
    ASSERT_TRUE(longer.Append({{record.origin, record.payload}}));
  }
  ASSERT_TRUE(longer.Append({{kRunnerInputs, "one too many"}}));
  EXPECT_THAT(Run(longer).error().message, HasSubstr("but its log holds"));
}

TEST_F(StageRunnerTest, ASnapshotOfAnotherConfigOrOfALostLogIsNotUsed) {
  options_.config_digest = "one";
  MemoryLog output;
  ASSERT_TRUE(Run(output));
  options_.config_digest = "two";
  ASSERT_TRUE(Run(output));
  EXPECT_EQ(handled_, kRunnerInputs);
  options_.config_digest = "one";
  MemoryLog empty;
  ASSERT_TRUE(Run(empty));
  EXPECT_EQ(handled_, kRunnerInputs);
  ExpectComplete(empty);
}

// The disk fails at the 1st, 2nd, ... call of a life and then loses its power.
TEST_F(StageRunnerTest, WhateverDiskCallFailsTheLogIsTheSame) {
  options_.snapshot_every_inputs = 5;
  bool clean_pass = false;
  std::uint64_t n = 0;
  while (!clean_pass) {
    ASSERT_LT(++n, 500u);
    options_.snapshot_path = "d/fails" + std::to_string(n);
    MemoryLog output;
    storage_.FailCall(n);
    const bool finished = Run(output).has_value();
    clean_pass = !storage_.failed();
    if (clean_pass) {
      ASSERT_TRUE(finished);
    }
    storage_.Crash(n);
    ASSERT_TRUE(Run(output));
    ExpectComplete(output);
  }
  EXPECT_GT(n, 20u);
}

TEST_F(StageRunnerTest, StopsWhenAskedAndGoesOnLater) {
  MemoryLog open_input;
  ASSERT_TRUE(open_input.Append({{0, "input 0"}, {0, "input 1"}}));
  options_.poll = Duration::Millis(1);
  MemoryLog output;
  ToyStage stage;
  StageRunner runner({stage, open_input, output, output, storage_, *metrics_}, options_);
  Result<void> result;
  {
    std::jthread thread([&](std::stop_token stop) { result = runner.Run(stop); });
    while (runner.health().state != StageState::kWaiting) std::this_thread::yield();
  }
  ASSERT_TRUE(result);
  EXPECT_EQ(runner.health().state, StageState::kStopped);
  EXPECT_EQ(runner.health().last_input_sequence, 2u);
  ASSERT_TRUE(Run(output));
  ExpectComplete(output);
  EXPECT_EQ(handled_, kRunnerInputs - 2) << "stopping wrote a snapshot";
}

// An input that cannot be reached at first, and then sends what it must not.
class UnreachableLog final : public LogReader {
 public:
  explicit UnreachableLog(Result<LogBatch> then) : then_(std::move(then)) {}
  Result<LogBatch> ReadAfter(std::uint64_t, std::uint64_t, Duration) override {
    if (++asked <= 3) return Fail(ErrorCode::kTimeout, "nobody answers");
    return then_;
  }
  int asked = 0;

 private:
  const Result<LogBatch> then_;
};

TEST_F(StageRunnerTest, WaitsForAnInputThatCannotBeReached) {
  UnreachableLog input(LogBatch{.records = {}, .last = 0, .closed = true});
  MemoryLog output;
  ToyStage stage;
  StageRunner runner({stage, input, output, output, storage_, *metrics_}, options_);
  EXPECT_TRUE(runner.Run(std::stop_token()));
  EXPECT_EQ(input.asked, 4);
}

TEST_F(StageRunnerTest, DamagedInputEndsTheStage) {
  const std::vector<Result<LogBatch>> bad = {
      Fail(ErrorCode::kCheckFailed, "segment x: byte 20: record 1 is damaged"),
      LogBatch{.records = {{2, 0, "x"}}, .last = 2, .closed = false}};
  for (const auto& then : bad) {
    UnreachableLog input(then);
    MemoryLog output;
    ToyStage stage;
    StageRunner runner({stage, input, output, output, storage_, *metrics_}, options_);
    EXPECT_EQ(runner.Run(std::stop_token()).error().code, ErrorCode::kCheckFailed);
    EXPECT_EQ(runner.health().state, StageState::kFailed);
  }
}

TEST_F(StageRunnerTest, MetricsCountWhatHappened) {
  options_.snapshot_path.clear();
  PrometheusMetrics prometheus;
  MemoryLog output;
  {
    ToyStage stage;
    DyingWriter dying(output, 20);
    ASSERT_FALSE(Run(stage, dying, output));
  }
  ToyStage stage;
  StageRunner runner({stage, input_, output, output, storage_, prometheus}, options_);
  ASSERT_TRUE(runner.Run(std::stop_token()));
  const std::string text = prometheus.Text();
  const auto has = [&](const std::string& name, std::uint64_t value) {
    EXPECT_THAT(text, HasSubstr("trucewatch_stage_" + name + "{stage=\"toy\"} " +
                                std::to_string(value) + "\n"));
  };
  has("received_total", kRunnerInputs);
  has("published_total", expected_.size() - 20);
  has("restart_skipped_total", 20);
  has("queue_depth", 0);
}

TEST(HealthJson, IsValidWhateverTheTextHolds) {
  const std::vector<StageHealth> stages = {{.name = "a",
                                            .state = StageState::kRunning,
                                            .inputs = 1,
                                            .outputs = 2,
                                            .last_input_sequence = 3,
                                            .error = {}},
                                           {.name = "b",
                                            .state = StageState::kFailed,
                                            .inputs = 0,
                                            .outputs = 0,
                                            .last_input_sequence = 0,
                                            .error = "q\" b\\ n\n \xC3"}};
  EXPECT_EQ(HealthJson(stages),
            R"({"stages": [{"name": "a", "state": "running", "inputs": 1, "outputs": 2, )"
            R"("last_input_sequence": 3, "error": ""}, {"name": "b", "state": "failed", )"
            R"("inputs": 0, "outputs": 0, "last_input_sequence": 0, )"
            R"("error": "q\" b\\ n\u000a \ufffd"}]})");
  EXPECT_EQ(HealthJson({}), R"({"stages": []})");
}

}  // namespace
}  // namespace trucewatch
