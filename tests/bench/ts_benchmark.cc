// SPDX-License-Identifier: Apache-2.0
// A transport stream of drone video: every picture cut out and every KLV packet decoded, beside
// `ffmpeg -c copy -f null` on the same file, in turn.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "core/media/demuxer.h"
#include "core/media/ts_writer.h"
#include "ingest/klv/st0601.h"
#include "ingest/klv/st0601_encoder.h"
#include "tests/support/process.h"

namespace trucewatch {
namespace {

constexpr int kPictures = 150;
constexpr int kCopies = 40;
constexpr std::size_t kChunk = 348 * 188;  // as the recorder cuts it

// Noise over a moving ramp: about 8 Mbit/s at 1920 x 1080 and 30 pictures a second.
std::string MakeClip(const std::filesystem::path& path) {
  TsWriterOptions options;
  options.width_px = 1920;
  options.height_px = 1080;
  options.frames_per_second = 30;
  options.key_frame_interval = 30;
  options.preset = "ultrafast";
  options.crf = 26;
  auto writer = TsWriter::Create(path.string(), options);
  if (!writer) return writer.error().message;
  std::string luma(1920 * 1080, '\0');
  const std::string chroma(960 * 540, '\x80');
  std::mt19937 random(1);
  for (int n = 0; n < kPictures; ++n) {
    for (std::size_t i = 0; i < luma.size(); i += 4) {
      const auto noise = static_cast<std::uint32_t>(random());
      for (std::size_t k = 0; k < 4; ++k)
        luma[i + k] = static_cast<char>(64 + ((i + k) / 64 + static_cast<unsigned>(n)) % 96 +
                                        ((noise >> (8 * k)) & 15U));
    }
    St0601Fields fields;
    fields.time = Instant::FromMicros(1'772'366'400'000'000 + n * 33'333LL);
    fields.sensor = Geodetic::FromDegrees(30.01, -40.01 + n * 1e-5, 1500);
    fields.platform_heading = fields.sensor_azimuth = Angle::Degrees(45);
    fields.platform_pitch = fields.platform_roll = Angle::Degrees(1);
    fields.sensor_elevation = Angle::Degrees(-50);
    fields.horizontal_fov = fields.vertical_fov = Angle::Degrees(12);
    const auto written = (*writer)->Write(AsBytes(luma), AsBytes(chroma), AsBytes(chroma),
                                          AsBytes(EncodeSt0601(fields)));
    if (!written) return written.error().message;
  }
  const auto finished = (*writer)->Finish();
  return finished ? "" : finished.error().message;
}

// A file of the clip many times over; its path. Kept for one run of the program.
const std::string& BigFile() {
  static const std::string path = [] {
    const auto folder = std::filesystem::temp_directory_path();
    const auto clip = folder / fmt::format("ts_benchmark_{}.ts", std::random_device()());
    const auto big = clip.string() + ".big.ts";
    if (const std::string error = MakeClip(clip); !error.empty()) {
      fmt::print(stderr, "{}\n", error);
      std::exit(1);
    }
    std::ofstream out(big, std::ios::binary);
    for (int i = 0; i < kCopies; ++i) out << std::ifstream(clip, std::ios::binary).rdbuf();
    std::filesystem::remove(clip);
    return big;
  }();
  static const struct Remover {
    ~Remover() { std::filesystem::remove(BigFile()); }
  } remover;
  return path;
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Pictures and sound KLV packets of the file.
std::pair<int, int> Ours(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const auto demuxer = TsDemuxer::Create();
  std::pair<int, int> seen;
  std::string chunk(kChunk, '\0');
  bool more = true;
  while (more) {
    in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    const auto size = static_cast<std::size_t>(in.gcount());
    more = size > 0;
    const auto packets = more ? demuxer->Push(AsBytes(chunk).first(size)) : demuxer->Finish();
    if (!packets) return {};
    for (const MediaPacket& packet : *packets) {
      if (packet.kind == MediaKind::kVideo) ++seen.first;
      if (packet.kind != MediaKind::kKlv) continue;
      for (const KlvRecord& record : SplitKlv(AsBytes(packet.data))) {
        const auto* klv = std::get_if<KlvPacket>(&record);
        if (klv == nullptr) continue;
        const auto set = DecodeSt0601(*klv);
        if (set && set->checksum_ok() && set->time) ++seen.second;
      }
    }
  }
  return seen;
}

void DemuxAndDecodeAgainstFfmpegCopy(benchmark::State& state) {
  const std::string& path = BigFile();
  const double bytes = static_cast<double>(std::filesystem::file_size(path));
  double ours_s = 0;
  double peer_s = 0;
  for (auto _ : state) {
    const double begin = Now();
    const auto [pictures, packets] = Ours(path);
    const double middle = Now();
    if (pictures != kPictures * kCopies || packets != kPictures * kCopies)
      return state.SkipWithError("a picture or a packet was lost");
    const auto peer = testing::RunProcess({"ffmpeg", "-v", "error", "-nostdin", "-i", path, "-map",
                                           "0", "-c", "copy", "-f", "null", "-"});
    if (peer.code != 0) return state.SkipWithError("ffmpeg failed");
    ours_s += middle - begin;
    peer_s += Now() - middle;
    state.SetIterationTime(middle - begin);
  }
  const double total = bytes * static_cast<double>(state.iterations());
  state.counters["file_MB"] = bytes / 1e6;
  state.counters["Mbit_s_of_video"] = bytes * 8 / 1e6 / (kPictures * kCopies / 30.0);
  state.counters["ours_MB_s"] = total / 1e6 / ours_s;
  state.counters["ffmpeg_copy_MB_s"] = total / 1e6 / peer_s;
  state.counters["ratio"] = peer_s / ours_s;
}
BENCHMARK(DemuxAndDecodeAgainstFfmpegCopy)->Unit(benchmark::kMillisecond)->UseManualTime();

}  // namespace
}  // namespace trucewatch
