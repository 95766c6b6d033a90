// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace trucewatch::tools {

// Where a target truly is. Frame: the scenario's local east-north plane, metres and m/s.
struct TruthPoint {
  std::size_t target = 0;  // into TrackedScenario::targets
  Eigen::Vector2d p_en_m{0, 0}, v_en_mps{0, 0};
  // Its acceleration was above kOnsetAcceleration_mps2 in the kOnset_s before: a filter of constant
  // velocity is behind then.
  bool manoeuvre_onset = false;
};

inline constexpr double kOnsetAcceleration_mps2 = 0.5;
inline constexpr double kOnset_s = 10;

// What a tracker says. Covariances are 1-sigma, same frame.
struct TrackPoint {
  std::size_t track = 0;  // into TrackedScenario::tracks
  Eigen::Vector2d p_en_m{0, 0};
  std::optional<Eigen::Vector2d> v_en_mps;
  std::optional<Eigen::Matrix2d> cov_p_m2, cov_v_m2ps2;
};

struct CameraFootprint {
  Eigen::Vector2d low_en_m{0, 0}, high_en_m{0, 0};
  bool Contains(const Eigen::Vector2d& p_en_m) const {
    return (p_en_m.array() >= low_en_m.array()).all() &&
           (p_en_m.array() <= high_en_m.array()).all();
  }
};

struct ScoredEpoch {
  double time_s = 0;  // from the scenario's start
  std::vector<TruthPoint> truths;
  std::vector<TrackPoint> tracks;  // no track twice
  std::optional<CameraFootprint> camera;
};

struct TruthTarget {
  std::string id, kind, group;  // group: "-1" when it moves by itself
  bool InConvoy() const { return group != "-1" && !group.empty(); }
};

struct TrackedScenario {
  std::vector<TruthTarget> targets;  // in order of the truth file
  std::vector<std::string> tracks;
  std::vector<ScoredEpoch> epochs;  // by time, one for each time of the truth
  bool has_cameras = false;
  // Rows of the tracks file that count for nothing.
  std::size_t rows_below_existence = 0, rows_without_position = 0, rows_beside_grid = 0;
};

struct TrackFiles {
  std::string truth, tracks;
  std::string scans = {};  // may be empty
  double min_existence = 0.5;
};

// What a target is at an epoch, each for itself. Stopped: below 1.5 m/s.
inline constexpr std::size_t kTruthKindCount = 5;
inline constexpr std::array<const char*, kTruthKindCount> kTruthKindNames = {
    "convoy", "independent", "moving", "stopped", "in_camera"};
std::array<bool, kTruthKindCount> TruthKindsOf(const TrackedScenario& scenario,
                                               const TruthPoint& truth,
                                               const std::optional<CameraFootprint>& camera);

// Reads the files of bench/fusion, plain or packed with gzip: truth (time, truth_id, x, y, vx, vy
// and, when there, group_id, kind), tracks (time, track_id, x, y, vx, vy and, when there,
// existence_prob and p_xx, p_xy, p_yy, p_vxvx, p_vxvy, p_vyvy) and scans (measure_time,
// sensor_type, fov_*). Columns are found by name. Times are compared to the millisecond; of two
// rows of a track at one time the later in the file counts. kBadInput with file and line.
Result<TrackedScenario> LoadTrackedScenario(const TrackFiles& files);

// The same from texts; the names in `files` are for messages. No scans: an empty text.
struct TrackTexts {
  std::string truth, tracks, scans;
};
Result<TrackedScenario> ParseTrackedScenario(const TrackFiles& files, const TrackTexts& texts);

}  // namespace trucewatch::tools
