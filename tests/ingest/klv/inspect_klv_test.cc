// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/inspect_klv.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/ingest/klv/klv_test_support.h"
#include "tests/support/shared_data.h"

namespace trucewatch {
namespace {

using google::protobuf::Struct;

struct Inspected {
  std::vector<Struct> lines;
  std::string error;
};

Inspected Inspect(const std::string& bytes) {
  Inspected out;
  std::size_t at = 0;
  const auto read = [&](std::size_t max) -> Result<std::string> {
    std::string chunk = bytes.substr(at, std::min<std::size_t>(max, 777));
    at += chunk.size();
    return chunk;
  };
  const auto result = InspectKlv("a.klv", read, [&](const std::string& line) {
    Struct parsed;
    const auto status = google::protobuf::util::JsonStringToMessage(line, &parsed);
    EXPECT_TRUE(status.ok()) << status.ToString() << line;
    out.lines.push_back(parsed);
  });
  if (!result) out.error = result.error().message;
  return out;
}

const Struct& Tag(const Struct& line, const std::string& tag) {
  return line.fields().at("tags").struct_value().fields().at(tag).struct_value();
}

TEST(InspectKlv, LineHoldsWhatTheContractSays) {
  const Inspected got = Inspect(testing::FromHex(testing::kDayFlightPacket));
  ASSERT_EQ(got.lines.size(), 1U);
  const auto& fields = got.lines[0].fields();
  EXPECT_EQ(fields.at("file").string_value(), "a.klv");
  EXPECT_EQ(fields.at("offset").number_value(), 0);
  EXPECT_EQ(fields.at("length").number_value(), 163);
  EXPECT_EQ(fields.at("format").string_value(), "st0601");
  EXPECT_TRUE(fields.at("ok").bool_value());
  EXPECT_TRUE(fields.at("checksum_ok").bool_value());
  EXPECT_EQ(fields.at("time_utc").string_value(), "2009-06-17T16:53:05.099653Z");
  const Struct& latitude = Tag(got.lines[0], "13");
  EXPECT_EQ(latitude.fields().at("name").string_value(), "sensor_latitude");
  EXPECT_NEAR(latitude.fields().at("value").number_value(), 54.681323, 1e-6);
  EXPECT_EQ(latitude.fields().at("unit").string_value(), "deg");
  const Struct& width = Tag(got.lines[0], "22");
  EXPECT_TRUE(width.fields().at("value").has_null_value());
  EXPECT_EQ(width.fields().at("raw").string_value(), "000001c9");
  EXPECT_EQ(width.fields().at("error").string_value(), "4 bytes long, expected 2");
}

TEST(InspectKlv, DamageIsALineAndReadingGoesOn) {
  std::string broken = testing::FromHex(testing::kMissionPacket);
  broken[30] = '?';
  const Inspected got = Inspect(testing::FromHex(testing::kMinimalPacket) + broken + "rubbish" +
                                testing::FromHex(testing::kMinimalPacket));
  ASSERT_EQ(got.lines.size(), 4U);
  EXPECT_TRUE(got.lines[0].fields().at("ok").bool_value());
  EXPECT_FALSE(got.lines[1].fields().at("ok").bool_value());
  EXPECT_FALSE(got.lines[1].fields().at("checksum_ok").bool_value());
  EXPECT_EQ(got.lines[1].fields().at("error").string_value(), "the checksum (item 1) is bad");
  EXPECT_FALSE(got.lines[2].fields().at("ok").bool_value());
  EXPECT_EQ(got.lines[2].fields().at("offset").number_value(), 34 + 65);
  EXPECT_TRUE(got.lines[3].fields().at("ok").bool_value());
  EXPECT_EQ(got.error, "");
}

TEST(InspectKlv, FilesWithoutKlvAreRefused) {
  EXPECT_NE(Inspect("just some text").error.find("no KLV packet"), std::string::npos);
  EXPECT_TRUE(Inspect("just some text").lines.empty());
  EXPECT_NE(Inspect("").error, "");
}

TEST(InspectKlv, ReadsTheRealFlight) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/cheyenne-flight.klv");
  const Inspected got = Inspect(testing::ReadAll(path));
  ASSERT_EQ(got.lines.size(), 407U);
  for (const Struct& line : got.lines) {
    EXPECT_TRUE(line.fields().at("checksum_ok").bool_value());
    const Struct& security = Tag(line, "48").fields().at("tags").struct_value();
    EXPECT_EQ(security.fields().at("1").struct_value().fields().at("value").number_value(), 1);
  }
}

TEST(InspectKlv, AnyBytesGiveValidLines) {
  std::mt19937_64 random(41);
  const std::string day = testing::FromHex(testing::kDayFlightPacket);
  for (int run = 0; run < 300; ++run) {
    std::string bytes;
    for (int i = 0; i < 4; ++i) {
      std::string packet = day;
      for (int k = 0; k < 3; ++k)
        packet[random() % packet.size()] = static_cast<char>(random() & 0xFF);
      bytes += packet;
    }
    Inspect(bytes);  // each line is parsed there
  }
}

}  // namespace
}  // namespace trucewatch
