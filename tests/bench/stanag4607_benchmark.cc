// SPDX-License-Identifier: Apache-2.0
// STANAG 4607 from bytes to segments: 50 targets a dwell, one dwell a packet.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "core/base/check.h"
#include "ingest/radar/stanag4607_decoder.h"
#include "ingest/radar/stanag4607_encoder.h"

namespace trucewatch::stanag4607 {
namespace {

constexpr int kTargets = 50;

std::string PacketNumber(int number) {
  DwellSegment dwell;
  dwell.dwell_index = static_cast<std::uint16_t>(number);
  dwell.time_ms = static_cast<std::uint32_t>(43'200'000 + number * 100);
  dwell.sensor_latitude = Sa32::From(Angle::Degrees(29.9));
  dwell.sensor_longitude = Ba32::From(Angle::Degrees(-40.1));
  dwell.sensor_height_hae_cm = 900'000;
  dwell.centre_latitude = Sa32::From(Angle::Degrees(30));
  dwell.centre_longitude = Ba32::From(Angle::Degrees(-40));
  dwell.range_half_extent_km = B16::From(5);
  dwell.angle_half_extent = Ba16::From(Angle::Degrees(4));
  dwell.min_detectable_velocity_dmps = 15;
  for (int i = 0; i < kTargets; ++i) {
    TargetReport target;
    target.report_index = static_cast<std::uint16_t>(i);
    target.latitude = Sa32::From(Angle::Degrees(30 + 1e-4 * (i + number)));
    target.longitude = Ba32::From(Angle::Degrees(-40 + 2e-4 * i));
    target.los_velocity_cmps = static_cast<std::int16_t>(40 * i - 900);
    target.wrap_velocity_cmps = 2000;
    target.snr_db = 15;
    target.classification = 1;
    target.class_probability_percent = 80;
    dwell.targets.push_back(target);
  }
  const std::vector<Segment> segments = {dwell};
  auto packet = EncodePacket({}, segments);
  TW_CHECK(packet);
  return *std::move(packet);
}

void DecodePackets(benchmark::State& state) {
  constexpr int kPackets = 1000;
  std::vector<std::string> packets;
  std::int64_t bytes = 0;
  for (int i = 0; i < kPackets; ++i) {
    packets.push_back(PacketNumber(i));
    bytes += static_cast<std::int64_t>(packets.back().size());
  }
  for (auto _ : state) {
    std::size_t targets = 0;
    for (const std::string& bytes_of_packet : packets) {
      const auto packet = DecodePacket(AsBytes(bytes_of_packet), 0);
      if (!packet || packet->segments.size() != 1) continue;
      targets += std::get<DwellSegment>(packet->segments[0].body).targets.size();
    }
    if (targets != kTargets * kPackets) return state.SkipWithError("a target was lost");
  }
  state.SetItemsProcessed(state.iterations() * kTargets * kPackets);
  state.SetBytesProcessed(state.iterations() * bytes);
}
BENCHMARK(DecodePackets)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace trucewatch::stanag4607
