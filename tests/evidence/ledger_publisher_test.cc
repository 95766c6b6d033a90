// SPDX-License-Identifier: Apache-2.0
#include "evidence/ledger_publisher.h"

#include <gtest/gtest.h>

#include "tests/evidence/ledger_fixture.h"

namespace trucewatch::evidence {
namespace {

using testing::FilesOf;
using testing::kLedger;
using testing::MissionLeaves;
using testing::PrepareSigner;
using testing::TestKey;
using testing::TestLog;

// One life of the evidence process: until the log is closed and published, or the disk fails.
Result<void> RunOnce(Storage& storage, const SignerOptions& options, TestLog& leaves,
                     TestLog& published) {
  TW_ASSIGN_OR_RETURN(const auto signer, InProcessSigner::Open(storage, options));
  TW_ASSIGN_OR_RETURN(const auto ledger, Ledger::Open(storage, {kLedger, TestKey().public_key()}));
  LedgerPublisher publisher(*ledger, *signer, leaves, published);
  for (int steps = 0; steps < 10'000; ++steps) {
    TW_ASSIGN_OR_RETURN(const bool more, publisher.Step(Duration()));
    if (!more) return {};
  }
  return Fail(ErrorCode::kTimeout, "never ended");
}

void Fill(TestLog& log, const std::vector<std::string>& leaves) {
  for (const std::string& leaf : leaves) ASSERT_TRUE(log.Append({{log.last() + 1, leaf}}));
  ASSERT_TRUE(log.Close());
}

std::vector<std::string> Payloads(const TestLog& log) {
  std::vector<std::string> out;
  for (const LogRecord& record : log.records()) {
    out.push_back(std::to_string(record.origin) + ":" + record.payload);
  }
  return out;
}

struct Undisturbed {
  std::map<std::string, std::string> files;
  std::vector<std::string> published;
};

Undisturbed RunUndisturbed(const std::vector<std::string>& leaves, std::size_t batch = SIZE_MAX) {
  FaultyStorage storage;
  TestLog log;
  Fill(log, leaves);
  log.LimitBatch(batch);
  TestLog published;
  const auto run = RunOnce(storage, PrepareSigner(storage), log, published);
  EXPECT_TRUE(run) << run.error().message;
  EXPECT_TRUE(published.closed());
  return {FilesOf(storage), Payloads(published)};
}

TEST(LedgerPublisher, EveryLeafIsPublishedOnceUnderACheckpointThatCoversIt) {
  FaultyStorage storage;
  TestLog leaves;
  Fill(leaves, MissionLeaves(23));
  TestLog published;
  ASSERT_TRUE(RunOnce(storage, PrepareSigner(storage), leaves, published));
  ASSERT_EQ(published.last(), 23U);
  for (std::uint64_t i = 0; i < 23; ++i) {
    v1::Envelope envelope;
    ASSERT_TRUE(envelope.ParseFromString(published.records()[i].payload));
    EXPECT_EQ(published.records()[i].origin, i + 1);
    EXPECT_EQ(envelope.published().ledger_index(), i);
    // The header, then every 5th leaf, then the end of the log.
    const std::uint64_t size = i == 0 ? 1 : std::min<std::uint64_t>(((i + 4) / 5) * 5 + 1, 23);
    EXPECT_EQ(envelope.published().checkpoint_size(), size) << i;
  }
}

TEST(LedgerPublisher, BatchingChangesNothing) {
  const auto leaves = MissionLeaves(530);
  const Undisturbed whole = RunUndisturbed(leaves);
  EXPECT_GT(whole.files.size(), 8U);
  for (const std::size_t batch : {1, 3, 256}) {
    const Undisturbed other = RunUndisturbed(leaves, batch);
    EXPECT_EQ(other.files, whole.files) << batch;
    EXPECT_EQ(other.published, whole.published) << batch;
  }
}

// Fails every call to the disk in turn, then starts again: once as after a kill (what was written
// is there), once as after a power cut (what was not synced is lost, torn or there).
TEST(LedgerPublisher, KilledBetweenAnyTwoDiskCallsItEndsWithTheSameBytes) {
  const auto leaves = MissionLeaves(23);
  const Undisturbed whole = RunUndisturbed(leaves);
  for (const bool power_cut : {false, true}) {
    std::uint64_t n = 1;
    for (; n < 5000; ++n) {
      FaultyStorage storage;
      const SignerOptions options = PrepareSigner(storage);
      TestLog log;
      Fill(log, leaves);
      TestLog published;
      storage.FailCall(n, /*all_after=*/true);
      const auto first = RunOnce(storage, options, log, published);
      if (!storage.failed()) break;
      ASSERT_FALSE(first) << n;
      if (power_cut) storage.Crash(n);
      storage.FailCall(0);
      const auto second = RunOnce(storage, options, log, published);
      ASSERT_TRUE(second) << "call " << n << ": " << second.error().message;
      ASSERT_EQ(FilesOf(storage), whole.files) << "call " << n;
      ASSERT_EQ(Payloads(published), whole.published) << "call " << n;
    }
    EXPECT_GT(n, 100U);
    RecordProperty(power_cut ? "power_cut_points" : "kill_points", static_cast<int>(n - 1));
  }
}

TEST(LedgerPublisher, KilledAgainAndAgainAcrossAFullTileItEndsWithTheSameBytes) {
  const auto leaves = MissionLeaves(270);
  const Undisturbed whole = RunUndisturbed(leaves);
  for (const std::uint64_t stride : {41, 97, 211, 503}) {
    FaultyStorage storage;
    const SignerOptions options = PrepareSigner(storage);
    TestLog log;
    Fill(log, leaves);
    TestLog published;
    int lives = 0;
    for (; lives < 1000; ++lives) {
      // Each life gets a little farther than it takes to open the ledger.
      storage.FailCall(stride + 3 * static_cast<std::uint64_t>(lives), /*all_after=*/true);
      const auto life = RunOnce(storage, options, log, published);
      const bool failed = storage.failed();
      storage.FailCall(0);
      if (failed && lives % 2 == 0) storage.Crash(static_cast<std::uint64_t>(lives));
      if (life) break;
      ASSERT_TRUE(failed) << life.error().message;
    }
    EXPECT_GE(lives, 3);
    EXPECT_EQ(FilesOf(storage), whole.files) << stride;
    EXPECT_EQ(Payloads(published), whole.published) << stride;
  }
}

TEST(LedgerPublisher, KilledInsideAnAppendToSubscribersItRepeatsNothing) {
  const auto leaves = MissionLeaves(23);
  const Undisturbed whole = RunUndisturbed(leaves);
  for (std::size_t records = 0; records < 23; ++records) {
    FaultyStorage storage;
    const SignerOptions options = PrepareSigner(storage);
    TestLog log;
    Fill(log, leaves);
    TestLog published;
    published.FailAfter(records);
    ASSERT_FALSE(RunOnce(storage, options, log, published));
    EXPECT_EQ(published.last(), records);
    published.FailAfter(SIZE_MAX);
    ASSERT_TRUE(RunOnce(storage, options, log, published));
    EXPECT_EQ(FilesOf(storage), whole.files) << records;
    EXPECT_EQ(Payloads(published), whole.published) << records;
  }
}

TEST(LedgerPublisher, AnotherLogOfLeavesIsNotContinued) {
  FaultyStorage storage;
  const SignerOptions options = PrepareSigner(storage);
  TestLog leaves;
  Fill(leaves, MissionLeaves(23));
  TestLog published;
  ASSERT_TRUE(RunOnce(storage, options, leaves, published));

  auto other = MissionLeaves(23);
  other[22] = testing::LeafOf(testing::FindingEnvelope(v1::FINDING_KIND_HEARTBEAT, 99));
  TestLog changed;
  Fill(changed, other);
  auto run = RunOnce(storage, options, changed, published);
  ASSERT_FALSE(run);
  EXPECT_NE(run.error().message.find("leaf 23 is not what entry 22"), std::string::npos);

  other = MissionLeaves(23);
  std::swap(other[3], other[4]);
  TestLog swapped;
  Fill(swapped, other);
  TestLog fresh;
  run = RunOnce(storage, options, swapped, fresh);
  ASSERT_FALSE(run);
  EXPECT_NE(run.error().message.find("leaf 4 is not what entry 3"), std::string::npos);

  TestLog shorter;
  Fill(shorter, MissionLeaves(20));
  TestLog fresh_again;
  EXPECT_FALSE(RunOnce(storage, options, shorter, fresh_again));
  EXPECT_FALSE(RunOnce(storage, options, shorter, published));
}

TEST(LedgerPublisher, AReplayIntoTheSameLedgerPublishesTheSameAgain) {
  FaultyStorage storage;
  const SignerOptions options = PrepareSigner(storage);
  TestLog leaves;
  Fill(leaves, MissionLeaves(23));
  TestLog published;
  ASSERT_TRUE(RunOnce(storage, options, leaves, published));
  const auto files = FilesOf(storage);
  TestLog again;
  ASSERT_TRUE(RunOnce(storage, options, leaves, again));
  EXPECT_EQ(FilesOf(storage), files);
  EXPECT_EQ(Payloads(again), Payloads(published));
}

TEST(LedgerPublisher, AClosedEmptyLogGetsACheckpointOfSizeZero) {
  const Undisturbed empty = RunUndisturbed({});
  ASSERT_EQ(empty.files.size(), 1U);
  EXPECT_NE(empty.files.at("checkpoint").find("\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
            std::string::npos);
}

}  // namespace
}  // namespace trucewatch::evidence
