// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/metadata_track.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace trucewatch {
namespace {

constexpr Duration kWindow = Duration::Seconds(2);
constexpr Duration kMaxGap = Duration::Seconds(2);
constexpr Duration kMaxSkew = Duration::Seconds(1);

Duration Absolute(Duration d) { return d < Duration() ? -d : d; }
Duration Distance(Instant a, Instant b) { return a < b ? b - a : a - b; }

Angle Mix(Angle a, Angle b, double fraction) { return a + (b - a).NormalisedSigned() * fraction; }

bool Near(const MetadataSample& sample, Duration first_pts, Duration last_pts) {
  return sample.pts >= first_pts - kWindow && sample.pts <= last_pts + kWindow;
}

}  // namespace

CameraPose InterpolatePose(const CameraPose& a, const CameraPose& b, double fraction) {
  CameraPose pose = a;
  pose.position.latitude = Mix(a.position.latitude, b.position.latitude, fraction);
  pose.position.longitude =
      Mix(a.position.longitude, b.position.longitude, fraction).NormalisedSigned();
  pose.position.height_hae_m += (b.position.height_hae_m - a.position.height_hae_m) * fraction;
  pose.platform_heading =
      Mix(a.platform_heading, b.platform_heading, fraction).NormalisedPositive();
  pose.platform_pitch = Mix(a.platform_pitch, b.platform_pitch, fraction);
  pose.platform_roll = Mix(a.platform_roll, b.platform_roll, fraction);
  pose.sensor_azimuth = Mix(a.sensor_azimuth, b.sensor_azimuth, fraction).NormalisedPositive();
  pose.sensor_elevation = Mix(a.sensor_elevation, b.sensor_elevation, fraction);
  pose.sensor_roll = Mix(a.sensor_roll, b.sensor_roll, fraction).NormalisedSigned();
  pose.horizontal_fov = Mix(a.horizontal_fov, b.horizontal_fov, fraction);
  pose.vertical_fov = Mix(a.vertical_fov, b.vertical_fov, fraction);
  return pose;
}

void MetadataTrack::Add(MetadataSample sample) {
  newest_pts_ = newest_pts_ ? std::max(*newest_pts_, sample.pts) : sample.pts;
  const auto after =
      std::upper_bound(samples_.begin(), samples_.end(), sample.time,
                       [](Instant time, const MetadataSample& other) { return time < other.time; });
  // The same moment twice says nothing new; the first stays.
  if (after != samples_.begin() && std::prev(after)->time == sample.time) return;
  samples_.insert(after, std::move(sample));
  if (samples_.size() > kMaxSamples) samples_.pop_front();
}

void MetadataTrack::DropBefore(Duration pts) {
  while (samples_.size() > 1 && samples_.front().pts < pts) samples_.pop_front();
}

std::optional<MetadataTrack::ClockOffset> MetadataTrack::OffsetAround(Duration first_pts,
                                                                      Duration last_pts) const {
  std::vector<std::int64_t> own;
  std::vector<std::int64_t> by_arrival;
  for (const MetadataSample& sample : samples_) {
    if (!Near(sample, first_pts, last_pts)) continue;
    (sample.own_pts ? own : by_arrival).push_back(sample.time.micros() - sample.pts.micros());
  }
  std::vector<std::int64_t>& offsets = own.empty() ? by_arrival : own;
  if (offsets.empty()) return std::nullopt;
  const auto middle = offsets.begin() + static_cast<std::ptrdiff_t>(offsets.size() / 2);
  std::nth_element(offsets.begin(), middle, offsets.end());
  return ClockOffset{Duration::Micros(*middle), !own.empty()};
}

std::optional<MetadataTrack::PoseAtTime> MetadataTrack::PoseAt(Instant time) const {
  const auto after =
      std::lower_bound(samples_.begin(), samples_.end(), time,
                       [](const MetadataSample& sample, Instant t) { return sample.time < t; });
  if (after != samples_.end() && after != samples_.begin()) {
    const auto before = std::prev(after);
    const Duration gap = after->time - before->time;
    if (before->pose && after->pose && gap <= kMaxGap &&
        before->angle_reading == after->angle_reading) {
      const double fraction = (time - before->time).seconds() / gap.seconds();
      return PoseAtTime{InterpolatePose(*before->pose, *after->pose, fraction), Duration(),
                        std::max(before->sensor_sigma, after->sensor_sigma)};
    }
  }
  // The nearest with a pose; walking outwards on both sides, the earlier one on a tie.
  const MetadataSample* best = nullptr;
  const auto consider = [&](const MetadataSample& sample) {
    const Duration distance = Distance(sample.time, time);
    if (distance > kMaxSkew) return false;
    if (sample.pose && (best == nullptr || distance < Distance(best->time, time))) best = &sample;
    return !sample.pose;
  };
  for (auto it = after; it != samples_.begin();) {
    if (!consider(*--it)) break;
  }
  for (auto it = after; it != samples_.end(); ++it) {
    if (!consider(*it)) break;
  }
  if (best == nullptr) return std::nullopt;
  return PoseAtTime{*best->pose, Distance(best->time, time), best->sensor_sigma};
}

std::optional<Duration> MetadataTrack::DistanceTo(Instant time) const {
  std::optional<Duration> best;
  for (const MetadataSample& sample : samples_) {
    const Duration distance = Distance(sample.time, time);
    if (!best || distance < *best) best = distance;
  }
  return best;
}

std::optional<Duration> MetadataTrack::BesideTie(Duration pts, Duration utc_minus_pts) const {
  std::optional<Duration> nearest, beside;
  for (const MetadataSample& sample : samples_) {
    if (!sample.own_pts) continue;
    const Duration distance = Absolute(sample.pts - pts);
    if (nearest && *nearest <= distance) continue;
    nearest = distance;
    beside = Absolute(Duration::Micros(sample.time.micros() - sample.pts.micros()) - utc_minus_pts);
  }
  return beside;
}

std::optional<MetadataTrack::Rates> MetadataTrack::RatesAt(Instant time) const {
  const MetadataSample* before = nullptr;
  const MetadataSample* after = nullptr;
  for (const MetadataSample& sample : samples_) {
    if (!sample.pose) continue;
    if (after != nullptr) {
      before = after;
      after = nullptr;
    }
    (before == nullptr ? before : after) = &sample;
    if (after != nullptr && after->time >= time) break;
  }
  if (before == nullptr || after == nullptr || before->angle_reading != after->angle_reading)
    return std::nullopt;
  const double gap_s = (after->time - before->time).seconds();
  const CameraPose &a = *before->pose, &b = *after->pose;
  const auto rate = [gap_s](Angle from, Angle to) {
    return std::abs((to - from).NormalisedSigned().rad()) / gap_s;
  };
  Rates rates;
  rates.horizontal_mps = GeodesicDistanceM(a.position, b.position) / gap_s;
  rates.vertical_mps = std::abs(b.position.height_hae_m - a.position.height_hae_m) / gap_s;
  rates.platform_per_s = Angle::Radians(
      std::max({rate(a.platform_heading, b.platform_heading),
                rate(a.platform_pitch, b.platform_pitch), rate(a.platform_roll, b.platform_roll)}));
  rates.sensor_per_s = Angle::Radians(
      std::max({rate(a.sensor_azimuth, b.sensor_azimuth),
                rate(a.sensor_elevation, b.sensor_elevation), rate(a.sensor_roll, b.sensor_roll)}));
  return rates;
}

MetadataTrack::Count MetadataTrack::CountAround(Duration first_pts, Duration last_pts) const {
  Count count;
  for (const MetadataSample& sample : samples_) {
    if (!Near(sample, first_pts, last_pts)) continue;
    ++count.packets;
    if (sample.pose) ++count.poses;
  }
  return count;
}

std::optional<bool> MetadataTrack::ExerciseAround(Duration first_pts, Duration last_pts) const {
  std::optional<bool> exercise;
  for (const MetadataSample& sample : samples_) {
    if (Near(sample, first_pts, last_pts)) exercise = exercise.value_or(false) || sample.exercise;
  }
  return exercise;
}

}  // namespace trucewatch
