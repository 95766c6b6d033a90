// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/time/instant.h"

// Captures of UDP: classic pcap (draft-ietf-opsawg-pcap) in both byte orders with micro- or
// nanoseconds, and pcapng (draft-ietf-opsawg-pcapng). Links: Ethernet with VLAN tags, Linux cooked
// (both kinds), bare IP, loopback; IPv4 and IPv6. What is written is classic, little-endian,
// Ethernet, with microseconds.
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
  std::uint32_t link = 1;
};
inline constexpr std::size_t kPcapHeaderSize = 24, kPcapRecordHeaderSize = 16;
// Longer packets are no packets: the capture is damaged.
inline constexpr std::uint32_t kMaxCapturedSize = 256 * 1024;

// True for the magic of a classic capture of any byte order and resolution.
bool LooksLikePcap(Bytes start);
// Fails on another magic or a link type that is not read, with what was found.
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
// Of a link of the given type (LINKTYPE_ of the Tcpdump group; 1: Ethernet with tags of 802.1Q and
// 802.1ad). Pieces of a fragmented datagram are not put together; frames that the capture cut, or
// whose lengths contradict one another, are damaged. Checksums are not checked: captures at the
// sender have none yet.
Frame ParseFrame(Bytes frame, std::uint32_t link = 1);
bool IsReadLink(std::uint32_t link);

}  // namespace trucewatch::asterix
