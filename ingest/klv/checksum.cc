// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/checksum.h"

#include <algorithm>
#include <cstring>

namespace trucewatch {

// Bytes at even offsets are high bytes, at odd offsets low ones: each kind is summed apart, eight
// bytes at a time in four 16-bit lanes, which hold 256 steps.
std::uint16_t KlvChecksum(Bytes bytes) {
  constexpr std::uint64_t kLanes = 0x00FF00FF00FF00FF;
  constexpr std::size_t kSteps = 256;
  std::uint32_t even = 0;
  std::uint32_t odd = 0;
  std::size_t at = 0;
  while (bytes.size() - at >= 8) {
    std::uint64_t low = 0;   // of even offsets; little-endian words, as in core/base
    std::uint64_t high = 0;  // of odd offsets
    const std::size_t steps = std::min((bytes.size() - at) / 8, kSteps);
    for (std::size_t i = 0; i < steps; ++i, at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + at, 8);
      low += word & kLanes;
      high += (word >> 8) & kLanes;
    }
    for (int lane = 0; lane < 64; lane += 16) {
      even += static_cast<std::uint32_t>((low >> lane) & 0xFFFF);
      odd += static_cast<std::uint32_t>((high >> lane) & 0xFFFF);
    }
  }
  for (; at < bytes.size(); ++at) (at % 2 == 0 ? even : odd) += bytes[at];
  return static_cast<std::uint16_t>((even << 8) + odd);
}

}  // namespace trucewatch
