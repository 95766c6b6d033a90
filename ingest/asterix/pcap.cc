// SPDX-License-Identifier: Apache-2.0
#include "ingest/asterix/pcap.h"

#include "core/base/check.h"

namespace trucewatch::asterix {
namespace {

void AppendLe32(std::string& out, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xFFU));
  }
}

// Internet checksum (RFC 1071).
std::uint16_t Checksum(std::string_view bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    sum += static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[i])) << 8U;
    if (i + 1 < bytes.size()) sum += static_cast<std::uint8_t>(bytes[i + 1]);
    sum = (sum & 0xFFFFU) + (sum >> 16U);
  }
  return static_cast<std::uint16_t>(~sum & 0xFFFFU);
}

}  // namespace

std::string PcapHeader() {
  std::string out;
  AppendLe32(out, 0xA1B2C3D4);  // microseconds
  AppendLe32(out, 4U << 16U | 2U);
  AppendLe32(out, 0);
  AppendLe32(out, 0);
  AppendLe32(out, 65'600);  // longest packet: 65507 bytes with their headers
  AppendLe32(out, 1);       // Ethernet
  return out;
}

std::string PcapUdpPacket(Instant time, std::uint32_t src_ip, std::uint16_t src_port,
                          std::uint32_t dst_ip, std::uint16_t dst_port, std::string_view payload) {
  constexpr std::size_t kUdp = 8, kIp = 20, kMaxPayload = 65'507, kMinFrame = 60;
  TW_CHECK(payload.size() <= kMaxPayload);
  const auto udp_size = static_cast<std::uint16_t>(kUdp + payload.size());

  std::string udp;
  AppendBe16(udp, src_port);
  AppendBe16(udp, dst_port);
  AppendBe16(udp, udp_size);
  std::string pseudo;  // RFC 768
  AppendBe32(pseudo, src_ip);
  AppendBe32(pseudo, dst_ip);
  AppendBe16(pseudo, 17);
  AppendBe16(pseudo, udp_size);
  pseudo += udp;
  AppendBe16(pseudo, 0);
  pseudo += payload;
  const std::uint16_t udp_sum = Checksum(pseudo);
  AppendBe16(udp, udp_sum == 0 ? 0xFFFF : udp_sum);  // 0 would say that there is none

  const auto ip_header = [&](std::uint16_t checksum) {
    std::string ip;
    AppendBe16(ip, 0x4500);
    AppendBe16(ip, static_cast<std::uint16_t>(kIp + udp_size));
    AppendBe16(ip, 0);       // identification
    AppendBe16(ip, 0x4000);  // never in pieces
    AppendBe16(ip, 64U << 8U | 17U);
    AppendBe16(ip, checksum);
    AppendBe32(ip, src_ip);
    AppendBe32(ip, dst_ip);
    return ip;
  };

  std::string frame;
  const bool multicast = dst_ip >> 28U == 0xEU;  // RFC 1112 section 6.4
  AppendBe16(frame, multicast ? 0x0100 : 0x0200);
  AppendBe32(frame, multicast ? 0x5E000000U | (dst_ip & 0x7FFFFFU) : dst_ip);
  AppendBe16(frame, 0x0200);  // locally administered
  AppendBe32(frame, src_ip);
  AppendBe16(frame, 0x0800);
  frame += ip_header(Checksum(ip_header(0)));
  frame += udp;
  frame += payload;
  if (frame.size() < kMinFrame) frame.resize(kMinFrame, '\0');

  std::string out;
  const std::int64_t us = time.micros();
  TW_CHECK(us >= 0);  // captures know no time before 1970
  AppendLe32(out, static_cast<std::uint32_t>(us / 1'000'000));
  AppendLe32(out, static_cast<std::uint32_t>(us % 1'000'000));
  AppendLe32(out, static_cast<std::uint32_t>(frame.size()));
  AppendLe32(out, static_cast<std::uint32_t>(frame.size()));
  return out + frame;
}

namespace {

constexpr std::uint32_t kMagicMicros = 0xA1B2C3D4, kMagicNanos = 0xA1B23C4D;

std::uint32_t Swapped(std::uint32_t value) {
  return value << 24U | (value << 8U & 0xFF0000U) | (value >> 8U & 0xFF00U) | value >> 24U;
}
std::uint32_t Read32(const PcapFormat& format, Bytes bytes) {
  const std::uint32_t value = ReadBe32(bytes);
  return format.little_endian ? Swapped(value) : value;
}

std::optional<PcapFormat> FormatOf(Bytes start) {
  if (start.size() < 4) return std::nullopt;
  const std::uint32_t magic = ReadBe32(start);
  for (const bool little : {false, true}) {
    const std::uint32_t value = little ? Swapped(magic) : magic;
    if (value == kMagicMicros) return PcapFormat{little, false};
    if (value == kMagicNanos) return PcapFormat{little, true};
  }
  return std::nullopt;
}

}  // namespace

bool LooksLikePcap(Bytes start) { return FormatOf(start).has_value(); }

Result<PcapFormat> ParsePcapHeader(Bytes bytes) {
  auto format = FormatOf(bytes);
  if (!format || bytes.size() < kPcapHeaderSize) {
    return Fail(ErrorCode::kBadInput, "no pcap header of {} bytes", kPcapHeaderSize);
  }
  format->link = Read32(*format, bytes.subspan(20)) & 0x0FFFFFFFU;
  if (!IsReadLink(format->link)) {
    return Fail(ErrorCode::kBadInput,
                "pcap link type {}; read are Ethernet (1), Linux cooked (113, 276), bare IP (101, "
                "228, 229) and loopback (0)",
                format->link);
  }
  return *format;
}

Result<PcapRecordHeader> ParsePcapRecordHeader(const PcapFormat& format, Bytes bytes) {
  PcapRecordHeader header;
  const std::int64_t seconds = Read32(format, bytes);
  const std::int64_t fraction = Read32(format, bytes.subspan(4));
  header.captured = Read32(format, bytes.subspan(8));
  header.original = Read32(format, bytes.subspan(12));
  if (fraction >= (format.nanoseconds ? 1'000'000'000 : 1'000'000)) {
    return Fail(ErrorCode::kBadInput, "a fraction of a second of {}", fraction);
  }
  if (header.captured > kMaxCapturedSize || header.captured > header.original) {
    return Fail(ErrorCode::kBadInput, "a packet of {} bytes of which {} are here", header.original,
                header.captured);
  }
  const std::int64_t us = format.nanoseconds ? fraction / 1000 : fraction;
  header.time = Instant::FromMicros(seconds * 1'000'000 + us);
  return header;
}

}  // namespace trucewatch::asterix
