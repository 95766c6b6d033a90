// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/simulate/scenario.h"
#include "tools/simulate/world.h"

namespace trucewatch::simulate {

// truth.csv: every object on the ground once a second.
std::string TruthCsv(const Scenario& scenario, const World& world);

// When and where a convoy or gathering was inside a rectangle, from its true positions ten times a
// second; of a storage site, what left it and when.
struct ZoneStay {
  double first_s = 0;        // first vehicle in
  double last_s = 0;         // last moment any is in
  double full_first_s = -1;  // all are in; negative: never
  double full_last_s = -1;
  int count_max = 0;      // most vehicles at once
  Eigen::Vector2d entry;  // where the first was first inside
};
std::optional<ZoneStay> StayOf(const Scenario& scenario, const World& world,
                               const v1::config::ExpectedEvent& expected);

// truth.json: what the verification is expected to say about this recording.
std::string TruthJson(const Scenario& scenario, const World& world);

}  // namespace trucewatch::simulate
