// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tests/support/temp_directory.h"
#include "tools/simulate/scenario.h"

namespace trucewatch::simulate::testing {

// Writes a scenario of configs/demo ("scenario", "short"), changed by `edit`, with an agreement of
// its own into a folder; gives the file's path.
std::string WriteDemoScenario(const trucewatch::testing::TempDirectory& directory,
                              const std::string& name,
                              const std::function<void(v1::config::Scenario&)>& edit = {});

// The same, loaded with a seed.
Scenario DemoScenario(const std::string& name, std::uint64_t seed,
                      const std::function<void(v1::config::Scenario&)>& edit = {});

// Without what happens at a time of its own and would lie beyond the end.
void Shorten(v1::config::Scenario& scenario, double duration_s);
// Small enough to be simulated in a second: a few seconds of small pictures of coarse ground.
void MakeTiny(v1::config::Scenario& scenario);

}  // namespace trucewatch::simulate::testing
