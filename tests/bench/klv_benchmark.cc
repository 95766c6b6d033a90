// SPDX-License-Identifier: Apache-2.0
// ST 0601 from bytes: cut the stream, check the checksum, decode every item.
#include <benchmark/benchmark.h>

#include <string>
#include <variant>

#include "ingest/klv/klv_writer.h"
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

// The shape of the ST 0902 minimum set in klvdata's samples: 25 items with a security set, 228
// bytes.
std::string MinimumPacket(int i) {
  static const std::string kSecurity = *HexDecode(
      "0101010201070305"
      "2f2f555341"
      "0c01070d0600550053004116"
      "02000a");
  static const std::string kCoreId =
      *HexDecode("0170f592f02373364af8aa9162c00f2eb2da16b74341000841a0be365b5ab96a3645");
  constexpr std::pair<std::uint32_t, double> kNumbers[] = {
      {6, 2},    {7, -3},    {14, -40}, {15, 1450}, {16, 20},  {17, 11}, {18, 100}, {19, -50},
      {20, 0.5}, {21, 2200}, {22, 600}, {23, 30},   {24, -40}, {25, 70}, {13, 30}};
  const auto bytes = [](std::uint32_t tag, double value) {
    return EncodeKlvValue(*FindSt0601Item(tag), value).value();
  };
  std::string time;
  AppendBe64(time, 1'772'366'400'000'000 + static_cast<std::uint64_t>(i) * 100'000);
  KlvSetWriter set;
  set.Put(2, time).Put(3, "MISSION 01").Put(5, bytes(5, 45 + i * 1e-3));
  set.Put(10, "Predator").Put(11, "EO Nose").Put(12, "Geodetic WGS84");
  for (const auto& [tag, value] : kNumbers) set.Put(tag, bytes(tag, value));
  set.Put(48, kSecurity).Put(65, "\x06").Put(94, kCoreId);
  return set.Packet(kSt0601Key);
}

void DecodeStream(benchmark::State& state, std::string (*packet_of)(int)) {
  constexpr int kPackets = 1000;
  std::string stream;
  for (int i = 0; i < kPackets; ++i) stream += packet_of(i);
  std::size_t items = 0;
  UasDatalink set;
  for (auto _ : state) {
    int good = 0;
    for (const KlvRecord& record : SplitKlv(AsBytes(stream))) {
      const auto* packet = std::get_if<KlvPacket>(&record);
      if (packet == nullptr) continue;
      if (!DecodeSt0601Into(*packet, set)) continue;
      if (set.checksum_ok() && set.time) ++good;
      items = set.items.size();
    }
    if (good != kPackets) return state.SkipWithError("a packet was lost");
  }
  state.SetItemsProcessed(state.iterations() * kPackets);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
  state.counters["items_a_packet"] = static_cast<double>(items);
  state.counters["bytes_a_packet"] = static_cast<double>(stream.size()) / kPackets;
}
BENCHMARK_CAPTURE(
    DecodeStream, full, +[](int i) { return EncodeSt0601(Fields(i)); })
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(DecodeStream, minimum, MinimumPacket)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace trucewatch
