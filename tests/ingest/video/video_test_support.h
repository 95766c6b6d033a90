// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/crypto/sha256.h"
#include "core/media/ts_writer.h"
#include "ingest/klv/st0601_encoder.h"
#include "ingest/video/video_assembler.h"
#include "tests/core/media/media_test_support.h"
#include "tests/core/media/test_pictures.h"
#include "tests/core/media/ts_builder.h"

namespace trucewatch::testing {

struct Assembled {
  std::vector<VideoSegment> segments;
  std::vector<DataFault> faults;
  std::vector<ObservationSet> looks;
  VideoAssembler::VmtiCounts vmti;

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
      } else if (auto* look = std::get_if<ObservationSet>(&output)) {
        out.looks.push_back(std::move(*look));
      } else {
        out.faults.push_back(std::get<DataFault>(std::move(output)));
      }
    }
  }
  out.vmti = assembler->vmti_counts();
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

// How a clip is carried: what a synchronous writer would do, unless something is said.
struct Carriage {
  bool asynchronous = false;                 // KLV without time stamps
  std::function<Duration(int)> klv_shift;    // added to the time stamp of the KLV of picture n
  std::function<std::string(int)> klv;       // in place of the clip's own; empty: none
  std::optional<std::uint8_t> stamp_status;  // pictures carry ST 0604 stamps with this status
  std::function<Duration(int)> stamp_shift;  // added to the stamp of picture n
  int klv_streams = 1;                       // the further ones: see further_klv
  std::function<std::string(int, int)> further_klv;  // stream 1, 2, ...; picture n
};

// An H.264 user data message with the time of a picture (MISB ST 0604).
inline std::string MispMessage(Instant time, std::uint8_t status) {
  std::string nal("\0\0\0\1\x06\x05\x1CMISPmicrosectime", 23);
  nal.push_back(static_cast<char>(status));
  for (int i = 7; i >= 0; --i) {
    nal.push_back(static_cast<char>((time.micros() >> (8 * i)) & 0xFF));
    if (i % 2 == 0 && i > 0) nal.push_back('\xFF');
  }
  return nal + '\x80';
}

// The pictures of a clip (WriteClip) with metadata as `carriage` says, as a transport stream.
inline std::string Remux(const std::string& clip, const Carriage& carriage) {
  const std::uint8_t type = carriage.asynchronous ? 0x06 : 0x15;
  std::vector<TsBuilder::Stream> streams = {{0x100 + 1, 0x1B, false}};
  for (int i = 0; i < carriage.klv_streams; ++i)
    streams.push_back({0x102 + static_cast<unsigned>(i), type, true});
  TsBuilder ts(streams);
  ts.Tables();
  int n = 0;
  std::uint8_t sequence = 0;
  for (const MediaPacket& picture : Demux(clip).Of(MediaKind::kVideo)) {
    const auto ticks = [&](Duration shift) {
      return static_cast<std::uint64_t>((*picture.pts + shift).micros() * 9 / 100);
    };
    std::string data = picture.data;
    if (carriage.stamp_status) {
      const Duration shift = carriage.stamp_shift ? carriage.stamp_shift(n) : Duration();
      data = MispMessage(ClipFields(n).time + shift, *carriage.stamp_status) + data;
    }
    ts.Pes(0x101, 0xE0, ticks({}), data);
    for (int i = 0; i < carriage.klv_streams; ++i) {
      std::string klv = EncodeSt0601(ClipFields(n));
      if (i > 0) klv = carriage.further_klv(i, n);
      if (i == 0 && carriage.klv) klv = carriage.klv(n);
      if (klv.empty()) continue;
      const unsigned pid = 0x102 + static_cast<unsigned>(i);
      if (carriage.asynchronous) {
        ts.Pes(pid, 0xBD, std::nullopt, klv);
        continue;
      }
      const std::string cell{'\0', static_cast<char>(sequence), '\xDF',
                             static_cast<char>(klv.size() >> 8),
                             static_cast<char>(klv.size() & 0xFF)};
      const Duration shift = carriage.klv_shift ? carriage.klv_shift(n) : Duration();
      ts.Pes(pid, 0xFC, ticks(shift), cell + klv);
    }
    ++sequence;
    ++n;
  }
  return ts.bytes();
}

}  // namespace trucewatch::testing
