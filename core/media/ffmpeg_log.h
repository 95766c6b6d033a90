// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace trucewatch {

// FFmpeg writes to stderr by default; what matters of it reaches the caller as values. Called
// before its first use.
void SilenceFfmpeg();

// FFmpeg's sentence for one of its error codes.
std::string FfmpegErrorText(int code);

}  // namespace trucewatch
