// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/result.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/file_workers.h"

namespace trucewatch::tools {

struct VideoSeen {
  std::uint64_t refused = 0;  // segments whose worker ended without an answer
};

// Looks at every picture of a video file and gives their lines in order of presentation. One worker
// takes the file apart, others look at its segments, `command.threads` at a time. What is wrong
// with a part of it goes to `complain`, and the others go on. Fails when the file cannot be read as
// a video; no network, or no process, can be had.
Result<VideoSeen> DetectInVideo(const DetectCommand& command, const std::string& file,
                                FileWorkers& workers,
                                const std::function<void(const std::string& line)>& sink,
                                const std::function<void(const std::string& what)>& complain);

}  // namespace trucewatch::tools
