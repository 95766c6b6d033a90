// SPDX-License-Identifier: Apache-2.0
// Our moving detections against the VMTI targets recorded in a real stream (MISB ST 0903 inside ST
// 0601): another detector, not truth. Prints match rates both ways, and asserts what was measured
// with margin.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

#include "core/media/demuxer.h"
#include "detect/report.h"
#include "detect/segment.h"
#include "ingest/klv/st0601.h"
#include "ingest/klv/st0903.h"
#include "ingest/video/video_assembler.h"
#include "tests/support/shared_data.h"

namespace trucewatch {
namespace {

struct Stream {
  std::vector<VideoSegment> segments;
  std::map<std::int64_t, Vmti> vmti;              // by time, microseconds
  std::map<std::int64_t, Geodetic> frame_centre;  // of the same packets
  double ground_hae_m = 0;
};

Stream Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  RawRecord record;
  record.source.value = "drone1";
  record.source_sequence = 1;
  record.end_of_source = true;
  record.bytes.assign((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());

  Stream stream;
  VideoAssemblerOptions options;
  options.source = record.source;
  options.sigma = {5, 5, Angle::Degrees(0.3), Angle::Degrees(0.3), 0.5};
  auto outputs = VideoAssembler::Create(options)->Push(record, Digest{});
  EXPECT_TRUE(outputs);
  for (auto& output : *outputs) {
    if (auto* segment = std::get_if<VideoSegment>(&output)) stream.segments.push_back(*segment);
  }
  auto demuxer = TsDemuxer::Create();
  auto packets = demuxer->Push(AsBytes(record.bytes));
  auto rest = demuxer->Finish();
  std::move(rest->begin(), rest->end(), std::back_inserter(*packets));
  for (const MediaPacket& packet : *packets) {
    if (packet.kind != MediaKind::kKlv) continue;
    KlvSplitter splitter;
    auto records = splitter.Push(AsBytes(packet.data));
    for (auto& more : splitter.Finish()) records.push_back(more);
    for (const KlvRecord& klv : records) {
      const auto* found = std::get_if<KlvPacket>(&klv);
      if (found == nullptr || !IsSt0601(*found)) continue;
      const auto set = DecodeSt0601(*found);
      if (!set || !set->time) continue;
      if (const auto height = set->Number(25)) stream.ground_hae_m = *height;
      if (const KlvItem* item = set->Find(74)) {
        auto vmti = DecodeVmti(AsBytes(item->raw), 0, 640);
        if (!vmti) continue;
        stream.vmti[set->time->micros()] = *vmti;
        stream.frame_centre[set->time->micros()] = Geodetic::FromDegrees(
            set->Number(23).value_or(0), set->Number(24).value_or(0), stream.ground_hae_m);
      }
    }
  }
  return stream;
}

struct Matches {
  int targets = 0, targets_matched = 0;        // recorded, in pictures we looked at
  int detections = 0, detections_matched = 0;  // ours, in pictures with a recorded set
  double pixels = 0, metres = 0;               // sums over matches
  int located = 0;
};

Eigen::Vector2d Centre(const Detection& d) {
  return {d.box_x_px + d.box_width_px / 2, d.box_y_px + d.box_height_px / 2};
}

// Nearest first within 10 px, one to one.
void Match(const Vmti& vmti, const Geodetic& frame_centre, const CameraPose& pose,
           const Terrain& terrain, const std::vector<Detection>& detections, Matches& matches) {
  std::vector<std::tuple<double, std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < vmti.targets.size(); ++i) {
    if (!vmti.targets[i].centroid) continue;
    ++matches.targets;
    // Pixel (1, 1) is the first; its centre is at (0.5, 0.5).
    const Eigen::Vector2d at(static_cast<double>(vmti.targets[i].centroid->column) - 0.5,
                             static_cast<double>(vmti.targets[i].centroid->row) - 0.5);
    for (std::size_t j = 0; j < detections.size(); ++j) {
      const double distance = (Centre(detections[j]) - at).norm();
      if (distance < 10) pairs.emplace_back(distance, i, j);
    }
  }
  matches.detections += static_cast<int>(detections.size());
  std::sort(pairs.begin(), pairs.end());
  std::set<std::size_t> used_targets, used_detections;
  for (const auto& [distance, i, j] : pairs) {
    if (used_targets.count(i) != 0 || used_detections.count(j) != 0) continue;
    used_targets.insert(i);
    used_detections.insert(j);
    ++matches.targets_matched;
    ++matches.detections_matched;
    matches.pixels += distance;
    // The producer's own place where it gives one, else its pixel through the pose of the picture.
    const VmtiTarget& target = vmti.targets[i];
    std::optional<Geodetic> place;
    if (target.latitude_offset && target.longitude_offset) {
      place = frame_centre;
      place->latitude = place->latitude + *target.latitude_offset;
      place->longitude = place->longitude + *target.longitude_offset;
    } else {
      place = GroundFromPixel(pose, static_cast<double>(target.centroid->column) - 0.5,
                              static_cast<double>(target.centroid->row) - 0.5, terrain);
    }
    if (!place) continue;
    ++matches.located;
    matches.metres += GeodesicDistanceM(*place, detections[j].position);
  }
}

TEST(OshVmti, MovingDetectionsAndRecordedTargetsAreCompared) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const Stream stream = Read(path);
  ASSERT_FALSE(stream.segments.empty());
  ASSERT_GT(stream.vmti.size(), 30U);
  MotionOptions options;
  options.observation_period = Duration();
  options.max_speed_mps = 45;
  const FlatTerrain terrain(stream.ground_hae_m, 10);
  Matches matches;
  int looks = 0, degraded = 0, seen_in_all = 0;
  std::map<std::string, int> reasons;
  for (const VideoSegment& segment : stream.segments) {
    const auto seen = DetectSegmentMotion(segment, options, terrain);
    ASSERT_TRUE(seen) << seen.error().message;
    for (const MotionMoment& moment : seen->motion.moments) {
      ++looks;
      seen_in_all += static_cast<int>(moment.detections.size());
      if (!moment.degraded_reason.empty()) {
        ++degraded;
        ++reasons[moment.degraded_reason];
        continue;
      }
      // The set of the same picture: metadata and pictures come at 30 Hz both.
      const auto vmti = stream.vmti.lower_bound(moment.time.micros() - 17'000);
      if (vmti == stream.vmti.end() || vmti->first > moment.time.micros() + 17'000) continue;
      Match(vmti->second, stream.frame_centre.at(vmti->first),
            *segment.frames[seen->frame_of_picture[moment.picture]].pose, terrain,
            moment.detections, matches);
    }
  }
  for (const auto& [reason, count] : reasons) std::cout << count << " looks: " << reason << "\n";
  std::cout << looks << " looks, " << degraded << " of them degraded, " << seen_in_all
            << " detections in all; in pictures with a recorded set: " << matches.targets_matched
            << " of " << matches.targets << " recorded targets have a detection of ours, "
            << matches.detections_matched << " of " << matches.detections
            << " detections have a recorded target; distance "
            << matches.pixels / std::max(1, matches.targets_matched) << " px, "
            << matches.metres / std::max(1, matches.located) << " m over " << matches.located
            << "\n";
  // Measured: 99 looks, 11 degraded, 245 detections, 1 of 11 recorded targets seen by both, 1.3 px
  // and 1.5 m apart. The recorded targets are three pixels long; the bounds only notice a detector
  // that no longer works here.
  EXPECT_GT(looks, 80);
  EXPECT_LT(degraded, looks / 4);
  EXPECT_GT(seen_in_all, 100);
  ASSERT_GE(matches.located, 1);
  EXPECT_LT(matches.metres / matches.located, 10);
}

}  // namespace
}  // namespace trucewatch
