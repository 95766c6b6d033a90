// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch {

struct TsWriterOptions {
  int width_px = 960;
  int height_px = 540;
  int frames_per_second = 10;
  int key_frame_interval = 20;      // frames; every group of pictures is closed
  int crf = 23;                     // x264 quality
  std::int64_t bitrate_bps = 0;     // instead of crf, when above 0: a radio link's budget
  std::string preset = "veryfast";  // x264 speed
  int threads = 1;                  // of the encoder; 1 keeps the bytes the same everywhere
};

// Writes an H.264 MPEG-TS with a synchronous KLV stream (stream type 0x15, stream id 0xFC, one
// access unit cell for each KLV packet; MISB ST 1402), through the FFmpeg libraries with libx264.
// Determinism: same options and calls, same bytes.
class TsWriter {
 public:
  static Result<std::unique_ptr<TsWriter>> Create(const std::string& path,
                                                  const TsWriterOptions& options);
  virtual ~TsWriter() = default;

  // One picture (planar YUV 4:2:0, contiguous rows) and the KLV packet that belongs to it. The
  // picture number n is shown at n / frames_per_second after the start.
  virtual Result<void> Write(Bytes luma, Bytes chroma_u, Bytes chroma_v, Bytes klv_packet) = 0;
  virtual Result<void> Finish() = 0;
};

}  // namespace trucewatch
