// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/storage/faulty_storage.h"
#include "ingest/recorded/recorded_source.h"
#include "tests/ingest/radar/radar_files.h"

namespace trucewatch {
namespace {

using stanag4607::testing::Joined;
using stanag4607::testing::RadarPackets;
using stanag4607::testing::WriteTo;

class Stanag4607FileTest : public ::testing::Test {
 protected:
  Stanag4607FileTest() { EXPECT_TRUE(storage_.MakeDirectories("/m").has_value()); }
  Result<std::unique_ptr<RecordedSource>> Open(const std::string& bytes) {
    EXPECT_TRUE(WriteTo(storage_, "/m/a.4607", bytes).has_value());
    return OpenStanag4607File(storage_, {{"radar1"}, "/m/a.4607", start_});
  }
  std::vector<RawRecord> All(RecordedSource& source) {
    std::vector<RawRecord> records;
    while (true) {
      auto record = source.Next();
      EXPECT_TRUE(record.has_value());
      if (!record || !*record) return records;
      records.push_back(**record);
    }
  }
  FaultyStorage storage_;
  Instant start_ = ParseUtc("2026-03-01T21:00:00Z").value();
};

TEST_F(Stanag4607FileTest, GivesOneRecordAPacketWithTheTimeOfItsDwell) {
  const auto packets = RadarPackets();
  auto source = Open(Joined(packets));
  ASSERT_TRUE(source.has_value()) << source.error().message;
  const auto records = All(**source);
  ASSERT_EQ(records.size(), packets.size() + 1);
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ(records[i].bytes, packets[i]);
    EXPECT_EQ(records[i].source_sequence, i + 1);
    EXPECT_EQ(records[i].source_offset, offset);
    EXPECT_EQ(records[i].source.value, "radar1");
    EXPECT_FALSE(records[i].end_of_source);
    offset += packets[i].size();
  }
  // The first packet has no time of its own: it takes the first there is.
  EXPECT_EQ(FormatUtc(records[0].receive_time), "2026-03-01T21:00:00Z");
  EXPECT_EQ(FormatUtc(records[1].receive_time), "2026-03-01T21:00:00Z");
  EXPECT_EQ(FormatUtc(records[5].receive_time), "2026-03-01T21:00:08Z");
  EXPECT_TRUE(records.back().end_of_source);
  EXPECT_TRUE(records.back().bytes.empty());
  EXPECT_EQ(records.back().receive_time, records[5].receive_time);
}

TEST_F(Stanag4607FileTest, KeepsEveryByteOfADamagedFile) {
  auto packets = RadarPackets({.dwells = 20});
  packets[3][5] = 'x';
  std::string bytes = Joined(packets);
  bytes.resize(bytes.size() - 10);
  auto source = Open(bytes);
  ASSERT_TRUE(source.has_value()) << source.error().message;
  std::string all;
  Instant last;
  for (const RawRecord& record : All(**source)) {
    EXPECT_EQ(record.source_offset, all.size());
    EXPECT_GE(record.receive_time, last);
    last = record.receive_time;
    all += record.bytes;
  }
  EXPECT_EQ(all, bytes);
}

TEST_F(Stanag4607FileTest, MissingFileIsNotFoundWithItsPathAndWhatToDo) {
  const auto source = OpenStanag4607File(storage_, {{"radar1"}, "/m/nothing.4607", start_});
  ASSERT_FALSE(source.has_value());
  EXPECT_EQ(source.error().code, ErrorCode::kNotFound);
  EXPECT_NE(source.error().message.find("/m/nothing.4607"), std::string::npos);
  EXPECT_NE(source.error().message.find("correct the path"), std::string::npos);
}

TEST_F(Stanag4607FileTest, EmptyFileAndTextFileAreBadInputThatSaysWhatIsThere) {
  const auto empty = Open("");
  ASSERT_FALSE(empty.has_value());
  EXPECT_EQ(empty.error().code, ErrorCode::kBadInput);
  EXPECT_NE(empty.error().message.find("empty"), std::string::npos);
  const auto text = Open("Dear colleagues, 30 January 2026\n" + std::string(200'000, '3'));
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(text.error().code, ErrorCode::kBadInput);
  EXPECT_NE(text.error().message.find("Dear colleagues"), std::string::npos);
  EXPECT_NE(text.error().message.find("expected STANAG 4607"), std::string::npos);
}

TEST_F(Stanag4607FileTest, FileWithoutAnyTimeStandsAtTheMissionStart) {
  auto source = Open(RadarPackets({.dwells = 0})[0]);
  ASSERT_TRUE(source.has_value());
  for (const RawRecord& record : All(**source)) EXPECT_EQ(record.receive_time, start_);
}

TEST_F(Stanag4607FileTest, AReadErrorEndsItAsAnError) {
  auto source = Open(Joined(RadarPackets()));
  ASSERT_TRUE(source.has_value());
  storage_.FailCall(1, true);
  const auto record = (*source)->Next();
  ASSERT_FALSE(record.has_value());
  EXPECT_EQ(record.error().code, ErrorCode::kIo);
  EXPECT_NE(record.error().message.find("/m/a.4607"), std::string::npos);
}

}  // namespace
}  // namespace trucewatch
