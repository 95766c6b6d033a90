// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/geo/geodetic.h"
#include "core/stage/stage.h"
#include "fusion/group_book.h"
#include "fusion/groups.h"
#include "fusion/hold_buffer.h"
#include "fusion/late_book.h"
#include "fusion/live_picture.h"
#include "fusion/registration.h"
#include "fusion/smoother.h"
#include "fusion/tracker.h"
#include "trucewatch/v1/config/mission.pb.h"
#include "trucewatch/v1/envelope.pb.h"
#include "trucewatch/v1/fusion_snapshot.pb.h"

namespace trucewatch {

// Counts since the mission's start.
struct FusionCounts {
  std::uint64_t late = 0;  // later than the hold, held against what was settled
  std::uint64_t repeated = 0;
  std::uint64_t refused = 0;   // measurements and single plots that could not be used
  std::uint64_t withheld = 0;  // tracks kept out of a picture because they are more likely people
  std::uint64_t pictures = 0;
};

// A source of the mission. A sparse one (satellite passes, people's reports) brings something now
// and then and nobody waits for it; the others are waited for from the start.
struct FusionSource {
  SourceId id;
  bool sparse = false;
};

// Observation sets and radar dwells in, settled pictures out, each look before them as a
// SettledLook. Consumes looks and watermarks, heeds and passes on source statuses, passes
// everything else on unchanged.
// - Looks of sparse sources and satellite passes are not held: their SettledLook is passed on at
//   once and never reaches the tracker; their groups enter the picture of their time (of now, when
//   that is settled).
// - A look after the hold becomes a SettledLook (late) and a LateLook: its reports are held against
//   the tracks as they were; it changes no picture. Past late_s it is a DataFault.
// - Between the hold and the settled lag the tracker runs ahead of what goes out: looks that it has
//   taken wait, and the picture of a time is smoothed with all that was measured up to the lag less
//   the hold after it. A look later than the hold whose time is not out yet waits for it.
// - With a reference source the others' reports reach the tracker corrected (registration.h), and a
//   SourceStatus without a state says what was found.
// - Live pictures (settled = false, for screens; verify does not use them): "now" is the newest
//   time a source that is waited for has spoken of. The first input that brings it into another
//   picture period is followed by the picture of that time, made of all received by then.
// Determinism: within the hold the order of arrival changes no settled picture; live pictures are a
// function of the inputs in their order. Threads: one caller.
class FusionStage final : public Stage {
 public:
  struct Options {
    v1::config::FusionConfig config;
    Geodetic origin;  // of the mission area
    // None: sources are known from their statuses and looks, and all are waited for.
    std::vector<FusionSource> sources = {};
    // Looks after the hold that may wait for their time to go out; more are refused (DESIGN rule
    // 9).
    std::size_t max_late_waiting = 20'000;
    bool live_pictures = false;
  };

  // kBadInput when the config is out of range.
  static Result<std::unique_ptr<FusionStage>> Create(const Options& options);

  Result<std::vector<std::vector<std::string>>> Handle(std::span<const LogRecord> inputs) override;
  Result<std::string> Snapshot() const override;
  Result<void> Restore(std::string_view snapshot) override;

  const FusionCounts& counts() const { return counts_; }
  const TrackerCounts& tracker_counts() const { return tracker_.counts(); }
  // Nothing without a reference source.
  const std::optional<Registration>& registration() const { return registration_; }

 private:
  using Outputs = std::vector<std::string>;
  // Past the hold, and not out yet.
  struct Pending {
    HeldMeasurement measurement;
    bool late = false;  // it came after the hold
    auto operator<=>(const Pending&) const = default;
  };

  // Corrected, and on its way to the tracker.
  struct AlignedLook {
    HeldMeasurement measurement;
    std::optional<Bias> bias;
    Look corrected;
  };
  using AlignedLooks = std::multimap<Instant, AlignedLook>;  // by corrected time

  explicit FusionStage(const Options& options);
  void HandleOne(const LogRecord& record, Outputs& outputs);
  void Hold(const v1::Envelope& envelope, const std::string& payload, Outputs& outputs);
  void TakeLate(const Look& look, SettledLook settled, HeldMeasurement measurement,
                const std::string& format, Outputs& outputs);
  void EmitLate(const Look& look, SettledLook settled, Outputs& outputs);
  void TakeGroups(const Look& look);
  void Settle(Outputs& outputs);
  // What lies before this goes out: looks, and pictures between them.
  void Emit(Instant before, Outputs& outputs);
  void EmitPictures(Instant before, Outputs& outputs);
  void EmitPicture(Instant time, Outputs& outputs);
  // In fusion_stage_live.cc.
  void EmitLive(Instant now, Outputs& outputs);
  void NoteLive(const HeldMeasurement& measurement, const Look& look);
  void RestoreLive();
  // Fills a picture that has its head.
  std::string EnvelopeOf(Picture picture, const std::vector<TrackEstimate>& tracks,
                         const std::vector<GroupEstimate>& groups,
                         const std::vector<BookGroup>& whole_groups) const;

  // In fusion_stage_registration.cc. Without a reference source Track is the tracker and the rest
  // does nothing.
  void Track(const HeldMeasurement& measurement, Look look, Outputs& outputs);
  void TrackAligned(std::optional<Instant> until);  // all, where nothing is waited for any more
  Look Located(Look look) const;
  Lineage Marked(const SourceId& source, const Lineage& lineage) const;
  void MarkLineage(std::vector<TrackSupport>& supports) const;
  void RegistrationToProto(v1::FusionSnapshot* message) const;
  struct RestoredRegistration {
    std::optional<Registration> registration;
    AlignedLooks aligned;
  };
  Result<RestoredRegistration> RegistrationFromProto(const v1::FusionSnapshot& message) const;

  Options options_;
  std::string config_key_;  // config and origin, to recognise a snapshot of another mission
  LocalFrame frame_;
  Duration period_;
  HoldBuffer hold_;
  Tracker tracker_;
  std::optional<Registration> registration_;
  AlignedLooks aligned_;
  Duration ahead_;  // of what goes out
  Smoother smoother_;
  std::set<Pending> pending_;
  std::size_t late_waiting_ = 0;       // of them, those that came after the hold
  std::optional<Instant> settled_to_;  // what lies before it is out
  GroupTracker groups_;
  GroupBook book_;
  LateBook late_;
  LivePicture live_;
  std::optional<Instant> next_picture_;
  std::optional<Instant> last_look_;
  bool exercise_ = false;
  FusionCounts counts_;
};

}  // namespace trucewatch
