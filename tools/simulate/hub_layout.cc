// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/hub_layout.h"

#include "core/base/bytes.h"
#include "core/bus/curve.h"
#include "tools/simulate/exercise_keys.h"
#include "tools/simulate/mission_layout.h"
#include "tools/trucewatch/key_files.h"

namespace trucewatch::simulate {
namespace {

namespace config = v1::config;

constexpr const char* kHubKey = "hub.key";
constexpr const char* kStationKey = "station.key";
constexpr const char* kFieldStation = "field";

tools::StationKeys KeysOfStation(const Scenario& scenario, const std::string& id) {
  tools::StationKeys keys;
  keys.id = id;
  keys.curve = CurveKeyPairFromSecret(ExerciseSecret(scenario.seed, "station curve", id));
  keys.sign_seed = ExerciseSecret(scenario.seed, "station sign", id);
  return keys;
}

CurveKeyPair KeysOfHub(const Scenario& scenario, const std::string& folder) {
  return CurveKeyPairFromSecret(ExerciseSecret(scenario.seed, "hub curve", folder));
}

tools::SubscriberKeys KeysOfSubscriber(const Scenario& scenario, const std::string& id) {
  tools::SubscriberKeys keys;
  keys.id = id;
  keys.curve = CurveKeyPairFromSecret(ExerciseSecret(scenario.seed, "subscriber curve", id));
  return keys;
}

// `folder`: where the config lies, "hub" or "field/hub"; `up` leads back to the recording.
config::MissionConfig HubMission(const Scenario& scenario, const config::MissionConfig& files,
                                 const std::vector<std::string>& stations, const std::string& up) {
  config::MissionConfig mission = files;
  for (auto& source : *mission.mutable_source()) source.clear_file();
  if (!mission.verify().agreement_file().empty()) {
    mission.mutable_verify()->set_agreement_file(up + kAgreementFile);
  }
  config::HubConfig& hub = *mission.mutable_hub();
  hub.set_station_endpoint(scenario.config.hub().station_endpoint());
  hub.set_subscriber_endpoint(scenario.config.hub().subscriber_endpoint());
  hub.set_key_file(kHubKey);
  hub.set_late_after_s(scenario.config.hub().late_after_s());
  for (const std::string& id : stations) {
    const tools::StationKeys keys = KeysOfStation(scenario, id);
    auto& peer = *hub.add_station();
    peer.set_id(id);
    peer.set_curve_public(keys.curve.public_key);
    peer.set_sign_public(HexEncode(Ed25519KeyPair::FromSeed(keys.sign_seed).public_key()));
  }
  for (const std::string& id : scenario.config.hub().subscriber()) {
    auto& peer = *hub.add_subscriber();
    peer.set_id(id);
    peer.set_curve_public(KeysOfSubscriber(scenario, id).curve.public_key);
    peer.set_audience(config::SubscriberPeer::OFFICERS);
  }
  return mission;
}

// What a station sends: the sources whose lineage names it, from files one folder up.
config::StationConfig StationOf(const Scenario& scenario, const config::MissionConfig& files,
                                const std::string& id, const std::string& hub_folder) {
  config::StationConfig station;
  station.set_id(id);
  station.set_start_utc(files.start_utc());
  for (const auto& source : files.source()) {
    if (source.station() != id) continue;
    auto& own = *station.add_source();
    own.set_id(source.id());
    own.set_format(source.format());
    own.set_file("../" + source.file());
  }
  station.set_hub_endpoint(scenario.config.hub().station_endpoint());
  station.set_hub_public(KeysOfHub(scenario, hub_folder).public_key);
  station.set_key_file(kStationKey);
  station.set_outbox("outbox");
  return station;
}

void AddHub(const Scenario& scenario, const config::MissionConfig& files,
            const std::vector<std::string>& stations, const std::string& folder,
            const std::string& up, HubSetup& setup) {
  setup.texts.push_back(
      {folder + "/mission.txtpb", ConfigText(scenario, HubMission(scenario, files, stations, up))});
  setup.keys.push_back(
      {folder + "/" + kHubKey, [keys = KeysOfHub(scenario, folder)](const std::string& path) {
         return tools::WriteHubKeys(path, keys);
       }});
}

void AddStation(const Scenario& scenario, const config::StationConfig& station, HubSetup& setup) {
  setup.texts.push_back({station.id() + "/station.txtpb", ConfigText(scenario, station)});
  setup.keys.push_back({station.id() + "/" + kStationKey,
                        [keys = KeysOfStation(scenario, station.id())](const std::string& path) {
                          return tools::WriteStationKeys(path, keys);
                        }});
}

HubSetup MissionSetup(const Scenario& scenario) {
  HubSetup setup;
  const config::MissionConfig files = FileMission(scenario);
  std::vector<std::string> stations;
  for (const auto& station : scenario.config.hub().station()) stations.push_back(station.id());
  AddHub(scenario, files, stations, "hub", "../", setup);
  for (const auto& own : scenario.config.hub().station()) {
    config::StationConfig station = StationOf(scenario, files, own.id(), "hub");
    for (const auto& cut : own.cut()) *station.add_exercise_cut() = cut;
    for (auto& source : *station.mutable_source()) source.set_speed(own.speed());
    AddStation(scenario, station, setup);
  }
  for (const std::string& id : scenario.config.hub().subscriber()) {
    setup.keys.push_back(
        {id + ".key", [keys = KeysOfSubscriber(scenario, id)](const std::string& path) {
           return tools::WriteSubscriberKeys(path, keys);
         }});
  }
  return setup;
}

HubSetup FieldSetup(const Scenario& scenario) {
  HubSetup setup;
  config::MissionConfig files = FileMission(scenario);
  for (auto& source : *files.mutable_source()) source.set_station(kFieldStation);
  const std::string folder = kFieldStation;
  AddHub(scenario, files, {kFieldStation}, folder + "/hub", "../../", setup);
  AddStation(scenario, StationOf(scenario, files, kFieldStation, folder + "/hub"), setup);
  for (auto& source : *files.mutable_source()) source.set_file("../" + source.file());
  if (!files.verify().agreement_file().empty()) {
    files.mutable_verify()->set_agreement_file(std::string("../") + kAgreementFile);
  }
  setup.texts.push_back({folder + "/mission.txtpb", ConfigText(scenario, files)});
  return setup;
}

}  // namespace

std::vector<HubSetup> HubSetups(const Scenario& scenario) {
  return {MissionSetup(scenario), FieldSetup(scenario)};
}

}  // namespace trucewatch::simulate
