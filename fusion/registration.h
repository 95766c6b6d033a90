// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fusion/look.h"
#include "fusion/tracker.h"

namespace trucewatch {

// What the reports of one source are off against the reference source: what it reports less what
// the reference would report. (range [m], azimuth [rad, clockwise from north], time [s]) of a
// source whose looks have sensor_en_m, else (east [m], north [m], time [s]).
struct Bias {
  bool polar = false;
  Eigen::Vector3d value = Eigen::Vector3d::Zero();
  Eigen::Matrix3d cov = Eigen::Matrix3d::Zero();
};

// The look without the bias: places, and the time. Covariances grow by the bias's.
Look Corrected(Look look, const Bias& bias);

struct RegistrationOptions {
  SourceId reference;
  TrackerOptions tracker;  // of the reference's tracks
  // What is believed of a bias before anything is known, 1-sigma.
  double prior_range_m = 100.0;
  double prior_azimuth_rad = 0.0105;  // 0.6 degrees
  double prior_place_m = 50.0;        // each of east and north
  double prior_time_s = 1.0;
  // What targets said that have gone is forgotten with these time constants.
  double memory_s = 1800.0;
  double place_memory_s = 300.0;  // a drone's georeference wanders
  double noise_m2ps3 = 3.0;       // white-acceleration density of common targets: they may brake
  double max_target_s = 300.0;    // longer ones begin anew
  double max_silence_s = 21.0;    // of the reference about a target
  double gate_d2 = 13.8;          // squared Mahalanobis distance: 99.9 % of true reports
  double min_log_ratio = 7.0;     // of a target that counts: 1,000 to 1
  double disagreement_d2 = 16.3;  // of a target's bias from all targets': 99.9 %
  // Corrected from so many common targets on, once range and azimuth (east and north) are known to
  // this share of what was believed at first; not any more past the second.
  int min_targets = 3;
  double align_share = 1.0 / 3.0;
  double lose_share = 0.5;
  double min_note_s = 60.0;  // between two notes on one source
  // Bounds (DESIGN rule 9).
  std::size_t max_targets = 64;  // of one source
  std::size_t max_sources = 64;
};

// One object that the reference and another source report: position and velocity in the plane, and
// the other's bias, together in one Gaussian.
struct CommonTarget {
  using Vector = Eigen::Matrix<double, 7, 1>;  // east, north, their speeds, bias
  using Matrix = Eigen::Matrix<double, 7, 7>;
  TrackId track;  // of the reference's tracks
  Instant begun, time, last_reference, last_report;
  std::uint32_t reference_reports = 0, reports = 0, strikes = 0;
  // That the other source's reports are this target's, over that they are false reports and it does
  // not see the target: natural logarithm, within +-30.
  double log_ratio = 0;
  // Of the reference's track: by this the time bias is linearised, because the velocity below errs
  // together with the position below.
  Eigen::Vector2d velocity_mps = Eigen::Vector2d::Zero();
  Vector mean = Vector::Zero();
  Matrix cov = Matrix::Identity();
};

struct SensorBias {
  bool polar = false;
  bool aligned = false;  // its reports are corrected
  Instant time;          // of the last look
  // What targets said that have gone, beyond the prior: inverse covariance, and times the mean.
  Eigen::Matrix3d information = Eigen::Matrix3d::Zero();
  Eigen::Vector3d information_vector = Eigen::Vector3d::Zero();
  std::optional<Eigen::Vector3d> reported;  // in the last note
  Instant noted;
  std::uint64_t reports = 0;          // used
  std::uint64_t finished = 0;         // targets that have gone and counted
  std::uint64_t rejected = 0;         // targets that disagreed with the others
  std::vector<CommonTarget> targets;  // ascending track
  // Follows from the above.
  Bias estimate;
  std::size_t agreeing = 0;  // targets it rests on, finished ones too
};

// Estimates the biases of all sources against one, on line, from objects that both report; needs no
// truth. The reference's looks alone are tracked. For each of its tracks and each other source a
// Kalman filter holds the object's state and that source's bias in one vector (Friedland,
// "Treatment of bias in recursive filtering", IEEE TAC 14(4), 1969: state augmented by a constant
// bias; van Doorn and Blom, "Systematic error estimation in multisensor fusion systems", SPIE 1954,
// 1993, for time stamps and azimuth), with
//   report(t) = p - v b_time + [u, r w] (b_range, b_azimuth)  or  p - v b_time + (b_east, b_north),
// u and w the directions of growing range and azimuth. Each filter starts from the same prior
// N(0, P0) of the bias. Given the bias, targets are independent; so their filters P_i, b_i make
//   P^-1 = P0^-1 + sum (P_i^-1 - P0^-1),  P^-1 b = sum (P_i^-1 b_i)
// exactly, without a joint state of all. Robustness: a report is used only when it lies in the gate
// of one target alone and that gate holds no other; a target counts once its reports are 1,000
// times more probable than false ones; one whose bias lies outside 99.9 % of the
// others' is left out, one with three reports outside its own gate is dropped; a track that the
// reference loses (manoeuvre) ends its target and begins another.
// Time: looks in order of their stated time. Determinism: a function of options and looks. Frames:
// the mission's plane. Threads: thread-compatible.
class Registration {
 public:
  explicit Registration(const RegistrationOptions& options);

  // Takes in a look as it was reported, uncorrected.
  void Observe(const Look& look);

  // Nothing while the source is the reference, or its bias is not known well enough.
  std::optional<Bias> BiasOf(const SourceId& source) const;
  // How much later than stated a corrected look may have to be taken: the largest time bias.
  Duration Delay() const;

  // What it rests on is recorded: reference and corrected sources share the reference's
  // georeference (DESIGN rule 5), its id where it has none.
  Lineage MarkedLineage(const SourceId& source, Lineage lineage) const;

  // Notes on sources (SourceStatus of state kUnspecified) since the last call: aligned, changed by
  // more than three sigma, lost.
  std::vector<SourceStatus> TakeNotes();

  const RegistrationOptions& options() const { return options_; }
  const std::map<SourceId, SensorBias>& sensors() const { return sensors_; }
  // State, for snapshots; notes must have been taken.
  const Tracker& reference() const { return reference_; }
  const std::string& georeference() const { return georeference_; }
  void Restore(Tracker reference, std::string georeference, std::map<SourceId, SensorBias> sensors);

 private:
  Eigen::Vector3d PriorVariance(bool polar) const;
  void TakeReference(const Look& look);
  void TakeOther(const Look& look);
  void Open(SensorBias& sensor, Instant time) const;
  void Close(SensorBias& sensor, Instant time) const;
  void Fuse(SensorBias& sensor) const;
  void Judge(const SourceId& source, SensorBias& sensor);

  RegistrationOptions options_;
  Tracker reference_;
  std::string georeference_;  // the reference's
  std::map<SourceId, SensorBias> sensors_;
  std::vector<SourceStatus> notes_;
};

// "range 61 +- 3 m, azimuth 0.49 +- 0.02 deg, time 0.71 +- 0.08 s"
std::string BiasText(const Bias& bias);

}  // namespace trucewatch
