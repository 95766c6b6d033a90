// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/simulate/scenario.h"

namespace trucewatch::simulate {

// Names of the files of a recording, relative to its folder.
std::string VideoFile(const Scenario& scenario, int drone);
std::string GmtiFile(const Scenario& scenario);
std::string GroundRadarFile(const Scenario& scenario);
inline constexpr const char* kSatelliteFolder = "satellite";  // with catalog.json
inline constexpr const char* kHumanFolder = "human";
inline constexpr const char* kAgreementFile = "agreement.txtpb";

// Every source with its lineage and its file.
v1::config::MissionConfig FileMission(const Scenario& scenario);

// A config as a file: what it is, then its text.
std::string ConfigText(const Scenario& scenario, const google::protobuf::Message& config);

}  // namespace trucewatch::simulate
