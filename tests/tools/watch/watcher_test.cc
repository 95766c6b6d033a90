// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "core/bus/faulty_link.h"
#include "core/bus/log_client.h"
#include "core/storage/faulty_storage.h"
#include "evidence/release/party_leaf.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"
#include "tests/tools/watch/test_hub.h"

namespace trucewatch::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::LinesOf;
using testing::ReadFile;
using testing::TestHub;

// Keeps the lines.
class LinesOutput final : public WatchOutput {
 public:
  explicit LinesOutput(std::uint64_t start = 0) : done_(start) {}
  std::uint64_t done() const override { return done_; }
  Result<void> Write(const std::string& lines, std::uint64_t now_done) override {
    text += lines;
    done_ = now_done;
    return {};
  }
  std::string text;

 private:
  std::atomic<std::uint64_t> done_;
};

WatcherOptions UntilEnd() {
  WatcherOptions options;
  options.until_end = true;
  options.wait = Duration::Millis(20);
  return options;
}

class WatcherTest : public ::testing::Test {
 protected:
  std::unique_ptr<Link> LinkOf(const CurveKeyPair& keys) {
    return MakeCurveLink(hub_.context, hub_.endpoint,
                         {.keys = keys, .server_public = hub_.keys.public_key})
        .value();
  }
  Result<void> Watch(LogReader& log, const WatcherOptions& options) {
    Watcher watcher(log, PublishedLine(true), output_, clock_, options,
                    [this](const std::string& sentence) { told_.push_back(sentence); });
    return watcher.Run(stop_.get_token());
  }

  TestHub hub_;
  LinesOutput output_;
  SystemClock clock_;
  std::stop_source stop_;
  std::vector<std::string> told_;
};

TEST_F(WatcherTest, PrintsWhatPeopleSubscribeForInTheOrderOfTheLedger) {
  hub_.Publish(10);
  ASSERT_TRUE(hub_.log.Close());
  const auto watched = Watch(hub_.log, UntilEnd());
  ASSERT_TRUE(watched) << watched.error().message;
  EXPECT_EQ(output_.text, LinesOf(0, 10));
  EXPECT_EQ(output_.done(), 10u);
}

TEST_F(WatcherTest, StopsAfterTheLinesItWasToldAndGoesOnFromThere) {
  hub_.Publish(10);
  ASSERT_TRUE(hub_.log.Close());
  WatcherOptions options = UntilEnd();
  options.count = 3;
  ASSERT_TRUE(Watch(hub_.log, options));
  EXPECT_EQ(output_.text, LinesOf(0, 5)) << "entries 1, 2 and 4";
  EXPECT_EQ(output_.done(), 5u);
  ASSERT_TRUE(Watch(hub_.log, UntilEnd()));
  EXPECT_EQ(output_.text, LinesOf(0, 10));
}

TEST_F(WatcherTest, RefusesALogWhoseRecordsCannotBeTheEntriesOfTheirPlace) {
  for (const std::vector<std::uint64_t>& indices :
       std::vector<std::vector<std::uint64_t>>{{0, 0}, {1, 3, 2}, {4, 7, 7}}) {
    TestHub hub;
    for (const std::uint64_t index : indices)
      ASSERT_TRUE(hub.log.Append({{hub.log.last() + 1, testing::RecordAt(index)}}));
    const auto watched = Watch(hub.log, UntilEnd());
    ASSERT_FALSE(watched);
    EXPECT_EQ(watched.error().code, ErrorCode::kCheckFailed);
    EXPECT_THAT(watched.error().message, HasSubstr("record " + std::to_string(indices.size())));
    EXPECT_EQ(output_.text, "");
  }
}

// Stamps and refusals of witnesses are entries of the ledger and no statements.
TEST_F(WatcherTest, EntriesOfTheLedgerThatAreNoStatementsMoveTheOthersBack) {
  for (const std::uint64_t index : {0, 1, 4, 5, 8, 10})
    ASSERT_TRUE(hub_.log.Append({{hub_.log.last() + 1, testing::RecordAt(index)}}));
  ASSERT_TRUE(hub_.log.Close());
  ASSERT_TRUE(Watch(hub_.log, UntilEnd()));
  const std::string after_4 = LinesOf(5, 6) + LinesOf(8, 9) + LinesOf(10, 11);
  EXPECT_EQ(output_.text, LinesOf(1, 2) + LinesOf(4, 5) + after_4);

  LinesOutput later;
  WatcherOptions since = UntilEnd();
  since.since = 4;
  ASSERT_TRUE(Watcher(hub_.log, PublishedLine(true), later, clock_, since, [](const std::string&) {
              }).Run(stop_.get_token()));
  EXPECT_EQ(later.text, after_4);
  EXPECT_EQ(later.done(), 6);

  // A cursor that is further than --since counts.
  LinesOutput with_cursor(5);
  ASSERT_TRUE(
      Watcher(hub_.log, PublishedLine(true), with_cursor, clock_, since, [](const std::string&) {
      }).Run(stop_.get_token()));
  EXPECT_EQ(with_cursor.text, LinesOf(10, 11));
}

// Of "released" and, with gaps, of "open".
TEST_F(WatcherTest, OfReleasedLogsItPrintsStatementsAndCountsPlacesOfThePartiesLedger) {
  const auto leaf = [](std::uint64_t index) {
    return index % 2 == 0 ? evidence::MakeCommitmentLeaf(Digest{})
                          : evidence::MakeStatementLeaf(fmt::format("{{\"n\":{}}}", index));
  };
  for (const std::uint64_t index : {0, 1, 2, 5, 7})
    ASSERT_TRUE(hub_.log.Append({{index + 1, leaf(index)}}));
  ASSERT_TRUE(hub_.log.Close());
  const auto watched = [&](const WatcherOptions& options) {
    LinesOutput output;
    EXPECT_TRUE(Watcher(hub_.log, ReleasedLine, output, clock_, options, [](const std::string&) {
                }).Run(stop_.get_token()));
    EXPECT_EQ(output.done(), 5u);
    return output.text;
  };
  const std::string late = "{\"ledger_index\":5,\"n\":5}\n{\"ledger_index\":7,\"n\":7}\n";
  EXPECT_EQ(watched(UntilEnd()), "{\"ledger_index\":1,\"n\":1}\n" + late);
  WatcherOptions since = UntilEnd();
  since.since = 2;
  EXPECT_EQ(watched(since), late);

  EXPECT_FALSE(ReleasedLine({1, 0, leaf(1)}));
  EXPECT_FALSE(ReleasedLine({1, 1, testing::RecordAt(0)})) << "what officers read";
}

TEST_F(WatcherTest, AKeyThatTheHubDoesNotKnowEndsItWithTheReason) {
  hub_.Start();
  LogClient log(LinkOf(MakeCurveKeyPair()), "published");
  const auto watched = Watch(log, UntilEnd());
  ASSERT_FALSE(watched);
  EXPECT_EQ(watched.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(watched.error().message, HasSubstr("the hub refused this key"));
}

TEST_F(WatcherTest, ACursorBeyondTheLedgersEndEndsItWithTheReason) {
  hub_.Publish(3);
  hub_.Start();
  LinesOutput ahead(5);
  LogClient log(LinkOf(hub_.side_a), "published");
  Watcher watcher(log, PublishedLine(true), ahead, clock_, UntilEnd(), [](const std::string&) {});
  const auto watched = watcher.Run(stop_.get_token());
  ASSERT_FALSE(watched);
  EXPECT_THAT(watched.error().message, HasSubstr("cut or replaced"));
}

TEST_F(WatcherTest, SeesEveryEntryOnceAndInOrderWhileTheHubIsRestartedTwentyTimes) {
  constexpr int kRestarts = 20;
  hub_.Publish(5);
  hub_.Start();
  LogClient log(LinkOf(hub_.side_a), "published",
                {.reply_timeout = Duration::Millis(100), .attempts = 2});
  Result<void> watched;
  {
    const std::jthread watching([&] { watched = Watch(log, UntilEnd()); });
    std::mt19937_64 random(2026);
    for (int i = 0; i < kRestarts; ++i) {
      hub_.Publish(1 + random() % 40);
      hub_.served.AwaitQuestions(1 + random() % 6);
      hub_.Stop();
      hub_.Publish(random() % 10);
      hub_.Start();
    }
    hub_.Publish(7);
    ASSERT_TRUE(hub_.log.Close());
  }
  ASSERT_TRUE(watched) << watched.error().message;
  EXPECT_EQ(output_.text, LinesOf(0, hub_.log.last()));
  EXPECT_EQ(output_.done(), hub_.log.last());
}

TEST_F(WatcherTest, SeesEveryEntryOnceAndInOrderOverALinkThatLosesDoublesAndDelays) {
  constexpr std::uint64_t kEntries = 120;
  hub_.Publish(kEntries);
  ASSERT_TRUE(hub_.log.Close());
  hub_.Start();
  LogClient log(std::make_unique<FaultyLink>(LinkOf(hub_.side_a),
                                             FaultyLink::Options{.seed = 9, .drop_percent = 10}),
                "published", {.reply_timeout = Duration::Millis(20), .attempts = 100});
  const auto watched = Watch(log, UntilEnd());
  ASSERT_TRUE(watched) << watched.error().message;
  EXPECT_EQ(output_.text, LinesOf(0, kEntries));
}

TEST_F(WatcherTest, AnOutageIsToldOnceAndSoIsItsEnd) {
  hub_.Publish(4);
  LogClient log(LinkOf(hub_.side_a), "published",
                {.reply_timeout = Duration::Millis(20), .attempts = 1});
  // Opens the door when the watcher has given up twice.
  class OpensLate final : public LogReader {
   public:
    OpensLate(LogReader& inside, TestHub& hub) : inside_(inside), hub_(hub) {}
    Result<LogBatch> ReadAfter(std::uint64_t after, std::uint64_t max_bytes,
                               Duration wait) override {
      if (++asked_ == 3) {
        hub_.Start();
        EXPECT_TRUE(hub_.log.Close());
      }
      return inside_.ReadAfter(after, max_bytes, wait);
    }

   private:
    LogReader& inside_;
    TestHub& hub_;
    int asked_ = 0;
  } late(log, hub_);
  ASSERT_TRUE(Watch(late, UntilEnd()));
  EXPECT_THAT(told_, ElementsAre(HasSubstr("asking again until the hub answers"),
                                 HasSubstr("the hub answers again")));
  EXPECT_EQ(output_.text, LinesOf(0, 4));
}

TEST(WatchOutput, GoesOnAfterTheCursorAndCutsOffWhatLiesBehindIt) {
  testing::TempDirectory directory;
  const auto storage = MakePosixStorage();
  const std::string file = directory.File("events.jsonl"), cursor = directory.File("cursor");
  {
    const auto output = WatchToFile(*storage, file, cursor).value();
    EXPECT_EQ(output->done(), 0u);
    ASSERT_TRUE(output->Write("one\ntwo\n", 6));
    ASSERT_TRUE(output->Write("", 9));
  }
  {
    const auto unfinished = storage->Open(file, false).value();
    ASSERT_TRUE(unfinished->Append(AsBytes("three, and it was kil")));
  }
  const auto output = WatchToFile(*storage, file, cursor).value();
  EXPECT_EQ(output->done(), 9u);
  EXPECT_EQ(ReadFile(file), "one\ntwo\n");
  ASSERT_TRUE(output->Write("three\n", 10));
  EXPECT_EQ(ReadFile(file), "one\ntwo\nthree\n");
}

// The power is cut at each call of the storage in turn, and what was not synced comes out in
// several ways.
TEST(WatchOutput, HoldsEachLineOnceWhereverThePowerIsCut) {
  const auto write_all = [](FaultyStorage& disk) -> Result<void> {
    TW_ASSIGN_OR_RETURN(const auto output, WatchToFile(disk, "out/events", "out/cursor"));
    while (output->done() < 12) {
      const std::uint64_t done = output->done();
      TW_RETURN_IF_ERROR(output->Write(LinesOf(done, done + 2), done + 2));
    }
    return {};
  };
  bool failed = true;
  std::uint64_t cuts = 0;
  for (std::uint64_t call = 1; failed; ++call) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      FaultyStorage disk;
      ASSERT_TRUE(disk.MakeDirectories("out"));
      disk.FailCall(call, true);
      static_cast<void>(write_all(disk));
      failed = disk.failed();
      if (!failed) break;
      disk.FailCall(0);
      disk.Crash(seed);
      const auto again = write_all(disk);
      ASSERT_TRUE(again) << "call " << call << ", seed " << seed << ": " << again.error().message;
      ASSERT_EQ(ReadWholeFile(disk, "out/events", 1 << 20).value(), LinesOf(0, 12))
          << "call " << call << ", seed " << seed;
      ++cuts;
    }
  }
  EXPECT_GT(cuts, 300u);
}

TEST(WatchOutput, RefusesFilesThatDoNotBelongTogether) {
  testing::TempDirectory directory;
  const auto storage = MakePosixStorage();
  const std::string file = directory.File("notes.txt"), cursor = directory.File("cursor");
  const auto put = [&](const std::string& path, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(*storage, path, AsBytes(text)));
  };
  put(file, "something else\n");
  const auto no_cursor = WatchToFile(*storage, file, cursor);
  ASSERT_FALSE(no_cursor);
  EXPECT_THAT(no_cursor.error().message, HasSubstr("holds 15 bytes already"));
  EXPECT_EQ(ReadFile(file), "something else\n");
  put(cursor, "trucewatch watch cursor v1\nledger_index 3\nlength 16\n");
  const auto cut = WatchToFile(*storage, file, cursor);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::kCheckFailed);
  for (const char* text :
       {"", "x", "trucewatch watch cursor v1\n", "trucewatch watch cursor v1\nledger_index 3\n",
        "trucewatch watch cursor v1\nledger_index -3\nlength 1\n",
        "trucewatch watch cursor v1\nledger_index 18446744073709551615\nlength 1\n",
        "trucewatch watch cursor v1\nledger_index 3\nlength 1x\n",
        "trucewatch watch cursor v1\nledger_index 3\nlength 1\nmore 1\n"}) {
    put(cursor, text);
    const auto refused = WatchToFile(*storage, file, cursor);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, ErrorCode::kBadInput) << text;
  }
  EXPECT_EQ(ReadFile(file), "something else\n");
}

}  // namespace
}  // namespace trucewatch::tools
