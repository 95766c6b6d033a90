// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "core/base/result.h"
#include "core/bus/curve.h"
#include "core/bus/zmq_context.h"
#include "trucewatch/v1/config/mission.pb.h"

namespace trucewatch::tools {

// What the hub's doors to stations and subscribers share: its keys and the list of who may come in.
// One a process, made before the first door is opened; outlives them. Threads: thread-safe.
class HubDoors {
 public:
  // Reads the keys, starts the ZAP handler, registers the config's stations and subscribers, and
  // tests on loopback that strangers stay outside. Fails with kCheckFailed when they do not: then
  // no door may be opened; with kBadInput when the config names a key twice for one door.
  static Result<std::unique_ptr<HubDoors>> Open(const ZmqContext& context,
                                                const v1::config::HubConfig& hub,
                                                const std::string& key_file);

  // For PeerServer::Start and LogServer::Start. User ids are StationPeer.id and SubscriberPeer.id.
  CurveServer station_door() const { return {.keys = keys_, .domain = "trucewatch.stations"}; }
  CurveServer subscriber_door() const {
    return {.keys = keys_, .domain = "trucewatch.subscribers"};
  }

  ZapHandler& zap() { return *zap_; }
  const CurveKeyPair& keys() const { return keys_; }

 private:
  HubDoors(CurveKeyPair keys, std::unique_ptr<ZapHandler> zap)
      : keys_(std::move(keys)), zap_(std::move(zap)) {}

  const CurveKeyPair keys_;
  const std::unique_ptr<ZapHandler> zap_;
};

}  // namespace trucewatch::tools
