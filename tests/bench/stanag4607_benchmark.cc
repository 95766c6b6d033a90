// SPDX-License-Identifier: Apache-2.0
// STANAG 4607 from bytes to observations, beside tshark on the same file: 50 targets a dwell, one
// dwell a packet.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/geo/terrain.h"
#include "ingest/feed.h"
#include "ingest/radar/dwell_builder.h"
#include "ingest/radar/stanag4607_encoder.h"
#include "ingest/radar/stanag4607_stream.h"
#include "tests/bench/peer.h"

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

constexpr int kPackets = 20'000;

// One recording, in memory and as a file for the peer.
class Recording {
 public:
  Recording() : path_(std::filesystem::temp_directory_path() / "trucewatch_benchmark.4607") {
    MissionSegment mission;
    mission.year = 2026;
    mission.month = mission.day = 3;
    const std::vector<Segment> first = {mission};
    bytes_ = EncodePacket({}, first).value();
    for (int i = 0; i < kPackets; ++i) bytes_ += PacketNumber(i);
    std::ofstream(path_, std::ios::binary) << bytes_;
  }
  ~Recording() { std::filesystem::remove(path_); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  const std::string& bytes() const { return bytes_; }
  std::string path() const { return path_.string(); }
  static const Recording& Get() {
    static const Recording recording;
    return recording;
  }

 private:
  std::filesystem::path path_;
  std::string bytes_;
};

constexpr std::size_t kChunk = 64 * 1024;

template <typename Push>
void InChunks(const std::string& bytes, Push&& push) {
  for (std::size_t at = 0; at < bytes.size(); at += kChunk) {
    push(AsBytes(bytes).subspan(at, std::min(kChunk, bytes.size() - at)));
  }
}

void SetRates(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * kTargets * kPackets);
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(Recording::Get().bytes().size()));
}

// Bytes to the structs of stanag4607.h, through the stream with its search for packets.
void StreamToSegments(benchmark::State& state) {
  const std::string& bytes = Recording::Get().bytes();
  for (auto _ : state) {
    Stanag4607Stream stream;
    std::size_t targets = 0;
    InChunks(bytes, [&](Bytes chunk) {
      for (const StreamItem& item : stream.Push(chunk)) {
        for (const DecodedSegment& segment : std::get<Packet>(item).segments) {
          const auto* dwell = std::get_if<DwellSegment>(&segment.body);
          if (dwell != nullptr) targets += dwell->targets.size();
        }
      }
    });
    if (targets != kTargets * kPackets) return state.SkipWithError("a target was lost");
  }
  SetRates(state);
}
BENCHMARK(StreamToSegments)->Unit(benchmark::kMillisecond);

// Bytes to RadarDwell: footprint, positions, covariances, classes.
void StreamToDwells(benchmark::State& state) {
  const std::string& bytes = Recording::Get().bytes();
  const FlatTerrain terrain{0.0, 1.0};
  for (auto _ : state) {
    Stanag4607Stream stream;
    DwellBuilder builder({.source = {"radar1"}, .lineage = {}}, &terrain);
    std::size_t plots = 0;
    InChunks(bytes, [&](Bytes chunk) {
      for (const StreamItem& item : stream.Push(chunk)) {
        for (const DwellItem& built : builder.Add(std::get<Packet>(item))) {
          plots += std::get<BuiltDwell>(built).dwell.plots.size();
        }
      }
    });
    if (plots != kTargets * kPackets) return state.SkipWithError("a plot was lost");
  }
  SetRates(state);
}
BENCHMARK(StreamToDwells)->Unit(benchmark::kMillisecond);

// What the pipeline runs: the feed, which also checks each dwell as the next stage will.
void FeedToDwells(benchmark::State& state) {
  const std::string& bytes = Recording::Get().bytes();
  const FlatTerrain terrain{0.0, 1.0};
  v1::config::SourceConfig source;
  source.set_id("radar1");
  source.set_format(v1::config::SourceConfig::STANAG4607);
  source.set_detection_probability(0.7);
  for (auto _ : state) {
    const auto feed = MakeRadarFeed({.source = &source, .terrain = &terrain});
    std::size_t plots = 0;
    RawRecord record;
    record.source = {"radar1"};
    InChunks(bytes, [&](Bytes chunk) {
      record.bytes = AsText(chunk);
      const auto items = feed->Push(record, Digest{});
      record.source_offset += chunk.size();
      for (const FeedItem& item : *items) {
        if (const auto* dwell = std::get_if<RadarDwell>(&item)) plots += dwell->plots.size();
      }
    });
    if (plots != kTargets * kPackets) return state.SkipWithError("a plot was lost");
  }
  SetRates(state);
}
BENCHMARK(FeedToDwells)->Unit(benchmark::kMillisecond);

void Peer(benchmark::State& state, std::vector<std::string> options) {
  std::vector<std::string> command = {"tshark", "-r", Recording::Get().path()};
  command.insert(command.end(), options.begin(), options.end());
  bench::RunPeer(state, command, kTargets * kPackets,
                 static_cast<std::int64_t>(Recording::Get().bytes().size()));
}
BENCHMARK_CAPTURE(Peer, tshark_fields,
                  {"-T", "fields", "-e", "s4607.dwell.rpt.lat", "-e", "s4607.dwell.rpt.lon"})
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(Peer, tshark_verbose, {"-V"})
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime()
    ->Iterations(1);

}  // namespace
}  // namespace trucewatch::stanag4607
