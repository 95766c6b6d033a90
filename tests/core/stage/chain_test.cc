// SPDX-License-Identifier: Apache-2.0
// Two stages, a journal behind each, joined by the bus: the records are those of calling the stages
// directly.
#include <gtest/gtest.h>

#include <thread>

#include "core/bus/log_client.h"
#include "core/bus/log_server.h"
#include "core/bus/memory_log.h"
#include "core/bus/zmq_link.h"
#include "core/journal/journal.h"
#include "core/metrics/metrics.h"
#include "core/stage/stage_runner.h"
#include "tests/core/stage/toy_stage.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::ToyStage;

constexpr int kInputs = 80;

std::vector<LogRecord> Directly(Stage& stage, const std::vector<LogRecord>& inputs) {
  std::vector<LogRecord> out;
  const auto made = stage.Handle(inputs).value();
  for (std::size_t i = 0; i < made.size(); ++i) {
    for (const std::string& payload : made[i]) out.push_back({out.size() + 1, i + 1, payload});
  }
  return out;
}

class ChainTest : public ::testing::TestWithParam<std::string> {
 protected:
  std::string Endpoint(const std::string& name) const {
    if (GetParam() == "ipc") return "ipc://" + directory_.File(name + ".socket");
    return GetParam() == "tcp" ? "tcp://127.0.0.1:*" : "inproc://" + name;
  }
  std::unique_ptr<LogServer> Serve(const std::string& name, LogReader& log) {
    return LogServer::Start(context_, Endpoint(name), {{name, &log}}).value();
  }
  // As its own process would: everything by itself, from the endpoint of its input.
  Result<void> RunStage(const std::string& name, std::uint64_t seed, LogReader& input,
                        Journal& output, std::stop_token stop) {
    ToyStage stage(seed);
    const auto metrics = MakeNullMetrics();
    StageRunner runner({stage, input, output, output, *storage_, *metrics},
                       {.name = name,
                        .snapshot_path = directory_.File(name + ".snapshot"),
                        .snapshot_every_inputs = 20,
                        .max_batch_bytes = 1500});
    return runner.Run(std::move(stop));
  }

  testing::TempDirectory directory_;
  ZmqContext context_;
  std::unique_ptr<Storage> storage_ = MakePosixStorage();
};

TEST_P(ChainTest, TwoStagesGiveTheSameRecordsAsCallingThem) {
  MemoryLog source;
  const auto first_log = Journal::Open(*storage_, directory_.File("first")).value();
  const auto second_log = Journal::Open(*storage_, directory_.File("second")).value();
  const auto source_server = Serve("source", source);
  const auto first_server = Serve("first", *first_log);
  LogClient to_first(MakeZmqLink(context_, source_server->endpoint()).value(), "source");
  LogClient to_second(MakeZmqLink(context_, first_server->endpoint()).value(), "first");
  {
    std::jthread first([&] {
      const auto run = RunStage("one", 1, to_first, *first_log, {});
      EXPECT_TRUE(run) << run.error().message;
    });
    std::jthread second([&] {
      const auto run = RunStage("two", 2, to_second, *second_log, {});
      EXPECT_TRUE(run) << run.error().message;
    });
    for (int i = 0; i < kInputs; ++i) {
      ASSERT_TRUE(source.Append({{0, "input " + std::to_string(i)}}));
    }
    ASSERT_TRUE(source.Close());
  }
  ToyStage one(1);
  ToyStage two(2);
  const auto inputs = source.ReadAfter(0, 1 << 30, Duration())->records;
  const auto expected_first = Directly(one, inputs);
  ASSERT_GT(expected_first.size(), 50u);
  EXPECT_EQ(first_log->ReadAfter(0, 1 << 30, Duration())->records, expected_first);
  EXPECT_EQ(second_log->ReadAfter(0, 1 << 30, Duration())->records, Directly(two, expected_first));
  EXPECT_TRUE(second_log->closed());
}

INSTANTIATE_TEST_SUITE_P(Transports, ChainTest, ::testing::Values("inproc", "ipc", "tcp"),
                         [](const auto& transport) { return transport.param; });

}  // namespace
}  // namespace trucewatch
