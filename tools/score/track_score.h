// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "tools/score/consistency.h"
#include "tools/score/track_files.h"

namespace trucewatch::tools {

struct TrackScoreOptions {
  // GOSPA's and OSPA's c and p. A track farther than c from a target is not its track in any
  // figure.
  double cutoff_m = 50;
  double order = 2;  // at least 1
  double from_s = -std::numeric_limits<double>::infinity();
  double to_s = std::numeric_limits<double>::infinity();
};

// Of one kind of target, over the pairs of CLEAR-MOT.
struct KindScore {
  std::string kind;          // convoy, independent, moving, stopped, in_camera
  std::size_t truths = 0;    // target and epoch
  double matched_share = 0;  // of `truths`
  double rmse_m = 0;
  std::size_t id_switches = 0;
  std::optional<Consistency> steady;  // over the pairs of ConsistencyScore, no manoeuvre onsets
};

struct TargetScore {
  std::size_t target = 0;  // into TrackedScenario::targets
  std::size_t epochs = 0, matched = 0;
  double first_s = 0, last_s = 0;
  std::optional<double> latency_s;  // from its first epoch to its first track
  double rmse_m = 0;
  std::size_t id_switches = 0, fragmentations = 0;
  std::size_t tracks = 0;                 // that it was matched with
  std::optional<std::size_t> main_track;  // the one it was matched with most, and how often
  std::size_t main_matched = 0;
};

// Names and meaning: docs/formats/score.md.
struct TrackScore {
  double gospa_m = 0, gospa_std_m = 0, gospa_rms_m = 0;
  double gospa_located_m = 0, gospa_missed_m = 0, gospa_false_m = 0;
  double mean_located = 0, mean_missed = 0, mean_false = 0;  // p-th powers
  double truths_per_epoch = 0, missed_per_epoch = 0, false_per_epoch = 0;
  std::optional<double> location_rmse_m;  // of GOSPA's pairs; only for order 2
  double ospa_m = 0, ospa_located_m = 0, ospa_cardinality_m = 0;
  double idf1 = 0, id_precision = 0, id_recall = 0;
  double mota = 0, rmse_m = 0;
  std::optional<double> velocity_rmse_mps;  // nothing when no matched row has a velocity
  std::size_t id_switches = 0, fragmentations = 0;
  std::size_t truths = 0, false_negatives = 0, false_positives = 0;
  double purity = 0, completeness = 0;
  std::size_t targets = 0, tracks = 0, never_tracked = 0;
  std::optional<double> initiation_latency_s;
  std::vector<KindScore> kinds;  // those that occur
  // Over the pairs of ConsistencyScore; apart: filters lag when a manoeuvre begins.
  std::optional<Consistency> steady, onsets;
  std::vector<TargetScore> per_target;  // in the truth's order, those seen
  std::size_t epochs = 0;
  double first_s = 0, last_s = 0;
  // Per epoch within from..to, of each truth the place of its track (CLEAR-MOT), or kUnassigned.
  std::vector<std::vector<std::size_t>> matches;
  std::size_t first_epoch = 0;  // into TrackedScenario::epochs, of `matches[0]`
};

// Compares tracks with the truth at each of its epochs: GOSPA with alpha = 2 (Rahmathullah,
// Garcia-Fernandez, Svensson 2017), OSPA (Schuhmacher, Vo, Vo 2008), CLEAR-MOT (Bernardin,
// Stiefelhagen 2008), IDF1 (Ristani et al. 2016). Assignments are exact. kUsage when no epoch lies
// within from..to.
Result<TrackScore> ScoreTracks(const TrackedScenario& scenario, const TrackScoreOptions& options);

}  // namespace trucewatch::tools
