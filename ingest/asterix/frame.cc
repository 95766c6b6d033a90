// SPDX-License-Identifier: Apache-2.0
// From a captured frame to the UDP datagram in it.
#include "ingest/asterix/pcap.h"

namespace trucewatch::asterix {
namespace {

constexpr std::uint32_t kLoopback = 0, kEthernet = 1, kRawIp = 101, kCooked = 113, kIpv4Link = 228,
                        kIpv6Link = 229, kCooked2 = 276;
constexpr std::uint8_t kUdpProtocol = 17;
constexpr std::size_t kUdpHeader = 8;
constexpr Frame kDamaged{FrameFate::kDamaged, {}};
constexpr Frame kOther{FrameFate::kOther, {}};
constexpr Frame kFragment{FrameFate::kFragment, {}};

// The UDP header at `at`; `size` bytes of the IP packet are left there and in the frame.
Frame ParseUdp(Bytes frame, std::size_t at, std::size_t size) {
  if (size < kUdpHeader) return kDamaged;
  const std::size_t udp = ReadBe16(frame.subspan(at + 4));
  if (udp < kUdpHeader || udp > size) return kDamaged;
  return {FrameFate::kUdp, {at + kUdpHeader, udp - kUdpHeader}};
}

Frame ParseIpv4(Bytes frame, std::size_t at) {
  constexpr std::size_t kHeader = 20;
  const std::size_t left = frame.size() - at;
  if (left < kHeader) return kDamaged;
  const std::size_t header = (frame[at] & 0x0FU) * 4U;
  const std::size_t total = ReadBe16(frame.subspan(at + 2));
  if (frame[at] >> 4U != 4 || header < kHeader || total < header) return kDamaged;
  if (frame[at + 9] != kUdpProtocol) return kOther;
  constexpr std::uint16_t kMoreFragmentsAndOffset = 0x3FFF;
  if ((ReadBe16(frame.subspan(at + 6)) & kMoreFragmentsAndOffset) != 0) return kFragment;
  if (total > left) return kDamaged;
  return ParseUdp(frame, at + header, total - header);
}

// RFC 8200: a chain of extension headers of 8 bytes and more.
Frame ParseIpv6(Bytes frame, std::size_t at) {
  constexpr std::size_t kHeader = 40, kStep = 8;
  constexpr int kMaxExtensions = 8;
  constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kPiece = 44, kDestination = 60;
  if (frame.size() - at < kHeader || frame[at] >> 4U != 6) return kDamaged;
  std::size_t left = ReadBe16(frame.subspan(at + 4));
  std::uint8_t next = frame[at + 6];
  at += kHeader;
  const bool whole = left <= frame.size() - at;
  for (int i = 0; i <= kMaxExtensions; ++i) {
    if (next == kUdpProtocol) return whole ? ParseUdp(frame, at, left) : kDamaged;
    if (next != kHopByHop && next != kRouting && next != kDestination && next != kPiece) {
      return kOther;
    }
    if (left < kStep || frame.size() - at < kStep) return kDamaged;
    // A piece that is the whole datagram has offset 0 and no more to come.
    if (next == kPiece && (ReadBe16(frame.subspan(at + 2)) & 0xFFF9U) != 0) return kFragment;
    const std::size_t size = next == kPiece ? kStep : (frame[at + 1] + 1U) * kStep;
    if (size > left || size > frame.size() - at) return kDamaged;
    next = frame[at];
    at += size;
    left -= size;
  }
  return kDamaged;
}

Frame ParseIp(Bytes frame, std::size_t at) {
  if (at >= frame.size()) return kDamaged;
  const unsigned version = frame[at] >> 4U;
  return version == 4 ? ParseIpv4(frame, at) : version == 6 ? ParseIpv6(frame, at) : kDamaged;
}

Frame ParseByType(Bytes frame, std::size_t at, std::uint16_t type) {
  if (at > frame.size()) return kDamaged;
  return type == 0x0800 ? ParseIpv4(frame, at) : type == 0x86DD ? ParseIpv6(frame, at) : kOther;
}

Frame ParseEthernet(Bytes frame) {
  constexpr std::size_t kMacs = 12, kVlanTag = 4;
  std::size_t at = kMacs;
  if (frame.size() < kMacs + 2) return kDamaged;
  std::uint16_t type = ReadBe16(frame.subspan(at));
  for (int tags = 0; type == 0x8100 || type == 0x88A8; ++tags) {
    at += kVlanTag;
    if (tags == 4 || at + 2 > frame.size()) return kDamaged;
    type = ReadBe16(frame.subspan(at));
  }
  return ParseByType(frame, at + 2, type);
}

}  // namespace

bool IsReadLink(std::uint32_t link) {
  return link == kLoopback || link == kEthernet || link == kRawIp || link == kCooked ||
         link == kIpv4Link || link == kIpv6Link || link == kCooked2;
}

Frame ParseFrame(Bytes frame, std::uint32_t link) {
  constexpr std::size_t kCookedHeader = 16, kCooked2Header = 20, kFamily = 4;
  switch (link) {
    case kEthernet:
      return ParseEthernet(frame);
    case kCooked:
      if (frame.size() < kCookedHeader) return kDamaged;
      return ParseByType(frame, kCookedHeader, ReadBe16(frame.subspan(kCookedHeader - 2)));
    case kCooked2:
      if (frame.size() < kCooked2Header) return kDamaged;
      return ParseByType(frame, kCooked2Header, ReadBe16(frame));
    case kLoopback:
      return ParseIp(frame, kFamily);
    case kRawIp:
    case kIpv4Link:
    case kIpv6Link:
      return ParseIp(frame, 0);
    default:
      return kOther;
  }
}

}  // namespace trucewatch::asterix
