// SPDX-License-Identifier: Apache-2.0
#include "tools/score/detection_score.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::tools {
namespace {

LabelledBox Truth(double x, const std::string& name = "car") {
  return {.object_class = name, .x = x, .y = 0, .width = 10, .height = 10};
}

LabelledBox Seen(double x, double score, const std::string& name = "car") {
  return {.object_class = name, .x = x, .y = 0, .width = 10, .height = 10, .score = score};
}

LabelledBox Region(double x, double width) {
  return {.x = x, .y = 0, .width = width, .height = 10, .ignored = true};
}

const DetectionScoreOptions kNoIntervals{.bootstrap = 0};

ClassScore Only(const std::vector<ScoredPicture>& pictures,
                const DetectionScoreOptions& options = kNoIntervals) {
  const DetectionScore score = ScoreDetections(pictures, options);
  EXPECT_EQ(score.classes.size(), 1U);
  return score.classes.empty() ? ClassScore{} : score.classes[0];
}

// Four truths; by falling score: found, false, found, false, found; one is missed. Recall 1/4 at
// precision 1, 1/2 at 2/3, 3/4 at 3/5. Of the 101 recall points 26 (0 to 0.25) read 1, 25 (to 0.50)
// read 2/3, 25 (to 0.75) read 3/5, 25 read 0.
TEST(DetectionScore, AnExampleWorkedByHand) {
  const ScoredPicture picture{
      "a",
      {Truth(0), Truth(100), Truth(200), Truth(300)},
      {Seen(0, 0.9), Seen(50, 0.8), Seen(100, 0.7), Seen(150, 0.6), Seen(200, 0.5)}};
  const ClassScore score = Only({picture});
  EXPECT_NEAR(score.ap50, (26 + 25 * 2.0 / 3 + 25 * 0.6) / 101, 1e-12);
  EXPECT_NEAR(score.ap50_95, score.ap50, 1e-12);  // all overlaps are 1
  EXPECT_EQ(score.truths, 4U);
  EXPECT_EQ(score.at_score.found, 3U);
  EXPECT_EQ(score.at_score.false_alarms, 2U);
  EXPECT_EQ(score.at_score.missed, 1U);
  EXPECT_DOUBLE_EQ(score.at_score.precision, 0.6);
  EXPECT_DOUBLE_EQ(score.at_score.recall, 0.75);
}

// Shifted by 2 of 10 pixels the overlap is 8/12 = 0.667: found at 0.50, 0.55, 0.60 and 0.65.
TEST(DetectionScore, EachOverlapThresholdCountsForItself) {
  const ClassScore score = Only({{"a", {Truth(0)}, {Seen(2, 0.9)}}});
  EXPECT_DOUBLE_EQ(score.ap50, 1.0);
  EXPECT_NEAR(score.ap50_95, 0.4, 1e-12);
}

TEST(DetectionScore, ASecondBoxOnOneTruthIsFalse) {
  const ClassScore score = Only({{"a", {Truth(0)}, {Seen(1, 0.9), Seen(0, 0.8)}}});
  EXPECT_EQ(score.at_score.found, 1U);
  EXPECT_EQ(score.at_score.false_alarms, 1U);
  EXPECT_DOUBLE_EQ(score.ap50, 1.0);  // the first one found it
}

TEST(DetectionScore, ARegionTakesAnyNumberOfDetectionsAndCountsForNothing) {
  const std::vector<LabelledBox> inside = {Seen(200, 0.99), Seen(215, 0.98), Seen(230, 0.97)};
  ScoredPicture picture{"a", {Truth(0), Region(200, 100)}, inside};
  picture.detections.push_back(Seen(0, 0.5));
  const ClassScore score = Only({picture});
  EXPECT_DOUBLE_EQ(score.ap50, 1.0);
  EXPECT_EQ(score.truths, 1U);
  EXPECT_EQ(score.at_score.false_alarms, 0U);
  // Without the region they are false.
  picture.truths.pop_back();
  EXPECT_NEAR(Only({picture}).ap50, 0.25, 1e-12);
}

TEST(DetectionScore, ATruthWithinARegionIsStillFound) {
  const ClassScore score = Only({{"a", {Region(0, 100), Truth(20)}, {Seen(21, 0.9)}}});
  EXPECT_EQ(score.at_score.found, 1U);
}

TEST(DetectionScore, OnlyTheBestHundredOfAPictureCount) {
  ScoredPicture picture{"a", {Truth(0)}, {}};
  for (int i = 0; i < 100; ++i) picture.detections.push_back(Seen(1000 + 20 * i, 0.9));
  picture.detections.push_back(Seen(0, 0.1));
  EXPECT_DOUBLE_EQ(Only({picture}).ap50, 0.0);
  picture.detections.erase(picture.detections.begin());
  EXPECT_NEAR(Only({picture}).ap50, 0.01, 1e-12);
}

TEST(DetectionScore, ClassesStandApartAndThoseWithoutTruthAreCountedOnly) {
  const DetectionScore score = ScoreDetections(
      {{"a", {Truth(0), Truth(100, "person")}, {Seen(0, 0.9, "person"), Seen(100, 0.9, "dog")}}},
      kNoIntervals);
  ASSERT_EQ(score.classes.size(), 2U);
  EXPECT_DOUBLE_EQ(score.classes[0].ap50, 0.0);
  EXPECT_DOUBLE_EQ(score.classes[1].ap50, 0.0);
  EXPECT_EQ(score.other_detections, 1U);
  EXPECT_TRUE(ScoreDetections({}, {}).classes.empty());
}

// Pictures of three classes with crowds, doubles, ties of score and boxes shaken about the truth.
std::vector<ScoredPicture> Drawn(std::mt19937& random, int pictures) {
  const std::vector<std::string> names = {"car", "person", "truck"};
  const auto uniform = [&](double n) {
    return n * static_cast<double>(random() % 10'000) / 10'000;
  };
  std::vector<ScoredPicture> drawn;
  for (int p = 0; p < pictures; ++p) {
    ScoredPicture picture;
    const int count = static_cast<int>(random() % 12);
    for (int i = 0; i < count; ++i) {
      LabelledBox truth{.object_class = names[random() % 3]};
      truth.x = uniform(600);
      truth.y = uniform(400);
      truth.width = 5 + uniform(40);
      truth.height = 5 + uniform(40);
      truth.ignored = random() % 9 == 0;
      picture.truths.push_back(truth);
      for (unsigned k = 0; k < random() % 3; ++k) {
        LabelledBox found = truth;
        found.ignored = false;
        if (random() % 10 == 0) found.object_class = names[random() % 3];
        found.x += uniform(10) - 5;
        found.y += uniform(10) - 5;
        found.width *= 0.8 + uniform(0.4);
        found.score = static_cast<double>(1 + random() % 30) / 30;  // many ties
        picture.detections.push_back(found);
      }
    }
    for (unsigned k = 0; k < random() % 4; ++k) {
      picture.detections.push_back({.object_class = names[random() % 3],
                                    .x = uniform(600),
                                    .y = uniform(400),
                                    .width = 20,
                                    .height = 20,
                                    .score = uniform(1)});
    }
    drawn.push_back(picture);
  }
  return drawn;
}

TEST(DetectionScore, AgreesWithASecondImplementationOfCocosDefinition) {
  const trucewatch::testing::TempDirectory folder;
  std::mt19937 random(29);
  for (int n = 0; n < 6; ++n) {
    const auto pictures = Drawn(random, 25);
    const std::string path = folder.File("boxes.txt");
    std::ofstream out(path);
    const auto write = [&](std::size_t p, const char* kind, const LabelledBox& b) {
      out << fmt::format("{} {} {} {} {} {} {} {}\n", p,
                         b.object_class.empty() ? "-" : b.object_class, kind, b.score, b.x, b.y,
                         b.width, b.height);
    };
    for (std::size_t p = 0; p < pictures.size(); ++p) {
      for (const auto& b : pictures[p].truths) write(p, b.ignored ? "region" : "truth", b);
      for (const auto& b : pictures[p].detections) write(p, "found", b);
    }
    out.close();
    const auto reference =
        trucewatch::testing::RunProcess({"python3", "tests/tools/score/coco_reference.py", path});
    ASSERT_EQ(reference.code, 0) << reference.output;
    const DetectionScore score = ScoreDetections(pictures, kNoIntervals);
    std::istringstream in(reference.output);
    std::string name;
    double ap50 = 0, ap50_95 = 0;
    std::size_t classes = 0;
    while (in >> name >> ap50 >> ap50_95) {
      ASSERT_LT(classes, score.classes.size());
      EXPECT_EQ(score.classes[classes].object_class, name);
      EXPECT_NEAR(score.classes[classes].ap50, ap50, 1e-12) << name;
      EXPECT_NEAR(score.classes[classes].ap50_95, ap50_95, 1e-12) << name;
      EXPECT_GT(ap50, 0.05);  // neither trivial
      EXPECT_LT(ap50, 0.95);
      ++classes;
    }
    EXPECT_EQ(classes, 3U) << reference.output;
  }
}

TEST(DetectionScore, IntervalsComeFromTheSeedAndHoldTheValue) {
  std::mt19937 random(31);
  const auto pictures = Drawn(random, 60);
  const DetectionScore a = ScoreDetections(pictures, {.bootstrap = 200, .seed = 5});
  const DetectionScore b = ScoreDetections(pictures, {.bootstrap = 200, .seed = 5});
  const DetectionScore c = ScoreDetections(pictures, {.bootstrap = 200, .seed = 6});
  for (std::size_t i = 0; i < a.classes.size(); ++i) {
    ASSERT_TRUE(a.classes[i].ap50_interval);
    EXPECT_EQ(a.classes[i].ap50_interval->low, b.classes[i].ap50_interval->low);
    EXPECT_NE(a.classes[i].ap50_interval->low, c.classes[i].ap50_interval->low);
    EXPECT_LT(a.classes[i].ap50_interval->low, a.classes[i].ap50);
    EXPECT_GT(a.classes[i].ap50_interval->high, a.classes[i].ap50);
  }
}

// A picture counted twice is the same as two pictures: what the bootstrap rests on.
TEST(DetectionScore, TwiceThePicturesGiveTheSamePrecision) {
  std::mt19937 random(37);
  auto pictures = Drawn(random, 20);
  const DetectionScore once = ScoreDetections(pictures, kNoIntervals);
  pictures.insert(pictures.end(), pictures.begin(), pictures.end());
  const DetectionScore twice = ScoreDetections(pictures, kNoIntervals);
  for (std::size_t i = 0; i < once.classes.size(); ++i) {
    // Ties across pictures may fall otherwise.
    EXPECT_NEAR(once.classes[i].ap50, twice.classes[i].ap50, 0.02);
  }
}

}  // namespace
}  // namespace trucewatch::tools
