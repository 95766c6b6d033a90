// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "core/base/bytes.h"

namespace trucewatch {

// MISB ST 0601 item 1: wrapping 16-bit sum of big-endian words; a lone last byte is a high byte.
// Over every byte from the first of the key through the checksum item's own tag and length.
std::uint16_t KlvChecksum(Bytes bytes);

}  // namespace trucewatch
