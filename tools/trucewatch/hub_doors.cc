// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/hub_doors.h"

#include <set>

#include "core/log/log.h"
#include "tools/trucewatch/key_files.h"

namespace trucewatch::tools {
namespace {

// `door` is "station" or "subscriber", as the config calls them.
template <typename Peers>
Result<CurveClients> ClientsOf(const Peers& peers, const char* door) {
  CurveClients clients;
  std::set<std::string> ids;
  for (const auto& peer : peers) {
    if (peer.id().empty() || !IsZ85Key(peer.curve_public())) {
      return Fail(ErrorCode::kBadInput,
                  "hub.{} '{}': expected an id and a curve_public of 40 characters of Z85, as "
                  "`trucewatch keygen --{}` writes them",
                  door, peer.id(), door);
    }
    const auto [there, is_new] = clients.emplace(peer.curve_public(), peer.id());
    if (!is_new) {
      return Fail(ErrorCode::kBadInput, "hub.{}: '{}' and '{}' have the same curve_public", door,
                  there->second, peer.id());
    }
    // What he gets goes by his name.
    if (!ids.insert(peer.id()).second) {
      return Fail(ErrorCode::kBadInput, "hub.{}: '{}' stands there twice", door, peer.id());
    }
  }
  return clients;
}

}  // namespace

Result<std::unique_ptr<HubDoors>> HubDoors::Open(const ZmqContext& context,
                                                 const v1::config::HubConfig& hub,
                                                 const std::string& key_file) {
  TW_ASSIGN_OR_RETURN(CurveKeyPair keys, ReadHubKeys(key_file));
  TW_ASSIGN_OR_RETURN(CurveClients stations, ClientsOf(hub.station(), "station"));
  TW_ASSIGN_OR_RETURN(CurveClients subscribers, ClientsOf(hub.subscriber(), "subscriber"));
  TW_ASSIGN_OR_RETURN(std::unique_ptr<ZapHandler> zap, ZapHandler::Start(context));
  TW_RETURN_IF_ERROR(CurveSelfTest(context, *zap));
  Log(LogLevel::kInfo, "doors_tested",
      {{"stations", stations.size()}, {"subscribers", subscribers.size()}});
  std::unique_ptr<HubDoors> doors(new HubDoors(std::move(keys), std::move(zap)));
  doors->zap().Register(doors->station_door().domain, std::move(stations));
  doors->zap().Register(doors->subscriber_door().domain, std::move(subscribers));
  return doors;
}

}  // namespace trucewatch::tools
