// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/bytes.h"

namespace trucewatch {

// Makes whole KLV packets of the PES payloads of one metadata stream: removes access unit cell
// headers (ISO/IEC 13818-1 table 2-97), joins packets that were split over cells or payloads,
// restores five lost bytes of a first key (some remuxers cut them). A jump of the cells' sequence
// number is told; a number that stays the same is a writer that does not count. Bounded: an
// unfinished packet is given as it is once it is longer than kMaxHeld. Threads: one caller at a
// time.
class KlvPayloadReader {
 public:
  static constexpr std::size_t kMaxHeld = 1 << 20;

  struct Unit {
    std::string
        data;  // KLV packets back to back; damage is left in it for the KLV parser to report
    bool earlier = false;          // began in an earlier payload
    bool repaired = false;         // the first five bytes were put back
    std::uint32_t lost_cells = 0;  // that are missing before this, by the sequence number
  };

  std::vector<Unit> Push(Bytes payload);
  // What was held back for a continuation that never came.
  std::vector<Unit> Finish();
  bool holding() const { return !held_.empty(); }
  // Access unit cells were seen: synchronous metadata (MISB ST 1402).
  bool cells() const { return !sequence_.empty(); }

  // True when a payload begins like KLV, in one of the forms above.
  static bool LooksLikeKlv(Bytes payload);

 private:
  struct Cell {
    std::uint8_t service = 0;
    std::uint8_t sequence = 0;
    Bytes data;
  };
  std::vector<Cell> CellsOf(Bytes payload) const;
  void TakeCell(const Cell& cell, std::vector<Unit>& units);
  void TakeData(Bytes data, std::vector<Unit>& units);
  bool TakePacket(Bytes& rest, Unit& unit);
  void GiveHeld(std::vector<Unit>& units);
  void Give(Unit unit, std::vector<Unit>& units);

  std::string held_;
  std::size_t held_needs_ = 0;  // bytes in all; 0: not known yet
  bool held_repaired_ = false;
  std::uint32_t lost_cells_ = 0;                   // not told yet
  std::map<std::uint8_t, std::uint8_t> sequence_;  // last cell of each service
};

}  // namespace trucewatch
