// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "ingest/radar/stanag4607.h"

namespace trucewatch::stanag4607 {

// A segment with its place; offsets count from the start of the stream.
struct DecodedSegment {
  std::uint64_t offset = 0;
  std::uint32_t length = 0;  // with its 5-byte header
  Segment body;
  std::uint64_t existence_mask = 0;  // D1 of a dwell as it was read
  // Against the letter of the standard, but with one meaning still: half-set groups and the like.
  std::vector<std::string> remarks;
};

// A segment whose bytes were there and could not be read. The rest of its packet stands.
struct SegmentFault {
  std::uint64_t offset = 0;
  std::uint32_t length = 0;
  std::uint8_t type = 0;
  std::string reason;
};

struct Packet {
  std::uint64_t offset = 0;
  PacketHeader header;  // header.size is the packet's length
  std::vector<DecodedSegment> segments;
  std::vector<SegmentFault> faults;
};

// The header alone: kBadInput unless the bytes hold 32, the version is two digits and P2 is
// possible.
Result<PacketHeader> DecodePacketHeader(Bytes bytes);

// Exactly one packet; `offset` is where it stands in its stream. Fails with kBadInput, and gives
// nothing, when the sizes do not add up; a segment that cannot be read becomes a SegmentFault.
Result<Packet> DecodePacket(Bytes bytes, std::uint64_t offset);

// The payload behind a segment header. Memory is bounded by the payload's size.
Result<DecodedSegment> DecodeSegment(std::uint8_t type, Bytes payload);

}  // namespace trucewatch::stanag4607
