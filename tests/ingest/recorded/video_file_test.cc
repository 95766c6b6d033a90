// SPDX-License-Identifier: Apache-2.0
#include "ingest/recorded/video_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/media/demuxer.h"
#include "ingest/recorded/recorded_source.h"
#include "tests/support/ffmpeg_tools.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::MakeClip;
using testing::PacketTimes;
using testing::PictureDigests;
using testing::ReadFile;
using testing::RunProcess;
using testing::TempDirectory;

class RecordedContainer : public ::testing::TestWithParam<const char*> {};

TEST_P(RecordedContainer, GivesRecordsOfMpegTsAndSaysFromWhichFile) {
  const TempDirectory directory;
  const std::string path = directory.File(GetParam());
  MakeClip(path, {"-c:v", "libx264", "-preset", "veryfast", "-bf", "2"});
  const auto storage = MakePosixStorage();
  const Instant start = ParseUtc("2026-03-01T21:00:00Z").value();
  auto source = OpenMpegTsFile(*storage, {{"drone1"}, path, start});
  ASSERT_TRUE(source.has_value()) << source.error().message;
  std::string ts;
  std::vector<RawRecord> records;
  while (true) {
    auto record = (*source)->Next();
    ASSERT_TRUE(record.has_value()) << record.error().message;
    if (!*record) break;
    EXPECT_EQ((*record)->source_offset, ts.size());
    EXPECT_LE((*record)->bytes.size(), 65536U);
    if (!(*record)->end_of_source) ts += (*record)->bytes;
    records.push_back(std::move(**record));
  }
  ASSERT_GE(records.size(), 3U);
  const std::string sum = RunProcess({"sha256sum", path}).output.substr(0, 64);
  EXPECT_TRUE(records.back().end_of_source);
  const std::string kind = std::string(GetParam()).ends_with(".mkv") ? "Matroska" : "MP4/MOV";
  EXPECT_EQ(
      records.back().bytes.rfind(
          fmt::format("end of the recording; {} ({} bytes, SHA-256 {}) made into MPEG-TS; {}: h264",
                      GetParam(), std::filesystem::file_size(path), sum, kind),
          0),
      0U)
      << records.back().bytes;
  // Two seconds of pictures, and the clock runs from the mission's start.
  EXPECT_GT(records.back().receive_time, start + Duration::Millis(1500));
  EXPECT_LT(records.back().receive_time, start + Duration::Millis(2100));

  const std::string out = directory.File("out.ts");
  std::ofstream(out, std::ios::binary) << ts;
  EXPECT_EQ(PacketTimes(out, "v:0").size(), 50U);
  EXPECT_EQ(PictureDigests(out), PictureDigests(path));
}

INSTANTIATE_TEST_SUITE_P(Files, RecordedContainer,
                         ::testing::Values("clip.mp4", "clip.mov", "clip.mkv"),
                         [](const auto& test) { return std::string(test.param).substr(5); });

TEST(VideoFile, ATransportStreamIsGivenAsItIsWhateverItsName) {
  const TempDirectory directory;
  const std::string path = directory.File("clip.mp4");
  MakeClip(path, {"-c:v", "libx264", "-f", "mpegts"}, 1);
  const auto storage = MakePosixStorage();
  auto file = VideoFile::Open(*storage, path);
  ASSERT_TRUE(file.has_value()) << file.error().message;
  std::string bytes;
  for (std::string piece = (*file)->Read(1000).value(); !piece.empty();
       piece = (*file)->Read(1000).value()) {
    bytes += piece;
  }
  EXPECT_EQ(bytes, ReadFile(path));
  EXPECT_EQ((*file)->at(), bytes.size());
  EXPECT_EQ((*file)->origin(), "");
}

TEST(VideoFile, APlaylistIsRefusedWhateverItsName) {
  const TempDirectory directory;
  const std::string path = directory.File("clip.mp4");
  std::ofstream(path) << "#EXTM3U\n#EXTINF:10,\n/etc/passwd\n#EXT-X-ENDLIST\n";
  const auto file = VideoFile::Open(*MakePosixStorage(), path);
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().code, ErrorCode::kBadInput);
  EXPECT_NE(file.error().message.find("#EXTM3U"), std::string::npos) << file.error().message;
  EXPECT_NE(file.error().message.find("or an MP4, MOV or MKV file"), std::string::npos);
}

}  // namespace
}  // namespace trucewatch
