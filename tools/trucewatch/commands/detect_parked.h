// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>

#include "core/base/result.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/file_workers.h"

namespace trucewatch::tools {

// What is parked at a site over a series of still pictures, each with its ST 0601 packet beside it
// (00000.jpg, 00000.klv); in the order given. Prints lines with --json, else a summary. A picture
// without a usable packet is a line on stderr; fails when none has one, or no network can be had.
Result<int> DetectParked(const DetectCommand& command, std::span<const std::string> files,
                         FileWorkers& workers,
                         const std::function<void(std::size_t done)>& progress);

}  // namespace trucewatch::tools
