// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "core/geo/geodetic.h"
#include "core/time/instant.h"

namespace trucewatch {

// Whether a platform can have flown the way that its own positions tell. Navigation that is spoofed
// or fails puts it elsewhere from one moment to the next: further than kReachM and kMaxSpeedMps
// allow within a second. From then on its positions are not trusted, until they spring back to
// where it can have flown from the last one that was. Offsets that grow slowly are not seen.
// Determinism: a function of what was added.
class PositionWatch {
 public:
  static constexpr double kReachM = 100;       // errors of single fixes
  static constexpr double kMaxSpeedMps = 300;  // of anything that carries a camera for a mission
  static constexpr Duration kWindow = Duration::Seconds(1);

  // In words how far it went in what time, whenever what is to be thought of its positions has
  // changed. Times that do not ascend are passed over.
  std::optional<std::string> Add(Instant time, const Geodetic& place);

  bool trusted() const { return trusted_; }

 private:
  struct Fix {
    Instant time;
    Geodetic place;
  };
  static bool CanReach(const Fix& from, const Fix& to);

  std::deque<Fix> recent_;     // of the last kWindow; after a spring, since then
  std::optional<Fix> before_;  // last one that was trusted, while they are not
  bool trusted_ = true;
};

}  // namespace trucewatch
