// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/radar_looks.h"

#include <algorithm>
#include <filesystem>

#include "core/crypto/sha256.h"
#include "fusion/look_codec.h"
#include "ingest/feed.h"
#include "ingest/recorded/recorded_mission.h"
#include "tools/trucewatch/single_file.h"
#include "tools/trucewatch/stage_factory.h"

namespace trucewatch::tools {
namespace {

using v1::config::SourceConfig;

bool IsRadar(const SourceConfig& source) {
  return source.format() == SourceConfig::STANAG4607 || source.format() == SourceConfig::ASTERIX;
}

// A radar of which only the place is known: what a ground surveillance radar usually does.
void UsualSite(const Geodetic& site, SourceConfig& source) {
  auto& out = *source.mutable_radar_site();
  out.set_lat_deg(site.latitude.deg());
  out.set_lon_deg(site.longitude.deg());
  out.set_height_hae_m(site.height_hae_m);
  out.set_sector_half_deg(180);
  out.set_max_range_m(100'000);
  out.set_sigma_range_m(30);
  out.set_sigma_azimuth_deg(0.15);
  out.set_sigma_speed_mps(1);
  out.set_min_detectable_speed_mps(1.5);
  out.set_scan_period_s(4);
}

Result<MissionFile> MissionForRadar(const std::string& path, const std::optional<Geodetic>& site) {
  if (!IsSensorFile(path)) return LoadMissionConfig(path);
  TW_ASSIGN_OR_RETURN(const SensorFormat format, RecogniseFile(path));
  MissionFile mission;
  mission.config.set_start_utc("1970-01-01T00:00:00Z");  // for records that say no time at all
  SourceConfig& source = *mission.config.add_source();
  source.set_id("radar");
  source.set_file(std::filesystem::absolute(path).string());
  if (format == SensorFormat::kStanag4607) {
    source.set_format(SourceConfig::STANAG4607);
  } else if (format == SensorFormat::kAsterix) {
    if (!site) {
      return Fail(ErrorCode::kUsage,
                  "{}: is ASTERIX, which does not say where its radar stands: give --site "
                  "LAT,LON[,HEIGHT], or the mission whose source has a radar_site",
                  path);
    }
    source.set_format(SourceConfig::ASTERIX);
    source.set_detection_probability(0.85);
    UsualSite(*site, source);
  } else {
    return Fail(ErrorCode::kBadInput,
                "{}: is no radar recording; expected STANAG 4607, ASTERIX, a mission, or a "
                "measurement CSV (docs/formats/tracks.md)",
                path);
  }
  return mission;
}

Geodetic Middle(const std::vector<Geodetic>& footprint) {
  double latitude = 0, longitude = 0;
  for (const Geodetic& p : footprint) {
    latitude += p.latitude.deg() / static_cast<double>(footprint.size());
    longitude += p.longitude.deg() / static_cast<double>(footprint.size());
  }
  return Geodetic::FromDegrees(latitude, longitude, 0);
}

// Everything one source saw: dwells with when they were received.
struct Dwells {
  std::vector<std::pair<Instant, RadarDwell>> dwells;
  std::size_t faults = 0;
};

Result<void> ReadSource(Storage& storage, const MissionFile& mission, const SourceConfig& source,
                        const Terrain& terrain, Dwells& out) {
  TW_ASSIGN_OR_RETURN(const auto records, OpenRecordedSource(storage, mission, source));
  TW_ASSIGN_OR_RETURN(const auto feed,
                      MakeFeed({.source = &source,
                                .terrain_config = &mission.config.terrain(),
                                .terrain = &terrain,
                                .ground_height_hae_m = mission.config.origin_height_hae_m()}));
  while (true) {
    TW_ASSIGN_OR_RETURN(const auto record, records->Next());
    if (!record) return {};
    TW_ASSIGN_OR_RETURN(auto items, feed->Push(*record, Sha256(record->bytes)));
    for (FeedItem& item : items) {
      if (auto* dwell = std::get_if<RadarDwell>(&item)) {
        out.dwells.emplace_back(std::max(record->receive_time, dwell->time), std::move(*dwell));
      } else if (std::holds_alternative<DataFault>(item)) {
        ++out.faults;
      }
    }
  }
}

}  // namespace

Result<RadarLooks> ReadRadarLooks(const std::string& path, const std::optional<Geodetic>& site) {
  TW_ASSIGN_OR_RETURN(const MissionFile mission, MissionForRadar(path, site));
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<Terrain> terrain, LoadTerrain(mission));
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  Dwells all;
  int radars = 0;
  for (const SourceConfig& source : mission.config.source()) {
    if (!IsRadar(source)) continue;
    ++radars;
    TW_RETURN_IF_ERROR(ReadSource(*storage, mission, source, *terrain, all));
  }
  if (radars == 0) {
    return Fail(ErrorCode::kUsage, "{}: this mission has no radar source of recorded files", path);
  }
  RadarLooks result;
  result.refused = all.faults;
  const auto& c = mission.config;
  result.origin = Geodetic::FromDegrees(c.origin_lat_deg(), c.origin_lon_deg(), 0);
  if (IsSensorFile(path)) {
    if (site) {
      result.origin = *site;
    } else {
      for (const auto& [time, dwell] : all.dwells) {
        if (dwell.footprint.empty()) continue;
        result.origin = Middle(dwell.footprint);
        break;
      }
    }
  }
  const LocalFrame frame(result.origin);
  for (const auto& [time, dwell] : all.dwells) {
    auto look = LookFromRadarDwell(dwell, frame);
    if (!look) {
      ++result.refused;
      continue;
    }
    result.refused += look->refused_plots;
    result.looks.push_back({time, std::move(look->look)});
  }
  std::stable_sort(
      result.looks.begin(), result.looks.end(),
      [](const ReceivedLook& a, const ReceivedLook& b) { return a.receive_time < b.receive_time; });
  return result;
}

}  // namespace trucewatch::tools
