// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <iterator>
#include <list>
#include <string>
#include <vector>

#include "ingest/klv/ber.h"
#include "ingest/klv/checksum.h"
#include "ingest/klv/keys.h"
#include "ingest/klv/klv_packet.h"
#include "ingest/klv/st0601.h"

namespace trucewatch::testing {

inline std::string FromHex(const std::string& text) {
  std::string digits;
  for (const char c : text) {
    if (c != ' ' && c != '\n') digits += c;
  }
  return HexDecode(digits).value();
}

inline std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A whole ST 0601 packet around items given as bytes; the checksum item is added and right.
inline std::string MakeSt0601(const std::string& items) {
  std::string packet(AsText(kSt0601Key));
  AppendBerLength(packet, static_cast<std::uint32_t>(items.size() + 4));
  packet += items + "\x01\x02";
  AppendBe16(packet, KlvChecksum(AsBytes(packet)));
  return packet;
}

inline std::vector<KlvPacket> PacketsOf(const std::vector<KlvRecord>& records) {
  std::vector<KlvPacket> out;
  for (const KlvRecord& record : records) {
    if (const auto* packet = std::get_if<KlvPacket>(&record)) out.push_back(*packet);
  }
  return out;
}

// The set of the one packet in `bytes`, which is kept for as long as the program runs.
inline UasDatalink Decode(const std::string& bytes) {
  static std::list<KlvPacket> kept;
  auto packets = PacketsOf(SplitKlv(AsBytes(bytes)));
  if (packets.size() != 1) return {};
  auto set = DecodeSt0601(kept.emplace_back(std::move(packets[0])));
  return set ? *std::move(set) : UasDatalink{};
}

// MISB ST 0601 worked example of the ImpleoTV MisbCore documentation, and the minimal one of a
// public Java test.
inline const char* kMissionPacket =
    "060e2b34020b01010e01030101000000 30 0208000459f4a6aa4aa8 03094d495353494f4e3031 0d045595b66d "
    "0e045b5360c4"
    "0f02c221 1002cd9c 41010d 0102d0ea";
inline const char* kMinimalPacket =
    "060e2b34020b01010e01030101000000 11 0208 00060a24181e4000 410113 0102 aa0a";
// First packet of the public "Day Flight" recording (ESRI sample, droneklv test data): items 18 and
// 19 are true azimuth and elevation, item 25 is an angle, item 22 has 4 bytes.
inline const char* kDayFlightPacket =
    "060e2b34020b01010e01030101000000 8191 020800046c8e20038385 410101 05023d3b 06021580 07020152 "
    "0b03454f4e"
    "0c0e47656f6465746963205747533834 0d044dc4dcbb 0e04b1a86cfe 0f021f4a 10020085 1102004b "
    "120420c8d27d"
    "1304fcdd02d8 1404feb8cb61 1504008f3e61 1604000001c9 17044ddd8c2a 1804b1be9ef4 19020b85 "
    "28044ddd8c2a"
    "2904b1be9ef4 2a020b85 38012e 3904008dd429 01021c5f";

}  // namespace trucewatch::testing
