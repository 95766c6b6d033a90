// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/geo/camera.h"
#include "ingest/video/dji_srt.h"
#include "ingest/video/metadata_track.h"

namespace trucewatch {

// What a DJI sidecar does not say; from the mission config.
struct DjiSidecarOptions {
  std::optional<double> takeoff_height_hae_m;  // relative heights count from here; nothing: no pose
  std::optional<Duration> utc_offset;  // local time minus UTC; nothing: its times are refused
  Angle horizontal_fov;                // of the whole picture; 0: no pose
};

// A sidecar as second source of platform state: makes metadata samples of its cues. A sample has a
// time where the cue has a date, and a pose where position, relative height and all three gimbal
// angles are there and the options say the rest; nothing is guessed. Gimbal yaw is taken as
// clockwise from true north. Bounded: kMaxCues cues, the rest is told. Threads: one caller at a
// time.
class DjiSidecar {
 public:
  static constexpr std::size_t kMaxCues = 300'000;  // two and a half hours at 30 pictures a second

  struct Fault {
    std::uint64_t offset = 0;  // in the sidecar
    std::string reason;
  };

  explicit DjiSidecar(const DjiSidecarOptions& options) : options_(options) {}

  void Push(Bytes bytes) { Take(reader_.Push(bytes)); }
  // The file has ended: what is to be told of it.
  std::vector<Fault> Finish();
  // The samples of cues that begin up to `until` after the first picture; each once. `first_pts` is
  // that picture's; the size is the video's, for the vertical field of view (square pixels).
  std::vector<MetadataSample> SamplesUpTo(Duration until, Duration first_pts, int width_px,
                                          int height_px);
  // UTC of the first cue that has one.
  std::optional<Instant> first_time() const { return first_time_; }
  std::uint64_t cues() const { return cues_; }

 private:
  void Take(std::vector<DjiCue> cues);
  std::optional<Instant> TimeOf(const DjiCue& cue) const;
  std::optional<CameraPose> PoseOf(const DjiCue& cue, int width_px, int height_px) const;
  std::string WhyNoPose() const;

  DjiSidecarOptions options_;
  DjiSrtReader reader_;
  std::deque<DjiCue> waiting_;  // sound cues with a time, by their start
  std::vector<Fault> faults_;
  std::optional<Instant> first_time_;
  std::uint64_t cues_ = 0, damaged_ = 0, undated_ = 0, with_position_ = 0, with_height_ = 0,
                with_gimbal_ = 0, beyond_ = 0;
};

}  // namespace trucewatch
