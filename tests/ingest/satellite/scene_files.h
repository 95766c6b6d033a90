// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/raster/raster_writer.h"

namespace trucewatch::testing {

// A GeoTIFF with noise from `seed` in it, 0.5 m a pixel, UTM zone 36N.
inline std::string NoiseGeoTiff(unsigned seed, int side_px = 64, const std::string& datetime = "") {
  RasterToWrite raster{.width_px = side_px,
                       .height_px = side_px,
                       .bands = 1,
                       .pixels = {},
                       .epsg = 32636,
                       .geotransform = {500000, 0.5, 0, 3300000, 0, -0.5},
                       .datetime = datetime};
  unsigned state = seed * 2654435761U + 1;
  for (int i = 0; i < side_px * side_px; ++i) {
    state = state * 1664525U + 1013904223U;
    raster.pixels.push_back(static_cast<std::uint8_t>(state >> 24U));
  }
  return EncodeCog(raster).value_or("");
}

// A STAC item with one asset; `more` goes into properties, `asset` into the asset, both with a
// leading comma.
inline std::string StacItemJson(const std::string& id, const std::string& datetime,
                                const std::string& more = "", const std::string& asset = "",
                                const std::string& href = "./scene.tif") {
  return R"({"type":"Feature","stac_version":"1.0.0","id":")" + id +
         R"(","geometry":null,"properties":{"datetime":")" + datetime + "\"" + more +
         R"(},"links":[],"assets":{"thumb":{"href":"./t.tif","type":"image/tiff","roles":["thumbnail"]},)" +
         R"("data":{"href":")" + href +
         R"(","type":"image/tiff; application=geotiff; profile=cloud-optimized","roles":["data"])" +
         asset + "}}}";
}

}  // namespace trucewatch::testing
