// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch::evidence {

// Length-prefixed messages over a file descriptor: uint32 big-endian, then as many bytes.
inline constexpr std::size_t kMaxFrameSize = 64 * 1024;

// Waits at most `timeout` for each piece; without one, for ever. Fails with kTimeout, kUnavailable
// (the other side is gone) or kBadInput (longer than a frame may be). Never raises SIGPIPE on a
// socket.
Result<void> SendFrame(int fd, std::string_view message);
// Nothing when the other side ended before a first byte.
Result<std::optional<std::string>> ReceiveFrame(int fd, const std::optional<Duration>& timeout);

}  // namespace trucewatch::evidence
