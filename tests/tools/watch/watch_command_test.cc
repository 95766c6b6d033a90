// SPDX-License-Identifier: Apache-2.0
// The program, as subscribers run it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "core/config/text_config.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"
#include "tests/tools/watch/test_hub.h"
#include "tools/trucewatch/key_files.h"

namespace trucewatch::tools {
namespace {

using testing::Finished;
using ::testing::HasSubstr;
using testing::LinesOf;
using ::testing::Not;
using testing::ReadFile;
using testing::RunProcess;

class WatchCommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WriteHubKeys(directory_.File("hub.key"), hub_.keys));
    ASSERT_TRUE(
        WriteSubscriberKeys(directory_.File("a.key"), {.id = "side-a", .curve = hub_.side_a}));
  }
  std::vector<std::string> Watch(const std::vector<std::string>& more) const {
    std::vector<std::string> argv = {
        testing::TrucewatchProgram(),        "watch", "--hub", hub_.endpoint, "--hub-pub",
        directory_.File("hub.key") + ".pub", "--json"};
    argv.insert(argv.end(), more.begin(), more.end());
    return argv;
  }
  std::vector<std::string> WatchToFile() const {
    return Watch({"--key", directory_.File("a.key"), "--until-end", "--out", Out(), "--cursor-file",
                  directory_.File("cursor")});
  }
  std::string Out() const { return directory_.File("events.jsonl"); }

  testing::TempDirectory directory_;
  testing::TestHub hub_;
};

TEST_F(WatchCommandTest, PrintsEventsUntilTheEnd) {
  hub_.Publish(8);
  ASSERT_TRUE(hub_.log.Close());
  hub_.Start();
  const std::string key = directory_.File("a.key");
  const Finished all = RunProcess(Watch({"--key", key, "--until-end"}));
  EXPECT_EQ(all.code, 0);
  EXPECT_EQ(all.output, LinesOf(0, 8));
  EXPECT_EQ(RunProcess(Watch({"--key", key, "--until-end", "--since", "4"})).output, LinesOf(5, 8));
  EXPECT_EQ(RunProcess(Watch({"--key", key, "--count", "2"})).output, LinesOf(0, 3));
}

TEST_F(WatchCommandTest, ACursorFileContinuesOnStandardOutput) {
  hub_.Publish(8);
  ASSERT_TRUE(hub_.log.Close());
  hub_.Start();
  const auto argv = Watch({"--key", directory_.File("a.key"), "--until-end", "--count", "2",
                           "--cursor-file", directory_.File("cursor")});
  std::string output;
  for (int i = 0; i < 4; ++i) output += RunProcess(argv).output;
  EXPECT_EQ(output, LinesOf(0, 8));
}

TEST_F(WatchCommandTest, AKeyThatTheHubDoesNotKnowEndsItWithTwoAndTheReason) {
  hub_.Publish(8);
  hub_.Start();
  const std::string key = directory_.File("b.key");
  ASSERT_TRUE(WriteSubscriberKeys(key, {.id = "side-b", .curve = MakeCurveKeyPair()}));
  const Finished refused = RunProcess(Watch({"--key", key}));
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.output, HasSubstr("the hub refused this key"));
  EXPECT_THAT(refused.output, Not(HasSubstr("event_id")));
}

TEST_F(WatchCommandTest, WrongOptionsAreNamed) {
  const std::string key = directory_.File("a.key");
  const Finished no_cursor = RunProcess(Watch({"--key", key, "--out", Out()}));
  EXPECT_EQ(no_cursor.code, 2);
  EXPECT_THAT(no_cursor.output, HasSubstr("--cursor-file"));
  const Finished no_hub =
      RunProcess({testing::TrucewatchProgram(), "watch", "--hub", hub_.endpoint, "--key", key});
  EXPECT_EQ(no_hub.code, 2);
  EXPECT_THAT(no_hub.output, HasSubstr("--hub-pub FILE"));
  const Finished wrong_file = RunProcess(Watch({"--key", directory_.File("hub.key")}));
  EXPECT_EQ(wrong_file.code, 3);
  EXPECT_THAT(wrong_file.output, HasSubstr("trucewatch subscriber key v1"));
}

TEST_F(WatchCommandTest, KilledTenTimesAtAnyMomentTheFileHoldsEachLineOnce) {
  constexpr int kKills = 10;
  hub_.Publish(50);
  hub_.Start();
  std::mt19937_64 random(7);
  for (int i = 0; i < kKills; ++i) {
    testing::Process watch(WatchToFile(), directory_.File("told"));
    hub_.Publish(12 + random() % 12);  // more than is read: it never waits for news
    hub_.served.AwaitQuestions(1 + random() % 4);
    // Somewhere in the writing and syncing that follows an answer.
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 30000);
    while (std::chrono::steady_clock::now() < until) {
    }
    watch.Kill();
    const std::string so_far = ReadFile(Out());
    EXPECT_EQ(LinesOf(0, hub_.log.last()).rfind(so_far, 0), 0u) << "not a beginning of the lines";
  }
  ASSERT_TRUE(hub_.log.Close());
  const Finished last = RunProcess(WatchToFile());
  EXPECT_EQ(last.code, 0) << last.output;
  EXPECT_EQ(ReadFile(Out()), LinesOf(0, hub_.log.last()));
  EXPECT_EQ(ReadFile(directory_.File("told")), "");
}

TEST(KeygenCommand, WritesTheFilesAndPrintsWhatToPaste) {
  testing::TempDirectory directory;
  const auto keygen = [&](const std::string& name, const std::string& whose,
                          const std::string& file) {
    return RunProcess(
        {testing::TrucewatchProgram(), "keygen", name, whose, "--out", directory.File(file)});
  };
  const Finished station = keygen("fs-north", "--station", "s.key");
  EXPECT_EQ(station.code, 0) << station.output;
  EXPECT_THAT(station.output, HasSubstr(ReadFile(directory.File("s.key.pub"))));
  EXPECT_EQ(ReadStationKeys(directory.File("s.key"))->id, "fs-north");
  EXPECT_EQ(keygen("hub", "--hub", "h.key").code, 0);
  EXPECT_TRUE(ReadHubKeys(directory.File("h.key")));
  EXPECT_EQ(keygen("side-a", "--subscriber", "a.key").code, 0);
  EXPECT_TRUE(ReadSubscriberKeys(directory.File("a.key")));
  const Finished again = keygen("fs-north", "--station", "s.key");
  EXPECT_EQ(again.code, 3);
  EXPECT_THAT(again.output, HasSubstr("never overwritten"));
  EXPECT_EQ(RunProcess({testing::TrucewatchProgram(), "keygen", "x", "--hub", "--station", "--out",
                        directory.File("x.key")})
                .code,
            2);
}

}  // namespace
}  // namespace trucewatch::tools
