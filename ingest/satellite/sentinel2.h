// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch {

// MTD_MSIL2A.xml of a Sentinel-2 level 2A product (Sentinel-2 Products Specification Document
// S2-PDGS-TAS-DI-PSD, section on the user product).
struct Sentinel2Product {
  std::string uri;                        // "S2A_MSIL2A_....SAFE"
  std::string spacecraft;                 // "Sentinel-2A"
  std::string baseline;                   // processing baseline, "04.00"
  Instant start, stop;                    // of the acquisition, UTC
  std::string pass;                       // "ASCENDING", "DESCENDING"
  int relative_orbit = 0;                 // 0: not stated
  double quantification = 0;              // reflectance = (DN + offset) / quantification
  std::map<std::string, double> offsets;  // by band, "B04"; a band that is not there has 0
  std::uint16_t nodata = 0, saturated = 65535;
  double cloud_percent = -1;        // of the product; -1: not stated
  std::vector<std::string> images;  // relative to the product's folder, with ".jp2"
  std::string granule;              // folder of the one granule, "GRANULE/L2A_T36..."
};
// kBadInput: another level or product, missing or impossible numbers, not exactly one granule,
// links that leave the folder.
Result<Sentinel2Product> ParseSentinel2Product(std::string_view xml, const std::string& name);

// The image of a band at a resolution ("B04", 10; "SCL", 20). kBadInput when there is none.
Result<std::string> Sentinel2Image(const Sentinel2Product& product, const std::string& band,
                                   int resolution_m);

// MTD_TL.xml of the granule: the tile's grid and angles.
struct Sentinel2Tile {
  std::string id;
  Instant time;  // sensing of the tile's middle
  int epsg = 0;
  int width_px = 0, height_px = 0;  // at 10 m
  double ulx_m = 0, uly_m = 0;      // outer corner of the upper left pixel
  double sun_zenith_deg = 0, sun_azimuth_deg = 0;
  double view_zenith_deg = 0, view_azimuth_deg = 0;  // mean of the bands, at the ground
  double cloud_percent = -1;
};
Result<Sentinel2Tile> ParseSentinel2Tile(std::string_view xml, const std::string& name);

// Classes of the scene classification (SCL) that hide the ground or are no measurement: no data,
// saturated or defective, cloud shadow, medium and high cloud probability, thin cirrus.
bool HidesGround(std::uint8_t scl_class);
bool IsCloud(std::uint8_t scl_class);  // cloud of any kind, not its shadow

// Pixels of a classification that hide the ground, and what lies within `dilation` pixels of one.
// Row-major, `width` wide. 1: hidden.
std::vector<std::uint8_t> HiddenMask(const std::vector<std::uint8_t>& scl, int width, int dilation);

}  // namespace trucewatch
