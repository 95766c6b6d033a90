// SPDX-License-Identifier: Apache-2.0
#include "core/config/text_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_directory.h"
#include "trucewatch/v1/config/mission.pb.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

std::string ParseError(const std::string& text) {
  v1::config::MissionConfig config;
  const auto parsed = ParseTextConfig(text, "m.txtpb", &config);
  if (parsed) return "";
  EXPECT_EQ(parsed.error().code, ErrorCode::kBadInput);
  return parsed.error().message;
}

TEST(TextConfig, WhatIsNotOfTheSchemaIsRefusedWithLineColumnAndWhatWasExpected) {
  const struct {
    const char* text;
    const char* error;
  } cases[] = {
      {"name: \"a\"\nnmae: \"b\"",
       "m.txtpb:2:5: Message type \"trucewatch.v1.config.MissionConfig\" has no field named "
       "\"nmae\"."},
      {"detect { threads: two }", "m.txtpb:1:19: Expected integer, got: two"},
      {"detect { threads: 1.5 }", "m.txtpb:1:19: Expected integer, got: 1.5"},
      {"detect { threads: -1 }", "m.txtpb:1:19: Expected integer, got: -"},
      {"detect { threads: 4294967296 }", "m.txtpb:1:19: Integer out of range (4294967296)"},
      {"name: demo", "m.txtpb:1:7: Expected string, got: demo"},
      {"name: \"demo", "m.txtpb:1:12: Unexpected end of string."},
      {"source {\n  id: \"a\"\n", "m.txtpb:3:1: Expected identifier, got: "},
      {"source { use_vmti: perhaps }",
       "m.txtpb:1:28: Invalid value for boolean field \"use_vmti\". Value: \"perhaps\"."},
      {"terrain { sigma_m: 1 }\nterrain { sigma_m: 2 }",
       "m.txtpb:2:9: Non-repeated field \"terrain\" is specified multiple times."},
      {"{", "m.txtpb:1:1: Expected identifier, got: {"},
  };
  for (const auto& c : cases) EXPECT_EQ(ParseError(c.text), c.error) << c.text;
}

TEST(TextConfig, AnUnknownNameOfAnEnumerationIsLocatedAndTheKnownOnesAreListed) {
  const char* const kFormats =
      "Unknown enumeration value of \"VIDEO\" for field \"format\". Expected one of: MPEGTS_KLV, "
      "STANAG4607, ASTERIX, SATELLITE, HUMAN";
  EXPECT_EQ(ParseError("source { format: VIDEO }"), "m.txtpb:1:18: " + std::string(kFormats));
  // Protobuf speaks at the token that follows, here the second line after.
  EXPECT_EQ(ParseError("name: \"a\"\nsource {\n  format: VIDEO\n\n}"),
            "m.txtpb:3:11: " + std::string(kFormats));
  // The same word before it, in another place, is not meant.
  EXPECT_EQ(ParseError("name: \"VIDEO\"\nsource { id: \"VIDEO\" format: VIDEO id: \"x\" }"),
            "m.txtpb:2:30: " + std::string(kFormats));
  EXPECT_EQ(
      ParseError("status: DRILL"),
      "m.txtpb:1:9: Unknown enumeration value of \"DRILL\" for field \"status\". Expected one "
      "of: EXERCISE, OPERATIONAL");
}

TEST(TextConfig, TextThatIsNotUtf8IsRefusedHoweverItIsWritten) {
  const struct {
    const char* text;
    const char* problems;
  } cases[] = {
      {"name: \"a\xFF\"", "m.txtpb:1: name: is not UTF-8 text"},
      {"name: \"a\\377\"", "m.txtpb:1: name: is not UTF-8 text"},
      {"source { id: \"a\" }\nsource {\n  clock: \"\xC3\" }",  // cut short
       "m.txtpb:3: source[1].clock: is not UTF-8 text"},
      {"source {\n signer_vkey: \"a\"\n signer_vkey: \"\xC0\x80\" }",  // the long form of a zero
       "m.txtpb:3: source[0].signer_vkey[1]: is not UTF-8 text"},
      {"name: \"\xED\xA0\x80\"\nstart_utc: \"\xF4\x90\x80\x80\"",  // a surrogate; past U+10FFFF
       "m.txtpb:1: name: is not UTF-8 text\nm.txtpb:2: start_utc: is not UTF-8 text"},
      {"name: \"\xC2\xB5 \xE2\x82\xAC \xF0\x9F\x9B\xB0\"", ""},
      {"# caf\xE9\nname: \"a\"", ""},  // a comment is not read
  };
  for (const auto& c : cases) EXPECT_EQ(ParseError(c.text), c.problems) << c.text;
}

TEST(TextConfig, LinesAreKnownOfFieldsOfTheirNeighboursAndOfZeros) {
  v1::config::MissionConfig config;
  FieldLines lines;
  ASSERT_TRUE(ParseTextConfig("# one\n\nsource {\n  id: \"a\"\n  speed: 0\n}\nsource { id: \"b\" }",
                              "m.txtpb", &config, &lines));
  EXPECT_EQ(lines.Of("source[0]"), 3);
  EXPECT_EQ(lines.Of("source[0].id"), 4);
  EXPECT_EQ(lines.Of("source[0].speed"), 5);
  EXPECT_EQ(lines.Of("source[1].id"), 7);
  EXPECT_EQ(lines.Of("source[0].radar_site.lat_deg"), 3) << "of the message around it";
  EXPECT_EQ(lines.Of("fusion.hold_s"), 1) << "where nothing around it is written either";
}

TEST(TextConfig, FilesThatCannotBeConfigsAreRefusedBeforeTheyAreRead) {
  testing::TempDirectory directory;
  const std::string path = directory.File("big.txtpb");
  std::ofstream(path) << "name: \"a\"\n";
  std::filesystem::resize_file(path, 16U << 20U);
  const auto largest = ReadTextFile(path);
  ASSERT_TRUE(largest) << largest.error().message;
  EXPECT_EQ(largest->size(), 16U << 20U);

  std::filesystem::resize_file(path, (16U << 20U) + 1);
  const auto larger = ReadTextFile(path);
  ASSERT_FALSE(larger);
  EXPECT_EQ(larger.error().code, ErrorCode::kBadInput);
  EXPECT_EQ(larger.error().message, path + ": larger than 16777216 bytes, too large for a config");

  const auto folder = ReadTextFile(directory.path());
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::kBadInput);
  EXPECT_EQ(folder.error().message, directory.path() + ": is not a file");

  const auto none = ReadTextFile(directory.File("none.txtpb"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
}

TEST(TextConfig, AnEmptyFileIsRead) {
  testing::TempDirectory directory;
  const std::string path = directory.File("empty.txtpb");
  std::ofstream(path).close();
  const auto text = ReadTextFile(path);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, "");
}

// A file that opens and cannot be read, as on a disk that fails: reading address 0 of a process.
TEST(TextConfig, AReadThatFailsIsNotAnEmptyFile) {
  const auto text = ReadTextFile("/proc/self/mem");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::kIo);
  EXPECT_THAT(text.error().message, HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace trucewatch
