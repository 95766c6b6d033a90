// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/geo/geodetic.h"
#include "tools/simulate/scenario.h"
#include "tools/simulate/world.h"

namespace trucewatch::simulate {

// One report of one turn of the antenna, with what it really was.
struct GroundRadarPlot {
  double t_s = 0;  // when the antenna passed it
  double range_m = 0, azimuth_deg = 0;
  Eigen::Vector2d velocity_en_mps;
  double range_rate_mps = 0;  // positive away from the radar
  int mover_id = 0;           // 0: false alarm
};

struct GroundRadarScan {
  double start_s = 0;                  // the antenna points north; it turns clockwise
  std::vector<GroundRadarPlot> plots;  // in the order of their times
};

Geodetic GroundRadarPlace(const Scenario& scenario);

// What the radar on its mast reports: moving vehicles, missed, displaced and mixed with false
// alarms as the scenario says; nobody on foot.
std::vector<GroundRadarScan> SimulateTurns(const Scenario& scenario, const World& world);

// The turns as a pcap capture of ASTERIX over UDP: a start of update cycle (CAT010) or north marker
// (CAT034) each, and the reports of each quarter turn in a datagram of their own.
std::string EncodeTurns(const Scenario& scenario, const std::vector<GroundRadarScan>& scans);

}  // namespace trucewatch::simulate
