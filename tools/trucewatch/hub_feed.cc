// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/hub_feed.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/bytes.h"

namespace trucewatch::tools {
namespace {

Result<station::HubOptions> OptionsFor(const MissionFile& mission, const std::string& header,
                                       std::optional<KeyBook> keys) {
  const auto& hub = mission.config.hub();
  station::HubOptions options;
  options.mission_header = header;
  options.start = mission.start();
  options.keys = std::move(keys);
  options.late_after = Duration::FromSeconds(hub.late_after_s());
  for (const auto& peer : hub.station()) {
    station::HubStation station;
    station.id = peer.id();
    const auto key = HexDecode(peer.sign_public());
    if (options.keys) {
      // The key set says it.
    } else if (!key || key->size() != station.sign_key.size()) {
      return Fail(ErrorCode::kBadInput,
                  "{}: hub.station '{}': sign_public is no Ed25519 key; expected 64 hexadecimal "
                  "digits",
                  mission.path, peer.id());
    } else {
      std::copy(key->begin(), key->end(), station.sign_key.begin());
    }
    for (const auto& source : mission.config.source()) {
      if (source.station() != peer.id()) continue;
      station.sources.insert(source.id());
      if (source.format() == v1::config::SourceConfig::SATELLITE ||
          source.format() == v1::config::SourceConfig::HUMAN) {
        station.occasional.insert(source.id());
      }
      if (source.format() == v1::config::SourceConfig::HUMAN &&
          source.human_role() == v1::config::SourceConfig::OFFICERS) {
        station.officers.insert(source.id());
      }
    }
    options.stations.push_back(std::move(station));
  }
  return options;
}

std::string Count(std::uint64_t number, const char* one, const char* many) {
  return fmt::format("{} {}", number, number == 1 ? one : many);
}

}  // namespace

Result<std::unique_ptr<HubFeed>> HubFeed::Open(const MissionFile& mission,
                                               const std::string& header, Journal& received,
                                               Journal& refused, const HubDoors& doors,
                                               const ZmqContext& context, Clock& clock,
                                               std::optional<KeyBook> keys, Notes notes) {
  std::unique_ptr<HubFeed> feed(new HubFeed());
  TW_ASSIGN_OR_RETURN(station::HubOptions options, OptionsFor(mission, header, std::move(keys)));
  options.notes = std::move(notes);
  TW_ASSIGN_OR_RETURN(feed->receiver_,
                      station::HubReceiver::Open(std::move(options), {received, received},
                                                 {refused, refused}, clock.Now()));
  TW_ASSIGN_OR_RETURN(
      feed->server_,
      PeerServer::Start(context, mission.config.hub().station_endpoint(), doors.station_door()));
  feed->door_ = std::make_unique<station::StationDoor>(*feed->server_, *feed->receiver_, clock);
  return feed;
}

Result<void> HubFeed::Run(std::stop_token stop, std::stop_token give_up) {
  return door_->Run(std::move(stop), std::move(give_up));
}

std::string AccountLine(const station::StationAccount& account) {
  std::string line = fmt::format(
      "station {}: {} in {} delivered ({} bytes), {} declared lost, connected {}", account.id,
      Count(account.records, "record", "records"), Count(account.batches, "batch", "batches"),
      account.bytes, account.declared_lost, Count(account.connections, "time", "times"));
  if (account.repeated > 0) {
    line += ", " + Count(account.repeated, "batch", "batches") + " sent again";
  }
  if (account.refused > 0) line += ", " + Count(account.refused, "frame", "frames") + " refused";
  if (account.clock_offset) {
    const double seconds = account.clock_offset->seconds();
    line += fmt::format(", its clock {:.3f} s {} the hub's", std::abs(seconds),
                        seconds < 0 ? "ahead of" : "behind");
  }
  if (!account.ended) line += "; it has not ended";
  return line;
}

}  // namespace trucewatch::tools
