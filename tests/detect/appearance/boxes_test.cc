// SPDX-License-Identifier: Apache-2.0
#include "detect/appearance/boxes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace trucewatch::appearance {
namespace {

using v1::config::ModelCard;
using v1::config::ModelClass;

ModelCard Card(ModelCard::Layout layout = ModelCard::YOLOV5) {
  ModelCard card;
  card.set_layout(layout);
  for (const auto object :
       {ModelClass::LIGHT_VEHICLE, ModelClass::TRUCK, ModelClass::PERSON, ModelClass::IGNORED}) {
    card.add_class_()->set_object(object);
  }
  return card;
}

Box At(double x, double y, double width, double height, double score, int model_class = 0) {
  Box box;
  box.x_px = x;
  box.y_px = y;
  box.width_px = width;
  box.height_px = height;
  box.score = score;
  box.model_class = model_class;
  return box;
}

TEST(BoxesOf, ScoreIsObjectnessTimesTheBestClass) {
  const std::vector<float> rows = {50, 40, 20, 10, 0.8F, 0.5F, 0.1F, 0, 0,   // 0.40
                                   10, 10, 4,  4,  0.3F, 0.5F, 0,    0, 0};  // 0.15: too weak
  const auto boxes = BoxesOf({rows, 2, 9}, Card(), 0.2);
  ASSERT_EQ(boxes.size(), 1U);
  EXPECT_NEAR(boxes[0].score, 0.40, 1e-6);
  EXPECT_EQ(boxes[0].model_class, 0);
  EXPECT_DOUBLE_EQ(boxes[0].x_px, 40);
  EXPECT_DOUBLE_EQ(boxes[0].y_px, 35);
  EXPECT_NEAR(boxes[0].class_scores[1], 0.08, 1e-6);
}

TEST(BoxesOf, YoloV8ColumnsHaveNoObjectness) {
  const std::vector<float> columns = {50, 10, 40, 10, 20, 4, 10, 4, 0.6F, 0, 0, 0.7F, 0, 0, 0, 0};
  const auto boxes = BoxesOf({columns, 8, 2}, Card(ModelCard::YOLOV8), 0.2);
  ASSERT_EQ(boxes.size(), 2U);
  EXPECT_NEAR(boxes[0].score, 0.7, 1e-6);
  EXPECT_EQ(boxes[0].model_class, 1);
  EXPECT_DOUBLE_EQ(boxes[1].x_px, 40);
  EXPECT_DOUBLE_EQ(boxes[1].height_px, 10);
}

TEST(BoxesOf, NumbersThatAreNoneAndOutputsNotUsedAreLeftOut) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> rows = {nan, 40, 20, 10,  0.9F, 0.9F, 0, 0, 0,      // no place
                                   50,  40, -1, 10,  0.9F, 0.9F, 0, 0, 0,      // no area
                                   50,  40, 20, inf, 0.9F, 0.9F, 0, 0, 0,      // no end
                                   50,  40, 20, 10,  nan,  0.9F, 0, 0, 0,      // no score
                                   50,  40, 20, 10,  5.0F, 0.9F, 0, 0, 0,      // more than sure
                                   50,  40, 20, 10,  0.9F, 0,    0, 0, 0.9F};  // class not used
  EXPECT_TRUE(BoxesOf({rows, 6, 9}, Card(), 0.2).empty());
}

TEST(MergeBoxes, OfDoublesTheBestIsKeptEachClassForItself) {
  const auto merged = MergeBoxes({At(10, 10, 20, 10, 0.6), At(11, 10, 20, 10, 0.9),
                                  At(11, 11, 20, 10, 0.5, 2), At(100, 10, 20, 10, 0.3)},
                                 Card(), 0.5);
  ASSERT_EQ(merged.size(), 3U);
  EXPECT_DOUBLE_EQ(merged[0].score, 0.9);
  EXPECT_EQ(merged[1].model_class, 2);  // a person beside a car is no double of it
  EXPECT_DOUBLE_EQ(merged[2].x_px, 100);
}

TEST(MergeBoxes, ABoxCutAtASeamYieldsToTheWholeOne) {
  // The tile on the left sees the first 12 of 30 pixels, and is surer of it than the other.
  Box piece = At(588, 10, 12, 14, 0.8);
  piece.cut_right = true;
  Box whole = At(588, 10, 30, 14, 0.6, 1);  // as a truck, which the piece did not look like
  whole.tile = 1;
  const auto merged = MergeBoxes({piece, whole}, Card(), 0.5);
  ASSERT_EQ(merged.size(), 1U);
  EXPECT_DOUBLE_EQ(merged[0].width_px, 30);
  EXPECT_EQ(merged[0].model_class, 1);
  EXPECT_DOUBLE_EQ(merged[0].score, 0.8);  // one thing, seen twice
}

TEST(MergeBoxes, APieceStaysWhenNothingElseWasSeenThere) {
  Box piece = At(588, 10, 12, 14, 0.8);
  piece.cut_right = true;
  Box person = At(586, 8, 16, 18, 0.7, 2);  // is no whole of a car
  person.tile = 1;
  Box faint = At(588, 10, 30, 14, 0.05);
  faint.tile = 1;
  const auto merged = MergeBoxes({piece, person, faint}, Card(), 0.5);
  EXPECT_EQ(merged.size(), 3U);
}

TEST(MergeBoxes, TwoHalvesOfWhatIsLargerThanTheOverlapBecomeOne) {
  Box left = At(400, 50, 240, 60, 0.7, 1);  // a column of trucks seen as one, tiles share 128 px
  left.cut_right = true;
  Box right = At(512, 52, 200, 60, 0.8, 1);
  right.cut_left = true;
  right.tile = 1;
  const auto merged = MergeBoxes({left, right}, Card(), 0.5);
  ASSERT_EQ(merged.size(), 1U);
  EXPECT_DOUBLE_EQ(merged[0].x_px, 400);
  EXPECT_DOUBLE_EQ(merged[0].width_px, 312);
  EXPECT_DOUBLE_EQ(merged[0].score, 0.8);
  EXPECT_FALSE(merged[0].cut());
}

TEST(MergeBoxes, TheOrderOfTheInputDoesNotMatter) {
  std::mt19937 random(3);
  const auto uniform = [&](int n) {
    return static_cast<double>(random() % static_cast<unsigned>(n));
  };
  std::vector<Box> boxes;
  for (int i = 0; i < 200; ++i) {
    Box box = At(uniform(300), uniform(200), 10 + uniform(20), 10 + uniform(20), uniform(20) / 20,
                 static_cast<int>(random() % 3));
    box.tile = random() % 4;
    box.cut_left = random() % 5 == 0;
    box.cut_bottom = random() % 5 == 0;
    boxes.push_back(box);
  }
  const auto first = MergeBoxes(boxes, Card(), 0.5);
  for (int n = 0; n < 10; ++n) {
    std::shuffle(boxes.begin(), boxes.end(), random);
    const auto again = MergeBoxes(boxes, Card(), 0.5);
    ASSERT_EQ(again.size(), first.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      EXPECT_EQ(again[i].x_px, first[i].x_px);
      EXPECT_EQ(again[i].score, first[i].score);
      EXPECT_EQ(again[i].model_class, first[i].model_class);
    }
  }
}

}  // namespace
}  // namespace trucewatch::appearance
