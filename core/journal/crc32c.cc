// SPDX-License-Identifier: Apache-2.0
#include "core/journal/crc32c.h"

#include <array>
#include <cstddef>

namespace trucewatch {
namespace {

using Table = std::array<std::uint32_t, 256>;

// Slicing by 8 (Kounavis and Berry 2005): tables[k][b] is the CRC of byte b followed by k zero
// bytes.
constexpr std::array<Table, 8> MakeTables() {
  std::array<Table, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t crc = tables[k - 1][byte];
      tables[k][byte] = (crc >> 8) ^ tables[0][crc & 0xFF];
    }
  }
  return tables;
}

constexpr std::array<Table, 8> kTables = MakeTables();

}  // namespace

std::uint32_t Crc32c(Bytes bytes, std::uint32_t before) {
  std::uint32_t crc = ~before;
  std::size_t at = 0;
  for (; bytes.size() - at >= 8; at += 8) {
    const std::uint32_t first =
        crc ^ (std::uint32_t{bytes[at]} | std::uint32_t{bytes[at + 1]} << 8 |
               std::uint32_t{bytes[at + 2]} << 16 | std::uint32_t{bytes[at + 3]} << 24);
    crc = kTables[7][first & 0xFF] ^ kTables[6][(first >> 8) & 0xFF] ^
          kTables[5][(first >> 16) & 0xFF] ^ kTables[4][first >> 24] ^ kTables[3][bytes[at + 4]] ^
          kTables[2][bytes[at + 5]] ^ kTables[1][bytes[at + 6]] ^ kTables[0][bytes[at + 7]];
  }
  for (; at < bytes.size(); ++at) crc = (crc >> 8) ^ kTables[0][(crc ^ bytes[at]) & 0xFF];
  return ~crc;
}

}  // namespace trucewatch
