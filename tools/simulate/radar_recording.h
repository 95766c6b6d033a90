// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/geo/geodetic.h"
#include "tools/simulate/scenario.h"
#include "tools/simulate/world.h"

namespace trucewatch::simulate {

// One report of a scan, with what it really was.
struct SimulatedPlot {
  Geodetic position;
  double range_rate_mps = 0;  // positive away from the radar
  double slant_range_m = 0;
  int snr_db = 0;
  int mover_id = 0;  // 0: false alarm
  // STANAG 4607 D32.10 and D32.11.
  std::uint8_t classification = 255;
  std::uint8_t class_percent = 50;
};

struct SimulatedScan {
  double t_s = 0;  // temporal centre, whole milliseconds
  std::vector<SimulatedPlot> plots;
};

Geodetic RadarPlace(const Scenario& scenario);

// What the radar reports: moving vehicles in its sector, missed, displaced and mixed with false
// alarms as the scenario says.
std::vector<SimulatedScan> SimulateScans(const Scenario& scenario, const World& world);

// The scans as a STANAG 4607 stream (version 3.0): mission and job definition every 60 s, one dwell
// a scan.
Result<std::string> EncodeScans(const Scenario& scenario, const std::vector<SimulatedScan>& scans);

}  // namespace trucewatch::simulate
