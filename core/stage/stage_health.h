// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace trucewatch {

enum class StageState {
  kStarting,  // until its state is restored
  kRunning,
  kWaiting,   // for input, or for somebody to serve it
  kFinished,  // the input was closed, all of it is handled and the output is closed
  kStopped,   // asked to stop
  kFailed,    // see error
};

// "starting", "running" ...
const char* StageStateName(StageState state);

struct StageHealth {
  std::string name;
  StageState state = StageState::kStarting;
  std::uint64_t inputs = 0;               // handled since the start
  std::uint64_t outputs = 0;              // appended since the start
  std::uint64_t last_input_sequence = 0;  // handled, by this or an earlier run
  std::string error = {};                 // why it failed, or why it waits if that is not for input
};

// {"stages": [{"name": "fusion", "state": "running", "inputs": 1, "outputs": 1,
// "last_input_sequence": 1, "error": ""}, ...]}
std::string HealthJson(std::span<const StageHealth> stages);

}  // namespace trucewatch
