// SPDX-License-Identifier: Apache-2.0
// `trucewatch agreement` as those who write and sign an agreement use it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "core/crypto/sha256.h"
#include "tests/replay/mission_fixture.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::Finished;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RunProcess;

Finished Agree(const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {"agreement"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return RunProcess(testing::Command(all));
}

void PutFile(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

// The zone of the tests' agreement as a map program would save it.
constexpr const char* kZones = R"({"type": "FeatureCollection", "features": [
  {"type": "Feature", "properties": {"id": "buffer"}, "geometry": {"type": "Polygon", "coordinates": [[
    [-40.0621755, 29.9909649], [-39.9378245, 29.9909649], [-39.9378133, 30.0090057], [-40.0621867, 30.0090057],
    [-40.0621755, 29.9909649]]]}}]})";

// That agreement, with its zone drawn in the file beside it.
std::string Draft(const std::string& sha256) {
  std::string text = testing::ReadFile("tests/verify/data/agreement.txtpb");
  const auto first = text.find("  vertex {");
  text.replace(first, text.find("\n}", first) - first, "  drawn { file: \"annex1\" }");
  return text + "geometry_file { id: \"annex1\" file: \"zones.geojson\" sha256: \"" + sha256 +
         "\" }\n";
}

TEST(AgreementCommands, AZoneDrawnOnAMapIsFrozenDrawnAgainAndSignedByBothSides) {
  const testing::TempDirectory out;
  const std::string draft = out.File("draft.txtpb"), frozen = out.File("agreement.txtpb");
  PutFile(out.File("zones.geojson"), kZones);
  PutFile(draft, Draft(HexEncode(Sha256(std::string_view(kZones)))));
  const Finished unfrozen = Agree({"check", draft});
  EXPECT_EQ(unfrozen.code, 0) << unfrozen.output;
  EXPECT_THAT(unfrozen.output, HasSubstr("are still drawn in other files"));
  const Finished freeze = Agree({"freeze", draft, "--out", frozen});
  ASSERT_EQ(freeze.code, 0) << freeze.output;
  EXPECT_THAT(freeze.output, HasSubstr("the points of 1 drawings are in it"));
  EXPECT_THAT(testing::ReadFile(frozen),
              HasSubstr("vertex { lat_deg: 29.990964900 lon_deg: -40.062175500 }"));

  for (const char* map : {"map.svg", "map.geojson"}) {
    const Finished drawn = Agree({"check", frozen, "--map", out.File(map)});
    EXPECT_EQ(drawn.code, 0) << drawn.output;
    EXPECT_THAT(testing::ReadFile(out.File(map)), HasSubstr("Buffer zone"));
  }
  EXPECT_EQ(Agree({"check", frozen, "--map", out.File("map.pdf")}).code, 2);

  std::vector<std::string> check = {"check", frozen};
  for (const std::string side : {"north", "south"}) {
    const std::string key = out.File(side + ".key");
    ASSERT_EQ(RunProcess(testing::Command({"keygen", side, "--out", key})).code, 0);
    EXPECT_THAT(Agree({"check", frozen, "--key", key + ".vkey"}).code, 4);  // not yet
    const Finished sign = Agree({"sign", frozen, "--key", key});
    ASSERT_EQ(sign.code, 0) << sign.output;
    EXPECT_THAT(sign.output, HasSubstr("signed by " + side));
    check.insert(check.end(), {"--key", key + ".vkey"});
  }
  const Finished both = Agree(check);
  EXPECT_EQ(both.code, 0) << both.output;
  EXPECT_THAT(both.output, HasSubstr("signed by north"));
  EXPECT_THAT(both.output, HasSubstr("signed by south"));
  EXPECT_NE(Agree({"sign", frozen, "--key", out.File("north.key")}).code, 0);  // once is enough
  PutFile(frozen, testing::ReadFile(frozen) + "# one more word\n");
  const Finished changed = Agree(check);
  EXPECT_EQ(changed.code, 4);
  EXPECT_THAT(changed.output, HasSubstr("of another text"));
}

TEST(AgreementCommands, AMapFileThatWasChangedIsNotFrozen) {
  const testing::TempDirectory out;
  PutFile(out.File("zones.geojson"), std::string(kZones) + "\n");
  const std::string draft = out.File("draft.txtpb");
  PutFile(draft, Draft(HexEncode(Sha256(std::string_view(kZones)))));
  const Finished freeze = Agree({"freeze", draft, "--out", out.File("agreement.txtpb")});
  EXPECT_EQ(freeze.code, 4);
  EXPECT_THAT(freeze.output, HasSubstr("zones.geojson"));
  EXPECT_THAT(freeze.output, Not(HasSubstr("points of")));
  EXPECT_FALSE(std::ifstream(out.File("agreement.txtpb")).good());
}

std::string Between(const std::string& line, const std::string& before, char end) {
  const auto at = line.find(before);
  if (at == std::string::npos) return "";
  return line.substr(at + before.size(), line.find(end, at + before.size()) - at - before.size());
}

TEST(AgreementCommands, AMissionThatIsAmendedKeepsEachEventWithTheTextItWasOpenedUnder) {
  const testing::TempDirectory out;
  const std::string mission = out.File("mission"), run = out.File("run");
  std::filesystem::copy(testing::ShortMission(), mission);
  std::filesystem::remove(mission + "/drone1.ts");  // the radar alone opens events, and is quick
  const std::string first = testing::ReadFile(mission + "/agreement.txtpb");
  const std::string second =
      first +
      "amendment { version: 2 valid_from_utc: \"2026-03-01T12:00:18Z\" replaces_sha256: \"" +
      HexEncode(Sha256(first)) + "\" }\n";
  PutFile(mission + "/agreement-2.txtpb", second);
  std::string config = testing::ReadFile(mission + "/mission.txtpb");
  const std::string named = "agreement_file: \"agreement.txtpb\"";
  const auto at = config.find(named);
  ASSERT_NE(at, std::string::npos) << config;
  config.insert(at + named.size(), " later_agreement_file: \"agreement-2.txtpb\"");
  PutFile(mission + "/mission.txtpb", config);
  const Finished replay = RunProcess(
      testing::Command({"replay", mission, "--out", run, "--quiet", "--json", "--threads", "1"}));
  ASSERT_EQ(replay.code, 3) << replay.output;  // one source has failed

  std::map<std::string, std::string> event_of;  // by hash
  std::istringstream lines(replay.output);
  for (std::string line; std::getline(lines, line);) {
    const std::string event = Between(line, "\"event_id\":\"", '"');
    if (!event.empty()) event_of[Between(line, "\"agreement_hash\":\"", '"')] = event;
  }
  ASSERT_EQ(event_of.size(), 2u) << replay.output;
  for (const std::string& text : {first, second}) {
    const std::string event = event_of[HexEncode(Sha256(text))];
    ASSERT_FALSE(event.empty());
    const std::string folder = out.File(event), key = mission + "/log.key";
    const Finished bundle = RunProcess(testing::Command(
        {"export", "bundle", run, event, "--for", "officers", "--out", folder, "--key", key}));
    ASSERT_EQ(bundle.code, 0) << bundle.output;
    EXPECT_EQ(testing::ReadFile(folder + "/agreement.txtpb"), text);
    const std::vector<std::string> check = {"--bundle",          folder,     "--policy",
                                            run + "/policy.txt", "--signer", key + ".vkey"};
    std::vector<std::string> cpp = {"audit"},
                             python = {"python3", "tools/audit/trucewatch_audit.py"};
    cpp.insert(cpp.end(), check.begin(), check.end());
    python.insert(python.end(), check.begin(), check.end());
    const Finished by_cpp = RunProcess(testing::Command(cpp)), by_python = RunProcess(python);
    EXPECT_EQ(by_cpp.code, 0) << by_cpp.output;
    EXPECT_EQ(by_python.code, 0) << by_python.output;
  }
  // Once more with what a challenge may change, under both versions as they would then read.
  const Finished rerun = RunProcess(testing::Command(
      {"rerun", run, event_of[HexEncode(Sha256(second))], "--verified-probability", "0.99"}));
  EXPECT_EQ(rerun.code, 0) << rerun.output;
  EXPECT_THAT(rerun.output, HasSubstr("the record: reproduced"));

  PutFile(mission + "/agreement-2.txtpb", first);
  const Finished broken =
      RunProcess(testing::Command({"replay", mission, "--out", out.File("broken"), "--quiet"}));
  EXPECT_EQ(broken.code, 3) << broken.output;
  EXPECT_THAT(broken.output, HasSubstr("does not say that it amends another"));
}

}  // namespace
}  // namespace trucewatch
