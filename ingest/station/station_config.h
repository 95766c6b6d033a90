// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/config/mission_config.h"
#include "core/time/instant.h"
#include "trucewatch/v1/config/station.pb.h"

namespace trucewatch::station {

// A station's config as loaded, with defaults filled in.
struct StationFile {
  v1::config::StationConfig config;
  std::string path;
  std::string directory;

  // A path of the config, made relative to its folder unless it is absolute.
  std::string Resolve(const std::string& file) const;
  Instant start() const;
  // Its recorded sources, as a mission that has them here would name them.
  MissionFile Recorded() const;
};

// Strict, as every config: each bad value with file, line and what was expected.
Result<StationFile> LoadStationConfig(const std::string& path);

}  // namespace trucewatch::station
