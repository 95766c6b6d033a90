// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/media/demuxer.h"
#include "ingest/klv/platform_state.h"
#include "ingest/klv/st0903.h"
#include "ingest/video/metadata_track.h"

namespace trucewatch {

// Makes metadata samples of the KLV payloads of one stream.
class MetadataReader {
 public:
  struct Fault {
    std::uint64_t offset = 0;  // in the transport stream, of the payload's first packet
    std::string reason;
    bool of_use =
        false;  // about what a sound packet does not say: of interest where it is followed
  };
  // Moving targets that the platform itself reports (ST 0903), with the packet they came in.
  struct Targets {
    std::uint64_t offset = 0;  // as Fault's
    Instant time;
    PlatformState state;  // of the parent set; empty for a set of its own
    Vmti vmti;
  };
  struct Output {
    std::vector<MetadataSample> samples;  // pts set when the payload has one
    std::vector<Fault> faults;
    std::vector<Targets> targets;
  };

  // `with_targets`: read ST 0903 too.
  explicit MetadataReader(const PlatformStateOptions& options, bool with_targets = false)
      : options_(options), with_targets_(with_targets) {}

  // `width_px`: of the video, for pixel numbers without a frame width; 0: not known.
  Output Push(const MediaPacket& packet, int width_px = 0);

  // Item 11 names an infrared sensor ("IR", "MWIR", "LWIR", "thermal"); as last said.
  bool infrared() const { return infrared_; }
  // The metadata says exercise; as last said.
  bool exercise() const { return exercise_; }

 private:
  void Take(const MediaPacket& packet, const KlvPacket& klv, int width_px, Output& out);
  void TakeState(const MediaPacket& packet, const UasDatalink& set, const PlatformState& state,
                 Output& out);
  void TakeTargets(const MediaPacket& packet, const KlvPacket& klv, const UasDatalink& set,
                   const PlatformState& state, int width_px, Output& out);
  void TakeTargetsAlone(const MediaPacket& packet, const KlvPacket& klv, int width_px, Output& out);
  Result<Vmti> ReadVmti(Bytes value, std::uint64_t offset, int width_px);
  void Once(bool& told, std::uint64_t offset, std::string reason, Output& out);

  PlatformStateOptions options_;
  SlowItemMemory memory_;
  bool with_targets_;
  std::optional<std::uint64_t> vmti_version_, vmti_width_px_, vmti_height_px_;
  std::optional<std::string> vmti_system_;
  bool infrared_ = false;
  bool exercise_ = false;
  bool without_pose_ = false;  // the last packet had none, and that was told
  bool told_repaired_ = false;
  bool told_variant_ = false;
  bool told_reading_ = false;
  bool told_level_ = false;
  bool told_widened_ = false;
};

}  // namespace trucewatch
