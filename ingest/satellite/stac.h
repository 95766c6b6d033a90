// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch {

inline constexpr std::uint64_t kMaxStacJsonBytes = std::uint64_t{1} << 20;
inline constexpr std::uint64_t kMaxSceneFileBytes = std::uint64_t{512} << 20;

// A band of an asset: "bands" (STAC 1.1), else "eo:bands" and "raster:bands" (1.0).
struct StacBand {
  std::string name;         // "B04"
  std::string common_name;  // eo:common_name: "red", "green", "blue", "nir"
  std::optional<double> nodata;
  double scale = 1, offset = 0;  // value = sample * scale + offset
};

// A file that a STAC item names.
struct StacRaster {
  std::string key;   // in "assets"
  std::string href;  // as written
  std::string type;
  std::vector<std::string> roles;
  std::vector<StacBand> bands;
  double gsd_m = 0;                         // of the asset, else of the item; 0: not stated
  std::optional<Digest> sha256;             // file:checksum, where it is a SHA-256 multihash
  bool other_checksum = false;              // a checksum of another kind: it cannot be checked
  std::optional<std::uint64_t> size_bytes;  // file:size
};

// From where the ground was looked at; nothing: not stated.
struct StacView {
  std::optional<double> off_nadir_deg;  // view:off_nadir, at the sensor
  std::optional<double> incidence_deg;  // view:incidence_angle, at the ground
  std::optional<double> azimuth_deg;  // view:azimuth, from the point below the sensor to the scene
};

struct StacSar {
  std::string mode, product_type, frequency_band, observation_direction;
  std::vector<std::string> polarizations;
};

struct StacItem {
  std::string id;
  // properties.datetime, else start_datetime.
  std::optional<Instant> time;
  // When it was delivered: properties.published, else created, else the acquisition.
  std::optional<Instant> delivered;
  double sun_azimuth_deg = 0, sun_elevation_deg = 0;  // view extension; 0, 0: not stated
  bool exercise = false;  // trucewatch:status is EXERCISE, or the id begins with it
  std::string platform, constellation;
  double gsd_m = 0;           // 0: not stated
  double cloud_percent = -1;  // eo:cloud_cover; -1: not stated
  int epsg = 0;               // proj:code, else proj:epsg; 0: not stated
  StacView view;
  std::optional<StacSar> sar;  // the item is one of a radar
  std::string orbit_state;     // sat:orbit_state
  int relative_orbit = 0;      // sat:relative_orbit; 0: not stated
  // Images with the role data or visual or none, the better first: data, visual, none; equal ones
  // by key. GeoTIFF, JPEG 2000 and NITF.
  std::vector<StacRaster> rasters;
  // What hides the ground in the first of them: an asset with the role "cloud", "cloud-mask" or
  // "udm" (not 0: hidden), or the scene classification of Sentinel-2 (key "scl").
  std::optional<StacRaster> mask;
  bool mask_is_scl = false;
  // Text that belongs to the scene, by key: the role "metadata", "rpc" or "calibration".
  std::vector<StacRaster> inputs;
};

// One STAC file (STAC 1.0 and 1.1): an item, or a catalog or collection with links.
struct StacNode {
  std::string id;
  std::optional<StacItem> item;    // of a Feature
  std::vector<std::string> links;  // hrefs of rel child and item, as written, in order
};

// `name` is for messages. kBadInput: more than kMaxStacJsonBytes, no JSON, no STAC, or a field that
// is not what it must be.
Result<StacNode> ParseStac(std::string_view json, const std::string& name);

// The images that a scene is made of: the first raster, or, when that shows one colour only, the
// assets of the same ground sample distance for red, green, blue and, where it is there, near
// infrared, in this order. Empty: the item has no image.
std::vector<StacRaster> SceneImages(const StacItem& item);

// The file an href means: relative to the folder it stands in, both relative to the root folder
// ("" is the root itself). kBadInput for URLs, absolute paths and what lies above the root.
Result<std::string> LocalStacPath(const std::string& folder, const std::string& href);

// RFC 3339: any offset, any number of decimals (those past the sixth are cut).
Result<Instant> ParseRfc3339(std::string_view text);

}  // namespace trucewatch
