// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/types/observation.h"
#include "ingest/asterix/asterix.h"
#include "ingest/asterix/site_geometry.h"
#include "ingest/asterix/target_fate.h"

namespace trucewatch::asterix {

struct ScanOptions {
  SourceId source;
  Lineage lineage;
  v1::config::RadarSite site;
  double detection_probability = 0;
  double false_alarms_per_km2 = 0;
  double ground_height_hae_m = 0;
};

struct ScanFault {
  std::uint64_t offset = 0;
  std::string reason;
};
using ScanItem = std::variant<RadarDwell, ScanFault>;

// Puts the records of one radar together into looks: one dwell a scan.
// A scan ends with the next CAT034 or CAT002 north marker or CAT010 start of update cycle; where
// none is sent (trackers: CAT062, CAT021), when scan_period_s has passed since its first record.
// The dwell's time is the middle of the scan, and plots are moved there along what is known of
// their velocity; what is not known widens their covariance. A scan without targets is an empty
// dwell. Scans that were not seen whole and scans during which the radar withdraws its data (NOGO,
// invalid time source) give no dwell: nobody watched. Determinism: depends on the records so far
// alone. Memory: kMaxPlots.
class ScanBuilder {
 public:
  // `terrain` outlives the builder.
  ScanBuilder(ScanOptions options, const Terrain* terrain);

  // `time` is the record's, made absolute.
  void Add(const Record& record, Instant time, const Digest& digest, std::vector<ScanItem>& out);
  // No more records: the open scan, if it was seen whole.
  void Finish(std::vector<ScanItem>& out);

  const KeptBack& kept_back() const { return kept_back_; }
  std::uint64_t withdrawn_scans() const { return withdrawn_scans_; }

  static constexpr std::size_t kMaxPlots = 10'000;
  // 1-sigma of the part of a target's velocity that its report does not say.
  static constexpr double kUnknownSpeedSigmaMps = 5;

 private:
  struct Target {
    Instant time;
    double range_m = 0;
    double azimuth_deg = 0;
    double range_step_m = 0;
    std::optional<Geodetic> position;  // of trackers, which say where and not which way
    double position_sigma_m = 0;
    std::optional<double> radial_mps;  // along the line of sight, positive away
    std::optional<Eigen::Vector2d> velocity_en_mps;
    ClassProbabilities classes;
  };
  struct Scan {
    Instant start;
    Instant last;  // of the records in it
    bool from_marker = false;
    bool withdrawn = false;
    bool simulated = false;
    bool reported = false;  // a target report of any kind was in it
    bool strobe = false;
    std::optional<std::pair<int, int>> tracker;  // SAC and SIC: its reports are tracks of others
    std::vector<Target> targets;
    std::vector<Digest> digests;
  };
  // A state that the radar announces and takes back.
  struct Announced {
    bool on = false;
    Instant since;
  };

  Duration period() const;
  void Announce(Announced& state, bool on, Instant time, std::uint64_t offset,
                const std::string& what, std::vector<ScanItem>& out);
  void ReadStatus(const Record& record, Instant time, std::vector<ScanItem>& out);
  void AddTarget(const Record& record, Instant time, std::vector<ScanItem>& out);
  std::optional<Target> ReadTarget(const Record& record, Instant time) const;
  bool ReadPolar(const Record& record, Target& target) const;
  bool ReadPosition(const Record& record, Target& target) const;
  void Open(Instant time, bool from_marker);
  void CloseIfOver(Instant time, std::vector<ScanItem>& out);
  void Close(Instant end, std::vector<ScanItem>& out);
  void DropIncomplete();
  std::optional<Plot> MakePlot(const Target& target, Instant middle) const;

  ScanOptions options_;
  SiteGeometry geometry_;
  std::vector<Geodetic> footprint_;
  std::optional<Scan> scan_;
  bool marks_scans_ = false;
  bool simulated_ = false;                      // what the last target reports said
  bool period_differs_ = false;                 // it was said
  std::optional<std::pair<int, int>> tracker_;  // of the scan before
  Announced nogo_, time_invalid_, degraded_;
  KeptBack kept_back_;
  std::uint64_t withdrawn_scans_ = 0;
};

}  // namespace trucewatch::asterix
