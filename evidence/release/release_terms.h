// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "core/base/result.h"
#include "core/time/instant.h"
#include "trucewatch/v1/config/agreement.pb.h"

namespace trucewatch::evidence {

// What leaves the mission, at the least: nobody but its officers gets a place finer than one
// kilometre or a time younger than half an hour, whatever an agreement says.
inline constexpr double kCoarsestAllowedM = 1'000.0;
inline constexpr Duration kShortestDelay = Duration::Seconds(1800);

struct AudienceTerms {
  Duration delay = kShortestDelay;
  double grid_m = kCoarsestAllowedM;
  bool automatic = false;  // without an officer's signature on each event
  bool pictures = false;   // made anew, of vehicles alone; parties only
};

// One set of terms for both parties: there is no field in which they could differ.
struct ReleaseTerms {
  AudienceTerms parties;
  AudienceTerms open;                               // the public: daily sums only
  std::map<std::string, std::string> side_of_zone;  // id -> "A", "B", "NEITHER"
};

// From an agreement's `release` messages. Finer or earlier than the least above is refused with
// what is the least; an audience that is not named gets the least, and nothing without a signature.
Result<ReleaseTerms> ReadReleaseTerms(const v1::config::Agreement& agreement);

}  // namespace trucewatch::evidence
