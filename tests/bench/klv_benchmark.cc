// SPDX-License-Identifier: Apache-2.0
// ST 0601 from bytes: cut the stream, check the checksum, decode every item.
#include <benchmark/benchmark.h>

#include <string>
#include <variant>

#include "ingest/klv/st0601.h"
#include "ingest/klv/st0601_encoder.h"

namespace trucewatch {
namespace {

// What a drone's packet says once a frame; `i` makes packets differ.
St0601Fields Fields(int i) {
  const double step = i * 1e-5;
  const Geodetic center = Geodetic::FromDegrees(30.0 + step, -40.0 - step, 120);
  St0601Fields fields;
  fields.time = Instant::FromMicros(1'772'366'400'000'000 + i * 100'000);
  fields.mission_id = "DEMO";
  fields.platform_tail_number = "TW-01";
  fields.platform_heading = Angle::Degrees(45 + step);
  fields.platform_pitch = Angle::Degrees(2 + step);
  fields.platform_roll = Angle::Degrees(-3 + step);
  fields.platform_designation = "Exercise drone";
  fields.image_source_sensor = "EO";
  fields.image_coordinate_system = "Geodetic WGS84";
  fields.sensor = Geodetic::FromDegrees(30.01 + step, -40.01 - step, 1500);
  fields.sensor_altitude_msl_m = 1450;
  fields.horizontal_fov = Angle::Degrees(20);
  fields.vertical_fov = Angle::Degrees(11.5);
  fields.sensor_azimuth = Angle::Degrees(100 + step);
  fields.sensor_elevation = Angle::Degrees(-50 - step);
  fields.sensor_roll = Angle::Degrees(0);
  fields.slant_range_m = 2200;
  fields.target_width_m = 600;
  fields.frame_center = center;
  fields.frame_center_elevation_msl_m = 70;
  fields.corners = {center, center, center, center};
  fields.platform_ground_speed_mps = 30;
  fields.operational_mode = OperationalMode::kExercise;
  return fields;
}

void DecodeStream(benchmark::State& state) {
  constexpr int kPackets = 1000;
  std::string stream;
  for (int i = 0; i < kPackets; ++i) stream += EncodeSt0601(Fields(i));
  std::size_t items = 0;
  for (auto _ : state) {
    int good = 0;
    for (const KlvRecord& record : SplitKlv(AsBytes(stream))) {
      const auto* packet = std::get_if<KlvPacket>(&record);
      if (packet == nullptr) continue;
      const auto set = DecodeSt0601(*packet);
      if (set && set->checksum_ok() && set->time) ++good;
      if (set) items = set->items.size();
    }
    if (good != kPackets) return state.SkipWithError("a packet was lost");
  }
  state.SetItemsProcessed(state.iterations() * kPackets);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
  state.counters["items_a_packet"] = static_cast<double>(items);
  state.counters["bytes_a_packet"] = static_cast<double>(stream.size()) / kPackets;
}
BENCHMARK(DecodeStream)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace trucewatch
