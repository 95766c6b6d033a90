// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/time/instant.h"

namespace trucewatch::station {

// Cuts the bytes of a stream into records. Every byte is in exactly one record, in order.
class RecordCutter {
 public:
  virtual ~RecordCutter() = default;
  virtual std::vector<std::string> Push(std::string_view bytes, Instant now) = 0;
  // What has waited too long for the rest of its record.
  virtual std::vector<std::string> Due(Instant) { return {}; }
  // The line is gone: what is held back.
  virtual std::vector<std::string> Finish() = 0;
};

// A packet of STANAG 4607, or a stretch of damage in pieces of at most 64 KiB. A packet of more
// than kMaxCutRecord comes in pieces. Memory: one packet.
std::unique_ptr<RecordCutter> MakeStanag4607Cutter();
// Just under 64 KiB of MPEG-TS, or whole transport packets that came in `max_age`.
std::unique_ptr<RecordCutter> MakeTsCutter(Duration max_age);

inline constexpr std::size_t kMaxCutRecord = 256 << 10;

}  // namespace trucewatch::station
