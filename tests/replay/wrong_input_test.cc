// SPDX-License-Identifier: Apache-2.0
// One wrong input at each door: exit code 2 or 3, one clear sentence, and the rest of the work goes
// on.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/replay/mission_fixture.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::Command;
using testing::Finished;
using ::testing::HasSubstr;
using testing::RunProcess;

std::string CopyOfMission(const testing::TempDirectory& directory) {
  const std::string folder = directory.File("mission");
  std::filesystem::copy(testing::ShortMission(), folder);
  return folder;
}

void ReplaceInFile(const std::string& path, const std::string& from, const std::string& to) {
  std::string text = testing::ReadFile(path);
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  std::ofstream(path) << text.replace(at, from.size(), to);
}

long Lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

TEST(WrongInput, AMissingFileIsNamedInOneSentence) {
  for (const char* verb : {"replay", "inspect", "detect"}) {
    const testing::TempDirectory out;
    std::vector<std::string> arguments = {verb, out.File("nothing.ts")};
    if (std::string(verb) == "replay") arguments.insert(arguments.end(), {"--out", out.File("r")});
    const Finished run = RunProcess(Command(arguments));
    EXPECT_EQ(run.code, 3) << verb;
    EXPECT_THAT(run.output, HasSubstr("nothing.ts: no such file"));
    EXPECT_EQ(Lines(run.output), 1) << run.output;
  }
}

TEST(WrongInput, ATextFileNamedTsIsRefusedWithWhatWasFoundAndExpected) {
  const testing::TempDirectory out;
  const std::string file = out.File("notes.ts");
  std::ofstream(file) << "Dear officer, this is not a video.\n";
  for (const char* verb : {"replay", "inspect", "detect"}) {
    std::vector<std::string> arguments = {verb, file};
    if (std::string(verb) == "replay") arguments.insert(arguments.end(), {"--out", out.File("r")});
    const Finished run = RunProcess(Command(arguments));
    EXPECT_EQ(run.code, 3) << verb;
    EXPECT_THAT(run.output, HasSubstr("notes.ts: is no sensor file: it begins with 44656172"));
    EXPECT_THAT(run.output, HasSubstr("expected an MPEG transport stream"));
  }
}

TEST(WrongInput, OneBadFileDoesNotStopTheOthers) {
  const testing::TempDirectory out;
  const std::string bad = out.File("bad.ts");
  std::ofstream(bad) << "text";
  const Finished run =
      RunProcess(Command({"inspect", bad, testing::ShortMission() + "/radar1.4607"}));
  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.output, HasSubstr("bad.ts"));
  EXPECT_THAT(run.output, HasSubstr("radar1.4607: "));
  EXPECT_THAT(run.output, HasSubstr("stanag4607"));
}

TEST(WrongInput, ATruncatedRecordingGivesWhatIsWhole) {
  const testing::TempDirectory out;
  const std::string folder = CopyOfMission(out);
  const auto size = std::filesystem::file_size(folder + "/drone1.ts");
  std::filesystem::resize_file(folder + "/drone1.ts", size * 6 / 10 + 77);
  const Finished run = RunProcess(Command({"replay", folder, "--out", out.File("r"), "--quiet"}));
  EXPECT_EQ(run.code, 0) << run.output;
  const Finished audit =
      RunProcess(Command({"audit", out.File("r/ledger"), "--policy", out.File("r/policy.txt")}));
  EXPECT_EQ(audit.code, 0) << audit.output;
}

TEST(WrongInput, AMissingSourceCostsThatSourceAndIsOnRecord) {
  const testing::TempDirectory out;
  const std::string folder = CopyOfMission(out);
  std::filesystem::remove(folder + "/drone1.ts");
  const Finished run =
      RunProcess(Command({"replay", folder, "--out", out.File("r"), "--quiet", "--json"}));
  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.output, HasSubstr("drone1.ts"));
  EXPECT_THAT(run.output, HasSubstr("the other sources go on"));
  // The radar alone can open an event; one lineage never verifies it.
  EXPECT_THAT(run.output, HasSubstr("\"state\":\"CANDIDATE\""));
  EXPECT_THAT(run.output, ::testing::Not(HasSubstr("VERIFIED")));
}

TEST(WrongInput, AnAgreementWithAnUnknownClassIsRefusedWithItsLine) {
  const testing::TempDirectory out;
  const std::string folder = CopyOfMission(out);
  ReplaceInFile(folder + "/agreement.txtpb", "object_class: ANY_VEHICLE",
                "object_class: SUBMARINE");
  const Finished replay =
      RunProcess(Command({"replay", folder, "--out", out.File("r"), "--quiet"}));
  EXPECT_EQ(replay.code, 3);
  EXPECT_THAT(replay.output, HasSubstr("agreement.txtpb:"));
  EXPECT_THAT(replay.output, HasSubstr("SUBMARINE"));
  const Finished check = RunProcess(Command({"agreement", "check", folder + "/agreement.txtpb"}));
  EXPECT_EQ(check.code, 3);
  EXPECT_THAT(check.output, HasSubstr("SUBMARINE"));
}

TEST(WrongInput, APortInUseIsSaidWithTheEndpoint) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(fd, 1), 0);
  ASSERT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string endpoint = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const testing::TempDirectory out;
  const std::string folder = CopyOfMission(out);
  ReplaceInFile(folder + "/mission.txtpb", "bus {",
                "bus { endpoint { stage: \"ingest\" endpoint: \"" + endpoint + "\" }");
  const Finished run =
      RunProcess(Command({"run", folder, "--stage", "ingest", "--state", out.File("s")}));
  close(fd);
  EXPECT_EQ(run.code, 3) << run.output;
  EXPECT_THAT(run.output, HasSubstr(endpoint));
  EXPECT_THAT(run.output, HasSubstr("in use"));
  EXPECT_EQ(Lines(run.output), 1) << run.output;
}

TEST(WrongInput, WrongWordsOnTheCommandLineAreUsageErrors) {
  EXPECT_EQ(RunProcess(Command({"replay"})).code, 2);
  EXPECT_EQ(RunProcess(Command({"fly"})).code, 2);
  EXPECT_EQ(RunProcess(Command({"replay", "x", "--speed", "fast"})).code, 2);
  EXPECT_EQ(RunProcess(Command({"run", testing::ShortMission(), "--stage", "guess"})).code, 2);
  EXPECT_EQ(RunProcess(Command({"--help"})).code, 0);
}

TEST(WrongInput, AFlippedByteInTheLedgerIsNamedAndExitsFour) {
  const testing::TempDirectory out;
  ASSERT_EQ(
      RunProcess(Command({"replay", testing::ShortMission(), "--out", out.File("r"), "--quiet"}))
          .code,
      0);
  for (const auto& [path, content] : testing::ReadTree(out.File("r/ledger"))) {
    std::string damaged = content;
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
    std::ofstream(out.File("r/ledger/") + path, std::ios::binary) << damaged;
    const Finished audit =
        RunProcess(Command({"audit", out.File("r/ledger"), "--policy", out.File("r/policy.txt")}));
    EXPECT_EQ(audit.code, 4) << path << ": " << audit.output;
    EXPECT_EQ(Lines(audit.output), 1) << audit.output;
    std::ofstream(out.File("r/ledger/") + path, std::ios::binary) << content;
  }
}

}  // namespace
}  // namespace trucewatch
