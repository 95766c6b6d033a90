// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "core/storage/faulty_storage.h"
#include "ingest/recorded/recorded_source.h"
#include "tests/support/shared_data.h"

namespace trucewatch {
namespace {

std::string FileBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class MpegTsFileTest : public ::testing::Test {
 protected:
  MpegTsFileTest() { EXPECT_TRUE(storage_.MakeDirectories("/m").has_value()); }
  Result<std::unique_ptr<RecordedSource>> Open(const std::string& bytes) {
    EXPECT_TRUE(WriteFileAtomically(storage_, "/m/a.ts", AsBytes(bytes)).has_value());
    return OpenMpegTsFile(storage_, {{"drone1"}, "/m/a.ts", start_});
  }
  // All records; checks what holds for every one.
  std::vector<RawRecord> All(RecordedSource& source, const std::string& bytes) {
    std::vector<RawRecord> records;
    std::string all;
    while (true) {
      auto record = source.Next();
      EXPECT_TRUE(record.has_value());
      if (!record || !*record) break;
      if (!records.empty()) {
        EXPECT_GE((*record)->receive_time, records.back().receive_time);
      }
      EXPECT_EQ((*record)->source_sequence, records.size() + 1);
      EXPECT_EQ((*record)->source_offset, all.size());
      EXPECT_LE((*record)->bytes.size(), 65536U);
      all += (*record)->bytes;
      records.push_back(**record);
    }
    EXPECT_EQ(all, bytes);
    EXPECT_TRUE(!records.empty() && records.back().end_of_source);
    return records;
  }
  FaultyStorage storage_;
  Instant start_ = ParseUtc("2026-03-01T21:00:00Z").value();
};

TEST_F(MpegTsFileTest, TakesTheTimesOfTheMetadata) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const std::string bytes = FileBytes(path);
  auto source = Open(bytes);
  ASSERT_TRUE(source.has_value()) << source.error().message;
  const auto records = All(**source, bytes);
  ASSERT_GT(records.size(), 5U);
  const Duration span = records.back().receive_time - records.front().receive_time;
  // The clip is 9.2 s long; the first chunk already holds some of it.
  EXPECT_GT(span, Duration::Seconds(5));
  EXPECT_LT(span, Duration::Millis(9400));
  EXPECT_NE(records.front().receive_time, start_);
}

TEST_F(MpegTsFileTest, WithoutMetadataTheStreamsOwnClockRunsFromTheMissionStart) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/h264_no_klv.ts");
  const std::string bytes = FileBytes(path);
  auto source = Open(bytes);
  ASSERT_TRUE(source.has_value()) << source.error().message;
  const auto records = All(**source, bytes);
  EXPECT_GE(records.front().receive_time, start_);
  EXPECT_LT(records.back().receive_time, start_ + Duration::Seconds(60));
}

TEST_F(MpegTsFileTest, ATruncatedFileGivesWhatIsThere) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const std::string bytes = FileBytes(path);
  for (const std::size_t size : {std::size_t{2000}, bytes.size() / 3, bytes.size() - 77}) {
    auto source = Open(bytes.substr(0, size));
    ASSERT_TRUE(source.has_value()) << size << ": " << source.error().message;
    All(**source, bytes.substr(0, size));
  }
}

TEST_F(MpegTsFileTest, MissingEmptyAndTextFilesSaySoInOneSentence) {
  const auto missing = OpenMpegTsFile(storage_, {{"drone1"}, "/m/nothing.ts", start_});
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  const auto empty = Open("");
  ASSERT_FALSE(empty.has_value());
  EXPECT_EQ(empty.error().code, ErrorCode::kBadInput);
  for (const std::size_t size : {std::size_t{1}, std::size_t{400}, std::size_t{3'000'000}}) {
    std::string text;
    while (text.size() < size) text += "Minutes of the meeting. GGGGG\n";
    const auto source = Open(text);
    ASSERT_FALSE(source.has_value()) << size;
    EXPECT_EQ(source.error().code, ErrorCode::kBadInput);
    EXPECT_NE(source.error().message.find("Minutes of the"), std::string::npos);
    EXPECT_NE(source.error().message.find("expected an MPEG transport stream"), std::string::npos);
  }
}

}  // namespace
}  // namespace trucewatch
