// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/storage/storage.h"

namespace trucewatch::tools {

// Where the lines of `watch` go, and how far it has got: `done` counts the ledger entries handled,
// so that the next one has index `done`. Threads: one.
class WatchOutput {
 public:
  virtual ~WatchOutput() = default;
  // Entries handled before this run; 0 when nothing says otherwise.
  virtual std::uint64_t done() const = 0;
  // Lines of the records of the log from done() to `now_done`, in order; may be none.
  virtual Result<void> Write(const std::string& lines, std::uint64_t now_done) = 0;
};

// Standard output. With a cursor file (empty: none) a restart goes on after it; a kill between the
// lines and the cursor prints those lines once more.
Result<std::unique_ptr<WatchOutput>> WatchToStdout(Storage& storage,
                                                   const std::string& cursor_file);

// A file that holds every line exactly once, whenever the process is killed: lines are made durable
// first, then the cursor with the length that they end at; what lies behind that length at the next
// start is cut off. Refuses a file with content and no cursor: it might be something else.
Result<std::unique_ptr<WatchOutput>> WatchToFile(Storage& storage, const std::string& file,
                                                 const std::string& cursor_file);

}  // namespace trucewatch::tools
