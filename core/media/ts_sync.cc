// SPDX-License-Identifier: Apache-2.0
#include "core/media/ts_sync.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>

namespace trucewatch {
namespace {

constexpr std::uint8_t kPacketSyncByte = 0x47;
constexpr std::array<std::size_t, 3> kPacketSizes = {188, 192, 204};
constexpr std::size_t kWantedSyncs = 6;
// A stream may begin in the middle of a packet or with some damage; beyond this it is something
// else.
constexpr std::size_t kSearchBytes = 8192;

// Sync bytes in a row from `offset` on, at most kWantedSyncs, while they fit.
std::size_t SyncsAt(Bytes bytes, std::size_t offset, std::size_t packet_size) {
  std::size_t count = 0;
  while (count < kWantedSyncs && offset + count * packet_size < bytes.size() &&
         bytes[offset + count * packet_size] == kPacketSyncByte) {
    ++count;
  }
  return count;
}

std::string Printable(Bytes bytes) {
  std::string text;
  for (const std::uint8_t b : bytes) {
    text.push_back(std::isprint(b) != 0 ? static_cast<char>(b) : '.');
  }
  return text;
}

}  // namespace

Result<std::optional<TsSync>> FindTsSync(Bytes bytes, bool final) {
  const std::string_view searched = AsText(bytes.first(std::min(bytes.size(), kSearchBytes)));
  const auto next = [&](std::size_t from) { return searched.find(char{kPacketSyncByte}, from); };
  for (std::size_t offset = next(0); offset != std::string_view::npos; offset = next(offset + 1)) {
    for (const std::size_t size : kPacketSizes) {
      if (SyncsAt(bytes, offset, size) == kWantedSyncs) return TsSync{offset, size};
    }
  }
  if (bytes.size() < kSearchBytes + kWantedSyncs * kPacketSizes.back() && !final) {
    return std::optional<TsSync>();
  }
  // A file too short for six packets: all the sync bytes it has room for, from its first byte on.
  for (const std::size_t size : kPacketSizes) {
    const std::size_t room = (bytes.size() + size - 1) / size;
    if (room >= 1 && room <= kWantedSyncs && bytes.size() >= size &&
        SyncsAt(bytes, 0, size) == room) {
      return TsSync{0, size};
    }
  }
  if (bytes.empty()) {
    return Fail(ErrorCode::kBadInput, "not an MPEG transport stream: there are no bytes");
  }
  const Bytes head = bytes.first(std::min<std::size_t>(bytes.size(), 8));
  return Fail(ErrorCode::kBadInput,
              "not an MPEG transport stream: expected the sync byte 47 every 188, 192 or 204 "
              "bytes, found {} (\"{}\") at byte 0",
              HexEncode(head), Printable(head));
}

std::optional<std::size_t> FindProgrammeTable(Bytes bytes, const TsSync& sync) {
  for (std::size_t at = sync.offset; at + 3 < bytes.size(); at += sync.packet_size) {
    const bool starts_unit = (bytes[at + 1] & 0x40) != 0;
    const unsigned pid = ((bytes[at + 1] & 0x1FU) << 8) | bytes[at + 2];
    if (bytes[at] == kPacketSyncByte && starts_unit && pid == 0) return at;
  }
  return std::nullopt;
}

}  // namespace trucewatch
