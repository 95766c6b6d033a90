// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/storage/storage.h"
#include "ingest/radar/stanag4607_encoder.h"

namespace trucewatch::stanag4607::testing {

struct RadarFileOptions {
  int dwells = 5;
  std::uint32_t first_ms = 75'600'000;  // 21:00 of 2026-03-01
  std::uint32_t step_ms = 2000;
  std::uint8_t exercise = 130;
  const char* platform = "RADAR1";
};

// Packets of a small mission: mission and job definition, then a dwell with two targets each.
inline std::vector<std::string> RadarPackets(const RadarFileOptions& options = {}) {
  PacketHeader header;
  header.exercise = options.exercise;
  header.platform = Text<10>::From(options.platform);
  header.mission_id = 1;
  header.job_id = 1;
  MissionSegment mission;
  mission.year = 2026;
  mission.month = 3;
  mission.day = 1;
  JobDefinitionSegment job;
  job.job_id = 1;
  const std::vector<Segment> first = {mission, job};
  std::vector<std::string> packets = {EncodePacket(header, first).value()};
  for (int i = 0; i < options.dwells; ++i) {
    DwellSegment dwell;
    dwell.dwell_index = static_cast<std::uint16_t>(i);
    dwell.time_ms = options.first_ms + static_cast<std::uint32_t>(i) * options.step_ms;
    dwell.sensor_latitude = Sa32::From(Angle::Degrees(49.8));
    dwell.sensor_longitude = Ba32::From(Angle::Degrees(30.0));
    dwell.sensor_height_hae_cm = 300'000;
    dwell.centre_latitude = Sa32::From(Angle::Degrees(50.0));
    dwell.centre_longitude = Ba32::From(Angle::Degrees(30.0));
    dwell.range_half_extent_km = B16::From(5.0);
    dwell.angle_half_extent = Ba16::From(Angle::Degrees(10.0));
    for (int k = 0; k < 2; ++k) {
      TargetReport target;
      target.latitude = Sa32::From(Angle::Degrees(50.0 + 0.001 * k));
      target.longitude = Ba32::From(Angle::Degrees(30.0 + 0.0001 * i));
      target.classification = 2;
      dwell.targets.push_back(target);
    }
    const std::vector<Segment> segments = {dwell};
    packets.push_back(EncodePacket(header, segments).value());
  }
  return packets;
}

inline std::string Joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += part;
  return all;
}

inline Result<void> WriteTo(Storage& storage, const std::string& path, const std::string& bytes) {
  return WriteFileAtomically(storage, path, AsBytes(bytes));
}

}  // namespace trucewatch::stanag4607::testing
