// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/misp_time.h"

#include <gtest/gtest.h>

#include "core/base/bytes.h"

namespace trucewatch {
namespace {

std::optional<MispStamp> ReadStamp(const std::string& id_hex, const std::string& message_hex) {
  return ReadMispTime("\x01\x06\x05\x1C" + *HexDecode(id_hex) + *HexDecode(message_hex) + "more");
}

std::optional<Instant> TimeIn(const std::string& id_hex, const std::string& message_hex) {
  const auto stamp = ReadStamp(id_hex, message_hex);
  return stamp ? std::optional(stamp->time) : std::nullopt;
}

constexpr char kH264[] = "4d4953506d6963726f73656374696d65";  // "MISPmicrosectime"

TEST(MispTime, ReadsEveryIdentifier) {
  const Instant expected = Instant::FromMicros(0x000459F4A6AA4AA8);
  EXPECT_EQ(TimeIn(kH264, "1f0004ff59f4ffa6aaff4aa8"), expected);
  EXPECT_EQ(TimeIn("a8687dd4d7593758a5cef0338b6545f1", "9f0004ff59f4ffa6aaff4aa8"), expected);
  // Nanoseconds: the same moment times 1000.
  EXPECT_EQ(TimeIn("cf848278ee23306c9265e8fef22fb8b8", "1f10ffff3d1cff6a92ff9940")->micros(),
            0x10FF3D1C6A929940 / 1000);
}

TEST(MispTime, EmulationPreventionIsTakenOut) {
  EXPECT_EQ(TimeIn(kH264, "1f0004ff0000ff000003ff0101"), Instant::FromMicros(0x0004000000000101));
}

TEST(MispTime, StatusBitsAreRead) {
  const auto status = [](const char* byte) {
    return *ReadStamp(kH264, std::string(byte) + "0004ff59f4ffa6aaff4aa8");
  };
  EXPECT_TRUE(status("1f").locked());
  EXPECT_FALSE(status("1f").discontinuity());
  EXPECT_TRUE(status("0f").locked());  // reserved bits as some writers have them
  EXPECT_FALSE(status("9f").locked());
  EXPECT_TRUE(status("5f").discontinuity());
  EXPECT_FALSE(status("5f").reverse());
  EXPECT_TRUE(status("7f").reverse());
  EXPECT_FALSE(status("3f").reverse());  // only together with a discontinuity
  EXPECT_EQ(status("df").status, 0xDF);
  EXPECT_FALSE(status("1f").nanoseconds);
  EXPECT_TRUE(
      ReadStamp("cf848278ee23306c9265e8fef22fb8b8", "1f10ffff3d1cff6a92ff9940")->nanoseconds);
}

TEST(MispTime, MalformedStampsAreNone) {
  EXPECT_FALSE(TimeIn(kH264, "1f0004fe59f4ffa6aaff4aa8"));  // no FF where one must be
  EXPECT_FALSE(TimeIn(kH264, "1fffffffffffffffffffffff"));  // no such time
  EXPECT_FALSE(TimeIn(kH264, "1f0000ff00"));
  EXPECT_FALSE(ReadMispTime(*HexDecode(kH264)));
  EXPECT_FALSE(ReadMispTime("nothing here"));
}

}  // namespace
}  // namespace trucewatch
