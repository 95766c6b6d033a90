// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/bytes.h"

// What recorders write around ASTERIX blocks. No public standard: the layouts are those of
// recording tools, ORADIS and GPS as found in samples of them. All numbers are big-endian.
//   ORADIS          u16 size of the frame, u32 ms since midnight, blocks. In UDP datagrams too.
//   FINAL, IOSS     u16 size of the frame, u8 board, u8 line, u8 day, u24 time of day in 10 ms,
//                   blocks, A5 A5 A5 A5
//   with sequence   the same with a u32 number behind the size
//   GPS             2200 bytes before the first frame; a block, 10 bytes (not read)
namespace trucewatch::asterix {

enum class Framing : std::uint8_t { kNone, kOradis, kFinal, kFinalSequence, kGps };

// By content: several frames in a row (or up to the end) whose lengths add up, one with a block
// that can be read. `start` is the beginning, `size` what there is of the file or datagram.
Framing FindFraming(Bytes start, std::uint64_t size);
// Of a datagram: recorders send on what they have in frames of ORADIS.
Framing FindDatagramFraming(Bytes datagram);
// Where the first frame is.
std::size_t FramingStart(Framing framing);

struct FramePiece {
  std::size_t size = 0;                          // heads and all
  std::size_t content_at = 0, content_size = 0;  // the blocks in it
  bool damaged = false;                          // no frame: what lies before the next one
  std::optional<double> recorded_time_of_day_s;  // by the recorder's clock
};

// CutFrame wants to see this much, or all there is.
inline constexpr std::size_t kFrameLook = std::size_t{256} * 1024;
// The frame or stretch of damage at the start of `bytes`, which is not empty; `whole`: nothing
// follows. kNone: all of it is one piece. A frame counts when its blocks add up or frames follow.
FramePiece CutFrame(Framing framing, Bytes bytes, bool whole);

}  // namespace trucewatch::asterix
