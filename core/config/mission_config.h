// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/config/text_config.h"
#include "core/geo/geodetic.h"
#include "core/time/instant.h"
#include "trucewatch/v1/config/mission.pb.h"

namespace trucewatch {

// A mission config as loaded: the message, the exact text it came from, and the folder its paths
// start at.
struct MissionFile {
  v1::config::MissionConfig config;
  std::string text;
  std::string path;
  std::string directory;

  // A path of the config, made relative to its folder unless it is absolute.
  std::string Resolve(const std::string& file) const;
  Instant start() const;    // config.start_utc, which Validate has checked
  Geodetic origin() const;  // centre of the mission area
};

// Every bad value with file, line and what was expected.
Result<void> ValidateMissionConfig(const v1::config::MissionConfig& config,
                                   const std::string& file_name, const FieldLines& lines);

// Loads and validates. `path` is a .txtpb file or a folder that holds mission.txtpb.
Result<MissionFile> LoadMissionConfig(const std::string& path);

}  // namespace trucewatch
