// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/inspect_ts.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/core/media/media_test_support.h"
#include "tests/support/shared_data.h"

namespace trucewatch {
namespace {

using google::protobuf::Struct;

struct Inspected {
  std::vector<Struct> lines;
  std::string error;

  int Count(const std::string& format, bool ok) const {
    return static_cast<int>(std::count_if(lines.begin(), lines.end(), [&](const Struct& line) {
      return line.fields().at("format").string_value() == format &&
             line.fields().at("ok").bool_value() == ok;
    }));
  }
};

Inspected Inspect(const std::string& bytes) {
  Inspected out;
  std::size_t at = 0;
  const auto read = [&](std::size_t max) -> Result<std::string> {
    std::string chunk = bytes.substr(at, max);
    at += chunk.size();
    return chunk;
  };
  const auto result = InspectTs("clip.ts", read, [&](const std::string& line) {
    Struct parsed;
    const auto status = google::protobuf::util::JsonStringToMessage(line, &parsed);
    EXPECT_TRUE(status.ok()) << line;
    out.lines.push_back(parsed);
  });
  if (!result) out.error = result.error().message;
  return out;
}

TEST(InspectTs, ReadsTheRealStream) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const Inspected got = Inspect(testing::ReadAll(path));
  EXPECT_EQ(got.Count("video", true), 277);
  EXPECT_EQ(got.Count("st0601", true), 277);
  EXPECT_EQ(got.Count("alignment", true), 1);
  EXPECT_EQ(got.lines.size(), 555U);
  const auto& last = got.lines.back().fields();
  EXPECT_EQ(last.at("stream").number_value(), 1);
  EXPECT_EQ(last.at("pictures_with_pose").number_value(), 277);
  EXPECT_EQ(last.at("largest_skew_s").number_value(), 0);
  EXPECT_FALSE(last.at("skewed").bool_value());
  int checksums = 0;
  int with_vmti = 0;
  for (const Struct& line : got.lines) {
    if (line.fields().at("format").string_value() != "st0601") continue;
    checksums += line.fields().at("checksum_ok").bool_value() ? 1 : 0;
    const auto& tags = line.fields().at("tags").struct_value().fields();
    if (tags.count("74") == 0) continue;
    ++with_vmti;
    const auto& vmti = tags.at("74").struct_value().fields();
    for (const auto& target : vmti.at("targets").list_value().values()) {
      EXPECT_EQ(target.struct_value().fields().count("id"), 1U);
    }
  }
  EXPECT_EQ(checksums, 277);
  EXPECT_EQ(with_vmti, 37);
}

TEST(InspectTs, TruncatedStreamIsReadToItsEnd) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const Inspected got = Inspect(testing::ReadAll(path).substr(0, 1'000'001));
  EXPECT_EQ(got.error, "");
  EXPECT_GT(got.Count("st0601", true), 110);
  EXPECT_GT(got.Count("video", true), 110);
}

TEST(InspectTs, MissingPacketsAreALine) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  std::string bytes = testing::ReadAll(path);
  bytes.erase(188 * 3000, 188 * 10);
  const Inspected got = Inspect(bytes);
  EXPECT_GE(got.Count("video", false), 1);
  EXPECT_GT(got.Count("st0601", true), 270);
}

TEST(InspectTs, AllStreamsOfAProgrammeAreReadAndTheChoiceIsSaid) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/h265_tricky_klv.ts");
  const Inspected got = Inspect(testing::ReadAll(path));
  std::map<double, int> records;
  for (const Struct& line : got.lines) {
    if (line.fields().at("format").string_value() == "st0601")
      ++records[line.fields().at("stream").number_value()];
  }
  // Three are declared; ffprobe finds packets of the first two alone.
  EXPECT_EQ(records.size(), 2U);
  const auto& last = got.lines.back().fields();
  ASSERT_EQ(last.at("format").string_value(), "alignment");
  EXPECT_EQ(last.at("klv_streams").list_value().values_size(), 3);
}

// Stamps of the codecs, with their status bits (MISB ST 0603, ST 0604).
TEST(InspectTs, TimeStampsInPicturesAreShownWithTheirStatus) {
  for (const char* name : {"klv/h264_klv.ts", "klv/h265_klv.ts", "klv/mpeg2_klv.ts"}) {
    TW_SHARED_DATA_OR_SKIP(path, name);
    const Inspected got = Inspect(testing::ReadAll(path));
    int stamped = 0;
    for (const Struct& line : got.lines) {
      if (line.fields().at("format").string_value() != "video" ||
          line.fields().count("time_utc") == 0) {
        continue;
      }
      ++stamped;
      EXPECT_TRUE(line.fields().at("time_locked").has_bool_value());
      EXPECT_EQ(line.fields().at("time_status").string_value().size(), 2U);
    }
    EXPECT_GT(stamped, 0) << name;
  }
}

TEST(InspectTs, TextFileIsRefused) {
  const Inspected got = Inspect("Just a text file that somebody named clip.ts\n");
  EXPECT_TRUE(got.lines.empty());
  EXPECT_EQ(got.error.rfind("clip.ts: not an MPEG transport stream", 0), 0U) << got.error;
}

}  // namespace
}  // namespace trucewatch
