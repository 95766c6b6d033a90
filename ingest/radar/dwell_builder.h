// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/geo/terrain.h"
#include "core/types/observation.h"
#include "ingest/radar/stanag4607_decoder.h"

namespace trucewatch::stanag4607 {

struct DwellBuilderOptions {
  SourceId source;
  Lineage lineage;
  // Used where the job definition makes no statement (J25, J26).
  double detection_probability = 0;
  double false_alarms_per_km2 = 0;
  // Ground height where the terrain has no value.
  double ground_height_hae_m = 0;
};

// Why reports did not become plots. No person leaves ingest, and what does not drive on the ground
// is none of this system's business.
struct DroppedReports {
  std::uint64_t persons = 0;      // class 9
  std::uint64_t animals = 0;      // class 11
  std::uint64_t aircraft = 0;     // classes 3, 4, 18
  std::uint64_t other = 0;        // ships, rotators, beacons, clutter, phantoms, tagging devices
  std::uint64_t no_position = 0;  // no position, half of one, or a delta that leaves the earth
};

// Where it says that this is not for real. Kept apart, because only the first is deliberate.
struct ExerciseEvidence {
  bool header = false;      // P7 is not 0
  bool classes = false;     // a target class of 128 or above
  bool truth_tags = false;  // D32.16 or D32.17
  bool any() const { return header || classes || truth_tags; }
};

struct BuiltDwell {
  RadarDwell dwell;  // without raw_digests
  ExerciseEvidence exercise;
};

using DwellItem = std::variant<BuiltDwell, SegmentFault>;

// Puts mission date, job definition and dwell together into what fusion reads.
// Positions come from D32.2-3, or from the deltas in exact integers. Covariances: slant and cross
// range sigmas (D32.12-13; else J21-22; else kDefault... below), turned to the line of sight, plus
// the sensor's own position error (D12-14; else J16-18; else the default), plus half a count where
// positions are deltas, plus the ground's height error where D32.6 is missing and the sender names
// no terrain model (J27).
// Time: UTC midnight of M5-M7 plus D6. A dwell before its mission segment is a fault, never a
// guess. Determinism: depends on the packets so far alone. Memory: at most kMaxMissions and
// kMaxJobs.
class DwellBuilder {
 public:
  // `terrain` outlives the builder.
  DwellBuilder(DwellBuilderOptions options, const Terrain* terrain);

  // The packet's dwells, in order, and why dwells could not be used.
  std::vector<DwellItem> Add(const Packet& packet);

  const DroppedReports& dropped() const { return dropped_; }

  static constexpr std::size_t kMaxMissions = 64;
  static constexpr std::size_t kMaxJobs = 256;
  // 1-sigma where nobody makes a statement. Wide: a plot that claims little cannot mislead.
  static constexpr double kDefaultSlantRangeSigmaM = 50;
  static constexpr double kDefaultCrossRangeSigmaDeg = 0.5;
  static constexpr double kDefaultSensorSigmaM = 10;
  static constexpr double kDefaultRangeRateSigmaMps = 2;
  static constexpr double kDefaultMinSpeedMps = 3;         // D31 and J24 make no statement
  static constexpr double kDefaultClassProbability = 0.5;  // D32.10 without D32.11
  static constexpr double kMinSigmaM = 1;  // a statement of no error at all is not believed
  // Faster than any vehicle here: a speed that folds inside this range is no measurement.
  static constexpr double kMaxVehicleSpeedMps = 40;

 private:
  struct MissionKey {
    std::string platform;      // P8
    std::uint32_t mission_id;  // P9
    auto operator<=>(const MissionKey&) const = default;
  };
  using JobKey = std::pair<MissionKey, std::uint32_t>;  // with J1 or P10

  std::optional<std::string> AddMission(const MissionKey& key, const MissionSegment& mission);
  std::optional<std::string> AddJob(const MissionKey& key, const JobDefinitionSegment& job);
  BuiltDwell Build(const PacketHeader& header, Instant midnight, const JobDefinitionSegment& job,
                   const DwellSegment& dwell);
  // What is the same for all plots of a dwell.
  struct Shared {
    const JobDefinitionSegment& job;
    const DwellSegment& dwell;
    Eigen::Vector3d sensor_ecef_m;
    Eigen::Matrix2d sensor_cov_en_m2;
    double sensor_height_sigma_m;
  };
  std::optional<Plot> BuildPlot(const Shared& shared, const TargetReport& target) const;

  DwellBuilderOptions options_;
  const Terrain* terrain_;
  std::map<MissionKey, Instant> midnights_;
  std::map<JobKey, JobDefinitionSegment> jobs_;
  DroppedReports dropped_;
};

}  // namespace trucewatch::stanag4607
