// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/time/instant.h"
#include "ingest/asterix/pcap.h"

namespace trucewatch::asterix {

// How much of a file CaptureParser::Begin wants to see.
inline constexpr std::size_t kCaptureStartSize = 28;
// pcap or pcapng.
bool LooksLikeCapture(Bytes start);

struct CapturedPacket {
  Instant time;
  std::size_t offset = 0;  // of its frame in the element
  std::size_t size = 0;
  std::uint32_t link = 1;
};

// A capture element by element: packets of pcap, blocks of pcapng. The caller reads head_size()
// bytes, asks how long the element is, reads it whole and gives it to Read, in order from first().
// Damage is an error; what is behind it cannot be found.
class CaptureParser {
 public:
  // Fails with what was found when it is neither, or of a link that is not read.
  static Result<CaptureParser> Begin(Bytes start);

  std::uint64_t first() const { return ng_ ? 0 : kPcapHeaderSize; }
  std::size_t head_size() const { return ng_ ? 12 : kPcapRecordHeaderSize; }
  // Head included; at most kMaxCapturedSize and what surrounds a packet.
  Result<std::size_t> ElementSize(Bytes head) const;
  // Nothing: an element without a packet (pcapng: sections, interfaces, names, statistics).
  Result<std::optional<CapturedPacket>> Read(Bytes element);

 private:
  struct Interface {
    std::uint32_t link = 0;
    std::uint64_t units_per_s = 1'000'000;
    std::int64_t offset_s = 0;
  };

  std::uint16_t U16(Bytes bytes) const;
  std::uint32_t U32(Bytes bytes) const;
  Result<void> ReadSection(Bytes block);
  Result<void> ReadInterface(Bytes block);
  void ReadOption(Interface& interface, std::uint16_t code, Bytes value) const;
  Result<std::optional<CapturedPacket>> ReadPacket(Bytes block, std::size_t data_at,
                                                   std::uint32_t interface, std::uint32_t captured);
  Result<Instant> Time(const Interface& interface, std::uint64_t units) const;

  bool ng_ = false;
  bool little_endian_ = true;
  PcapFormat pcap_;
  std::vector<Interface> interfaces_;  // of the section
  Instant last_;                       // simple packets have no time of their own
};

}  // namespace trucewatch::asterix
