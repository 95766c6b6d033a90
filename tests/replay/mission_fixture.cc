// SPDX-License-Identifier: Apache-2.0
#include "tests/replay/mission_fixture.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::testing {
namespace {

// Lives as long as the program, so that every test can use what was made once.
const std::string& Scratch() {
  static const TempDirectory directory;
  return directory.path();
}

}  // namespace

std::vector<std::string> Command(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {TrucewatchProgram()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

const std::string& ShortMission() {
  static const std::string mission = [] {
    const std::string path = Scratch() + "/mission";
    const Finished made =
        RunProcess(Command({"simulate", "configs/demo/short.txtpb", "--out", path, "--quiet"}));
    EXPECT_EQ(made.code, 0) << made.output;
    const Finished key = RunProcess(
        Command({"keygen", "exercise.trucewatch.example/short", "--out", path + "/log.key"}));
    EXPECT_EQ(key.code, 0) << key.output;
    return path;
  }();
  return mission;
}

const std::string& UndisturbedRun() {
  static const std::string run = [] {
    const std::string out = Scratch() + "/undisturbed";
    const Finished ended =
        RunProcess(Command({"replay", ShortMission(), "--out", out, "--quiet", "--threads", "1"}));
    EXPECT_EQ(ended.code, 0) << ended.output;
    return out;
  }();
  return run;
}

const std::vector<std::pair<std::string, std::string>>& UndisturbedLedger() {
  static const auto ledger = ReadTree(UndisturbedRun() + "/ledger");
  return ledger;
}

std::string Entries(const std::vector<std::pair<std::string, std::string>>& ledger) {
  // A bundle is there as its widest partial tile, or whole; ReadTree's order puts x000/... in order
  // already.
  std::map<std::string, std::string> widest;
  for (const auto& [path, content] : ledger) {
    if (path.rfind("tile/entries/", 0) != 0) continue;
    const std::string bundle = path.substr(0, path.find(".p/"));
    if (content.size() > widest[bundle].size()) widest[bundle] = content;
  }
  std::string entries;
  for (const auto& [bundle, content] : widest) entries += content;
  return entries;
}

}  // namespace trucewatch::testing
