// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace trucewatch::simulate {

struct SimulateOptions {
  std::string scenario_file;               // .txtpb, proto/trucewatch/v1/config/scenario.proto
  std::string out_dir;                     // made when it is not there; files in it are replaced
  std::optional<std::uint64_t> seed = {};  // nothing: the scenario's own
  unsigned threads = 0;                    // that render; 0: as many as the machine has
  // Called from the caller's thread, fraction 0..1 and what is being written. May be empty.
  std::function<void(double fraction, const std::string& what)> progress = {};
};

struct SimulateSummary {
  std::vector<std::string> files;  // names within out_dir
  std::uint64_t seed = 0;
  double duration_s = 0;
  int movers = 0;
  int frames = 0;
  int scans = 0;
  int plots = 0;
};

// Writes a recorded mission in real formats with its truth: README.md lists the files.
// Determinism: the bytes of every file depend on the scenario, the agreement and the seed alone.
Result<SimulateSummary> Simulate(const SimulateOptions& options);

}  // namespace trucewatch::simulate
