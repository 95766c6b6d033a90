// SPDX-License-Identifier: Apache-2.0
// Jobs that really try, in a real child process.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "core/process/job_client.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

constexpr char kForbidden[] = "tried a system call that is forbidden to it";

JobClientOptions Options(const std::string& setup = "") {
  JobClientOptions options;
  options.argv = {TW_TEST_JOBS};
  options.setup = std::make_shared<const std::string>(setup);
  options.limits = {.cpu = Duration::Seconds(1), .memory_bytes = 256ULL << 20};
  options.stall = Duration::Seconds(1);
  return options;
}

JobEnd EndOf(JobClient& client, const std::string& request, const JobClient::Serve& serve = {}) {
  auto end = client.Run(request, serve);
  EXPECT_TRUE(end) << end.error().message;
  return end ? *end : JobEnd{};
}

std::string Answer(JobClient& client, const std::string& request) {
  const JobEnd end = EndOf(client, request);
  EXPECT_TRUE(end.answer) << end.refusal;
  return end.answer.value_or("");
}

TEST(Job, AnswersLargeRequests) {
  JobClient client(Options());
  const std::string text(20 << 20, 'x');
  const JobEnd end = EndOf(client, "echo " + text);
  EXPECT_TRUE(end.answer == text);
  EXPECT_GT(end.cpu, Duration());
}

TEST(Job, NoJobMeetsWhatAnotherLeftBehind) {
  JobClient client(Options());
  EXPECT_EQ(Answer(client, "count"), "1");
  EXPECT_EQ(Answer(client, "count"), "1");
}

TEST(Job, AsksWhileAtWork) {
  JobClient client(Options());
  const auto twice = [](const std::string& question) -> Result<std::string> {
    return question + question;
  };
  EXPECT_EQ(EndOf(client, "ask ab", twice).answer, "abab/abababab");
}

TEST(Job, AskingWithoutEndEndsAtTheLimit) {
  JobClientOptions options = Options();
  options.max_questions = 1000;
  JobClient client(options);
  const auto more = [](const std::string&) -> Result<std::string> { return "more"; };
  EXPECT_EQ(EndOf(client, "ask-without-end", more).refusal, "asked more than 1000 questions");
}

TEST(Job, AnErrorOfTheOneWhoServesIsReturned) {
  JobClient client(Options());
  const auto fails = [](const std::string&) -> Result<std::string> {
    return Fail(ErrorCode::kIo, "the disk is gone");
  };
  const auto end = client.Run("ask x", fails);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::kIo);
  EXPECT_EQ(Answer(client, "echo on"), "on");
}

TEST(Job, HasNoDescriptorButNothingsEndAndItsOwnChannel) {
  JobClient client(Options());
  EXPECT_EQ(Answer(client, "descriptors"), "0 1 2 3");  // /dev/null and the channel
}

TEST(Job, SeesNothingOfTheEnvironment) {
  ::setenv("TRUCEWATCH_TEST_SECRET", "hunter2", 1);
  JobClient client(Options());
  const std::string environment = Answer(client, "environment");
  EXPECT_EQ(environment.find("hunter2"), std::string::npos);
  EXPECT_EQ(environment.find("PATH="), std::string::npos);
}

TEST(Job, ReadsOnlyWhatItWasLeft) {
  const testing::TempDirectory folder;
  ASSERT_EQ(::mkdir(folder.File("left").c_str(), 0700), 0);
  std::ofstream(folder.File("left/table")) << "public";
  std::ofstream(folder.File("key")) << "secret";
  JobClient client(Options(folder.File("left")));
  ASSERT_TRUE(client.Start());
  const bool landlock = client.landlock_abi() > 0;
  EXPECT_EQ(Answer(client, "read " + folder.File("left/table")),
            landlock ? "read: public" : "Permission denied");
  EXPECT_EQ(Answer(client, "read " + folder.File("key")), "Permission denied");
  EXPECT_EQ(Answer(client, "read " + folder.File("left/../key")), "Permission denied");
  EXPECT_EQ(Answer(client, "read /etc/passwd"), "Permission denied");
  EXPECT_EQ(Answer(client, "read /proc/self/maps"), "Permission denied");
}

TEST(Job, MayNotWriteEvenWhatItMayRead) {
  const testing::TempDirectory folder;
  std::ofstream(folder.File("table")) << "public";
  JobClient client(Options(folder.path()));
  EXPECT_EQ(EndOf(client, "write " + folder.File("table")).refusal, kForbidden);
  EXPECT_EQ(EndOf(client, "write " + folder.File("new")).refusal, kForbidden);
  EXPECT_EQ(EndOf(client, "remove " + folder.File("table")).refusal, kForbidden);
  EXPECT_EQ(::access(folder.File("new").c_str(), F_OK), -1);
  EXPECT_EQ(::access(folder.File("table").c_str(), F_OK), 0);
}

class ForbiddenToAJob : public ::testing::TestWithParam<const char*> {};

TEST_P(ForbiddenToAJob, KillsItAndTheNextJobIsDone) {
  JobClient client(Options());
  ASSERT_EQ(Answer(client, "echo before"), "before");
  const pid_t server = client.pid();
  std::string request = GetParam();
  if (request == "signal-other") request += " " + std::to_string(server);
  EXPECT_EQ(EndOf(client, request).refusal, kForbidden);
  EXPECT_EQ(Answer(client, "echo after"), "after");
  EXPECT_EQ(client.pid(), server);  // the same one: a job's end is not the server's
}

INSTANTIATE_TEST_SUITE_P(Tricks, ForbiddenToAJob,
                         ::testing::Values("socket", "unix-socket", "fork", "exec", "thread",
                                           "kill-parent", "signal-other", "trace",
                                           "executable-memory", "make-executable", "raise-limit",
                                           "sleep"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(Job, ItsEndIsSaidInTheSameWordsEveryTime) {
  JobClient client(Options());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(EndOf(client, "crash").refusal, "ended by SIGSEGV");
    EXPECT_EQ(EndOf(client, "abort").refusal, "ended by SIGABRT");
    EXPECT_EQ(EndOf(client, "quit").refusal, "ended without an answer");
    EXPECT_EQ(EndOf(client, "spin").refusal, "used more than 1 s of processor time");
    EXPECT_EQ(EndOf(client, "garbage").refusal, "said what is no answer");
  }
  EXPECT_EQ(Answer(client, "echo on"), "on");
}

TEST(Job, MemoryBeyondTheLimitIsNotGiven) {
  JobClientOptions options = Options();
  // Where pages are dear, 256 MiB of them take longer than a second.
  options.limits.cpu = Duration::Seconds(60);
  JobClient client(options);
  EXPECT_EQ(EndOf(client, "eat-new").refusal, "needed more than 256 MiB of memory");
  const std::string eaten = Answer(client, "eat-malloc");
  EXPECT_TRUE(eaten.starts_with("no memory after 2")) << eaten;  // 240 MiB or so
  EXPECT_EQ(Answer(client, "eat-malloc"), eaten);
}

TEST(Job, OneThatStopsWorkingIsGivenUp) {
  JobClientOptions options = Options();
  options.stall = Duration::Millis(200);
  JobClient client(options);
  EXPECT_EQ(EndOf(client, "stop-working").refusal, "it did nothing for 0.2 s");
  EXPECT_EQ(EndOf(client, "stop-itself").refusal, "it did nothing for 0.2 s");
  EXPECT_EQ(Answer(client, "echo on"), "on");
}

TEST(Job, AKilledServerIsStartedAgainAndTheJobDoneAgain) {
  JobClient client(Options());
  ASSERT_EQ(Answer(client, "echo one"), "one");
  const pid_t first = client.pid();
  ASSERT_EQ(::kill(first, SIGKILL), 0);
  EXPECT_EQ(Answer(client, "echo two"), "two");
  EXPECT_NE(client.pid(), first);
}

TEST(Job, WhatIsWrongWithTheSetUpIsSaid) {
  JobClient refused(Options("refuse"));
  const auto end = refused.Run("echo x");
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().message, "the model is not there");
  JobClientOptions options = Options();
  options.argv = {"/nowhere/worker"};
  JobClient missing(options);
  const auto none = missing.Run("echo x");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kUnavailable);
}

TEST(Job, TheServerEndsWithItsParent) {
  pid_t server = -1;
  {
    JobClient client(Options());
    ASSERT_TRUE(client.Start());
    server = client.pid();
    EXPECT_EQ(::kill(server, 0), 0);
  }
  EXPECT_EQ(::kill(server, 0), -1);
}

}  // namespace
}  // namespace trucewatch
