// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "core/base/bytes.h"

namespace trucewatch {

// Remembers how the payload of every metadata PES packet (stream id 0xFC, ISO/IEC 13818-1 table
// 2-22) begins: FFmpeg's demuxer takes the first access unit cell header off and with it the cell's
// sequence number. Reads transport packets itself, beside FFmpeg. Bounded: 64 streams, 1024 packets
// each, the oldest go first. Threads: one caller at a time.
class PesHeadTap {
 public:
  static constexpr std::size_t kHead = 5;
  using Head = std::array<std::uint8_t, kHead>;

  // Distance of the packets: 188, 192 or 204.
  explicit PesHeadTap(std::size_t packet_size) : packet_size_(packet_size) {}

  // The stream from a sync byte on, in pieces of any size.
  void Push(Bytes bytes);
  // First bytes of the payload of the PES packet that begins in the transport packet at `position`
  // of the stream; earlier ones of this stream are forgotten.
  std::optional<Head> Take(unsigned pid, std::uint64_t position);

 private:
  struct Begin {
    std::uint64_t position;
    Head head;
  };
  bool InStep(Bytes rest);
  void Look(Bytes packet, std::uint64_t position);

  std::size_t packet_size_;
  std::string held_;            // less than a packet, or what waits for the next sync byte
  std::uint64_t position_ = 0;  // of held_[0]
  std::map<unsigned, std::deque<Begin>> begins_;
};

}  // namespace trucewatch
