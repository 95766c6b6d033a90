// SPDX-License-Identifier: Apache-2.0
#include "tools/score/detection_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_directory.h"

namespace trucewatch::tools {
namespace {

using ::testing::HasSubstr;

class DetectionFilesTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = folder_.File(name);
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
    return path;
  }
  std::string ErrorOf(const DetectionFiles& files) {
    const auto loaded = LoadDetections(files);
    return loaded ? "" : loaded.error().message;
  }

  trucewatch::testing::TempDirectory folder_;
};

constexpr char kCoco[] =
    R"({"info":{"year":"2020"},"images":[{"id":7,"file_name":"a.jpg","width":640,"height":512},
{"id":"x9","filename":"sub/b.jpg","width":640,"height":512}],
"annotation":[{"image_id":7,"category_id":0,"bbox":[1,2,3,4],"area":12,"segmentation":[[1,2]],"id":1}],
"annotations":[{"image_id":"x9","category_id":1,"bbox":[10,20,30,40],"iscrowd":0},
{"image_id":"x9","category_id":1,"bbox":[0,0,5,5],"iscrowd":1},
{"image_id":"x9","category_id":4,"bbox":[0,0,50,50]},
{"image_id":"x9","category_id":2,"bbox":[0,0,50,50]}],
"categories":[{"id":0,"name":"Person"},{"id":1,"name":"Car"},{"id":2,"name":"Bicycle"},{"id":4,"name":"DontCare"}]})";

constexpr char kLines[] =
    R"({"file":"val/a.jpg","frame":0,"width_px":640,"height_px":512,"detections":[{"class":"person","score":0.5,"box_px":[1,2,3,4]}]}
{"file":"val/sub/b.jpg","frame":0,"width_px":640,"height_px":512,"detections":[]}
)";

TEST_F(DetectionFilesTest, CocoIsReadAsSetsSpellIt) {
  const auto loaded =
      LoadDetections({.truth = {Write("val.json", kCoco)}, .detections = Write("d.jsonl", kLines)});
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->pictures.size(), 2U);
  const auto& a = loaded->pictures[0];
  ASSERT_EQ(a.truths.size(), 1U);
  EXPECT_EQ(a.truths[0].object_class, "person");
  EXPECT_EQ(a.truths[0].height, 4);
  ASSERT_EQ(a.detections.size(), 1U);
  EXPECT_EQ(a.detections[0].score, 0.5);
  const auto& b = loaded->pictures[1];
  ASSERT_EQ(b.truths.size(), 3U);
  EXPECT_EQ(b.truths[0].object_class, "light_vehicle");
  EXPECT_FALSE(b.truths[0].ignored);
  EXPECT_TRUE(b.truths[1].ignored);  // a crowd
  EXPECT_TRUE(b.truths[2].ignored);  // DontCare
  EXPECT_EQ(loaded->unmapped.at("Bicycle"), 1U);
}

TEST_F(DetectionFilesTest, ClassesAreMappedOrIgnoredAsAsked) {
  const auto loaded = LoadDetections({.truth = {Write("val.json", kCoco)},
                                      .detections = Write("d.jsonl", kLines),
                                      .class_map = {{"Bicycle", "bike"}},
                                      .ignored = {"Person"},
                                      .vehicles_as_one = true});
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->pictures[0].truths[0].ignored);
  EXPECT_EQ(loaded->pictures[1].truths[0].object_class, "vehicle");
  EXPECT_EQ(loaded->pictures[1].truths[3].object_class, "bike");
  EXPECT_TRUE(loaded->unmapped.empty());
}

TEST_F(DetectionFilesTest, CocoResultsAreDetections) {
  const std::string results =
      R"([{"image_id":7,"category_id":1,"bbox":[1,1,2,2],"score":0.25},
          {"image_id":"x9","category_id":0,"bbox":[1,1,2,2],"score":0.75}])";
  const auto loaded =
      LoadDetections({.truth = {Write("val.json", kCoco)}, .detections = Write("r.json", results)});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->pictures[0].detections[0].object_class, "light_vehicle");
  EXPECT_EQ(loaded->pictures[1].detections[0].score, 0.75);
}

TEST_F(DetectionFilesTest, YoloIsInSharesOfThePicture) {
  Write("set/x.txt", "0 0.5 0.25 0.2 0.1\n1 0.1 0.1 0.1 0.1\n\n");
  Write("set/y.txt", "");
  const std::string lines =
      R"({"file":"elsewhere/x.png","frame":0,"width_px":200,"height_px":100,"detections":[{"class":"truck","score":1,"box_px":[80,20,40,10]}]})";
  DetectionFiles files{.truth = {folder_.File("set")}, .detections = Write("d.jsonl", lines)};
  EXPECT_THAT(ErrorOf(files), HasSubstr("say --names car,truck"));
  files.yolo_names = {"car", "bus"};
  const auto loaded = LoadDetections(files);
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->pictures.size(), 2U);
  const LabelledBox& truth = loaded->pictures[0].truths[0];
  const LabelledBox& found = loaded->pictures[0].detections[0];
  EXPECT_EQ(truth.object_class, "light_vehicle");
  EXPECT_EQ(loaded->pictures[0].truths[1].object_class, "truck");
  EXPECT_NEAR(truth.x, found.x, 1e-12);
  EXPECT_NEAR(truth.y, found.y, 1e-12);
  EXPECT_NEAR(truth.width, found.width, 1e-12);
  EXPECT_NEAR(truth.height, found.height, 1e-12);
  EXPECT_EQ(loaded->without_line, 1U);
  Write("set/classes.txt", "car\r\nbus\r\n");
  files.yolo_names.clear();
  EXPECT_TRUE(LoadDetections(files));
}

TEST_F(DetectionFilesTest, OurOwnLinesAreATruthWithFramesAndRegions) {
  const std::string truth =
      R"({"file":"m.ts","frame":0,"detections":[{"class":"truck","box_px":[1,1,2,2]}]}
{"file":"m.ts","frame":5,"detections":[{"class":"truck","box_px":[1,1,2,2],"ignore":true}]}
)";
  const std::string lines =
      R"({"file":"x/m.ts","frame":5,"detections":[{"class":"truck","score":0.5,"box_px":[3,3,2,2]}]}
{"file":"x/m.ts","frame":9,"detections":[]}
)";
  const auto loaded =
      LoadDetections({.truth = {Write("t.jsonl", truth)}, .detections = Write("d.jsonl", lines)});
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->pictures.size(), 2U);
  EXPECT_TRUE(loaded->pictures[0].detections.empty());
  EXPECT_TRUE(loaded->pictures[1].truths[0].ignored);
  EXPECT_EQ(loaded->pictures[1].detections.size(), 1U);
  EXPECT_EQ(loaded->without_line, 1U);
  EXPECT_EQ(loaded->beside_truth, 1U);
}

TEST_F(DetectionFilesTest, PicturesOfOneNameAreToldApartByTheirFolders) {
  const std::string truth = R"({"file":"north/a.jpg","detections":[]}
{"file":"south/a.jpg","detections":[{"class":"truck","box_px":[1,1,2,2]}]}
)";
  const std::string lines =
      R"({"file":"data/south/a.jpg","detections":[{"class":"truck","score":0.5,"box_px":[3,3,2,2]}]})";
  DetectionFiles files{.truth = {Write("t.jsonl", truth)}, .detections = Write("d.jsonl", lines)};
  const auto loaded = LoadDetections(files);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(loaded->pictures[0].detections.empty());
  EXPECT_EQ(loaded->pictures[1].detections.size(), 1U);
  files.detections = Write("e.jsonl", R"({"file":"a.jpg","detections":[]})");
  EXPECT_THAT(ErrorOf(files), HasSubstr("several pictures of that name"));
}

TEST_F(DetectionFilesTest, APictureThatFailedIsCountedAndMissesEverything) {
  const std::string lines =
      R"({"file":"a.jpg","frame":0,"width_px":0,"height_px":0,"error":"does not decode","detections":[]})";
  const auto loaded =
      LoadDetections({.truth = {Write("val.json", kCoco)}, .detections = Write("d.jsonl", lines)});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->failed, 1U);
  EXPECT_EQ(loaded->without_line, 1U);
}

TEST_F(DetectionFilesTest, BadInputIsNamedWithItsPlace) {
  const std::string good = Write("d.jsonl", kLines);
  const std::string coco = Write("val.json", kCoco);
  EXPECT_THAT(ErrorOf({.truth = {folder_.File("none.json")}, .detections = good}),
              HasSubstr("none.json: no such file"));
  EXPECT_THAT(
      ErrorOf({.truth = {coco}, .detections = Write("e.jsonl", "{\"file\":\"a\"}\n{oops\n")}),
      HasSubstr("e.jsonl:2"));
  EXPECT_THAT(
      ErrorOf({.truth = {coco},
               .detections = Write("f.jsonl",
                                   R"({"file":"a","detections":[{"class":"c","box_px":[1,2]}]})")}),
      HasSubstr("f.jsonl:1: a box is no [x, y, width, height]"));
  EXPECT_THAT(ErrorOf({.truth = {Write("c.json", R"({"images":[{"id":1,"file_name":"a"}],
              "annotations":[{"image_id":2,"category_id":0,"bbox":[0,0,1,1]}]})")},
                       .detections = good}),
              HasSubstr("annotation 0: its image_id or category_id is not in the file"));
  EXPECT_THAT(ErrorOf({.truth = {coco}, .detections = Write("g.jsonl", R"({"file":"zz"})")}),
              HasSubstr("names none of the 2 pictures"));
  EXPECT_THAT(
      ErrorOf({.truth = {coco}, .detections = Write("h.jsonl", std::string(kLines) + kLines)}),
      HasSubstr("occurs twice"));
  Write("bad/x.txt", "0 0.5 0.5\n");
  EXPECT_THAT(ErrorOf({.truth = {folder_.File("bad")}, .detections = good, .yolo_names = {"car"}}),
              HasSubstr("x.txt:1: expected \"class x y width height\""));
  Write("bad/x.txt", "3 0.5 0.5 0.1 0.1\n");
  EXPECT_THAT(ErrorOf({.truth = {folder_.File("bad")}, .detections = good, .yolo_names = {"car"}}),
              HasSubstr("class 3 of 1 names"));
}

}  // namespace
}  // namespace trucewatch::tools
