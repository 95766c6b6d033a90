// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/bytes.h"

namespace trucewatch {

// A number read from the front of some bytes, and how many bytes it took.
struct BerNumber {
  std::uint64_t value = 0;
  std::size_t size = 0;
};

namespace internal {

// What follows for more than one byte, and for none.
std::optional<BerNumber> ReadLongBerLength(Bytes bytes);
std::optional<BerNumber> ReadLongBerOid(Bytes bytes);

}  // namespace internal

// BER length (short form, or long form with at most 4 bytes). Nothing when the bytes end too early
// or say something else (0x80, the indefinite form, is not allowed in KLV).
inline std::optional<BerNumber> ReadBerLength(Bytes bytes) {
  if (!bytes.empty() && bytes[0] < 0x80) return BerNumber{bytes[0], 1};
  return internal::ReadLongBerLength(bytes);
}
// BER-OID tag: 7 bits a byte, most significant first. Nothing when the bytes end too early or
// exceed 32 bits.
inline std::optional<BerNumber> ReadBerOid(Bytes bytes) {
  if (!bytes.empty() && bytes[0] < 0x80) return BerNumber{bytes[0], 1};
  return internal::ReadLongBerOid(bytes);
}

void AppendBerLength(std::string& out, std::uint32_t length);
void AppendBerOid(std::string& out, std::uint32_t tag);

}  // namespace trucewatch
