// SPDX-License-Identifier: Apache-2.0
#include "core/media/ts_remuxer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <random>

#include "tests/core/media/media_test_support.h"
#include "tests/support/ffmpeg_tools.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::Demux;
using testing::MakeClip;
using testing::PacketTimes;
using testing::PictureDigests;
using testing::ReadAll;
using testing::RunFfmpeg;
using testing::TempDirectory;

ContainerBytes InMemory(const std::string& bytes) {
  return {bytes.size(), [&bytes](std::uint64_t at, std::size_t size) -> Result<std::string> {
            if (at + size > bytes.size()) return Fail(ErrorCode::kIo, "read beyond the end");
            return bytes.substr(at, size);
          }};
}

struct Remuxed {
  std::string ts;
  std::string note;
  std::string error;
};

Remuxed Remux(const std::string& bytes) {
  Remuxed out;
  auto remuxer = TsRemuxer::Open(InMemory(bytes), "clip");
  if (!remuxer) return {{}, {}, remuxer.error().message};
  while (true) {
    const auto part = (*remuxer)->Next();
    if (!part) return {{}, {}, part.error().message};
    if (part->empty()) break;
    out.ts += *part;
  }
  out.note = (*remuxer)->note();
  return out;
}

struct Clip {
  const char* name;
  std::vector<std::string> codec;
  const char* what;
};

class EveryContainer : public ::testing::TestWithParam<Clip> {};

TEST_P(EveryContainer, BecomesATransportStreamWithTheSamePicturesAndTimes) {
  const TempDirectory directory;
  const std::string path = directory.File(GetParam().name);
  MakeClip(path, GetParam().codec);
  const std::string bytes = ReadAll(path);
  const Remuxed remuxed = Remux(bytes);
  ASSERT_EQ(remuxed.error, "");
  EXPECT_EQ(remuxed.note.rfind(GetParam().what, 0), 0U) << remuxed.note;
  EXPECT_EQ(remuxed.note.find("left out"), std::string::npos) << remuxed.note;
  EXPECT_EQ(Remux(bytes).ts, remuxed.ts) << "the same file gave other bytes";

  const std::vector<double> expected = PacketTimes(path, "v:0");
  ASSERT_EQ(expected.size(), 50U);
  const auto pictures = Demux(remuxed.ts).Of(MediaKind::kVideo);
  ASSERT_EQ(pictures.size(), expected.size());
  const double moved = remuxed.note.find("moved by 1 s") != std::string::npos ? 1 : 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_TRUE(pictures[i].pts.has_value());
    EXPECT_NEAR(pictures[i].pts->seconds(), expected[i] + moved, 2e-5) << i;
  }
  EXPECT_TRUE(pictures.front().key);

  const std::string ts = directory.File("out.ts");
  std::ofstream(ts, std::ios::binary) << remuxed.ts;
  EXPECT_EQ(PictureDigests(ts), PictureDigests(path));
}

INSTANTIATE_TEST_SUITE_P(
    Clips, EveryContainer,
    ::testing::Values(
        Clip{"plain.mp4", {"-c:v", "libx264", "-preset", "ultrafast"}, "MP4/MOV: h264"},
        Clip{"b.mp4", {"-c:v", "libx264", "-preset", "veryfast", "-bf", "3"}, "MP4/MOV: h264"},
        Clip{"fragments.mp4",
             {"-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-movflags",
              "frag_keyframe+empty_moov"},
             "MP4/MOV: h264"},
        Clip{"b.mkv", {"-c:v", "libx264", "-preset", "veryfast", "-bf", "3"}, "Matroska: h264"},
        Clip{"h265.mov",
             {"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:pools=1"},
             "MP4/MOV: hevc"},
        Clip{"h265.mkv",
             {"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:pools=1"},
             "Matroska: hevc"},
        Clip{"mpeg2.mkv", {"-c:v", "mpeg2video", "-bf", "2"}, "Matroska: mpeg2video"}),
    [](const auto& test) {
      std::string name = test.param.name;
      std::replace(name.begin(), name.end(), '.', '_');
      return name;
    });

TEST(TsRemuxer, KlvOfAMovIsTheSameAsInTheTransportStreamItCameFrom) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const TempDirectory directory;
  const std::string mov = directory.File("klv.mov");
  RunFfmpeg({"-i", path, "-map", "0", "-c", "copy", mov});
  const Remuxed remuxed = Remux(ReadAll(mov));
  ASSERT_EQ(remuxed.error, "");
  EXPECT_EQ(remuxed.note.rfind("MP4/MOV: h264 and klv", 0), 0U) << remuxed.note;
  const auto expected = Demux(ReadAll(path)).Of(MediaKind::kKlv);
  const auto klv = Demux(remuxed.ts).Of(MediaKind::kKlv);
  const std::vector<double> times = PacketTimes(mov, "d:0");
  ASSERT_EQ(klv.size(), times.size());
  ASSERT_GE(klv.size() + 1, expected.size());  // ffmpeg takes all but one over into the MOV
  const double moved = klv.front().pts->seconds() - times.front();
  EXPECT_EQ(moved, std::round(moved));
  std::size_t at = 0;
  for (std::size_t i = 0; i < klv.size(); ++i) {
    while (at < expected.size() && expected[at].data != klv[i].data) ++at;
    ASSERT_LT(at++, expected.size()) << i;
    EXPECT_NEAR(klv[i].pts->seconds() - moved, times[i], 2e-5) << i;
  }
}

TEST(TsRemuxer, SoundAndTimeCodeAreLeftOut) {
  const TempDirectory directory;
  const std::string path = directory.File("a.mov");
  RunFfmpeg({"-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25:duration=1", "-f", "lavfi", "-i",
             "sine=duration=1", "-c:v", "libx264", "-c:a", "aac", "-timecode", "10:00:00:00",
             path});
  const Remuxed remuxed = Remux(ReadAll(path));
  ASSERT_EQ(remuxed.error, "");
  const auto demuxed = Demux(remuxed.ts);
  EXPECT_EQ(demuxed.streams.size(), 1U) << remuxed.note;
  EXPECT_EQ(demuxed.Of(MediaKind::kVideo).size(), 25U);
}

TEST(TsRemuxer, RefusesPlaylistsAndEverythingThatPullsInOtherFiles) {
  const TempDirectory directory;
  const std::string victim = directory.File("victim.ts");
  MakeClip(victim, {"-c:v", "libx264"}, 1);
  for (const std::string& text : std::vector<std::string>{
           "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n" + victim + "\n#EXT-X-ENDLIST\n",
           "ffconcat version 1.0\nfile '" + victim + "'\n", "RTSPtext rtsp://127.0.0.1/x",
           "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP "
           "96\n",
           std::string(
               "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"></MPD>"),
           std::string()}) {
    const Remuxed remuxed = Remux(text);
    EXPECT_NE(remuxed.error.find("is no MP4, MOV or MKV file"), std::string::npos) << text;
    EXPECT_EQ(remuxed.ts, "");
  }
  // The same behind the first bytes of a container.
  for (const std::string& head : {std::string("\0\0\0\x14"
                                              "ftypisom\0\0\0\0isom",
                                              20),
                                  std::string("\x1A\x45\xDF\xA3", 4)}) {
    const Remuxed remuxed = Remux(head + "#EXTM3U\n#EXTINF:10,\n" + victim + "\n");
    EXPECT_NE(remuxed.error, "");
    EXPECT_EQ(remuxed.ts, "");
  }
}

TEST(TsRemuxer, RefusesATrackThatLiesInAnotherFile) {
  const TempDirectory directory;
  const std::string path = directory.File("a.mov");
  MakeClip(path, {"-c:v", "libx264"}, 1);
  std::string bytes = ReadAll(path);
  const std::size_t dref = bytes.find("dref");
  ASSERT_NE(dref, std::string::npos);
  // version/flags, count, then size, type, version/flags of the first entry
  const std::size_t flags = dref + 4 + 8 + 8 + 3;
  ASSERT_EQ(bytes[flags], 1);
  bytes[flags] = 0;
  const Remuxed remuxed = Remux(bytes);
  EXPECT_NE(remuxed.error.find("a track of it lies in another file"), std::string::npos)
      << remuxed.error;
  EXPECT_EQ(remuxed.ts, "");
}

TEST(TsRemuxer, RefusesACompressedIndexBeforeAnythingIsUnpacked) {
  const std::string cmov(
      "\0\0\0\x18"
      "moov\0\0\0\x10"
      "cmov\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
      24);
  EXPECT_NE(Remux(cmov).error.find("compressed"), std::string::npos);
}

TEST(TsRemuxer, SaysWhichVideoItFoundInsteadOfTheThreeItReads) {
  const TempDirectory directory;
  const std::string path = directory.File("a.mkv");
  RunFfmpeg({"-f", "lavfi", "-i", "testsrc2=size=64x64:rate=5:duration=1", "-c:v", "mjpeg", path});
  const std::string bytes = ReadAll(path);
  auto remuxer = TsRemuxer::Open(InMemory(bytes), "clip");
  ASSERT_TRUE(remuxer.has_value());
  for (int again = 0; again < 2; ++again) {
    const auto part = (*remuxer)->Next();
    ASSERT_FALSE(part.has_value());
    EXPECT_EQ(part.error().message, "clip: no video of H.264, H.265 or MPEG-2; found: mjpeg");
  }
}

TEST(TsRemuxer, DamagedFilesGiveAnErrorOrWhatIsLeft) {
  const TempDirectory directory;
  std::mt19937 random(7);
  for (const char* name : {"a.mp4", "a.mkv"}) {
    const std::string path = directory.File(name);
    RunFfmpeg({"-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10:duration=1", "-c:v", "libx264",
               "-movflags", "+faststart", path});
    const std::string whole = ReadAll(path);
    const std::size_t pictures = Demux(Remux(whole).ts).Of(MediaKind::kVideo).size();
    ASSERT_EQ(pictures, 10U);
    std::size_t some = 0;
    for (std::size_t size = 0; size < whole.size(); size += 61) {
      const Remuxed cut = Remux(whole.substr(0, size));
      if (cut.ts.empty()) continue;
      const std::size_t left = Demux(cut.ts).Of(MediaKind::kVideo).size();
      EXPECT_LE(left, pictures);
      some += left > 0 && left < pictures ? 1 : 0;
    }
    EXPECT_GT(some, 10U) << name;
    for (int i = 0; i < 400; ++i) {
      std::string flipped = whole;
      const std::size_t at = i < 200 ? random() % 1000 : random() % flipped.size();
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << (random() % 8)));
      const Remuxed out = Remux(flipped);
      EXPECT_TRUE(out.error.empty() || out.ts.empty());
    }
  }
}

TEST(TsRemuxer, AnErrorOfTheFileSystemIsPassedOn) {
  const TempDirectory directory;
  const std::string path = directory.File("a.mp4");
  MakeClip(path, {"-c:v", "libx264", "-movflags", "+faststart"}, 1);
  const std::string bytes = ReadAll(path);
  const ContainerBytes failing{bytes.size(),
                               [&](std::uint64_t at, std::size_t size) -> Result<std::string> {
                                 if (at + size > bytes.size() * 3 / 4)
                                   return Fail(ErrorCode::kIo, "bad sector");
                                 return bytes.substr(at, size);
                               }};
  auto remuxer = TsRemuxer::Open(failing, "clip");
  Result<std::string> part;
  while (remuxer && (part = (*remuxer)->Next()) && !part->empty()) {
  }
  ASSERT_FALSE(remuxer.has_value() && part.has_value());
  EXPECT_EQ((remuxer ? part.error() : remuxer.error()).code, ErrorCode::kIo);
}

}  // namespace
}  // namespace trucewatch
