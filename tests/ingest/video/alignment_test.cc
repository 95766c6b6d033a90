// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/alignment.h"

#include <gtest/gtest.h>

#include "core/geo/geodetic.h"
#include "tests/ingest/video/video_test_support.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::Assemble;
using testing::Assembled;
using testing::Carriage;

class Alignment : public ::testing::Test {
 protected:
  // 60 pictures in six seconds: three segments.
  std::string Clip() const { return testing::WriteClip(directory_.File("a.ts"), 60); }

  const testing::TempDirectory directory_;
};

std::vector<std::string> Told(const Assembled& got, const std::string& word) {
  std::vector<std::string> reasons;
  for (const DataFault& fault : got.faults) {
    if (fault.reason.find(word) != std::string::npos) reasons.push_back(fault.reason);
  }
  return reasons;
}

// The platform of the clip flies 1e-4 degrees of longitude a tenth of a second.
double ClipSpeed() {
  return GeodesicDistanceM(*testing::ClipFields(0).sensor, *testing::ClipFields(1).sensor) / 0.1;
}

TEST_F(Alignment, MetadataThatFitsItsPicturesHasNoSkew) {
  Carriage carriage;
  carriage.stamp_status = 0x1F;
  const Assembled got = Assemble(testing::Remux(Clip(), carriage));
  ASSERT_EQ(got.segments.size(), 3U);
  EXPECT_TRUE(got.faults.empty()) << got.faults[0].reason;
  for (const VideoSegment& segment : got.segments) {
    EXPECT_EQ(segment.metadata_skew, Duration());
    EXPECT_FALSE(segment.skewed());
  }
}

TEST_F(Alignment, MetadataShiftedByAQuarterSecondIsFlaggedAndWidensThePoses) {
  Carriage carriage;
  carriage.stamp_status = 0x1F;
  carriage.klv_shift = [](int) { return Duration::Millis(250); };
  const Assembled got = Assemble(testing::Remux(Clip(), carriage));
  ASSERT_EQ(got.segments.size(), 3U);
  for (const VideoSegment& segment : got.segments) {
    EXPECT_TRUE(segment.skewed());
    EXPECT_NEAR(segment.metadata_skew.seconds(), 0.25, 0.001);
    for (const VideoFrame& frame : segment.frames) {
      ASSERT_TRUE(frame.pose);
      EXPECT_NEAR(frame.metadata_skew.seconds(), 0.25, 0.051);  // the first ones: 0.25 and more
      EXPECT_GE(frame.pose_sigma.position_horizontal_m, ClipSpeed() * 0.249);
      EXPECT_NEAR(frame.pose_sigma.position_horizontal_m,
                  std::hypot(5, ClipSpeed() * frame.metadata_skew.seconds()), 0.1);
      // The platform turns by 10 degrees a second.
      EXPECT_GE(frame.pose_sigma.platform_angles.deg(), 2.4);
    }
  }
  const auto told = Told(got, "beside its pictures");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told[0].find("differ by 0.250 s"), std::string::npos) << told[0];
}

TEST_F(Alignment, AShiftThatComesAndGoesIsToldOnceAChange) {
  Carriage carriage;
  carriage.klv_shift = [](int n) { return Duration::Millis(n >= 24 && n < 30 ? 250 : 0); };
  const Assembled got = Assemble(testing::Remux(Clip(), carriage));
  ASSERT_EQ(got.segments.size(), 3U);
  EXPECT_FALSE(got.segments[0].skewed());
  EXPECT_TRUE(got.segments[1].skewed());
  EXPECT_NEAR(got.segments[1].metadata_skew.seconds(), 0.25, 0.001);
  EXPECT_FALSE(got.segments[2].skewed());
  EXPECT_EQ(Told(got, "more than 0.1 s").size(), 1U);
  EXPECT_EQ(Told(got, "within 0.1 s of its pictures again").size(), 1U);
}

TEST_F(Alignment, MetadataThatEndsEarlyIsFlaggedByItsAge) {
  Carriage carriage;
  carriage.klv = [](int n) {
    return n <= 55 ? EncodeSt0601(testing::ClipFields(n)) : std::string();
  };
  const Assembled got = Assemble(testing::Remux(Clip(), carriage));
  ASSERT_EQ(got.segments.size(), 3U);
  EXPECT_NEAR(got.segments[2].metadata_skew.seconds(), 0.4, 1e-6);
  EXPECT_NEAR(got.Frames()[59].pose_sigma.position_horizontal_m, std::hypot(5, ClipSpeed() * 0.4),
              0.1);
  EXPECT_EQ(Told(got, "more than 0.1 s").size(), 1U);
}

TEST_F(Alignment, AsynchronousMetadataIsTiedByTheStampsInThePictures) {
  Carriage carriage;
  carriage.asynchronous = true;
  carriage.stamp_status = 0x1F;
  // Each packet comes with a picture a quarter of a second later than its own.
  carriage.klv = [](int n) {
    St0601Fields fields = testing::ClipFields(n);
    fields.time = fields.time - Duration::Millis(200);
    fields.sensor = testing::ClipFields(n - 2).sensor;
    return EncodeSt0601(fields);
  };
  const auto frames = Assemble(testing::Remux(Clip(), carriage)).Frames();
  ASSERT_EQ(frames.size(), 60U);
  for (int n = 0; n < 55; ++n) {
    const VideoFrame& frame = frames[static_cast<std::size_t>(n)];
    EXPECT_NEAR((frame.time - testing::ClipFields(n).time).seconds(), 0, 2e-5);
    ASSERT_TRUE(frame.pose);
    EXPECT_NEAR(frame.pose->position.longitude.deg(),
                testing::ClipFields(n).sensor->longitude.deg(), 2e-7);
    EXPECT_EQ(frame.metadata_skew, Duration());
  }
}

TEST_F(Alignment, UnlockedStampsAreToldOnce) {
  Carriage carriage;
  carriage.stamp_status = 0x9F;
  const Assembled got = Assemble(testing::Remux(Clip(), carriage));
  EXPECT_EQ(got.segments.size(), 3U);
  EXPECT_EQ(Told(got, "not locked to an absolute clock (status 9f)").size(), 1U);
}

// The same pose in every stream; some streams lack what a pose needs, or are damaged.
TEST_F(Alignment, StreamWithMostPosesIsFollowedAndTold) {
  Carriage carriage;
  carriage.klv_streams = 3;
  carriage.klv = [](int n) {
    St0601Fields fields = testing::ClipFields(n);
    fields.horizontal_fov.reset();  // no pose
    return EncodeSt0601(fields);
  };
  carriage.further_klv = [](int stream, int n) {
    if (stream == 2 && n % 2 == 1) return std::string();
    return EncodeSt0601(testing::ClipFields(n));
  };
  const Assembled got = Assemble(testing::Remux(Clip(), carriage));
  const auto told = Told(got, "is followed");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(
      told[0],
      "3 metadata streams: stream 2 is followed, it has the most sound ST 0601 packets with a "
      "pose here, 21 (stream 1: 0, stream 3: 11; of equals the lowest index)");
  for (const VideoFrame& frame : got.Frames()) EXPECT_TRUE(frame.pose);
}

TEST_F(Alignment, EqualStreamsAreDecidedByTheIndexAndAFailingOneIsLeft) {
  Carriage carriage;
  carriage.klv_streams = 2;
  carriage.klv = [](int n) {
    return n < 30 ? EncodeSt0601(testing::ClipFields(n)) : std::string();
  };
  carriage.further_klv = [](int, int n) { return EncodeSt0601(testing::ClipFields(n)); };
  const Assembled got = Assemble(testing::Remux(Clip(), carriage));
  const auto told = Told(got, "is followed");
  ASSERT_EQ(told.size(), 2U);
  EXPECT_NE(told[1].find("stream 2 is followed"), std::string::npos);
  ASSERT_EQ(got.Frames().size(), 60U);
  for (const VideoFrame& frame : got.Frames()) EXPECT_TRUE(frame.pose);
}

}  // namespace
}  // namespace trucewatch
