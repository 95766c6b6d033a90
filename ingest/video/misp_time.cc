// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/misp_time.h"

#include <array>
#include <cstdint>
#include <string>

namespace trucewatch {
namespace {

constexpr std::string_view kMicroseconds = "MISPmicrosectime";
constexpr std::string_view kHevcMicroseconds(
    "\xA8\x68\x7D\xD4\xD7\x59\x37\x58\xA5\xCE\xF0\x33\x8B\x65\x45\xF1", 16);
constexpr std::string_view kHevcNanoseconds(
    "\xCF\x84\x82\x78\xEE\x23\x30\x6C\x92\x65\xE8\xFE\xF2\x2F\xB8\xB8", 16);
// Messages stand before the coded picture; nothing is searched beyond this.
constexpr std::size_t kSearchBytes = 4096;
constexpr std::uint64_t kLastMicros = 253'402'300'799'999'999;

// Status byte, then the eight bytes of the time in pairs, FF after each pair but the last.
// Emulation prevention bytes (00 00 03) are taken out first.
std::optional<std::array<std::uint8_t, 12>> ReadMessage(std::string_view after_id) {
  std::array<std::uint8_t, 12> message{};
  std::size_t count = 0;
  int zeros = 0;
  for (const char c : after_id) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (zeros >= 2 && byte == 3) {
      zeros = 0;
      continue;
    }
    zeros = byte == 0 ? zeros + 1 : 0;
    message[count++] = byte;
    if (count == message.size()) break;
  }
  if (count < message.size()) return std::nullopt;
  if (message[3] != 0xFF || message[6] != 0xFF || message[9] != 0xFF) return std::nullopt;
  return message;
}

}  // namespace

std::optional<MispStamp> ReadMispTime(std::string_view access_unit) {
  const std::string_view head = access_unit.substr(0, kSearchBytes);
  for (const std::string_view id : {kMicroseconds, kHevcMicroseconds, kHevcNanoseconds}) {
    const std::size_t at = head.find(id);
    if (at == std::string_view::npos) continue;
    const auto message = ReadMessage(access_unit.substr(at + id.size()));
    if (!message) return std::nullopt;
    std::uint64_t time = 0;
    for (const std::size_t i : {1U, 2U, 4U, 5U, 7U, 8U, 10U, 11U})
      time = (time << 8) | (*message)[i];
    MispStamp stamp;
    stamp.status = (*message)[0];
    stamp.nanoseconds = id == kHevcNanoseconds;
    if (stamp.nanoseconds) time /= 1000;
    if (time == 0 || time > kLastMicros) return std::nullopt;
    stamp.time = Instant::FromMicros(static_cast<std::int64_t>(time));
    return stamp;
  }
  return std::nullopt;
}

}  // namespace trucewatch
