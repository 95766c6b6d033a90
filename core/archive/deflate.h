// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace trucewatch {

// Packs bytes as a zlib stream (RFC 1950). `level` 1 (fast) to 9 (small). Determinism: the same
// bytes, level and zlib give the same stream.
std::string Deflate(std::string_view bytes, int level);

// Unpacks a zlib stream that makes exactly `size` bytes. Untrusted: no more is ever unpacked, and
// the checksum must fit. `name` is for messages.
Result<std::string> Inflate(std::string_view packed, std::uint64_t size, const std::string& name);

}  // namespace trucewatch
