// SPDX-License-Identifier: Apache-2.0
#include "core/media/ts_clip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "core/media/ts_writer.h"
#include "tests/core/media/media_test_support.h"
#include "tests/core/media/test_pictures.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::Finished;
using ::testing::HasSubstr;
using testing::RunProcess;

constexpr int kClipPictures = 40;
constexpr int kKeyEvery = 10;

std::string KlvOfPicture(int number) {
  std::string klv("\x06\x0E\x2B\x34\x02\x0B\x01\x01\x0E\x01\x03\x01\x01\x00\x00\x00\x02", 17);
  klv.push_back(static_cast<char>('0' + number / 10));
  klv.push_back(static_cast<char>('0' + number % 10));
  return klv;
}

// 40 pictures, a key picture every 10th, each with its KLV.
std::string WrittenStream() {
  const testing::TempDirectory temp;
  TsWriterOptions options;
  options.width_px = 192;
  options.height_px = 128;
  options.key_frame_interval = kKeyEvery;
  auto writer = TsWriter::Create(temp.File("all.ts"), options);
  EXPECT_TRUE(writer);
  for (int i = 0; i < kClipPictures; ++i) {
    const testing::TestPicture picture(i, options.width_px, options.height_px);
    EXPECT_TRUE((*writer)->Write(picture.luma, picture.chroma_u, picture.chroma_v,
                                 AsBytes(KlvOfPicture(i))));
  }
  EXPECT_TRUE((*writer)->Finish());
  return testing::ReadAll(temp.File("all.ts"));
}

TsClipFinder FinderOf(const std::string& stream, std::size_t piece = 1000) {
  TsClipFinder finder;
  for (std::size_t at = 0; at < stream.size(); at += piece)
    EXPECT_TRUE(finder.Push(AsBytes(std::string_view(stream).substr(at, piece))));
  EXPECT_TRUE(finder.Finish());
  return finder;
}

std::string Cut(const std::string& stream, const std::vector<TsPiece>& pieces) {
  std::string out;
  for (const TsPiece& piece : pieces) out += stream.substr(piece.offset, piece.length);
  return out;
}

// What ffmpeg complains of when it decodes all of it; empty: nothing.
std::string Complaints(const std::string& bytes) {
  const testing::TempDirectory temp;
  std::ofstream(temp.File("clip.ts"), std::ios::binary) << bytes;
  const Finished played = RunProcess({"ffmpeg", "-nostdin", "-v", "error", "-i",
                                      temp.File("clip.ts"), "-map", "0:v", "-f", "null", "-"});
  return (played.code == 0 ? "" : "failed: ") + played.output;
}

std::string Probe(const std::string& bytes, const std::vector<std::string>& show) {
  const testing::TempDirectory temp;
  std::ofstream(temp.File("clip.ts"), std::ios::binary) << bytes;
  std::vector<std::string> argv = {"ffprobe", "-v", "error", "-of", "csv=p=0"};
  argv.insert(argv.end(), show.begin(), show.end());
  argv.push_back(temp.File("clip.ts"));
  return RunProcess(argv).output;
}

TEST(TsClip, AClipFromTheMiddlePlaysFromItsKeyPictureOnWithItsMetadata) {
  const std::string stream = WrittenStream();
  const TsClipFinder finder = FinderOf(stream);
  ASSERT_EQ(finder.keys().size(), 4U);
  // An excerpt that begins within a group of pictures is not fit to be played.
  const std::size_t middle = (finder.keys()[1] + finder.keys()[2]) / 2 / 188 * 188;
  EXPECT_NE(Complaints(stream.substr(middle)), "");

  const auto pieces = finder.ClipFrom(middle);
  ASSERT_TRUE(pieces);
  const std::string clip = Cut(stream, *pieces);
  EXPECT_EQ(clip.size() % 188, 0U);
  EXPECT_EQ(Complaints(clip), "");
  const std::string streams = Probe(clip, {"-show_entries", "stream=codec_name"});
  EXPECT_THAT(streams, HasSubstr("h264"));
  EXPECT_THAT(streams, HasSubstr("klv"));
  // From picture 10 to the last but one, which is the last that is certainly whole.
  const auto demuxed = testing::Demux(clip);
  EXPECT_EQ(demuxed.corrupt, 0U);
  const auto pictures = demuxed.Of(MediaKind::kVideo);
  ASSERT_EQ(pictures.size(), static_cast<std::size_t>(kClipPictures - kKeyEvery - 1));
  EXPECT_TRUE(pictures.front().key);
  const auto all = testing::Demux(stream).Of(MediaKind::kVideo);
  EXPECT_EQ(pictures.front().data, all[kKeyEvery].data);
  EXPECT_EQ(pictures.front().pts, all[kKeyEvery].pts);
  const auto klv = demuxed.Of(MediaKind::kKlv);
  ASSERT_FALSE(klv.empty());
  EXPECT_LE(klv.front().pts, pictures.front().pts);  // its first picture has metadata
  std::size_t of_pictures = 0;
  for (int i = kKeyEvery; i < kClipPictures - 1; ++i) {
    for (const MediaPacket& packet : klv) of_pictures += packet.data == KlvOfPicture(i) ? 1U : 0U;
  }
  EXPECT_EQ(of_pictures, pictures.size());
}

TEST(TsClip, EveryPacketOfAClipIsOneOfTheStreamInWhateverPiecesItCame) {
  const std::string stream = WrittenStream();
  auto pieces = FinderOf(stream).ClipFrom(stream.size() / 2);
  ASSERT_TRUE(pieces);
  ASSERT_GE(pieces->size(), 2U);
  for (const std::size_t piece : {std::size_t{61}, std::size_t{188}, stream.size()}) {
    const auto again = FinderOf(stream, piece).ClipFrom(stream.size() / 2);
    ASSERT_TRUE(again);
    EXPECT_EQ(Cut(stream, *again), Cut(stream, *pieces));
  }
  std::sort(pieces->begin(), pieces->end(),
            [](const TsPiece& a, const TsPiece& b) { return a.offset < b.offset; });
  for (std::size_t i = 0; i < pieces->size(); ++i) {
    EXPECT_EQ((*pieces)[i].offset % 188, 0U);
    EXPECT_EQ((*pieces)[i].length % 188, 0U);
    EXPECT_LE((*pieces)[i].offset + (*pieces)[i].length,
              i + 1 < pieces->size() ? (*pieces)[i + 1].offset : stream.size());
  }
}

TEST(TsClip, WhatBeginsAndEndsAnywhereIsCutToWhatPlays) {
  const std::string stream = WrittenStream();
  const auto keys = FinderOf(stream).keys();
  // From within a packet of the first group of pictures to within one of the last.
  const std::string excerpt =
      stream.substr(keys[0] + 5000, (keys[3] + stream.size()) / 2 + 77 - keys[0] - 5000);
  EXPECT_NE(Complaints(excerpt), "");
  const auto pieces = FinderOf(excerpt).ClipFrom(0);
  ASSERT_TRUE(pieces);
  const std::string clip = Cut(excerpt, *pieces);
  EXPECT_EQ(Complaints(clip), "");
  EXPECT_EQ(testing::Demux(clip).Of(MediaKind::kVideo).front().data,
            testing::Demux(stream).Of(MediaKind::kVideo)[kKeyEvery].data);
}

TEST(TsClip, StreamsOfOtherEncodersPlayToo) {
  const std::vector<std::vector<std::string>> encoders = {
      {"-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "12"},
      {"-c:v", "mpeg2video", "-bf", "2", "-g", "12"}};
  for (const auto& encoder : encoders) {
    const testing::TempDirectory temp;
    std::vector<std::string> argv = {
        "ffmpeg",   "-nostdin", "-v",       "error",
        "-f",       "lavfi",    "-i",       "testsrc=size=176x144:rate=25:duration=2",
        "-threads", "1",        "-pix_fmt", "yuv420p"};
    argv.insert(argv.end(), encoder.begin(), encoder.end());
    argv.push_back(temp.File("all.ts"));
    const Finished made = RunProcess(argv);
    ASSERT_EQ(made.code, 0) << made.output;
    const std::string stream = testing::ReadAll(temp.File("all.ts"));
    const std::string excerpt = stream.substr(stream.size() / 3, stream.size() / 2);
    const auto pieces = FinderOf(excerpt).ClipFrom(0);
    ASSERT_TRUE(pieces) << encoder[1];
    EXPECT_EQ(Complaints(Cut(excerpt, *pieces)), "") << encoder[1];
  }
}

TEST(TsClip, WithoutAKeyPictureOrAProgrammeThereIsNoClip) {
  const std::string stream = WrittenStream();
  const auto keys = FinderOf(stream).keys();
  EXPECT_FALSE(FinderOf(stream.substr(keys[0] + 1880, keys[1] - keys[0] - 3760)).ClipFrom(0));
  TsClipFinder none;
  EXPECT_FALSE(none.Finish());
  EXPECT_FALSE(none.ClipFrom(0));
  TsClipFinder other;
  EXPECT_FALSE(other.Push(AsBytes(std::string(20'000, 'x'))));
  EXPECT_FALSE(other.ClipFrom(0));
}

}  // namespace
}  // namespace trucewatch
