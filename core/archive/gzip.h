// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace trucewatch {

// True when the bytes begin as a gzip file does (RFC 1952, 2.3.1).
bool IsGzip(std::string_view bytes);

// Unpacks a gzip file, also one of several members (RFC 1952, 2.2). Untrusted: at most `max_size`
// bytes are unpacked, and lengths and CRC-32 are checked. `name` is for messages. kBadInput with
// the byte offset in the packed file; no partial result.
Result<std::string> Gunzip(std::string_view packed, const std::string& name,
                           std::uint64_t max_size);

}  // namespace trucewatch
