// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/base/bytes.h"

namespace trucewatch {

// Makes whole KLV packets of the PES payloads of one metadata stream: removes access unit cell
// headers (ISO/IEC 13818-1 table 2-97), joins packets that were split over payloads, restores five
// lost bytes of a first key (some remuxers cut them). Bounded: an unfinished packet is given as it
// is once it is longer than kMaxHeld. Threads: one caller at a time.
class KlvPayloadReader {
 public:
  static constexpr std::size_t kMaxHeld = 1 << 20;

  struct Unit {
    std::string
        data;  // KLV packets back to back; damage is left in it for the KLV parser to report
    bool earlier = false;   // began in an earlier payload
    bool repaired = false;  // the first five bytes were put back
  };

  std::vector<Unit> Push(Bytes payload);
  // What was held back for a continuation that never came.
  std::vector<Unit> Finish();
  bool holding() const { return !held_.empty(); }

  // True when a payload begins like KLV, in one of the forms above.
  static bool LooksLikeKlv(Bytes payload);

 private:
  std::string held_;
  bool held_repaired_ = false;
};

}  // namespace trucewatch
