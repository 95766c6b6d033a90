// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace trucewatch {

using Bytes = std::span<const std::uint8_t>;

// Views the bytes of a string (which must outlive the view), and the other way round.
inline Bytes AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// SHA-256 digest of some exact bytes. Ordered, so that sets of them iterate the same way
// everywhere.
using Digest = std::array<std::uint8_t, 32>;

std::string HexEncode(Bytes bytes);                              // lower case
std::optional<std::string> HexDecode(std::string_view text);     // nothing if not hex
std::string Base64Encode(Bytes bytes);                           // RFC 4648 section 4, padded
std::optional<std::string> Base64Decode(std::string_view text);  // strict: padding, no spaces

// Big-endian reads; the caller has checked that bytes has at least the width read.
std::uint16_t ReadBe16(Bytes bytes);
std::uint32_t ReadBe32(Bytes bytes);
std::uint64_t ReadBe64(Bytes bytes);
// Big-endian appends.
void AppendBe16(std::string& out, std::uint16_t value);
void AppendBe32(std::string& out, std::uint32_t value);
void AppendBe64(std::string& out, std::uint64_t value);

}  // namespace trucewatch
