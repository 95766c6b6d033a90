// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "ingest/radar/stanag4607_decoder.h"

namespace trucewatch::stanag4607 {

// A stretch of bytes that is no packet.
struct StreamFault {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string reason;
  std::string bytes;  // the first kFaultBytes of the stretch
};
inline constexpr std::size_t kFaultBytes = 16;

using StreamItem = std::variant<Packet, StreamFault>;

// Cuts a stream of packets back to back, fed in pieces of any size. There is no sync word: after
// damage the next packet is where a version of two digits, a possible size and segments of known
// types that add up to it exactly are found. Every byte belongs to exactly one item, in order.
// Determinism: the items depend on the bytes alone, not on the pieces. Memory: at most
// kMaxPacketSize and one piece.
class Stanag4607Stream {
 public:
  explicit Stanag4607Stream(std::uint64_t start_offset = 0) : offset_(start_offset) {}

  std::vector<StreamItem> Push(Bytes bytes);
  // Nothing more will come: what was held back, whole or cut off.
  std::vector<StreamItem> Finish();

 private:
  void Take(bool finished, std::vector<StreamItem>& items);
  void EndFault(std::vector<StreamItem>& items);

  std::string buffer_;
  std::size_t at_ = 0;        // next byte of buffer_ to look at
  std::uint64_t offset_ = 0;  // of that byte in the stream
  bool damaged_ = false;      // inside the stretch `fault_`
  StreamFault fault_;
};

}  // namespace trucewatch::stanag4607
