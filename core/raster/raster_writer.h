// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace trucewatch {

// An image to be put down as a file. Only what the program itself renders or saves is written.
struct RasterToWrite {
  int width_px, height_px, bands;
  std::vector<std::uint8_t> pixels;    // band after band, each row-major from the top
  int epsg;                            // of the coordinates in geotransform
  std::array<double, 6> geotransform;  // GDAL's order: x0, dx/col, dx/row, y0, dy/col, dy/row
  std::string datetime;                // "YYYY:MM:DD HH:MM:SS", TIFF 6.0 DateTime, UTC; empty: none
};

// The bytes of a cloud-optimised GeoTIFF (DEFLATE, lossless). The same image gives the same bytes.
// Fails with kBadInput when sizes do not agree, 64 million samples are exceeded, or the EPSG code
// is unknown.
Result<std::string> EncodeCog(const RasterToWrite& raster);

}  // namespace trucewatch
