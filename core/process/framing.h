// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch {

// Length-prefixed messages over a file descriptor, between a process and its child: uint32
// big-endian, then as many bytes. Errors: kUnavailable (the other side is gone, or ended inside a
// message), kBadInput (a message longer than `max_size`), or what the wait fails with. Never raises
// SIGPIPE on a socket.

// Called before each piece: returns when `fd` is ready for `events` (of poll(2)), or fails.
using WaitForFd = std::function<Result<void>(int fd, short events)>;
// Waits for ever; or kTimeout after that long without a piece.
WaitForFd WaitAtMost(std::optional<Duration> timeout);

// Blocks until all is written; with `wait`, only there.
Result<void> SendFrame(int fd, std::string_view message, std::size_t max_size,
                       const WaitForFd& wait = {});
// Nothing when the other side ended before a first byte.
Result<std::optional<std::string>> ReceiveFrame(int fd, std::size_t max_size,
                                                const WaitForFd& wait);

}  // namespace trucewatch
