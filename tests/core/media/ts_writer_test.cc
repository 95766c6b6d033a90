// SPDX-License-Identifier: Apache-2.0
#include "core/media/ts_writer.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>

#include "tests/core/media/media_test_support.h"
#include "tests/core/media/test_pictures.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::ReadAll;

constexpr int kPictures = 25;

// Output of a command, both streams; nothing when it fails.
std::optional<std::string> RunCommand(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string out;
  std::array<char, 4096> buffer{};
  std::size_t got = 0;
  while ((got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0) out.append(buffer.data(), got);
  return pclose(pipe) == 0 ? std::optional(out) : std::nullopt;
}

std::size_t Count(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    ++count;
  }
  return count;
}

// A KLV packet is opaque to the writer; this one has a real key and says its number.
std::string NumberedKlv(int number) {
  std::string klv("\x06\x0E\x2B\x34\x02\x0B\x01\x01\x0E\x01\x03\x01\x01\x00\x00\x00\x04", 17);
  klv += "no";
  klv.push_back(static_cast<char>('0' + number / 10));
  klv.push_back(static_cast<char>('0' + number % 10));
  return klv;
}

void WriteClip(const std::string& path) {
  TsWriterOptions options;
  options.width_px = 192;
  options.height_px = 128;
  options.key_frame_interval = 10;
  auto writer = TsWriter::Create(path, options);
  ASSERT_TRUE(writer) << writer.error().message;
  for (int i = 0; i < kPictures; ++i) {
    const testing::TestPicture picture(i, 192, 128);
    const std::string klv = NumberedKlv(i);
    ASSERT_TRUE((*writer)->Write(picture.luma, picture.chroma_u, picture.chroma_v, AsBytes(klv)));
  }
  ASSERT_TRUE((*writer)->Finish());
}

TEST(TsWriter, SameCallsGiveSameBytes) {
  const testing::TempDirectory directory;
  WriteClip(directory.File("a.ts"));
  WriteClip(directory.File("b.ts"));
  const std::string a = ReadAll(directory.File("a.ts"));
  EXPECT_GT(a.size(), 10'000U);
  EXPECT_TRUE(a == ReadAll(directory.File("b.ts")));
}

TEST(TsWriter, IndependentReaderSeesVideoAndSynchronousMetadata) {
  if (!RunCommand("ffprobe -version")) {
    if (testing::SharedDataRequired()) FAIL() << "ffprobe is required when CI=true";
    GTEST_SKIP() << "ffprobe not found: install Debian's ffmpeg";
  }
  const testing::TempDirectory directory;
  const std::string path = directory.File("clip.ts");
  WriteClip(path);

  const auto streams = RunCommand(
      "ffprobe -v error -show_entries stream=codec_name,width,height -of csv=p=0 " + path);
  ASSERT_TRUE(streams);
  EXPECT_NE(streams->find("h264,192,128"), std::string::npos) << *streams;
  EXPECT_NE(streams->find("klv"), std::string::npos) << *streams;

  // Every picture decodes, without a word of complaint.
  const auto decoded = RunCommand(
      "ffprobe -v error -count_frames -select_streams v "
      "-show_entries stream=nb_read_frames -of csv=p=0 " +
      path);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->substr(0, 3), "25\n") << *decoded;
  EXPECT_EQ(RunCommand("ffmpeg -nostdin -v warning -i " + path + " -map 0:v -f null -"), "");

  // Each picture has its metadata, at the same time stamp; stream id 0xFC is that of synchronous
  // metadata.
  const std::string show = " -show_entries packet=pts -of csv=p=0 " + path;
  const auto video_pts = RunCommand("ffprobe -v error -select_streams v" + show);
  const auto klv_pts = RunCommand("ffprobe -v error -select_streams d" + show);
  ASSERT_TRUE(video_pts && klv_pts);
  const auto pts_only = [](const std::string& text) {
    std::string out;
    for (const char c : text) {
      if ((c >= '0' && c <= '9') || (c == '\n' && !out.empty() && out.back() != '\n')) out += c;
    }
    return out;
  };
  EXPECT_EQ(pts_only(*video_pts), pts_only(*klv_pts));
  EXPECT_EQ(Count(pts_only(*klv_pts), "\n"), static_cast<std::size_t>(kPictures));
  const auto side_data = RunCommand("ffprobe -v error -select_streams d -show_packets " + path);
  ASSERT_TRUE(side_data);
  EXPECT_EQ(Count(*side_data, "id=252"), static_cast<std::size_t>(kPictures));
}

TEST(TsWriter, MetadataIsStreamType15InAccessUnitCells) {
  const testing::TempDirectory directory;
  WriteClip(directory.File("clip.ts"));
  const std::string bytes = ReadAll(directory.File("clip.ts"));
  // PMT entry: stream type 0x15, then reserved bits and the PID; registration descriptor "KLVA".
  const std::size_t klva = bytes.find("KLVA");
  ASSERT_NE(klva, std::string::npos);
  EXPECT_EQ(bytes[klva - 7], 0x15);
  for (int i = 0; i < kPictures; ++i) {
    std::string cell{'\0', static_cast<char>(i), '\xDF', '\0', static_cast<char>(21)};
    EXPECT_NE(bytes.find(cell + NumberedKlv(i)), std::string::npos) << i;
  }
}

TEST(TsWriter, RefusesWhatCannotBeAPicture) {
  const testing::TempDirectory directory;
  TsWriterOptions options;
  options.width_px = 191;
  EXPECT_EQ(TsWriter::Create(directory.File("a.ts"), options).error().code, ErrorCode::kUsage);
  options.width_px = 192;
  options.height_px = 128;
  EXPECT_EQ(TsWriter::Create("/no/such/folder/a.ts", options).error().code, ErrorCode::kIo);
  auto writer = TsWriter::Create(directory.File("a.ts"), options);
  ASSERT_TRUE(writer);
  EXPECT_EQ((*writer)->Write({}, {}, {}, {}).error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace trucewatch
