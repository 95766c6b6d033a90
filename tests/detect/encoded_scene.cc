// SPDX-License-Identifier: Apache-2.0
#include "tests/detect/encoded_scene.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "core/media/demuxer.h"
#include "core/media/ts_writer.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::testing {

VideoSegment Encode(const Scene& scene) {
  const TempDirectory folder;
  const std::string path = folder.File("scene.ts");
  TsWriterOptions options;
  options.width_px = scene.options.width_px;
  options.height_px = scene.options.height_px;
  options.frames_per_second = static_cast<int>(std::lround(scene.options.rate_hz));
  options.key_frame_interval = scene.options.pictures;
  options.preset = "ultrafast";
  auto writer = TsWriter::Create(path, options);
  EXPECT_TRUE(writer) << writer.error().message;
  const auto chroma = static_cast<std::size_t>((options.width_px / 2) * (options.height_px / 2));
  const std::vector<std::uint8_t> grey(chroma, 128);
  const std::string klv("\x06\x0E\x2B\x34\x02\x0B\x01\x01\x0E\x01\x03\x01\x01\x00\x00\x00\x00", 17);
  for (const auto& luma : scene.luma) {
    const auto written = (*writer)->Write(luma, grey, grey, AsBytes(klv));
    EXPECT_TRUE(written) << written.error().message;
  }
  EXPECT_TRUE((*writer)->Finish());

  VideoSegment segment;
  segment.source = {"drone1"};
  segment.lineage.modality = Modality::kVideoRgb;
  segment.lineage.sensor = "drone1";
  segment.exercise = true;
  segment.raw_digests = {Digest{1, 2, 3}};
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto demuxer = TsDemuxer::Create();
  auto packets = demuxer->Push(AsBytes(bytes));
  EXPECT_TRUE(packets);
  auto rest = demuxer->Finish();
  EXPECT_TRUE(rest);
  std::move(rest->begin(), rest->end(), std::back_inserter(*packets));
  for (const MediaStream& stream : demuxer->streams()) {
    if (stream.kind != MediaKind::kVideo) continue;
    segment.codec = stream.codec;
    segment.extradata = stream.extradata;
    segment.width_px = options.width_px;
    segment.height_px = options.height_px;
  }
  std::optional<Duration> first;
  for (MediaPacket& packet : *packets) {
    if (packet.kind != MediaKind::kVideo || !packet.pts) continue;
    if (!first || *packet.pts < *first) first = packet.pts;
  }
  for (MediaPacket& packet : *packets) {
    if (packet.kind != MediaKind::kVideo || !packet.pts) continue;
    const auto n = static_cast<std::size_t>(
        std::lround((*packet.pts - *first).seconds() * scene.options.rate_hz));
    EXPECT_LT(n, scene.pictures.size());
    VideoFrame frame;
    frame.time = scene.pictures.at(n).time;
    frame.access_unit = std::move(packet.data);
    frame.key = packet.key;
    frame.pose = scene.pictures.at(n).pose;
    frame.pose_sigma = scene.pictures.at(n).pose_sigma;
    segment.frames.push_back(std::move(frame));
  }
  EXPECT_EQ(segment.frames.size(), scene.pictures.size());
  return segment;
}

v1::config::DetectConfig SceneConfig(std::uint32_t threads) {
  v1::config::DetectConfig config;
  config.set_threads(threads);
  config.set_working_gsd_m(0.4);
  config.set_min_speed_mps(2);
  config.set_max_speed_mps(40);
  config.set_min_size_m(2.5);
  config.set_max_size_m(25);
  config.set_observation_period_s(0.5);
  config.set_detection_probability(0.9);
  config.set_false_alarms_per_km2(0.2);
  return config;
}

}  // namespace trucewatch::testing
