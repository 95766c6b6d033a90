// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/crypto/sha256.h"
#include "core/media/ts_writer.h"
#include "ingest/klv/st0601_encoder.h"
#include "ingest/video/video_assembler.h"
#include "tests/core/media/media_test_support.h"
#include "tests/core/media/test_pictures.h"

namespace trucewatch::testing {

struct Assembled {
  std::vector<VideoSegment> segments;
  std::vector<DataFault> faults;

  std::vector<VideoFrame> Frames() const {
    std::vector<VideoFrame> out;
    for (const VideoSegment& segment : segments) {
      out.insert(out.end(), segment.frames.begin(), segment.frames.end());
    }
    return out;
  }
};

inline VideoAssemblerOptions TestOptions() {
  VideoAssemblerOptions options;
  options.source.value = "drone1";
  options.lineage.platform = "uav1";
  options.lineage.clock = "gnss";
  options.sigma.position_horizontal_m = 5;
  options.sigma.position_vertical_m = 5;
  return options;
}

inline std::vector<RawRecord> RecordsOf(const std::string& bytes, std::size_t size,
                                        std::uint64_t first_offset = 0) {
  std::vector<RawRecord> records;
  for (std::size_t at = 0; at < bytes.size() || records.empty(); at += size) {
    RawRecord record;
    record.source.value = "drone1";
    record.source_sequence = records.size() + 1;
    record.receive_time =
        Instant::FromMicros(1'000'000 * static_cast<std::int64_t>(records.size()));
    record.source_offset = first_offset + at;
    record.bytes = bytes.substr(std::min(at, bytes.size()), size);
    records.push_back(record);
  }
  records.back().end_of_source = true;
  return records;
}

inline Assembled Assemble(const std::string& bytes, std::size_t record_size = 20'000,
                          std::uint64_t first_offset = 0,
                          const VideoAssemblerOptions& options = TestOptions()) {
  Assembled out;
  const auto assembler = VideoAssembler::Create(options);
  for (const RawRecord& record : RecordsOf(bytes, record_size, first_offset)) {
    auto got = assembler->Push(record, Sha256(record.bytes));
    if (!got) continue;
    for (auto& output : *got) {
      if (auto* segment = std::get_if<VideoSegment>(&output)) {
        out.segments.push_back(std::move(*segment));
      } else {
        out.faults.push_back(std::get<DataFault>(std::move(output)));
      }
    }
  }
  return out;
}

// What the metadata of picture n of the test clip says: an aircraft that flies east and turns
// through north.
inline St0601Fields ClipFields(int n) {
  St0601Fields f;
  f.time = Instant::FromMicros(1'772'398'800'000'000) + Duration::Millis(100) * n;
  f.sensor = Geodetic::FromDegrees(35.0, 33.0 + 1e-4 * n, 1500);
  f.platform_heading = Angle::Degrees(355.0 + n).NormalisedPositive();
  f.platform_pitch = Angle::Degrees(1);
  f.platform_roll = Angle::Degrees(0);
  f.sensor_azimuth = Angle::Degrees(80);
  f.sensor_elevation = Angle::Degrees(-30);
  f.sensor_roll = Angle::Degrees(0);
  f.horizontal_fov = Angle::Degrees(20);
  f.vertical_fov = Angle::Degrees(12);
  f.operational_mode = OperationalMode::kExercise;
  return f;
}

// A clip of `pictures` at 10 fps, key frame each 10, one metadata packet each `metadata_every`
// pictures.
inline std::string WriteClip(const std::string& path, int pictures, int metadata_every = 1) {
  TsWriterOptions options;
  options.width_px = 192;
  options.height_px = 128;
  options.key_frame_interval = 10;
  auto writer = TsWriter::Create(path, options);
  for (int n = 0; n < pictures; ++n) {
    const TestPicture p(n, 192, 128);
    const std::string klv = n % metadata_every == 0 ? EncodeSt0601(ClipFields(n)) : std::string();
    if (!(*writer)->Write(p.luma, p.chroma_u, p.chroma_v, AsBytes(klv))) return {};
  }
  if (!(*writer)->Finish()) return {};
  return ReadAll(path);
}

}  // namespace trucewatch::testing
