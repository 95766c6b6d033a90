// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/bus/log.h"

namespace trucewatch {

// A stage of the pipeline: a function from its input log to its output log.
// Determinism: the outputs are a pure function of config and the inputs so far, whatever the
// batches they come in. Input it cannot use becomes a DataFault output; an Error means that the
// stage itself cannot go on. Threads: one caller at a time; a stage may use threads inside.
class Stage {
 public:
  virtual ~Stage() = default;
  // One list of output payloads (serialised Envelopes) for each input, in order.
  virtual Result<std::vector<std::vector<std::string>>> Handle(
      std::span<const LogRecord> inputs) = 0;
  // State after the last Handle, and back. The outputs after Restore(Snapshot()) equal those
  // without it. A Restore that fails changes nothing. A stage whose state cannot be saved fails
  // Snapshot with kUnavailable: after a restart it is fed from its first input again.
  virtual Result<std::string> Snapshot() const = 0;
  virtual Result<void> Restore(std::string_view snapshot) = 0;
};

}  // namespace trucewatch
