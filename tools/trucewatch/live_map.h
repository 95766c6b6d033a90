// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/bus/log.h"
#include "core/types/track.h"

namespace trucewatch::tools {

// A live picture as one GeoJSON FeatureCollection (docs/formats/export.md, "Live picture"):
// vehicles as points, groups as points with their counts; people only as groups.
Result<std::string> LivePictureGeoJson(const Picture& picture);

// Follows the log of fusion for screens. Threads: one.
class LiveMap {
 public:
  // Pictures after the record `after`. `fusion` outlives this.
  LiveMap(LogReader& fusion, std::uint64_t after) : fusion_(fusion), after_(after) {}

  // GeoJSON of the newest live picture, when one has come since the last call. Waits for nothing.
  Result<std::optional<std::string>> Newest();

 private:
  LogReader& fusion_;
  std::uint64_t after_;
};

}  // namespace trucewatch::tools
