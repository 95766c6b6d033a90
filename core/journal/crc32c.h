// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "core/base/bytes.h"

namespace trucewatch {

// CRC-32C (Castagnoli polynomial, reflected; RFC 3720 appendix B.4). `before` is the CRC of the
// bytes in front, so that Crc32c(b, Crc32c(a)) is the CRC of a followed by b.
std::uint32_t Crc32c(Bytes bytes, std::uint32_t before = 0);

}  // namespace trucewatch
