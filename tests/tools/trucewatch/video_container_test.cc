// SPDX-License-Identifier: Apache-2.0
// MP4, MOV and MKV files given to the program as they are.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/support/ffmpeg_tools.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::MakeClip;
using testing::RunFfmpeg;
using testing::RunProcess;
using testing::TempDirectory;
using testing::TrucewatchProgram;

std::size_t Count(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

// The "tags" of every ST 0601 line.
std::vector<std::string> Tags(const std::string& lines) {
  std::vector<std::string> tags;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    if (line.find("\"st0601\"") == std::string::npos) continue;
    tags.push_back(line.substr(line.find("\"tags\"")));
  }
  return tags;
}

TEST(VideoContainer, InspectReadsItAndNamesTheFileByItsDigest) {
  const TempDirectory directory;
  for (const char* name : {"clip.mp4", "clip.mkv"}) {
    const std::string path = directory.File(name);
    MakeClip(path, {"-c:v", "libx264", "-preset", "ultrafast", "-bf", "2"}, 1);
    const auto inspected = RunProcess({TrucewatchProgram(), "inspect", "--json", path});
    EXPECT_EQ(inspected.code, 0) << inspected.output;
    EXPECT_EQ(Count(inspected.output, "\"format\":\"video\""), 25U);
    EXPECT_EQ(Count(inspected.output, "\"ok\":false"), 0U);
    EXPECT_EQ(Count(inspected.output, "\"format\":\"container\""), 1U);
    const std::string sum = RunProcess({"sha256sum", path}).output.substr(0, 64);
    EXPECT_NE(inspected.output.find("SHA-256 " + sum), std::string::npos) << inspected.output;
  }
}

TEST(VideoContainer, MetadataOfAMovIsWhatTheTransportStreamHad) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const TempDirectory directory;
  const std::string mov = directory.File("flight.mov");
  RunFfmpeg({"-i", path, "-map", "0", "-c", "copy", mov});
  const auto expected = Tags(RunProcess({TrucewatchProgram(), "inspect", "--json", path}).output);
  const auto tags = Tags(RunProcess({TrucewatchProgram(), "inspect", "--json", mov}).output);
  ASSERT_GE(tags.size() + 1, expected.size());  // ffmpeg takes all but one over into the MOV
  std::size_t at = 0;
  for (const std::string& set : tags) {
    at = static_cast<std::size_t>(
        std::find(expected.begin() + static_cast<std::ptrdiff_t>(at), expected.end(), set) -
        expected.begin());
    ASSERT_LT(at++, expected.size()) << set;
  }
}

TEST(VideoContainer, DetectAndReplayTakeIt) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const TempDirectory directory;
  const std::string mov = directory.File("flight.mov");
  RunFfmpeg({"-i", path, "-map", "0", "-c", "copy", "-t", "3", mov});
  const auto detected = RunProcess({TrucewatchProgram(), "detect", "--json", mov});
  EXPECT_EQ(detected.code, 0) << detected.output;
  EXPECT_GT(Count(detected.output, "\"detections\""), 50U) << detected.output;
  const auto replayed =
      RunProcess({TrucewatchProgram(), "replay", mov, "--out", directory.File("out"), "--json"});
  EXPECT_EQ(replayed.code, 0) << replayed.output;
}

TEST(VideoContainer, APlaylistWithSuchANameIsRefusedInOneSentence) {
  const TempDirectory directory;
  const std::string path = directory.File("clip.mp4");
  std::ofstream(path) << "#EXTM3U\n#EXTINF:10,\n/etc/passwd\n#EXT-X-ENDLIST\n";
  for (const char* command : {"inspect", "detect", "replay"}) {
    const auto finished = RunProcess({TrucewatchProgram(), command, path});
    EXPECT_EQ(finished.code, 3) << finished.output;
    EXPECT_NE(finished.output.find("an MP4, MOV or MKV file"), std::string::npos)
        << finished.output;
  }
}

}  // namespace
}  // namespace trucewatch
