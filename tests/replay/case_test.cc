// SPDX-License-Identifier: Apache-2.0
// Case bundles of a mission with video, as those who get them use them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/replay/mission_fixture.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::Finished;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ReadFile;
using testing::ReadTree;
using testing::RunProcess;

std::string LogKey() { return testing::ShortMission() + "/log.key"; }

// The id of the run's verified event.
std::string VerifiedEvent() {
  const Finished told =
      RunProcess(testing::Command({"events", testing::UndisturbedRun(), "--json"}));
  EXPECT_EQ(told.code, 0) << told.output;
  std::istringstream lines(told.output);
  for (std::string line; std::getline(lines, line);) {
    const auto at = line.find("\"event_id\":\"");
    if (line.find("VERIFIED") != std::string::npos && at != std::string::npos)
      return line.substr(at + 12, 32);
  }
  ADD_FAILURE() << told.output;
  return "";
}

void ExpectGood(const std::string& folder, const std::string& policy) {
  const std::vector<std::string> check = {"--bundle", folder,     "--policy",
                                          policy,     "--signer", LogKey() + ".vkey"};
  std::vector<std::string> cpp = {"audit"}, python = {"python3", "tools/audit/trucewatch_audit.py"};
  cpp.insert(cpp.end(), check.begin(), check.end());
  python.insert(python.end(), check.begin(), check.end());
  const Finished by_cpp = RunProcess(testing::Command(cpp)), by_python = RunProcess(python);
  EXPECT_EQ(by_cpp.code, 0) << by_cpp.output;
  EXPECT_EQ(by_python.code, 0) << by_python.output;
}

Finished Export(const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {"export",        "bundle", testing::UndisturbedRun(),
                                  VerifiedEvent(), "--key",  LogKey()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return RunProcess(testing::Command(all));
}

TEST(CaseBundle, AnOfficerGetsStillsAndAClipThatPlaysByItself) {
  const testing::TempDirectory out;
  const std::string folder = out.File("case");
  const Finished made = Export({"--for", "officers", "--out", folder});
  ASSERT_EQ(made.code, 0) << made.output;
  ExpectGood(folder, testing::UndisturbedRun() + "/policy.txt");

  const std::string clip = folder + "/video/drone1.ts";
  const Finished streams = RunProcess(
      {"ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", clip});
  EXPECT_THAT(streams.output, HasSubstr("h264"));
  EXPECT_THAT(streams.output, HasSubstr("klv"));
  const Finished first =
      RunProcess({"ffprobe", "-v", "error", "-select_streams", "v", "-read_intervals", "%+#1",
                  "-show_entries", "frame=key_frame,pict_type", "-of", "csv=p=0", clip});
  EXPECT_THAT(first.output, ::testing::StartsWith("1,I")) << first.output;
  const Finished played = RunProcess({"ffmpeg", "-nostdin", "-v", "error", "-i", clip, "-map", "0",
                                      "-c:d", "copy", "-f", "null", "-"});
  EXPECT_EQ(played.output, "");
  EXPECT_EQ(played.code, 0);
  // Its metadata reads, and says where the drone was.
  const Finished klv = RunProcess(testing::Command({"inspect", clip, "--json"}));
  EXPECT_THAT(klv.output, HasSubstr("\"format\":\"st0601\""));
  EXPECT_THAT(klv.output, Not(HasSubstr("\"checksum_ok\":false")));

  // Every packet of it is one of the raw excerpt, whose records the audit held against the ledger.
  const std::string raw = ReadFile(folder + "/raw/drone1.bin"), bytes = ReadFile(clip);
  std::set<std::string> packets;
  for (std::size_t at = 0; at + 188 <= raw.size(); at += 188) packets.insert(raw.substr(at, 188));
  ASSERT_GT(bytes.size(), 188U * 100);
  ASSERT_EQ(bytes.size() % 188, 0U);
  for (std::size_t at = 0; at < bytes.size(); at += 188)
    ASSERT_TRUE(packets.contains(bytes.substr(at, 188))) << at;
  EXPECT_THAT(ReadFile(folder + "/video/clips.jsonl"), HasSubstr("\"of\":\"raw/drone1.bin\""));

  // What was detected then, and what was followed.
  const std::string looks = ReadFile(folder + "/observations.jsonl");
  EXPECT_THAT(looks, HasSubstr("{\"kind\":\"look\",\"source\":\"drone1\""));
  EXPECT_THAT(looks, HasSubstr("{\"kind\":\"dwell\",\"source\":\"radar1\""));
  EXPECT_THAT(ReadFile(folder + "/tracks.jsonl"), HasSubstr("\"sources\":[\"drone1\",\"radar1\"]"));

  const std::string page = ReadFile(folder + "/index.html");
  EXPECT_THAT(page, HasSubstr("<img alt=\"\" src=\"pictures/1-drone1.png\">"));
  // Of the moment itself, though the settled tracks know of looks until the mission's end.
  EXPECT_THAT(page, HasSubstr("drone1 at 2026-03-01T12:00:1"));
  EXPECT_THAT(page, Not(HasSubstr("drone1 at 2026-03-01T12:00:2")));
  EXPECT_THAT(ReadFile(folder + "/pictures/1-drone1.png"), ::testing::StartsWith("\x89PNG"));
}

// What parties are given is searched for whatever is finer than what was stated.
TEST(CaseBundle, APartyGetsADrawingAndNothingFinerThanTheStatements) {
  const testing::TempDirectory out;
  const std::string parties = out.File("parties"), folder = out.File("case"),
                    salts = out.File("salts.key");
  ASSERT_EQ(RunProcess(testing::Command({"keygen", "exercise.trucewatch.example/parties", "--out",
                                         out.File("parties.key")}))
                .code,
            0);
  const Finished released = RunProcess(
      testing::Command({"release", testing::UndisturbedRun(), "--out", parties, "--key",
                        out.File("parties.key"), "--salts", salts, "--new-salts", "--ended"}));
  ASSERT_EQ(released.code, 0) << released.output;
  const Finished made =
      Export({"--for", "parties", "--out", folder, "--parties", parties, "--salts", salts});
  ASSERT_EQ(made.code, 0) << made.output;
  ExpectGood(folder, parties + "/policy.txt");
  EXPECT_THAT(ReadFile(folder + "/index.html"), HasSubstr("src=\"pictures/redrawn.png\""));
  EXPECT_THAT(ReadFile(folder + "/pictures/redrawn.png"), ::testing::StartsWith("\x89PNG"));

  // Words of the officers' statements on the event that are no words of the parties'.
  ASSERT_EQ(Export({"--for", "officers", "--out", out.File("officers")}).code, 0);
  const std::string said =
      ReadFile(out.File("officers/events.jsonl")) + ReadFile(out.File("officers/tracks.jsonl"));
  std::set<std::string> canaries = {"drone1", "radar1", VerifiedEvent()};
  std::istringstream lines(said);
  for (std::string line; std::getline(lines, line);) {
    for (const std::string key :
         {"\"lat_deg\":", "\"lon_deg\":", "\"published_utc\":\"", "\"time_first_utc\":\"",
          "\"time_last_utc\":\"", "\"time_utc\":\""}) {
      for (auto at = line.find(key); at != std::string::npos; at = line.find(key, at + 1)) {
        const auto begin = at + key.size();
        const std::string word = line.substr(begin, line.find_first_of(",\"}", begin) - begin);
        if (word.size() > 8 && !word.ends_with(":00:00Z")) canaries.insert(word);
      }
    }
  }
  EXPECT_GT(canaries.size(), 100U) << said;
  for (const auto& [path, content] : ReadTree(folder)) {
    for (const std::string& canary : canaries)
      EXPECT_EQ(content.find(canary), std::string::npos) << path << " holds " << canary;
  }
}

// A mission in which an officer decides that both parties may have the recordings themselves.
TEST(CaseBundle, RecordingsAreAPartysOnceAnOfficerHasReleasedThemAndProveThemselves) {
  const testing::TempDirectory out;
  const std::string mission = out.File("mission"), run = out.File("run"),
                    parties = out.File("parties"), salts = out.File("salts.key");
  const auto good = [](const std::vector<std::string>& arguments) {
    Finished done = RunProcess(testing::Command(arguments));
    EXPECT_EQ(done.code, 0) << done.output;
    return done;
  };
  std::filesystem::copy(testing::ShortMission(), mission);
  const std::string chief = out.File("chief.key");
  good({"keygen", "chief", "--out", chief});
  std::string vkey = ReadFile(chief + ".vkey");
  while (vkey.ends_with('\n')) vkey.pop_back();
  std::ofstream(mission + "/mission.txtpb", std::ios::app)
      << "\nsource { id: \"decisions\" file: \"decisions\" format: HUMAN platform: \"officers\" "
         "station: \"hq\" clock: \"watch\" georeference: \"map\" signer_vkey: \""
      << vkey << "\" }\n";
  good({"decide", VerifiedEvent(), "release_raw", "--audience", "parties", "--key", chief, "--out",
        mission + "/decisions", "--id", "chief-1", "--status", "EXERCISE", "--reported",
        "2026-03-01T12:05:00Z", "--text", "Side A asked for them"});
  good({"replay", mission, "--out", run, "--quiet"});
  good({"keygen", "exercise.trucewatch.example/parties", "--out", out.File("parties.key")});
  good({"release", run, "--out", parties, "--key", out.File("parties.key"), "--salts", salts,
        "--new-salts", "--ended"});
  const std::string folder = out.File("case");
  const Finished made = good({"export", "bundle", run, VerifiedEvent(), "--for", "parties", "--out",
                              folder, "--parties", parties, "--salts", salts, "--key", LogKey()});
  EXPECT_THAT(made.output, HasSubstr("and the event's recordings"));
  ExpectGood(folder, parties + "/policy.txt");
  const Finished audited = good({"audit", "--bundle", folder, "--policy", parties + "/policy.txt",
                                 "--signer", LogKey() + ".vkey"});
  EXPECT_THAT(audited.output, HasSubstr("officers' entries opened: "));
  const std::string counted = "raw records named by the event: ";
  const std::string named =
      audited.output.substr(std::min(audited.output.size(), audited.output.find(counted)));
  const std::string count = named.substr(counted.size(), named.find(" of ") - counted.size());
  EXPECT_THAT(named, HasSubstr(counted + count + " of " + count + " are in the bundle"));
  EXPECT_GT(std::atoi(count.c_str()), 5);
  EXPECT_THAT(ReadFile(folder + "/index.html"), HasSubstr("Side A asked for them"));
  // Byte for byte what an officer's bundle has, and the same clip.
  good({"export", "bundle", run, VerifiedEvent(), "--for", "officers", "--out",
        out.File("officers"), "--key", LogKey()});
  for (const std::string file : {"/raw/drone1.bin", "/raw/radar1.bin", "/video/drone1.ts"}) {
    const std::string bytes = ReadFile(folder + file);
    EXPECT_GT(bytes.size(), 1000U) << file;
    EXPECT_TRUE(bytes == ReadFile(out.File("officers") + file)) << file;
  }
  // The salts of no other entry are in it.
  std::size_t opened = 0;
  for (const auto& [path, content] : ReadTree(folder)) opened += path.ends_with(".salt") ? 1 : 0;
  const std::string lines = ReadFile(out.File("officers/events.jsonl"));
  EXPECT_EQ(opened, static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n')));
}

}  // namespace
}  // namespace trucewatch
