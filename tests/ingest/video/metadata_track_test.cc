// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/metadata_track.h"

#include <gtest/gtest.h>

namespace trucewatch {
namespace {

Instant At(std::int64_t ms) { return Instant::FromMicros(1'000'000'000'000 + ms * 1000); }

MetadataSample Sample(std::int64_t ms, double heading_deg, bool own_pts = true) {
  MetadataSample sample;
  sample.pts = Duration::Millis(ms);
  sample.own_pts = own_pts;
  sample.time = At(ms);
  sample.pose = CameraPose{};
  sample.pose->platform_heading = Angle::Degrees(heading_deg);
  sample.pose->position = Geodetic::FromDegrees(0, 179.9999 + static_cast<double>(ms) * 1e-6, 100);
  return sample;
}

TEST(MetadataTrack, InterpolatesAcrossNorthAndTheAntimeridian) {
  MetadataTrack track;
  track.Add(Sample(0, 358));
  track.Add(Sample(1000, 4));
  const auto got = track.PoseAt(At(500));
  ASSERT_TRUE(got);
  EXPECT_NEAR(got->pose.platform_heading.deg(), 1, 1e-9);
  EXPECT_NEAR(got->pose.position.longitude.deg(), -179.9996, 1e-7);
  EXPECT_EQ(got->skew, Duration());
}

TEST(MetadataTrack, NearestIsUsedWithinASecondAndSaysSo) {
  MetadataTrack track;
  track.Add(Sample(0, 10));
  track.Add(Sample(5000, 20));  // too far to interpolate
  EXPECT_EQ(track.PoseAt(At(900))->skew, Duration::Millis(900));
  EXPECT_NEAR(track.PoseAt(At(900))->pose.platform_heading.deg(), 10, 1e-9);
  EXPECT_NEAR(track.PoseAt(At(4500))->pose.platform_heading.deg(), 20, 1e-9);
  EXPECT_FALSE(track.PoseAt(At(2500)));
  EXPECT_EQ(track.PoseAt(At(5700))->skew, Duration::Millis(700));
  EXPECT_FALSE(track.PoseAt(At(6100)));
}

TEST(MetadataTrack, PosesOfTwoConventionsAreNotMixed) {
  MetadataTrack track;
  track.Add(Sample(0, 10));
  MetadataSample other = Sample(400, 90);
  other.angle_reading = 2;
  track.Add(other);
  EXPECT_NEAR(track.PoseAt(At(100))->pose.platform_heading.deg(), 10, 1e-9);
  EXPECT_NEAR(track.PoseAt(At(300))->pose.platform_heading.deg(), 90, 1e-9);
}

TEST(MetadataTrack, TheLargerSigmaOfTheSamplesUsedIsGiven) {
  MetadataTrack track;
  track.Add(Sample(0, 10));
  MetadataSample other = Sample(400, 20);
  other.sensor_sigma = Angle::Degrees(2);
  track.Add(other);
  EXPECT_NEAR(track.PoseAt(At(100))->sensor_sigma.deg(), 2, 1e-12);
  EXPECT_NEAR(track.PoseAt(At(-100))->sensor_sigma.deg(), 0, 1e-12);
}

TEST(MetadataTrack, ClockIsTheMedianOfSynchronousPackets) {
  MetadataTrack track;
  for (int i = 0; i < 9; ++i) track.Add(Sample(100 * i, 0));
  MetadataSample wrong = Sample(250, 0);
  wrong.time = At(99'999);
  track.Add(wrong);
  MetadataSample late = Sample(300, 0, false);
  late.time = At(350);
  track.Add(late);
  const auto offset = track.OffsetAround(Duration(), Duration::Millis(800));
  ASSERT_TRUE(offset);
  EXPECT_TRUE(offset->synchronous);
  EXPECT_EQ(offset->utc_minus_pts.micros(), 1'000'000'000'000);
  EXPECT_FALSE(track.OffsetAround(Duration::Seconds(10), Duration::Seconds(11)));
}

TEST(MetadataTrack, ForgetsWhatIsOld) {
  MetadataTrack track;
  for (int i = 0; i < 20'000; ++i) track.Add(Sample(10 * i, 0));
  EXPECT_FALSE(track.PoseAt(At(0)));  // bounded
  EXPECT_TRUE(track.PoseAt(At(199'990)));
  track.DropBefore(Duration::Millis(199'000));
  EXPECT_FALSE(track.PoseAt(At(190'000)));
  EXPECT_TRUE(track.PoseAt(At(199'500)));
}

}  // namespace
}  // namespace trucewatch
