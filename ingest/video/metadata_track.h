// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "core/geo/camera.h"
#include "core/time/instant.h"

namespace trucewatch {

// What one metadata packet says of its moment.
struct MetadataSample {
  Duration
      pts;  // on the programme's clock; of the picture it arrived with when it has none of its own
  bool own_pts = false;  // synchronous metadata
  Instant time;          // item 2
  std::optional<CameraPose> pose;
  int angle_reading = 0;  // AngleConvention; poses of different readings are not mixed
  // 1-sigma of the sensor angles at least, by the closure test; 0: as stated for the source.
  Angle sensor_sigma;
  bool exercise = false;
};

// The metadata of a stretch of one stream: ties the programme's clock to UTC and interpolates the
// pose between packets. Bounded: the oldest samples go first.
class MetadataTrack {
 public:
  // A pose at a time, and how far the metadata used is from it (0 when it lies between two
  // packets).
  struct PoseAtTime {
    CameraPose pose;
    Duration skew;
    Angle sensor_sigma;  // of the samples used, the larger
  };

  void Add(MetadataSample sample);
  void DropBefore(Duration pts);
  void Clear() { samples_.clear(); }
  bool empty() const { return samples_.empty(); }

  // Largest pts so far.
  std::optional<Duration> newest_pts() const { return newest_pts_; }

  // Largest time there is; there is one when there is a newest_pts.
  std::optional<Instant> newest_time() const {
    return samples_.empty() ? std::nullopt : std::optional(samples_.back().time);
  }

  // UTC minus programme clock around a stretch of pictures: the median over the packets within 2 s
  // of it, the synchronous ones alone when there are any; `synchronous` says which.
  struct ClockOffset {
    Duration utc_minus_pts;  // from the UTC epoch
    bool synchronous = false;
  };
  std::optional<ClockOffset> OffsetAround(Duration first_pts, Duration last_pts) const;

  // Pose at a UTC time: interpolated between two packets at most 2 s apart, else that of the
  // nearest packet within 1 s. Nothing when there is none.
  std::optional<PoseAtTime> PoseAt(Instant time) const;
  // Time between `time` and the nearest packet.
  std::optional<Duration> DistanceTo(Instant time) const;

  // How far the packet nearest to `pts` on the programme's clock lies beside a tie of the clocks;
  // nothing without synchronous packets.
  std::optional<Duration> BesideTie(Duration pts, Duration utc_minus_pts) const;

  // How fast platform and camera change around a time: between the packets before and after it,
  // else the two nearest. Nothing with fewer than two poses.
  struct Rates {
    double horizontal_mps = 0, vertical_mps = 0;
    Angle platform_per_s,
        sensor_per_s;  // largest of heading, pitch, roll; of azimuth, elevation, roll
  };
  std::optional<Rates> RatesAt(Instant time) const;

  // Packets, and those with a pose, around a stretch of pictures.
  struct Count {
    std::size_t poses = 0, packets = 0;
    auto operator<=>(const Count&) const = default;
  };
  Count CountAround(Duration first_pts, Duration last_pts) const;

  // Whether any packet around the stretch says exercise; nothing when there is no packet there.
  std::optional<bool> ExerciseAround(Duration first_pts, Duration last_pts) const;

 private:
  static constexpr std::size_t kMaxSamples = 8192;
  std::deque<MetadataSample> samples_;  // by time
  std::optional<Duration> newest_pts_;
};

// Between two poses; fraction 0 is `a`, 1 is `b`. Angles and longitude take the short way round.
CameraPose InterpolatePose(const CameraPose& a, const CameraPose& b, double fraction);

}  // namespace trucewatch
