// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/commands/detect_images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"
#include "tools/trucewatch/model_files.h"

namespace trucewatch::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using trucewatch::testing::RunProcess;
using trucewatch::testing::TrucewatchProgram;

constexpr char kBlobCard[] = "tests/detect/appearance/data/blobs_v5.txtpb";

// Pictures with one bright square each, at (3 n, 10), and what is true of them.
class DetectImages : public ::testing::Test {
 protected:
  void WritePictures(int count) {
    std::filesystem::create_directories(folder_.File("set/more"));
    for (int n = 0; n < count; ++n) {
      cv::Mat picture = cv::Mat::zeros(80, 100, CV_8U);
      picture(cv::Rect(3 * n, 10, 8, 8)).setTo(255);
      const std::string name = fmt::format("set/{}p{:02d}.png", n % 2 == 0 ? "" : "more/", n);
      ASSERT_TRUE(cv::imwrite(folder_.File(name), picture));
      truth_ += fmt::format(
          "{{\"file\":\"{}\",\"width_px\":100,\"height_px\":80,\"detections\":[{{\"class\":\"car\","
          "\"box_px\":[{},10,8,8]}}]}}\n",
          name, 3 * n);
    }
    std::ofstream(folder_.File("truth.jsonl")) << truth_;
  }

  trucewatch::testing::TempDirectory folder_;
  std::string truth_;
};

TEST_F(DetectImages, AFolderIsItsPicturesByName) {
  WritePictures(3);
  std::ofstream(folder_.File("set/notes.txt")) << "no picture";
  const auto files = ExpandFolders({folder_.File("set"), "given.anything"});
  ASSERT_TRUE(files);
  EXPECT_THAT(*files, ElementsAre(folder_.File("set/more/p01.png"), folder_.File("set/p00.png"),
                                  folder_.File("set/p02.png"), "given.anything"));
  std::filesystem::create_directories(folder_.File("empty"));
  const auto none = ExpandFolders({folder_.File("empty")});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("holds no pictures"));
}

TEST_F(DetectImages, PicturesAreKnownByTheirBytesElseByTheirName) {
  std::ofstream(folder_.File("a")) << "\xFF\xD8\xFF\xE0 and so on";
  std::ofstream(folder_.File("b.jpg")) << "damaged";
  std::ofstream(folder_.File("c.ts")) << "G";
  EXPECT_TRUE(IsStillPicture(folder_.File("a")));
  EXPECT_TRUE(IsStillPicture(folder_.File("b.jpg")));
  EXPECT_FALSE(IsStillPicture(folder_.File("c.ts")));
}

TEST_F(DetectImages, LinesComeInOrderWhateverTheThreads) {
  WritePictures(20);
  const auto files = *ExpandFolders({folder_.File("set")});
  std::vector<std::string> one;
  for (const unsigned threads : {1U, 4U}) {
    DetectCommand command;
    command.model = kBlobCard;
    command.threads = threads;
    FileWorkers workers(
        {.program = "", .limits = {}, .workers = threads, .model = command.model, .modality = {}});
    std::vector<std::string> lines;
    std::size_t done = 0;
    const auto seen = DetectInImages(
        command, files, workers, [&](const std::string& line) { lines.push_back(line); },
        [&](std::size_t count) { done = count; });
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_EQ(seen->pictures, 20U);
    EXPECT_EQ(seen->detections, 20U);
    EXPECT_EQ(done, 20U);
    for (std::size_t i = 0; i < files.size(); ++i) EXPECT_THAT(lines[i], HasSubstr(files[i]));
    if (one.empty()) one = lines;
    EXPECT_EQ(lines, one);
  }
}

TEST_F(DetectImages, ADamagedPictureIsALineAndTheOthersGoOn) {
  WritePictures(3);
  std::ofstream(folder_.File("set/p01.jpg")) << "no picture";
  const auto run = RunProcess({TrucewatchProgram(), "detect", "--json", "--quiet", "--model",
                               kBlobCard, folder_.File("set")});
  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.output, HasSubstr("p01.jpg: does not decode"));
  EXPECT_THAT(run.output, HasSubstr("set/p02.png\",\"frame\":0,\"width_px\":100"));
  EXPECT_EQ(std::count(run.output.begin(), run.output.end(), '\n'), 4);
  const auto for_people =
      RunProcess({TrucewatchProgram(), "detect", "--model", kBlobCard, folder_.File("set")});
  EXPECT_EQ(for_people.code, 3);
  EXPECT_THAT(for_people.output, HasSubstr("trucewatch: "));
  EXPECT_THAT(for_people.output, HasSubstr("p01.jpg: does not decode"));
}

TEST_F(DetectImages, DrawingsOfTwoPicturesOfOneNameAreBothKept) {
  WritePictures(1);
  std::filesystem::copy(folder_.File("set/p00.png"), folder_.File("set/more/p00.png"));
  const auto run = RunProcess({TrucewatchProgram(), "detect", "--model", kBlobCard, "--draw",
                               folder_.File("drawn"), folder_.File("set")});
  EXPECT_EQ(run.code, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr("2 pictures, 2 detections"));
  EXPECT_TRUE(std::filesystem::exists(folder_.File("drawn/p00.jpg")));
  EXPECT_TRUE(std::filesystem::exists(folder_.File("drawn/p00-2.jpg")));
}

TEST_F(DetectImages, DetectionsCanBeScoredAgainstTheTruthInOneCommand) {
  WritePictures(6);
  const std::string lines = folder_.File("d.jsonl");
  {
    trucewatch::testing::Process detect(
        {TrucewatchProgram(), "detect", "--json", "--quiet", "--min-score", "0.01", "--model",
         kBlobCard, folder_.File("set")},
        lines);
    ASSERT_EQ(detect.Wait(), 0);
  }
  const auto score = RunProcess({TrucewatchProgram(), "score", "detections", "--truth",
                                 folder_.File("truth.jsonl"), "--detections", lines, "--json"});
  EXPECT_EQ(score.code, 0) << score.output;
  EXPECT_THAT(score.output, HasSubstr(R"("pictures":6,"pictures_without_line":0)"));
  EXPECT_THAT(score.output, HasSubstr(R"("class":"light_vehicle","truths":6)"));
  EXPECT_THAT(score.output, HasSubstr(R"("ap50":1,"ap50_95":1)"));
  const auto wrong =
      RunProcess({TrucewatchProgram(), "score", "detections", "--truth",
                  folder_.File("truth.jsonl"), "--detections", lines, "--map", "car"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.output, HasSubstr("expected TRUTH=DETECTED"));
}

TEST_F(DetectImages, AModelThatIsNowhereIsSaidWithWhereItWasLookedFor) {
  WritePictures(1);
  const auto missing = FindModel("no-such-model");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("share/trucewatch/models"));
  EXPECT_THAT(missing.error().message, HasSubstr("TRUCEWATCH_MODELS"));
  EXPECT_THAT(FindModel("some.onnx").error().message, HasSubstr("name its card"));
  const auto run = RunProcess({TrucewatchProgram(), "detect", "--model",
                               "tests/detect/appearance/data/einsum.txtpb", folder_.File("set")});
  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.output, HasSubstr("cannot import the operator Einsum"));
}

}  // namespace
}  // namespace trucewatch::tools
