// SPDX-License-Identifier: Apache-2.0
#include "ingest/asterix/capture.h"

namespace trucewatch::asterix {
namespace {

// draft-ietf-opsawg-pcapng section 4; every block: type, length, body, length again.
constexpr std::uint32_t kSection = 0x0A0D0D0A, kInterface = 1, kPacket = 2, kSimplePacket = 3,
                        kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrder = 0x1A2B3C4D, kByteOrderSwapped = 0x4D3C2B1A;
constexpr std::size_t kBlockFrame = 12;
// A packet with its options; interface names and statistics are short.
constexpr std::size_t kMaxBlock = kMaxCapturedSize + 64 * 1024;
constexpr std::size_t kMaxInterfaces = 1024;

bool LooksLikePcapng(Bytes start) {
  if (start.size() < kBlockFrame || ReadBe32(start) != kSection) return false;
  const std::uint32_t order = ReadBe32(start.subspan(8));
  return order == kByteOrder || order == kByteOrderSwapped;
}

}  // namespace

bool LooksLikeCapture(Bytes start) { return LooksLikePcap(start) || LooksLikePcapng(start); }

std::uint16_t CaptureParser::U16(Bytes bytes) const {
  return little_endian_ ? static_cast<std::uint16_t>(bytes[1] << 8U | bytes[0]) : ReadBe16(bytes);
}
std::uint32_t CaptureParser::U32(Bytes bytes) const {
  return little_endian_ ? static_cast<std::uint32_t>(U16(bytes.subspan(2))) << 16U | U16(bytes)
                        : ReadBe32(bytes);
}

Result<CaptureParser> CaptureParser::Begin(Bytes start) {
  CaptureParser parser;
  parser.ng_ = LooksLikePcapng(start);
  if (!parser.ng_) {
    TW_ASSIGN_OR_RETURN(parser.pcap_, ParsePcapHeader(start));
  }
  return parser;
}

Result<std::size_t> CaptureParser::ElementSize(Bytes head) const {
  if (!ng_) {
    TW_ASSIGN_OR_RETURN(const PcapRecordHeader header, ParsePcapRecordHeader(pcap_, head));
    return kPcapRecordHeaderSize + header.captured;
  }
  bool little = little_endian_;
  if (ReadBe32(head) == kSection) {
    const std::uint32_t order = ReadBe32(head.subspan(8));
    if (order != kByteOrder && order != kByteOrderSwapped) {
      return Fail(ErrorCode::kBadInput, "a pcapng section with the byte-order mark {:08x}", order);
    }
    little = order == kByteOrderSwapped;
  }
  const Bytes at = head.subspan(4);
  const std::size_t size = little ? static_cast<std::size_t>(at[3]) << 24U |
                                        static_cast<std::size_t>(at[2]) << 16U |
                                        static_cast<std::size_t>(at[1]) << 8U | at[0]
                                  : ReadBe32(at);
  if (size < kBlockFrame || size % 4 != 0 || size > kMaxBlock) {
    return Fail(ErrorCode::kBadInput, "a pcapng block of {} bytes", size);
  }
  return size;
}

Result<std::optional<CapturedPacket>> CaptureParser::Read(Bytes element) {
  if (!ng_) {
    TW_ASSIGN_OR_RETURN(const PcapRecordHeader header, ParsePcapRecordHeader(pcap_, element));
    return CapturedPacket{header.time, kPcapRecordHeaderSize, header.captured, pcap_.link};
  }
  if (ReadBe32(element) == kSection) {
    TW_RETURN_IF_ERROR(ReadSection(element));
  }
  if (U32(element.subspan(element.size() - 4)) != element.size()) {
    return Fail(ErrorCode::kBadInput, "a pcapng block whose two lengths differ");
  }
  const std::uint32_t type = U32(element);
  const auto short_block = [&](std::size_t fields) {
    return element.size() < kBlockFrame + fields;
  };
  constexpr std::size_t kHead = 8;
  if (type == kInterface) {
    TW_RETURN_IF_ERROR(ReadInterface(element));
  } else if (type == kEnhancedPacket || type == kPacket) {
    constexpr std::size_t kFields = 20;
    if (short_block(kFields)) return Fail(ErrorCode::kBadInput, "a pcapng packet without a head");
    // The obsolete kind has 16 bits of interface and 16 of drops in the place of 32.
    const std::uint32_t interface =
        type == kPacket ? U16(element.subspan(kHead)) : U32(element.subspan(kHead));
    const std::uint64_t units = static_cast<std::uint64_t>(U32(element.subspan(kHead + 4))) << 32U |
                                U32(element.subspan(kHead + 8));
    if (interface < interfaces_.size()) {
      TW_ASSIGN_OR_RETURN(last_, Time(interfaces_[interface], units));
    }
    return ReadPacket(element, kHead + kFields, interface, U32(element.subspan(kHead + 12)));
  } else if (type == kSimplePacket) {
    if (short_block(4)) return Fail(ErrorCode::kBadInput, "a pcapng packet without a head");
    const std::size_t there = element.size() - kBlockFrame - 4;
    const std::size_t original = U32(element.subspan(kHead));
    return ReadPacket(element, kHead + 4, 0, static_cast<std::uint32_t>(std::min(there, original)));
  }
  return std::optional<CapturedPacket>();
}

Result<void> CaptureParser::ReadSection(Bytes block) {
  constexpr std::size_t kFields = 16;
  if (block.size() < kBlockFrame + kFields) {
    return Fail(ErrorCode::kBadInput, "a pcapng section of {} bytes", block.size());
  }
  little_endian_ = ReadBe32(block.subspan(8)) == kByteOrderSwapped;
  interfaces_.clear();
  const std::uint16_t major = U16(block.subspan(12));
  if (major != 1) return Fail(ErrorCode::kBadInput, "pcapng version {}; read is 1", major);
  return {};
}

Result<void> CaptureParser::ReadInterface(Bytes block) {
  constexpr std::size_t kFields = 8;
  if (block.size() < kBlockFrame + kFields || interfaces_.size() == kMaxInterfaces) {
    return Fail(ErrorCode::kBadInput, "a pcapng interface too short, or more than {}",
                kMaxInterfaces);
  }
  Interface interface;
  interface.link = U16(block.subspan(8));
  for (Bytes options = block.subspan(16, block.size() - 20); options.size() >= 4;) {
    const std::uint16_t code = U16(options);
    const std::size_t size = U16(options.subspan(2));
    const std::size_t padded = 4 + (size + 3) / 4 * 4;
    if (code == 0 || padded > options.size()) break;
    ReadOption(interface, code, options.subspan(4, size));
    options = options.subspan(padded);
  }
  interfaces_.push_back(interface);
  return {};
}

void CaptureParser::ReadOption(Interface& interface, std::uint16_t code, Bytes value) const {
  constexpr std::uint16_t kResolution = 9, kOffset = 14;
  if (code == kResolution && value.size() == 1) {
    const unsigned exponent = value[0] & 0x7FU;
    const std::uint64_t base = (value[0] & 0x80U) != 0 ? 2 : 10;
    interface.units_per_s = 1;
    // Finer ones than these do not fit 64 bits: Time says so.
    for (unsigned i = 0; i < exponent && interface.units_per_s != 0; ++i) {
      interface.units_per_s = interface.units_per_s > (std::uint64_t{1} << 60U) / base
                                  ? 0
                                  : interface.units_per_s * base;
    }
  } else if (code == kOffset && value.size() == 8) {
    const std::uint64_t low = U32(value), high = U32(value.subspan(4));
    interface.offset_s =
        static_cast<std::int64_t>(little_endian_ ? high << 32U | low : low << 32U | high);
  }
}

Result<Instant> CaptureParser::Time(const Interface& interface, std::uint64_t units) const {
  constexpr std::int64_t kMaxSeconds = 8'000'000'000;  // the year 2223
  if (interface.units_per_s == 0) {
    return Fail(ErrorCode::kBadInput, "a pcapng interface with time stamps too fine to read");
  }
  const std::uint64_t seconds = units / interface.units_per_s;
  if (seconds > static_cast<std::uint64_t>(kMaxSeconds) || interface.offset_s > kMaxSeconds ||
      interface.offset_s < -kMaxSeconds) {
    return Fail(ErrorCode::kBadInput, "a pcapng time stamp of {} s", seconds);
  }
  const std::uint64_t rest = units % interface.units_per_s;
  constexpr std::uint64_t kMicros = 1'000'000, kNoOverflow = 10'000'000'000'000;
  const std::uint64_t us = interface.units_per_s <= kNoOverflow
                               ? rest * kMicros / interface.units_per_s
                               : rest / (interface.units_per_s / kMicros);
  return Instant::FromMicros((static_cast<std::int64_t>(seconds) + interface.offset_s) * 1'000'000 +
                             static_cast<std::int64_t>(us));
}

Result<std::optional<CapturedPacket>> CaptureParser::ReadPacket(Bytes block, std::size_t data_at,
                                                                std::uint32_t interface,
                                                                std::uint32_t captured) {
  if (interface >= interfaces_.size()) {
    return Fail(ErrorCode::kBadInput, "a pcapng packet of interface {}; described are {}",
                interface, interfaces_.size());
  }
  if (captured > block.size() - 4 - data_at) {
    return Fail(ErrorCode::kBadInput, "a pcapng packet of {} bytes in a block of {}", captured,
                block.size());
  }
  return CapturedPacket{last_, data_at, captured, interfaces_[interface].link};
}

}  // namespace trucewatch::asterix
