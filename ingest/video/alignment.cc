// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/alignment.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace trucewatch {
namespace {

// Metadata arrives this near its pictures; stamps further off are on another scale (TAI, leap
// seconds).
constexpr Duration kMaxStampDifference = Duration::Seconds(5);
constexpr Duration kRounding = Duration::Millis(1);

Duration BeyondRounding(Duration difference) {
  if (difference < Duration()) difference = -difference;
  return difference < kRounding ? Duration() : difference;
}

// UTC minus programme clock by the pictures' own stamps: the median.
std::optional<Duration> ByStamps(std::span<const PictureTime> pictures) {
  std::vector<std::int64_t> stamps;
  for (const PictureTime& picture : pictures) {
    if (picture.stamp) stamps.push_back(picture.stamp->micros() - picture.pts.micros());
  }
  if (stamps.empty()) return std::nullopt;
  const auto middle = stamps.begin() + static_cast<std::ptrdiff_t>(stamps.size() / 2);
  std::nth_element(stamps.begin(), middle, stamps.end());
  return Duration::Micros(*middle);
}

Angle Hypot(Angle a, Angle b) { return Angle::Radians(std::hypot(a.rad(), b.rad())); }

}  // namespace

std::optional<ClockTie> TieClock(const MetadataTrack& track,
                                 std::span<const PictureTime> pictures) {
  if (pictures.empty()) return std::nullopt;
  const auto [first, last] = std::minmax_element(
      pictures.begin(), pictures.end(), [](const auto& a, const auto& b) { return a.pts < b.pts; });
  const auto metadata = track.OffsetAround(first->pts, last->pts);
  const auto stamps = ByStamps(pictures);
  if (!metadata) {
    return stamps ? std::optional(ClockTie{*stamps, true, Duration()}) : std::nullopt;
  }
  ClockTie tie{metadata->utc_minus_pts, metadata->synchronous, Duration()};
  if (!stamps) return tie;
  const Duration apart = BeyondRounding(*stamps - metadata->utc_minus_pts);
  if (apart >= kMaxStampDifference) return tie;
  // Without time stamps of its own the metadata's place on the clock is known by arrival alone, and
  // the difference is what it arrived late.
  if (!metadata->synchronous) return ClockTie{*stamps, true, Duration()};
  tie.disagreement = apart;
  return tie;
}

std::optional<MetadataTrack::PoseAtTime> AlignedPose(const MetadataTrack& track,
                                                     const ClockTie& tie, Duration pts) {
  const Instant time = Instant::FromMicros(pts.micros() + tie.utc_minus_pts.micros());
  auto pose = track.PoseAt(time);
  if (!pose) return std::nullopt;
  if (!tie.certain) pose->skew = track.DistanceTo(time).value_or(pose->skew);
  const auto beside = track.BesideTie(pts, tie.utc_minus_pts);
  pose->skew =
      std::max({pose->skew, tie.disagreement, BeyondRounding(beside.value_or(Duration()))});
  return pose;
}

CameraPoseSigma Widened(const CameraPoseSigma& sigma, const MetadataTrack::Rates& rates,
                        Duration skew) {
  const double s = skew.seconds();
  CameraPoseSigma wide = sigma;
  wide.position_horizontal_m = std::hypot(sigma.position_horizontal_m, rates.horizontal_mps * s);
  wide.position_vertical_m = std::hypot(sigma.position_vertical_m, rates.vertical_mps * s);
  wide.platform_angles = Hypot(sigma.platform_angles, rates.platform_per_s * s);
  wide.sensor_angles = Hypot(sigma.sensor_angles, rates.sensor_per_s * s);
  return wide;
}

}  // namespace trucewatch
