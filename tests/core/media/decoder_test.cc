// SPDX-License-Identifier: Apache-2.0
#include "core/media/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/media/ts_writer.h"
#include "tests/core/media/media_test_support.h"
#include "tests/core/media/test_pictures.h"
#include "tests/support/ffmpeg_tools.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

std::vector<std::string> PicturesOf(const std::string& path) {
  std::vector<std::string> units;
  for (MediaPacket& packet : testing::Demux(testing::ReadAll(path)).Of(MediaKind::kVideo)) {
    units.push_back(std::move(packet.data));
  }
  return units;
}

TEST(DecodeAccessUnits, GivesBackWhatTheWriterWasGiven) {
  const testing::TempDirectory directory;
  TsWriterOptions options;
  options.width_px = 192;
  options.height_px = 128;
  options.crf = 10;
  auto writer = TsWriter::Create(directory.File("clip.ts"), options);
  ASSERT_TRUE(writer);
  for (int i = 0; i < 30; ++i) {
    const testing::TestPicture p(i, 192, 128);
    ASSERT_TRUE((*writer)->Write(p.luma, p.chroma_u, p.chroma_v, {}));
  }
  ASSERT_TRUE((*writer)->Finish());

  const auto units = PicturesOf(directory.File("clip.ts"));
  ASSERT_EQ(units.size(), 30U);
  DecodeOptions decode;
  decode.codec = "h264";
  decode.chroma = true;
  const auto pictures = DecodeAccessUnits(decode, units);
  ASSERT_TRUE(pictures) << pictures.error().message;
  ASSERT_EQ(pictures->size(), 30U);
  for (int i = 0; i < 30; ++i) {
    const DecodedPicture& got = (*pictures)[static_cast<std::size_t>(i)];
    const testing::TestPicture sent(i, 192, 128);
    ASSERT_EQ(got.access_unit, i);
    ASSERT_EQ(got.luma.size(), sent.luma.size());
    ASSERT_EQ(got.chroma_u.size(), sent.chroma_u.size());
    double square = 0;
    for (std::size_t k = 0; k < sent.luma.size(); ++k) {
      square += std::pow(static_cast<double>(got.luma[k]) - static_cast<double>(sent.luma[k]), 2);
    }
    // 38 dB: the picture, not its neighbour.
    EXPECT_LT(square / static_cast<double>(sent.luma.size()), 10.0) << i;
  }
}

TEST(DecodeAccessUnits, DecodesEveryPictureOfRealStreamsInOrderOfPresentation) {
  struct Sample {
    const char* name;
    const char* codec;
    std::size_t pictures;  // by `ffprobe -count_frames`
  };
  for (const Sample& sample :
       {Sample{"klv/osh-vmti-h264.ts", "h264", 277}, Sample{"klv/h264_no_klv.ts", "h264", 30},
        Sample{"klv/h265_klv.ts", "hevc", 30}, Sample{"klv/mpeg2_klv.ts", "mpeg2video", 30}}) {
    TW_SHARED_DATA_OR_SKIP(path, sample.name);
    const auto packets = testing::Demux(testing::ReadAll(path)).Of(MediaKind::kVideo);
    std::vector<std::string> units;
    for (const auto& packet : packets) units.push_back(packet.data);
    DecodeOptions options;
    options.codec = sample.codec;
    std::vector<Duration> shown;
    const auto count = DecodeAccessUnits(options, units, [&](DecodedPicture&& picture) {
      EXPECT_TRUE(picture.chroma_u.empty());
      shown.push_back(*packets[static_cast<std::size_t>(picture.access_unit)].pts);
      return true;
    });
    ASSERT_TRUE(count) << count.error().message;
    EXPECT_EQ(shown.size(), sample.pictures) << sample.name;
    EXPECT_TRUE(std::is_sorted(shown.begin(), shown.end())) << sample.name;
  }
}

TEST(DecodeAccessUnits, DamagedUnitCostsItselfOnly) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  auto units = PicturesOf(path);
  units.resize(10);  // one group of pictures
  units[5] = "no picture at all";
  DecodeOptions options;
  options.codec = "h264";
  const auto pictures = DecodeAccessUnits(options, units);
  ASSERT_TRUE(pictures);
  EXPECT_GE(pictures->size(), 5U);
  for (const auto& picture : *pictures) EXPECT_NE(picture.access_unit, 5);
}

// x264 with B pictures: half of the pictures are nobody's reference.
TEST(DecodeLuma, WhatNobodyWantsIsLeftOutAndTheRestIsTheSame) {
  const testing::TempDirectory directory;
  testing::MakeClip(directory.File("b.ts"), {"-c:v", "libx264", "-bf", "3", "-f", "mpegts"});
  const auto units = PicturesOf(directory.File("b.ts"));
  ASSERT_EQ(units.size(), 50U);
  DecodeOptions decode;
  decode.codec = "h264";
  std::map<int, std::vector<std::uint8_t>> all, some;
  const auto into = [](std::map<int, std::vector<std::uint8_t>>& pictures) {
    return [&pictures](const LumaView& view) {
      auto& luma = pictures[view.access_unit];
      for (int y = 0; y < view.height_px; ++y) {
        const std::uint8_t* row = view.data + y * view.stride;
        luma.insert(luma.end(), row, row + view.width_px);
      }
      return true;
    };
  };
  const auto everything = DecodeLuma(decode, units, {}, into(all));
  ASSERT_TRUE(everything);
  EXPECT_EQ(everything->pictures, 50);
  EXPECT_EQ(everything->skipped, 0);
  const auto third = [](int unit) { return unit % 3 == 0; };
  const auto few = DecodeLuma(decode, units, third, into(some));
  ASSERT_TRUE(few);
  EXPECT_EQ(few->pictures + few->skipped, 50);
  EXPECT_GT(few->skipped, 8);
  for (int unit = 0; unit < 50; ++unit) {
    if (third(unit)) {
      EXPECT_EQ(some.count(unit), 1U) << unit;
    }
  }
  for (const auto& [unit, luma] : some) EXPECT_EQ(luma, all[unit]) << unit;
  EXPECT_FALSE(IsDisposable("hevc", units[0]));
  EXPECT_FALSE(IsDisposable("h264", "no start code"));
}

TEST(DecodeAccessUnits, RefusesWhatItShouldNotDecode) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const auto units = PicturesOf(path);
  DecodeOptions options;
  options.codec = "exr";
  EXPECT_EQ(DecodeAccessUnits(options, units).error().code, ErrorCode::kBadInput);
  options.codec = "h264";
  options.max_pixels = 640 * 480 - 1;
  EXPECT_EQ(DecodeAccessUnits(options, units).error().code, ErrorCode::kBadInput);
  options.max_pixels = 640 * 480;
  EXPECT_TRUE(DecodeAccessUnits(options, std::span(units).first(3)));
  EXPECT_FALSE(DecodeAccessUnits(options, std::vector<std::string>{"rubbish", "", "more"}));
  EXPECT_FALSE(DecodeAccessUnits(options, std::span<const std::string>()));
}

}  // namespace
}  // namespace trucewatch
