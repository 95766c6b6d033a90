// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/geo/geodetic.h"
#include "fusion/groups.h"
#include "fusion/look.h"
#include "fusion/registration.h"
#include "fusion/tracker.h"

namespace trucewatch {

// One scan of a measurement CSV, with when it reached the fusion node.
struct ReceivedLook {
  Instant receive_time;  // in a measurement CSV seconds from the scenario's start, as if from 1970
  Look look;
};

// Reads the measurement format of bench/fusion: the plots (NAME_meas.csv) and the scans
// (NAME_scans.csv), both as text. The column truth_id is not read. kBadInput with file and line
// when something is not as it must be. Answer in order of receive time (then of the files).
Result<std::vector<ReceivedLook>> ParseMeasurementCsv(std::string_view meas_csv,
                                                      std::string_view scans_csv);

struct TrackCsvOptions {
  TrackerOptions tracker;
  double hold_s = 10.0;  // measurements older than this on arrival are left out and counted
  // Rows are left out whose place is known no better than this (root of the trace of its
  // covariance): past the distance at which a place counts as wrong, a row costs more than it is
  // worth.
  double max_position_sigma_m = 55.0;
  // Not set: the live picture, a row at t uses plots received by t. Set: the settled picture, a row
  // at t uses plots received by t + lag; at least the hold.
  std::optional<double> settled_lag_s;
  // Set: the plane's origin on the ellipsoid; each row then ends with latitude_deg, longitude_deg.
  const LocalFrame* frame = nullptr;
  // Not empty: the other sources are registered on this one, and their reports corrected.
  SourceId reference;
  // Set: groups are found as well, in the pictures of the same seconds.
  std::optional<GroupOptions> groups;
};

struct TrackCsvResult {
  std::string
      csv;  // time,track_id,x,y,vx,vy,existence_prob,p_xx,p_xy,p_yy,p_vxvx,p_vxvy,p_vyvy; 1 Hz
  // time,group_id,x,y,vx,vy,extent_m,count_expected,count_min,count_max,members (ids of tracks,
  // separated by spaces); empty unless asked for
  std::string groups_csv;
  std::size_t plots = 0;
  std::size_t tracks = 0;      // that have rows
  std::size_t late_looks = 0;  // later than the hold
  TrackerCounts counts;
  // With a reference: what is known of the other sources at the end.
  std::map<SourceId, SensorBias> biases;
};

// Runs the tracker over received looks and writes its confirmed tracks once a second, from the
// whole second before the first look to the last look. `progress` is told the share that is done.
TrackCsvResult WriteTrackCsv(const std::vector<ReceivedLook>& looks, const TrackCsvOptions& options,
                             const std::function<void(double)>& progress = {});

}  // namespace trucewatch
