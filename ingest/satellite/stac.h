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

// A GeoTIFF that a STAC item names.
struct StacRaster {
  std::string key;   // in "assets"
  std::string href;  // as written
  std::string type;
  std::vector<std::string> roles;
  std::optional<Digest> sha256;             // file:checksum, where it is a SHA-256 multihash
  bool other_checksum = false;              // a checksum of another kind: it cannot be checked
  std::optional<std::uint64_t> size_bytes;  // file:size
};

struct StacItem {
  std::string id;
  // properties.datetime, else start_datetime.
  std::optional<Instant> time;
  // When it was delivered: properties.published, else created, else the acquisition.
  std::optional<Instant> delivered;
  double sun_azimuth_deg = 0, sun_elevation_deg = 0;  // view extension; 0, 0: not stated
  bool exercise = false;  // trucewatch:status is EXERCISE, or the id begins with it
  // GeoTIFF assets with the role data or visual or none, the better first: data, visual, none;
  // equal ones by key.
  std::vector<StacRaster> rasters;
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

// The file an href means: relative to the folder it stands in, both relative to the root folder
// ("" is the root itself). kBadInput for URLs, absolute paths and what lies above the root.
Result<std::string> LocalStacPath(const std::string& folder, const std::string& href);

// RFC 3339: any offset, any number of decimals (those past the sixth are cut).
Result<Instant> ParseRfc3339(std::string_view text);

}  // namespace trucewatch
