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
  kAircraft,     // CAT010 TOT, I048/030 24, not on the ground, a speed that no vehicle has
  kBirds,        // I048/030 5, 19, 20
  kWindTurbine,  // I048/030 23
  kFalse,  // multipath, sidelobe, split, second time round, fixed reflector; ghosts; suspect ADS-B
  kTest,   // test targets and field monitors
  kExtrapolated,  // no plot in this scan: the radar's tracker coasts, or ends a track
  kCount
};

// Of a record of CAT001, 021, 048, 062, or a CAT010 target report. Of tracks and ADS-B only what
// says that it is a vehicle or on the ground is kept: I062/080 SFC, I062/300, ground bits, ADS-B
// emitter categories 20 and 21, surface vehicle addresses.
TargetFate FateOfReport(const Record& record);
// It says itself that it is a vehicle.
bool IsVehicle(const Record& record);
// SIM of I001/020, I010/020, I021/040, I048/020, I062/080.
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
