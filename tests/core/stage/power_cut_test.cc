// SPDX-License-Identifier: Apache-2.0
// Stage, snapshots and journal together on a disk that fails at a random call and then loses its
// power, again and again until the work is done.
#include <gtest/gtest.h>

#include <random>

#include "core/bus/memory_log.h"
#include "core/journal/journal.h"
#include "core/metrics/metrics.h"
#include "core/stage/stage_runner.h"
#include "core/storage/faulty_storage.h"
#include "tests/core/stage/toy_stage.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::ToyStage;

TEST(StagePowerCut, TheOutputLogIsTheSameAsUndisturbed) {
  MemoryLog input;
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(input.Append({{0, "input " + std::to_string(i)}}));
  ASSERT_TRUE(input.Close());
  const auto metrics = MakeNullMetrics();
  const auto run = [&](Storage& storage, Journal& output) {
    ToyStage stage;
    StageRunner runner({stage, input, output, output, storage, *metrics},
                       {.name = "toy",
                        .snapshot_path = "d/toy",
                        .snapshot_every_inputs = 7,
                        .max_batch_bytes = 250});
    return runner.Run(std::stop_token());
  };
  const auto content = [](Journal& log) {
    return log.ReadAfter(0, 1 << 30, Duration()).value().records;
  };
  testing::TempDirectory undisturbed;
  FaultyStorage good_storage;
  const auto good = Journal::Open(good_storage, undisturbed.path()).value();
  ASSERT_TRUE(run(good_storage, *good));
  ASSERT_GT(content(*good).size(), 40u);

  int lives = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    testing::TempDirectory directory;
    FaultyStorage storage;
    std::mt19937_64 random(seed);
    for (bool done = false; !done; ++lives) {
      ASSERT_LT(lives, 5000);
      storage.FailCall(1 + random() % 60, random() % 2 == 0);
      if (auto journal = Journal::Open(storage, directory.path(), {.segment_bytes = 400})) {
        const auto result = run(storage, **journal);
        done = result.has_value();
        if (!done) {
          ASSERT_EQ(result.error().code, ErrorCode::kIo) << result.error().message;
        }
      } else {
        ASSERT_EQ(journal.error().code, ErrorCode::kIo) << journal.error().message;
      }
      storage.Crash(random());
    }
    const auto journal = Journal::Open(storage, directory.path(), {.verify_all = true});
    ASSERT_TRUE(journal) << journal.error().message;
    ASSERT_EQ(content(**journal), content(*good)) << "seed " << seed;
    ASSERT_TRUE((*journal)->closed());
  }
  EXPECT_GT(lives, 30) << "it must die often, or this shows nothing";
}

}  // namespace
}  // namespace trucewatch
