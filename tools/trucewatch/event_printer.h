// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "core/bus/log.h"
#include "tools/trucewatch/progress_bar.h"

namespace trucewatch::tools {

// Follows the log of published findings and prints what people subscribe for: what has a line
// in events.jsonl, and refused input. Keeps the JSON lines, for events.jsonl.
class EventPrinter {
 public:
  // Records up to `known` were there before: they are kept and not printed again.
  EventPrinter(LogReader& published, bool json, ProgressBar* bar, std::uint64_t known = 0)
      : log_(published), json_(json), bar_(bar), known_(known) {}

  // Prints what is new, waiting at most `wait` for it. False once the log is closed and all of it
  // printed.
  Result<bool> Step(Duration wait);

  const std::string& lines() const { return lines_; }
  std::uint64_t faults() const { return faults_; }

 private:
  Result<void> Handle(const LogRecord& record);

  LogReader& log_;
  bool json_;
  ProgressBar* bar_;
  std::uint64_t known_;
  std::uint64_t after_ = 0;
  std::uint64_t faults_ = 0;
  std::string lines_;
};

}  // namespace trucewatch::tools
