// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/dji_srt.h"

#include <gtest/gtest.h>

#include <random>

#include "ingest/video/dji_sidecar.h"
#include "tests/ingest/video/video_test_support.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

std::vector<DjiCue> ReadPieces(const std::string& text, std::size_t piece) {
  DjiSrtReader reader;
  std::vector<DjiCue> cues;
  const auto take = [&](std::vector<DjiCue> got) {
    for (DjiCue& cue : got) cues.push_back(std::move(cue));
  };
  for (std::size_t at = 0; at < text.size(); at += piece)
    take(reader.Push(AsBytes(text).subspan(at, std::min(piece, text.size() - at))));
  take(reader.Finish());
  return cues;
}

std::vector<DjiCue> Read(const std::string& text) { return ReadPieces(text, text.size()); }

std::string Cue(int number, const std::string& text) {
  return fmt::format("{}\n00:00:{:02},000 --> 00:00:{:02},040\n{}\n\n", number, number, number,
                     text);
}

// Independent of the reader: lines that have an arrow.
std::size_t ArrowLines(const std::string& text) {
  std::size_t lines = 0;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (line.find("-->") != std::string::npos) ++lines;
  return lines;
}

TEST(DjiSrt, EveryCueOfEverySampleFileIsRead) {
  for (const char* name :
       {"dji-srt/DJI_sample.SRT", "dji-srt/clip.SRT", "dji-srt/clip_nogps.SRT"}) {
    TW_SHARED_DATA_OR_SKIP(path, name);
    const std::string text = testing::ReadAll(path);
    EXPECT_TRUE(LooksLikeDjiSrt(text)) << name;
    const auto cues = Read(text);
    EXPECT_EQ(cues.size(), ArrowLines(text)) << name;
    std::uint64_t number = 0;
    for (const DjiCue& cue : cues) {
      EXPECT_EQ(cue.problem, "") << name;
      EXPECT_EQ(cue.number, ++number) << name;
      EXPECT_TRUE(cue.relative_height_m) << name;
    }
  }
}

TEST(DjiSrt, ValuesOfTheSampleFiles) {
  TW_SHARED_DATA_OR_SKIP(path, "dji-srt/clip.SRT");
  const DjiCue cue = Read(testing::ReadAll(path)).at(1);
  EXPECT_EQ(cue.start, Duration::Millis(40));
  EXPECT_EQ(cue.end, Duration::Millis(80));
  EXPECT_EQ(FormatUtc(*cue.local_time), "2026-05-27T13:14:22.951000Z");
  EXPECT_DOUBLE_EQ(*cue.latitude_deg, 53.365108);
  EXPECT_DOUBLE_EQ(*cue.longitude_deg, 6.460719);
  EXPECT_DOUBLE_EQ(*cue.relative_height_m, 6.0);
  EXPECT_DOUBLE_EQ(*cue.absolute_height_m, -122.769);
  EXPECT_DOUBLE_EQ(*cue.focal_length_mm, 24.0);
  EXPECT_EQ(cue.picture, 2U);
  EXPECT_FALSE(cue.gimbal_yaw_deg);
  TW_SHARED_DATA_OR_SKIP(nogps, "dji-srt/clip_nogps.SRT");
  const auto cues = Read(testing::ReadAll(nogps));
  EXPECT_FALSE(cues.at(0).latitude_deg);  // 0, 0: no fix yet
  EXPECT_DOUBLE_EQ(cues.at(5).latitude_deg.value(), 32.848932);
}

TEST(DjiSrt, OlderDialects) {
  const auto cues =
      Read(Cue(1,
               "HOME(149.0251,-20.2532) 2017.08.05 14:11:51\nGPS(149.0253,-20.2533,16) "
               "BAROMETER:1.9\nISO:100 Shutter:60 EV: Fnum:2.2") +
           Cue(2,
               "F/2.8, SS 206.14, ISO 150, EV 0, GPS (-122.3699, 37.5929, 15), D 2.16m, H 1.20m, "
               "H.S 0.00m/s, V.S -0.0m/s") +
           Cue(3,
               "<font size=\"36\">SrtCnt : 3, DiffTime : 33ms\n2019-09-25 01:22:35,118,697\n[iso : "
               "110] [latitude : 43.5] [longtitude : -79.25] [altitude: 120.5] </font>") +
           Cue(4,
               "[latitude: 43.5] [longitude: -79.25] [rel_alt: 30.1 abs_alt: 150.2] [gb_yaw: -90.5 "
               "gb_pitch: -45.0 gb_roll: 0.5]"));
  ASSERT_EQ(cues.size(), 4U);
  EXPECT_DOUBLE_EQ(*cues[0].longitude_deg, 149.0253);
  EXPECT_DOUBLE_EQ(*cues[0].latitude_deg, -20.2533);
  EXPECT_DOUBLE_EQ(*cues[0].relative_height_m, 1.9);
  EXPECT_EQ(FormatUtc(*cues[0].local_time), "2017-08-05T14:11:51Z");
  EXPECT_DOUBLE_EQ(*cues[1].latitude_deg, 37.5929);
  EXPECT_DOUBLE_EQ(*cues[1].relative_height_m, 1.2);
  EXPECT_FALSE(cues[1].local_time);
  EXPECT_EQ(FormatUtc(*cues[2].local_time), "2019-09-25T01:22:35.118697Z");
  EXPECT_DOUBLE_EQ(*cues[2].longitude_deg, -79.25);
  EXPECT_DOUBLE_EQ(*cues[2].absolute_height_m, 120.5);
  EXPECT_DOUBLE_EQ(*cues[3].gimbal_yaw_deg, -90.5);
  EXPECT_DOUBLE_EQ(*cues[3].gimbal_pitch_deg, -45.0);
}

TEST(DjiSrt, DamageCostsItsCue) {
  const auto cues = Read("lines of somebody else\n\n" + Cue(1, "[latitude: 1] [longitude: 2]") +
                         "2\n00:00:xx --> 00:00:02,040\n[latitude: 1]\n\n" +
                         Cue(3, "[latitude: 95] [longitude: 2]") +
                         Cue(4, std::string(40'000, 'x')) + Cue(5, "[latitude: 5] [longitude: 2]"));
  ASSERT_EQ(cues.size(), 6U);
  EXPECT_NE(cues[0].problem, "");
  EXPECT_EQ(cues[1].problem, "");
  EXPECT_NE(cues[2].problem.find("times of the cue"), std::string::npos);
  EXPECT_NE(cues[3].problem.find("position"), std::string::npos);
  EXPECT_NE(cues[4].problem.find("more than"), std::string::npos);
  EXPECT_DOUBLE_EQ(*cues[5].latitude_deg, 5);
}

TEST(DjiSrt, CuesDoNotDependOnPiecesAndCoverTheFile) {
  const std::string text = "\xEF\xBB\xBF" + Cue(1, "[latitude: 1] [longitude: 2]\r") +
                           Cue(2, "GPS(3,4,5)") + Cue(3, "[latitude: 1] [longitude: 2]");
  const auto whole = Read(text);
  for (const std::size_t piece : {1U, 7U, 64U}) {
    const auto cues = ReadPieces(text, piece);
    ASSERT_EQ(cues.size(), whole.size());
    for (std::size_t i = 0; i < cues.size(); ++i) {
      EXPECT_EQ(cues[i].offset, whole[i].offset);
      EXPECT_EQ(cues[i].length, whole[i].length);
      EXPECT_EQ(cues[i].latitude_deg, whole[i].latitude_deg);
      EXPECT_EQ(cues[i].number, i + 1);
    }
  }
  EXPECT_EQ(whole.back().offset + whole.back().length, text.size());
}

TEST(DjiSrt, TruncatedAtEveryByteAndWithFlippedBitsItIsRead) {
  const std::string text =
      Cue(1, "2026-05-27 13:14:22.911\n[latitude: 1.5] [gb_yaw: 1 gb_pitch: 2]") +
      Cue(2, "GPS(3,4,5) BAROMETER:1.9");
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_LE(Read(text.substr(0, size)).size(), 3U);
  for (std::size_t i = 0; i < text.size() * 8; ++i) {
    std::string flipped = text;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    EXPECT_LE(Read(flipped).size(), 4U);
  }
}

TEST(DjiSrt, OtherTextsAreNone) {
  EXPECT_FALSE(LooksLikeDjiSrt("1\n00:00:01,000 --> 00:00:02,000\nGood evening.\n"));
  EXPECT_FALSE(LooksLikeDjiSrt("latitude 3 -->"));
  EXPECT_FALSE(LooksLikeDjiSrt(""));
}

// A sidecar of the test clip: ten cues a second, the drone flies east and looks down to the north.
std::string ClipSidecar(int cues, bool gimbal, bool dates = true) {
  std::string text;
  for (int n = 0; n < cues; ++n) {
    text += fmt::format("{}\n00:00:{:02},{}00 --> 00:00:{:02},{}50\n", n + 1, n / 10, n % 10,
                        n / 10, n % 10);
    if (dates) text += fmt::format("2026-03-01 23:00:{:02}.{}00\n", n / 10, n % 10);
    text += fmt::format("[latitude: 35.000000] [longitude: {:.6f}] [rel_alt: 100.0 abs_alt: 1.0]",
                        33.0 + 1e-4 * n);
    if (gimbal) text += fmt::format(" [gb_yaw: {:.1f} gb_pitch: -45.0 gb_roll: 0.0]", 10 + 0.1 * n);
    text += "\n\n";
  }
  return text;
}

testing::Assembled AssembleWithSidecar(const std::string& sidecar, const DjiSidecarOptions& dji,
                                       bool with_klv = false) {
  const testing::TempDirectory directory;
  testing::Carriage carriage;
  if (!with_klv) carriage.klv = [](int) { return std::string(); };
  const std::string video =
      testing::Remux(testing::WriteClip(directory.File("a.ts"), 40), carriage);
  VideoAssemblerOptions options = testing::TestOptions();
  options.dji_sidecar = dji;
  testing::Assembled out;
  const auto assembler = VideoAssembler::Create(options);
  std::vector<RawRecord> records = testing::RecordsOf(sidecar, 500);
  records.back().end_of_source = false;
  for (const RawRecord& record : testing::RecordsOf(video, 4000)) records.push_back(record);
  for (const RawRecord& record : records) {
    auto got = assembler->Push(record, Sha256(record.bytes));
    EXPECT_TRUE(got);
    for (auto& output : *got) {
      if (auto* segment = std::get_if<VideoSegment>(&output)) {
        out.segments.push_back(std::move(*segment));
      } else if (auto* fault = std::get_if<DataFault>(&output)) {
        out.faults.push_back(std::move(*fault));
      }
    }
  }
  return out;
}

DjiSidecarOptions Stated() {
  DjiSidecarOptions options;
  options.takeoff_height_hae_m = 420.0;
  options.utc_offset = Duration::Seconds(2 * 3600);
  options.horizontal_fov = Angle::Degrees(70);
  return options;
}

TEST(DjiSidecar, PicturesGetTimeAndPoseFromIt) {
  const auto got = AssembleWithSidecar(ClipSidecar(40, true), Stated());
  EXPECT_TRUE(got.faults.empty()) << got.faults[0].reason;
  const auto frames = got.Frames();
  ASSERT_EQ(frames.size(), 40U);
  for (int n = 0; n < 40; ++n) {
    const VideoFrame& frame = frames[static_cast<std::size_t>(n)];
    EXPECT_EQ(frame.time, *ParseUtc("2026-03-01T21:00:00Z") + Duration::Millis(100) * n) << n;
    ASSERT_TRUE(frame.pose) << n;
    EXPECT_NEAR(frame.pose->position.longitude.deg(), 33.0 + 1e-4 * n, 1e-9);
    EXPECT_NEAR(frame.pose->position.height_hae_m, 520, 1e-6);
    EXPECT_NEAR(frame.pose->sensor_azimuth.deg(), 10 + 0.1 * n, 1e-6);
    EXPECT_NEAR(frame.pose->sensor_elevation.deg(), -45, 1e-9);
    EXPECT_EQ(frame.pose->platform_heading, Angle());
    // 192 x 128 with square pixels.
    EXPECT_NEAR(std::tan(frame.pose->vertical_fov.rad() / 2) /
                    std::tan(frame.pose->horizontal_fov.rad() / 2),
                128.0 / 192, 1e-9);
  }
  // The sidecar's records are named too.
  EXPECT_GT(got.segments[0].raw_digests.size(), 3U);
}

TEST(DjiSidecar, NothingIsGuessed) {
  const auto reason = [](const std::string& sidecar, const DjiSidecarOptions& options) {
    const auto got = AssembleWithSidecar(sidecar, options);
    for (const VideoFrame& frame : got.Frames()) EXPECT_FALSE(frame.pose);
    std::string reasons;
    for (const DataFault& fault : got.faults) reasons += fault.reason + "\n";
    return reasons;
  };
  EXPECT_NE(reason(ClipSidecar(40, false), Stated()).find("where the camera looks"),
            std::string::npos);
  DjiSidecarOptions options = Stated();
  options.takeoff_height_hae_m.reset();
  EXPECT_NE(reason(ClipSidecar(40, true), options).find("height of the take-off is not stated"),
            std::string::npos);
  options = Stated();
  options.horizontal_fov = Angle();
  EXPECT_NE(reason(ClipSidecar(40, true), options).find("field of view is not stated"),
            std::string::npos);
  options = Stated();
  options.utc_offset.reset();
  EXPECT_NE(reason(ClipSidecar(40, true), options).find("no zone"), std::string::npos);
  EXPECT_NE(reason(ClipSidecar(40, true, false), Stated()).find("have no date"), std::string::npos);
}

TEST(DjiSidecar, MetadataInTheStreamThatIsAsGoodComesFirst) {
  const auto got = AssembleWithSidecar(ClipSidecar(40, true), Stated(), true);
  ASSERT_EQ(got.Frames().size(), 40U);
  for (const VideoFrame& frame : got.Frames())
    EXPECT_NEAR(frame.pose->position.height_hae_m, 1500, 1);
}

}  // namespace
}  // namespace trucewatch
