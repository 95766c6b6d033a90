// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"

namespace trucewatch {

// Name (looked up in PATH, or a path) and arguments.
using ProgramLine = std::vector<std::string>;

// Runs well-kept programs of the system joined by pipes, as a shell's `a | b`, without a shell, and
// waits for all of them. The first one's standard input and the last one's output are /dev/null.
// Their environment is that of ChildProcess and PATH; a terminal stays theirs, so that one may ask
// for a pass phrase. kUnavailable when one is not installed, kBadInput when one does not end with
// 0: the first that failed by itself, with what it wrote to standard error.
Result<void> RunPiped(const std::vector<ProgramLine>& programs);

}  // namespace trucewatch
