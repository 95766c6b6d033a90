// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "evidence/witness/add_checkpoint.h"

namespace trucewatch::evidence {

// One question to a witness.
struct WitnessCall {
  std::string url;   // the witness's, without the path
  std::string path;  // "add-checkpoint", or LatestCheckpointPath
  std::string body;  // empty: a GET
};

// How a log reaches its witnesses. They may be slow, silent or hostile: whatever they do, Ask ends
// in bounded time, and one that does not answer does not keep the others' answers away.
// Threads: one caller at a time.
class WitnessLink {
 public:
  virtual ~WitnessLink() = default;
  // Asks all at once, each one time. Answers in the order of the calls; kTimeout or kUnavailable
  // where none came.
  virtual std::vector<Result<WitnessReply>> Ask(const std::vector<WitnessCall>& calls) = 0;
};

}  // namespace trucewatch::evidence
