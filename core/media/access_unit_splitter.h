// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"

namespace trucewatch {

// One coded picture, cut out of an elementary stream.
struct AccessUnit {
  std::optional<std::int64_t> pts_ticks;  // of the PES packet it starts in; 90 kHz
  std::uint64_t offset = 0;               // as given for that PES packet
  bool key = false;
  std::string data;
};

// Cuts an H.264, H.265 or MPEG-2 elementary stream into access units through FFmpeg's parsers.
// Bounded: a stream without any picture boundary is thrown away every 16 MiB and counted.
// Threads: one caller at a time.
class AccessUnitSplitter {
 public:
  // Null for other codecs. Names as FFmpeg's decoders.
  static std::unique_ptr<AccessUnitSplitter> Create(const std::string& codec);
  virtual ~AccessUnitSplitter() = default;

  // `padded` must be followed by 64 readable zero bytes, as FFmpeg's packets are.
  virtual std::vector<AccessUnit> Push(Bytes padded, std::optional<std::int64_t> pts_ticks,
                                       std::uint64_t offset) = 0;
  virtual std::vector<AccessUnit> Finish() = 0;

  // Size of the picture, 0 until it is known.
  virtual int width_px() const = 0;
  virtual int height_px() const = 0;
  virtual std::uint64_t discarded() const = 0;
};

}  // namespace trucewatch
