// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/time/instant.h"

// Classic pcap captures (draft-ietf-opsawg-pcap) of UDP over IPv4 over Ethernet. What is written is
// little-endian with microseconds; read are both byte orders and nanoseconds.
namespace trucewatch::asterix {

// The file's first 24 bytes.
std::string PcapHeader();
// One packet record: Ethernet, IPv4 and UDP around `payload` (at most 65507 bytes), checksums
// right. Addresses as numbers: 239.1.1.1 is 0xEF010101; a multicast address gets its multicast MAC.
std::string PcapUdpPacket(Instant time, std::uint32_t src_ip, std::uint16_t src_port,
                          std::uint32_t dst_ip, std::uint16_t dst_port, std::string_view payload);

struct PcapFormat {
  bool little_endian = true;
  bool nanoseconds = false;
};
inline constexpr std::size_t kPcapHeaderSize = 24, kPcapRecordHeaderSize = 16;
// Longer packets are no packets: the capture is damaged.
inline constexpr std::uint32_t kMaxCapturedSize = 256 * 1024;

// True for the magic of any byte order and resolution.
bool LooksLikePcap(Bytes start);
// Fails on another magic, version or link type (only Ethernet is read) with what was found.
Result<PcapFormat> ParsePcapHeader(Bytes bytes);

struct PcapRecordHeader {
  Instant time;
  std::uint32_t captured = 0;  // bytes of the frame that follow
  std::uint32_t original = 0;  // bytes it had
};
// `bytes` has kPcapRecordHeaderSize. Fails on a fraction of a second or sizes that cannot be.
Result<PcapRecordHeader> ParsePcapRecordHeader(const PcapFormat& format, Bytes bytes);

struct UdpPayload {
  std::size_t offset = 0;  // in the frame
  std::size_t size = 0;    // as UDP says: padding behind it is not payload
};
enum class FrameFate { kUdp, kOther, kFragment, kDamaged };
struct Frame {
  FrameFate fate = FrameFate::kOther;
  UdpPayload payload;  // kUdp
};
// Ethernet with VLAN tags (802.1Q, 802.1ad), IPv4 with options, UDP. Pieces of a fragmented
// datagram are not put together; frames that the capture cut, or whose lengths contradict one
// another, are damaged. Checksums are not checked: captures at the sender have none yet.
Frame ParseFrame(Bytes frame);

}  // namespace trucewatch::asterix
