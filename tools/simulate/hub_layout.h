// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "tools/simulate/scenario.h"

namespace trucewatch::simulate {

struct TextFile {
  std::string name;  // relative to the recording's folder
  std::string text;
};
struct KeyFile {
  std::string name;
  std::function<Result<void>(const std::string& path)> write;  // also writes name + ".pub"
};

// The same recording behind a hub.
struct HubSetup {
  std::vector<TextFile> texts;
  std::vector<KeyFile> keys;
};

// The one with the scenario's stations: hub/, one folder a station, the subscribers' keys. And
// field/: one station that sends every source, with its own hub (field/hub/), and mission.txtpb
// that replays the files with that lineage. Keys are ExerciseSecrets.
std::vector<HubSetup> HubSetups(const Scenario& scenario);

}  // namespace trucewatch::simulate
