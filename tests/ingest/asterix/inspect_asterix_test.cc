// SPDX-License-Identifier: Apache-2.0
#include "ingest/asterix/inspect_asterix.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "tests/support/process.h"
#include "tests/support/shared_data.h"

namespace trucewatch {
namespace {

using Lines = std::vector<google::protobuf::Struct>;

// Reads in small pieces, as a slow file would come.
Result<void> Inspect(const std::string& bytes, Lines* lines) {
  std::size_t at = 0;
  const auto read = [&](std::size_t max) -> Result<std::string> {
    const std::string piece = bytes.substr(at, std::min<std::size_t>(max, 700));
    at += piece.size();
    return piece;
  };
  return InspectAsterix("f", read, [&](const std::string& line) {
    google::protobuf::Struct object;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(line, &object).ok()) << line;
    lines->push_back(std::move(object));
  });
}

double Number(const google::protobuf::Struct& line, const std::string& key) {
  return line.fields().at(key).number_value();
}

TEST(InspectAsterix, GivesOneLineARecordWithItsPlace) {
  TW_SHARED_DATA_OR_SKIP(path, "asterix/cat_034_048.pcap");
  const std::string file = testing::ReadFile(path);
  Lines lines;
  ASSERT_TRUE(Inspect(file, &lines).has_value());
  ASSERT_EQ(lines.size(), 162U);
  int plots = 0;
  for (const auto& line : lines) {
    EXPECT_EQ(line.fields().at("format").string_value(), "asterix");
    EXPECT_TRUE(line.fields().at("ok").bool_value());
    EXPECT_EQ(Number(line, "sac"), 25);
    // SAC and SIC follow the FSPEC, whose last octet has bit 1 clear.
    auto at = static_cast<std::size_t>(Number(line, "offset"));
    while ((static_cast<std::uint8_t>(file[at]) & 1U) != 0) ++at;
    EXPECT_EQ(static_cast<std::uint8_t>(file[at + 1]), 25);
    plots += Number(line, "category") == 48 ? 1 : 0;
  }
  EXPECT_EQ(plots, 128);
  const auto& first = lines[0].fields().at("items").struct_value().fields();
  EXPECT_EQ(first.at("I048/040").struct_value().fields().at("rho_m").number_value(),
            197.68359375 * 1852);
  EXPECT_EQ(lines[0].fields().at("time_utc").string_value(), "2016-05-05T07:35:54.601563Z");
}

TEST(InspectAsterix, SaysWhatIsDamagedAndReadsOn) {
  TW_SHARED_DATA_OR_SKIP(path, "asterix/cat048.raw");
  const std::string good = testing::ReadFile(path);
  std::string bad = good;
  bad[2] = 40;  // LEN cuts the record
  bad.resize(40);
  Lines lines;
  ASSERT_TRUE(Inspect(good + bad + good + *HexDecode("170004aa") + *HexDecode("3000ffaa"), &lines)
                  .has_value());
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_TRUE(lines[0].fields().at("ok").bool_value());
  EXPECT_FALSE(lines[1].fields().at("ok").bool_value());
  EXPECT_NE(lines[1].fields().at("error").string_value().find("I048/"), std::string::npos);
  EXPECT_EQ(Number(lines[2], "offset"), 48 + 40 + 3);
  EXPECT_EQ(Number(lines[3], "category"), 23);
  EXPECT_FALSE(lines[3].fields().at("decoded").bool_value());
  EXPECT_FALSE(lines[4].fields().at("ok").bool_value());
  EXPECT_EQ(Number(lines[4], "offset"), 48 + 40 + 48 + 4);
  EXPECT_EQ(Number(lines[4], "length"), 4);
}

TEST(InspectAsterix, KnowsItsFilesByTheirContent) {
  for (const char* name : {"cat034.raw", "cat048.raw", "cat062cat065.raw", "cat21_re.ast",
                           "cat_034_048.pcap", "asterix.pcap", "parsegps.gps"}) {
    TW_SHARED_DATA_OR_SKIP(path, fmt::format("asterix/{}", name));
    const std::string file = testing::ReadFile(path);
    EXPECT_TRUE(LooksLikeAsterix(AsBytes(file), file.size())) << name;
  }
  for (const char* name : {"asterix/cat_034_048.txt", "gmti/list1.4607", "klv/osh-vmti-h264.ts"}) {
    TW_SHARED_DATA_OR_SKIP(path, name);
    const std::string file = testing::ReadFile(path);
    EXPECT_FALSE(LooksLikeAsterix(AsBytes(file).first(std::min<std::size_t>(65'535, file.size())),
                                  file.size()))
        << name;
  }
  EXPECT_FALSE(LooksLikeAsterix({}, 0));
}

}  // namespace
}  // namespace trucewatch
