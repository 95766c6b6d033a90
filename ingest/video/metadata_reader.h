// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/media/demuxer.h"
#include "ingest/klv/platform_state.h"
#include "ingest/video/metadata_track.h"

namespace trucewatch {

// Makes metadata samples of the KLV payloads of one programme. Of several KLV streams the first
// that gives a time is followed, or the first that gives a pose when the one followed has none; the
// others count for `exercise` alone.
class MetadataReader {
 public:
  struct Fault {
    std::uint64_t offset = 0;  // in the transport stream, of the payload's first packet
    std::string reason;
  };
  struct Output {
    std::vector<MetadataSample> samples;  // pts set when the payload has one
    std::vector<Fault> faults;
    bool restart = false;  // another stream is followed now: forget earlier samples
  };

  explicit MetadataReader(const PlatformStateOptions& options) : options_(options) {}

  Output Push(const MediaPacket& packet);

  // Item 11 names an infrared sensor ("IR", "MWIR", "LWIR", "thermal"); as last said.
  bool infrared() const { return infrared_; }
  // Some metadata said exercise and none of the same stream has said otherwise since.
  bool exercise() const { return exercise_; }

 private:
  void Take(const MediaPacket& packet, const KlvPacket& klv, Output& out);
  void Once(bool& told, std::uint64_t offset, std::string reason, Output& out);

  PlatformStateOptions options_;
  SlowItemMemory memory_;
  std::optional<int> followed_;
  bool followed_has_pose_ = false;
  bool infrared_ = false;
  bool exercise_ = false;
  bool without_pose_ = false;  // the last packet had none, and that was told
  bool told_repaired_ = false;
  bool told_variant_ = false;
  bool told_absolute_ = false;
};

}  // namespace trucewatch
