// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/video_assembler.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "core/media/decoder.h"
#include "tests/ingest/video/video_test_support.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::Assemble;
using testing::Assembled;

TEST(VideoAssembler, RealStreamBecomesSegmentsWithTimeAndPose) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const Assembled got = Assemble(testing::ReadAll(path));
  EXPECT_TRUE(got.faults.empty()) << got.faults[0].reason;
  // A key frame every 10 pictures, 30 pictures a second: six groups make a segment of two seconds.
  ASSERT_EQ(got.segments.size(), 5U);
  for (std::size_t i = 0; i + 1 < 5; ++i) EXPECT_EQ(got.segments[i].frames.size(), 60U);
  std::optional<Instant> last;
  for (const VideoSegment& segment : got.segments) {
    EXPECT_EQ(segment.codec, "h264");
    EXPECT_EQ(segment.width_px, 640);
    EXPECT_EQ(segment.lineage.modality, Modality::kVideoRgb);
    EXPECT_EQ(segment.lineage.platform, "uav1");
    EXPECT_EQ(segment.lineage.sensor, "drone1");
    EXPECT_FALSE(segment.exercise);
    EXPECT_FALSE(segment.raw_digests.empty());
    ASSERT_FALSE(segment.frames.empty());
    EXPECT_TRUE(segment.frames[0].key);
    for (const VideoFrame& frame : segment.frames) {
      // 30 frames a second, to the rounding of 90 kHz ticks.
      if (last) {
        EXPECT_NEAR(static_cast<double>((frame.time - *last).micros()), 33333, 2);
      }
      last = frame.time;
      ASSERT_TRUE(frame.pose);
      EXPECT_EQ(frame.pose->height_px, 480);
      EXPECT_EQ(frame.metadata_skew, Duration());
      EXPECT_EQ(frame.pose_sigma.position_horizontal_m, 5);
    }
  }
  // The first picture has the PTS of the first metadata packet and so its time.
  EXPECT_EQ(FormatUtc(got.segments[0].frames[0].time), "2012-06-29T14:32:34.100000Z");
  EXPECT_EQ(got.Frames().size(), 277U);
}

TEST(VideoAssembler, SegmentsDecodeAlone) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const Assembled got = Assemble(testing::ReadAll(path));
  std::size_t pictures = 0;
  for (const VideoSegment& segment : got.segments) {
    std::vector<std::string> units;
    for (const VideoFrame& frame : segment.frames) units.push_back(frame.access_unit);
    DecodeOptions options;
    options.codec = segment.codec;
    options.extradata = segment.extradata;
    const auto decoded = DecodeAccessUnits(options, units);
    ASSERT_TRUE(decoded) << decoded.error().message;
    pictures += decoded->size();
  }
  EXPECT_EQ(pictures, 277U);
}

TEST(VideoAssembler, OutputsDoNotDependOnHowRecordsAreCut) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const std::string bytes = testing::ReadAll(path).substr(0, 700'000);
  const auto whole = Assemble(bytes, bytes.size()).Frames();
  for (const std::size_t size : {1316U, 50'000U}) {
    const auto frames = Assemble(bytes, size).Frames();
    ASSERT_EQ(frames.size(), whole.size());
    for (std::size_t i = 0; i < frames.size(); ++i) {
      EXPECT_EQ(frames[i].time, whole[i].time);
      EXPECT_EQ(frames[i].access_unit, whole[i].access_unit);
      ASSERT_TRUE(frames[i].pose && whole[i].pose);
      EXPECT_EQ(frames[i].pose->platform_heading, whole[i].pose->platform_heading);
    }
  }
}

TEST(VideoAssembler, EveryPictureHasTheTimeAndPoseThatWereWritten) {
  const testing::TempDirectory directory;
  const auto frames = Assemble(testing::WriteClip(directory.File("a.ts"), 40), 4000).Frames();
  ASSERT_EQ(frames.size(), 40U);
  for (int n = 0; n < 40; ++n) {
    const VideoFrame& frame = frames[static_cast<std::size_t>(n)];
    const St0601Fields written = testing::ClipFields(n);
    EXPECT_EQ(frame.time, written.time) << n;
    EXPECT_EQ(frame.key, n % 10 == 0);
    ASSERT_TRUE(frame.pose) << n;
    EXPECT_NEAR(frame.pose->position.longitude.deg(), written.sensor->longitude.deg(), 1e-7);
    EXPECT_NEAR((frame.pose->platform_heading - *written.platform_heading).NormalisedSigned().deg(),
                0, 0.003);
  }
}

TEST(VideoAssembler, PoseIsInterpolatedBetweenSparseMetadata) {
  const testing::TempDirectory directory;
  const Assembled got = Assemble(testing::WriteClip(directory.File("a.ts"), 41, 10), 4000);
  const auto frames = got.Frames();
  ASSERT_EQ(frames.size(), 41U);
  for (int n = 0; n < 41; ++n) {
    const VideoFrame& frame = frames[static_cast<std::size_t>(n)];
    const St0601Fields truth = testing::ClipFields(n);
    EXPECT_EQ(frame.time, truth.time) << n;
    ASSERT_TRUE(frame.pose) << n;
    EXPECT_EQ(frame.metadata_skew, Duration());
    EXPECT_NEAR(frame.pose->position.longitude.deg(), truth.sensor->longitude.deg(), 2e-7);
    // Through north: 355 degrees to 5.
    EXPECT_NEAR((frame.pose->platform_heading - *truth.platform_heading).NormalisedSigned().deg(),
                0, 0.006)
        << n;
  }
}

TEST(VideoAssembler, ExerciseIsMarked) {
  const testing::TempDirectory directory;
  const Assembled got = Assemble(testing::WriteClip(directory.File("a.ts"), 40), 4000);
  ASSERT_EQ(got.segments.size(), 2U);
  for (const VideoSegment& segment : got.segments) EXPECT_TRUE(segment.exercise);
}

TEST(VideoAssembler, SegmentsNameTheRecordsTheyComeFrom) {
  const testing::TempDirectory directory;
  const std::string bytes = testing::WriteClip(directory.File("a.ts"), 40);
  const Assembled got = Assemble(bytes, 3000);
  const auto records = testing::RecordsOf(bytes, 3000);
  std::set<Digest> named;
  for (const VideoSegment& segment : got.segments) {
    // Behind the programme tables those records alone give every picture of the segment.
    std::string joined;
    for (const RawRecord& record : records) {
      const Digest digest = Sha256(record.bytes);
      if (std::count(segment.raw_digests.begin(), segment.raw_digests.end(), digest) > 0) {
        joined += record.bytes;
        named.insert(digest);
      }
    }
    std::set<std::string> pictures;
    for (const MediaPacket& packet :
         testing::Demux(bytes.substr(0, 3 * 188) + joined).Of(MediaKind::kVideo)) {
      pictures.insert(packet.data);
    }
    for (const VideoFrame& frame : segment.frames) EXPECT_EQ(pictures.count(frame.access_unit), 1U);
    EXPECT_LT(segment.raw_digests.size(), records.size());
  }
  EXPECT_EQ(named.size(), records.size());
}

TEST(VideoAssembler, PicturesBeforeTheFirstKeyFrameAreToldOnce) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const std::string bytes = testing::ReadAll(path);
  // The programme tables, then from the middle of the first group on.
  const Assembled got = Assemble(bytes.substr(0, 3 * 188) + bytes.substr(188 * 200));
  EXPECT_EQ(std::count_if(got.faults.begin(), got.faults.end(),
                          [](const DataFault& f) {
                            return f.reason.find("before the first key frame") != std::string::npos;
                          }),
            1);
  EXPECT_EQ(got.segments.size(), 5U);
}

TEST(VideoAssembler, DamagedMetadataIsAFaultWithItsPlaceAndIsNotUsed) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  std::string bytes = testing::ReadAll(path);
  const std::size_t in_packet = 23124 + 100;  // the second metadata packet, by ffprobe's pos
  bytes[in_packet] = static_cast<char>(bytes[in_packet] ^ 0x10);
  const Assembled got = Assemble(bytes, 20'000, 5'000'000);
  ASSERT_EQ(got.faults.size(), 1U);
  EXPECT_EQ(got.faults[0].format, "st0601");
  EXPECT_EQ(got.faults[0].source_offset, 5'000'000U + 23124);
  EXPECT_EQ(got.faults[0].source.value, "drone1");
  EXPECT_NE(got.faults[0].reason.find("checksum"), std::string::npos);
  // Its picture's pose is interpolated between its neighbours.
  const auto frames = got.Frames();
  ASSERT_EQ(frames.size(), 277U);
  ASSERT_TRUE(frames[1].pose);
  EXPECT_NEAR(frames[1].pose->platform_heading.deg(), (207.622797 + 207.545892) / 2, 1e-4);
}

TEST(VideoAssembler, PicturesWithoutMetadataAreTimedByTheirStamps) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/h264_no_klv.ts");
  const auto frames = Assemble(testing::ReadAll(path)).Frames();
  ASSERT_EQ(frames.size(), 30U);
  EXPECT_FALSE(frames[0].pose);
  EXPECT_EQ(FormatUtc(frames[0].time), "2008-10-24T00:13:29.913000Z");
}

TEST(VideoAssembler, PicturesWithoutAnyTimeAreAFault) {
  const testing::TempDirectory directory;
  const std::string bytes = testing::WriteClip(directory.File("a.ts"), 20, 1000);
  // The one metadata packet is destroyed.
  std::string broken = bytes;
  const std::size_t key = broken.find("\x06\x0E\x2B\x34");
  ASSERT_NE(key, std::string::npos);
  broken[key + 40] = static_cast<char>(broken[key + 40] ^ 1);
  const Assembled got = Assemble(broken, 4000);
  EXPECT_TRUE(got.segments.empty());
  ASSERT_EQ(got.faults.size(), 2U);
  EXPECT_NE(got.faults[1].reason.find("no time"), std::string::npos);
}

TEST(VideoAssembler, DamagedStreamsGiveSoundSegmentsOrFaults) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const std::string good = testing::ReadAll(path).substr(0, 300'000);
  std::mt19937_64 random(17);
  for (int run = 0; run < 15; ++run) {
    std::string bytes = good;
    for (int i = 0; i < 200; ++i) {
      bytes[random() % bytes.size()] = static_cast<char>(random() & 0xFF);
    }
    bytes.erase(random() % bytes.size(), random() % 2000);
    const Assembled got = Assemble(bytes, 1 + random() % 30'000);
    EXPECT_FALSE(got.faults.empty());
    for (const VideoSegment& segment : got.segments) {
      ASSERT_FALSE(segment.frames.empty());
      EXPECT_TRUE(segment.frames[0].key);
      EXPECT_FALSE(segment.raw_digests.empty());
      for (const VideoFrame& frame : segment.frames) {
        EXPECT_FALSE(frame.access_unit.empty());
        if (!frame.pose) continue;
        EXPECT_NEAR(frame.pose->position.latitude.deg(), 34.7, 0.1);  // of sound metadata alone
      }
    }
  }
}

TEST(VideoAssembler, WhatIsNoTransportStreamIsOneFault) {
  std::string text;
  while (text.size() < 60'000) text += "This is a report.\n";
  const Assembled got = Assemble(text, 5000);
  EXPECT_TRUE(got.segments.empty());
  ASSERT_EQ(got.faults.size(), 1U);
  EXPECT_EQ(got.faults[0].format, "mpegts");
  EXPECT_NE(got.faults[0].reason.find("not an MPEG transport stream"), std::string::npos);
  EXPECT_EQ(Assemble("", 5000).faults.size(), 1U);
}

TEST(VideoAssembler, OtherSourcesRecordsAreRefused) {
  const auto assembler = VideoAssembler::Create(testing::TestOptions());
  RawRecord record;
  record.source.value = "radar1";
  EXPECT_EQ(assembler->Push(record, {}).error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace trucewatch
