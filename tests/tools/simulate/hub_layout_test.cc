// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/hub_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "core/base/bytes.h"
#include "core/config/mission_config.h"
#include "tests/tools/simulate/demo_scenario.h"
#include "tools/simulate/mission_layout.h"
#include "tools/trucewatch/key_files.h"
#include "trucewatch/v1/config/station.pb.h"

namespace trucewatch::simulate {
namespace {

using trucewatch::testing::TempDirectory;

void WriteAll(const Scenario& scenario, const TempDirectory& directory) {
  for (const HubSetup& setup : HubSetups(scenario)) {
    for (const TextFile& file : setup.texts) {
      std::filesystem::create_directories(
          std::filesystem::path(directory.File(file.name)).parent_path());
      std::ofstream(directory.File(file.name)) << file.text;
    }
    for (const KeyFile& key : setup.keys) {
      const auto written = key.write(directory.File(key.name));
      ASSERT_TRUE(written) << written.error().message;
    }
  }
}

v1::config::StationConfig StationIn(const TempDirectory& directory, const std::string& id) {
  v1::config::StationConfig config;
  const std::string path = directory.File(id + "/station.txtpb");
  const auto parsed = ParseTextConfig(ReadTextFile(path).value(), path, &config);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return config;
}

TEST(HubLayout, HubAndStationsAgreeOnKeysAndSources) {
  const Scenario scenario = testing::DemoScenario("scenario", 7);
  const TempDirectory directory;
  WriteAll(scenario, directory);
  const auto files = FileMission(scenario);
  for (const std::string folder : {"hub", "field/hub"}) {
    const auto mission = LoadMissionConfig(directory.File(folder));
    ASSERT_TRUE(mission) << mission.error().message;
    const auto& hub = mission->config.hub();
    const auto hub_keys = tools::ReadHubKeys(mission->Resolve(hub.key_file()));
    ASSERT_TRUE(hub_keys) << hub_keys.error().message;
    std::multiset<std::string> sent;
    for (const auto& peer : hub.station()) {
      const auto station = StationIn(directory, peer.id());
      EXPECT_EQ(station.id(), peer.id());
      EXPECT_EQ(station.hub_public(), hub_keys->public_key);
      EXPECT_EQ(station.hub_endpoint(), hub.station_endpoint());
      const auto keys =
          tools::ReadStationKeys(directory.File(peer.id() + "/" + station.key_file()));
      ASSERT_TRUE(keys) << keys.error().message;
      EXPECT_EQ(keys->curve.public_key, peer.curve_public());
      EXPECT_EQ(HexEncode(Ed25519KeyPair::FromSeed(keys->sign_seed).public_key()),
                peer.sign_public());
      for (const auto& source : station.source()) sent.insert(source.id());
    }
    std::multiset<std::string> wanted;
    for (const auto& source : mission->config.source()) {
      wanted.insert(source.id());
      EXPECT_EQ(source.file(), "");
    }
    EXPECT_EQ(sent, wanted);
    EXPECT_EQ(sent.size(), 6U);
    const auto officer = tools::ReadSubscriberKeys(directory.File("officer1.key"));
    ASSERT_TRUE(officer) << officer.error().message;
    EXPECT_EQ(hub.subscriber(0).curve_public(), officer->curve.public_key);
    EXPECT_EQ(hub.subscriber(0).audience(), v1::config::SubscriberPeer::OFFICERS);
  }
  EXPECT_EQ(StationIn(directory, "fs-drone").exercise_cut_size(), 2);
  // The field variant replays from files with the lineage its station gives it.
  const auto field = LoadMissionConfig(directory.File("field"));
  ASSERT_TRUE(field) << field.error().message;
  for (const auto& source : field->config.source()) EXPECT_EQ(source.station(), "field");
}

TEST(HubLayout, LineagesAreThoseOfTheFilesAndDronesShareNothingWithRadars) {
  const Scenario scenario = testing::DemoScenario("scenario", 7);
  const TempDirectory directory;
  WriteAll(scenario, directory);
  const auto hub = LoadMissionConfig(directory.File("hub"));
  ASSERT_TRUE(hub) << hub.error().message;
  const auto files = FileMission(scenario);
  ASSERT_EQ(hub->config.source_size(), files.source_size());
  for (int i = 0; i < files.source_size(); ++i) {
    auto with_file = hub->config.source(i);
    with_file.set_file(files.source(i).file());
    EXPECT_EQ(with_file.SerializeAsString(), files.source(i).SerializeAsString());
  }
  EXPECT_EQ(files.source(0).id(), "drone1");
  EXPECT_EQ(files.source(2).id(), "radar1");
  EXPECT_NE(files.source(0).station(), files.source(2).station());
  EXPECT_NE(files.source(0).clock(), files.source(2).clock());
  EXPECT_NE(files.source(0).georeference(), files.source(2).georeference());
}

}  // namespace
}  // namespace trucewatch::simulate
