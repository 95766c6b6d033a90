// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "ingest/asterix/asterix.h"

namespace trucewatch::asterix {

// What becomes of a target report. Only what can be a vehicle on the ground is passed on.
enum class TargetFate {
  kKeep,
  kIdentified,   // secondary radar, Mode S, ADS-B: an aircraft that says who it is
  kAircraft,     // CAT010 TOT, I048/030 24, a height or a speed that no vehicle has
  kBirds,        // I048/030 5, 19, 20
  kWindTurbine,  // I048/030 23
  kFalse,        // I048/030: multipath, sidelobe, split, second time round, fixed reflector; ghosts
  kTest,         // test targets and field monitors
  kExtrapolated,  // no plot in this scan: the radar's tracker coasts, or ends a track
  kCount
};

// Of a CAT048 record or a CAT010 target report.
TargetFate FateOfReport(const Record& record);
// I048/020 SIM, I010/020 SIM.
bool IsSimulated(const Record& record);

// "3 of aircraft, ..." for the account, by TargetFate.
struct KeptBack {
  std::uint64_t by_fate[static_cast<std::size_t>(TargetFate::kCount)] = {};
  std::uint64_t outside = 0;      // of the site's range or sector
  std::uint64_t no_position = 0;  // none in the message, or the ground is out of reach
  std::uint64_t incomplete = 0;   // of scans that were not seen whole
  std::uint64_t not_usable = 0;   // of scans that the radar itself withdraws
  std::string Text() const;
};

}  // namespace trucewatch::asterix
