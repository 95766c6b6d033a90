// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace trucewatch {

struct TiledTiffSpec {
  int width_px = 0, height_px = 0, bands = 0;
  bool floats = false;  // 32-bit floats; else 16-bit unsigned
  int epsg = 0;         // a projected coordinate system, metres
  double west_m = 0, north_m = 0,
         pixel_m = 0;  // outer corner of the upper left pixel; square pixels
  double nodata = 0;
  double scale = 1, offset = 0;  // value = sample * scale + offset, of every band
  std::string unit;              // of that value: "1", "dB"
  std::vector<std::string> band_names;
};

// Writes a GeoTIFF from front to back, so that an image of any size goes into a store that can only
// append: BigTIFF, uncompressed tiles of 512 x 512 in rows, bands interleaved by pixel, directory
// first. (BigTIFF as GDAL and libtiff read it; GeoTIFF 1.1, OGC 19-008r4; scale, offset and names
// in GDAL's tag 42112, nodata in 42113.) The same image gives the same bytes.
class TiledTiffWriter {
 public:
  static constexpr int kTile = 512;
  using Sink = std::function<Result<void>(Bytes)>;

  // Writes the directory. kBadInput when the spec is none. `sink` is called with pieces in order.
  static Result<TiledTiffWriter> Begin(TiledTiffSpec spec, Sink sink);

  int tiles_across() const { return across_; }
  int tiles_down() const { return down_; }
  // The next tile, rows of tiles from the top, each from the left. `samples` has kTile x kTile x
  // bands values, pixel by pixel; those outside the image are ignored. Values that are no sample of
  // the type become nodata.
  Result<void> WriteTile(std::span<const float> samples);
  // All tiles were written.
  bool complete() const { return written_ == static_cast<std::int64_t>(across_) * down_; }
  static std::uint64_t BytesOf(const TiledTiffSpec& spec);

 private:
  TiledTiffWriter(TiledTiffSpec spec, Sink sink);
  std::string Directory() const;

  TiledTiffSpec spec_;
  Sink sink_;
  int across_ = 0, down_ = 0;
  std::int64_t written_ = 0;
  std::string buffer_;
};

}  // namespace trucewatch
