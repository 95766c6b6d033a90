// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "core/config/text_config.h"
#include "trucewatch/v1/config/scenario.pb.h"

// What a scenario must hold to, part by part. Every problem is named with its place in the file.
namespace trucewatch::simulate {

inline std::string Item(const char* name, int i) { return fmt::format("{}[{}]", name, i); }

void CheckPoint(const std::string& path, const v1::config::PointEn& point, double extent_m,
                ConfigProblems& problems);
// Roads, what drives on them, walks, stands and gathers; answers with the ids of convoys, and in
// `groups` with those of everything an expectation can be about.
std::set<std::string> CheckThings(const v1::config::Scenario& s, std::set<std::string>& groups,
                                  ConfigProblems& problems);
// Drones, radars, satellite, notes and the hub's layout.
void CheckSensors(const v1::config::Scenario& s, const std::set<std::string>& convoys,
                  ConfigProblems& problems);

}  // namespace trucewatch::simulate
