// SPDX-License-Identifier: Apache-2.0
#include "detect/appearance/image_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "tests/detect/appearance/blob_pictures.h"

namespace trucewatch::appearance {
namespace {

using ::testing::HasSubstr;
using trucewatch::testing::BlobDetector;
using trucewatch::testing::BlobPicture;

std::vector<Box> Found(const ImageDetector& detector, const BlobPicture& picture) {
  const auto look = detector.LookAt(picture.view(), {.min_score = 0.5});
  EXPECT_TRUE(look) << look.error().message;
  if (!look) return {};
  auto boxes = look->boxes;
  std::sort(boxes.begin(), boxes.end(), [](const Box& a, const Box& b) {
    return std::tuple(a.y_px, a.x_px) < std::tuple(b.y_px, b.x_px);
  });
  return boxes;
}

TEST(ImageDetector, FindsWhatIsThereWhereItIs) {
  for (const char* name : {"blobs_v5", "blobs_v8"}) {
    const auto detector = BlobDetector(name);
    ASSERT_NE(detector, nullptr);
    BlobPicture picture(48, 40);
    picture.Put(20, 10, BlobPicture::kBright);
    picture.Put(3, 30, BlobPicture::kDim);
    const auto boxes = Found(*detector, picture);
    ASSERT_EQ(boxes.size(), 2U) << name;
    EXPECT_DOUBLE_EQ(boxes[0].x_px, 20);
    EXPECT_DOUBLE_EQ(boxes[0].y_px, 10);
    EXPECT_DOUBLE_EQ(boxes[0].width_px, 8);
    EXPECT_EQ(boxes[0].model_class, 0);
    EXPECT_NEAR(boxes[0].score, 1.0, 1e-4);
    ASSERT_EQ(boxes[0].class_scores.size(), 2U);
    EXPECT_NEAR(boxes[0].class_scores[0], 1.0, 1e-4);
    EXPECT_NEAR(boxes[1].class_scores[1], 1.0, 1e-4);
    EXPECT_DOUBLE_EQ(boxes[1].x_px, 3);
    EXPECT_EQ(boxes[1].model_class, 1);
  }
}

TEST(ImageDetector, ASmallPictureIsFilledUpAndHasNoBoxesBesideIt) {
  const auto detector = BlobDetector();
  BlobPicture picture(30, 12);
  picture.Put(22, 4, BlobPicture::kBright);
  const auto boxes = Found(*detector, picture);
  // The grey beside the picture is a dim square to this network; it has no place in the picture.
  for (const Box& box : boxes) {
    EXPECT_LE(box.x_px + box.width_px, 30);
    EXPECT_LE(box.y_px + box.height_px, 12);
  }
  EXPECT_TRUE(std::any_of(boxes.begin(), boxes.end(), [](const Box& b) {
    return b.model_class == 0 && b.x_px == 22 && b.y_px == 4;
  }));
}

TEST(ImageDetector, AThousandSquaresInALargePictureAreFoundOnceEach) {
  const auto detector = BlobDetector();
  std::mt19937 random(23);
  int squares = 0;
  for (int n = 0; n < 12; ++n) {
    BlobPicture picture(250 + static_cast<int>(random() % 60),
                        190 + static_cast<int>(random() % 60));
    std::vector<std::pair<int, int>> places;
    // On a grid so that they stand apart, each shaken so that seams fall anywhere in them.
    for (int y = 2; y + 16 < picture.height_px; y += 22) {
      for (int x = 2; x + 16 < picture.width_px; x += 22) {
        const int px = x + static_cast<int>(random() % 7), py = y + static_cast<int>(random() % 7);
        picture.Put(px, py, BlobPicture::kBright);
        places.emplace_back(py, px);
      }
    }
    std::sort(places.begin(), places.end());
    squares += static_cast<int>(places.size());
    const auto boxes = Found(*detector, picture);
    ASSERT_EQ(boxes.size(), places.size());
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      EXPECT_EQ(boxes[i].y_px, places[i].first);
      EXPECT_EQ(boxes[i].x_px, places[i].second);
    }
  }
  EXPECT_GT(squares, 1000);
}

TEST(ImageDetector, ReducedPicturesGiveBoxesInTheirOwnPixels) {
  auto model = LoadModel(trucewatch::testing::BlobCard("blobs_v5"));
  ASSERT_TRUE(model);
  model->card.set_reduce_to_long_side_px(48);
  const auto detector = ImageDetector::Create(*model);
  ASSERT_TRUE(detector);
  BlobPicture picture(192, 160);  // four times the input
  picture.Put(80, 40, BlobPicture::kBright, 32, 32);
  const auto boxes = Found(**detector, picture);
  ASSERT_EQ(boxes.size(), 1U);
  EXPECT_DOUBLE_EQ(boxes[0].x_px, 80);
  EXPECT_DOUBLE_EQ(boxes[0].y_px, 40);
  EXPECT_DOUBLE_EQ(boxes[0].width_px, 32);
}

TEST(ImageDetector, TheGroundSampleDistanceScalesOrRefusesAPicture) {
  auto model = LoadModel(trucewatch::testing::BlobCard("blobs_v5"));
  ASSERT_TRUE(model);
  model->card.set_min_gsd_m(0.2);
  model->card.set_max_gsd_m(0.4);
  const auto detector = ImageDetector::Create(*model);
  ASSERT_TRUE(detector);
  BlobPicture picture(96, 80);
  picture.Put(40, 20, BlobPicture::kBright, 16, 16);
  const auto finer = (*detector)->LookAt(picture.view(), {.min_score = 0.5, .gsd_m = 0.1});
  ASSERT_TRUE(finer);
  ASSERT_EQ(finer->boxes.size(), 1U);
  EXPECT_DOUBLE_EQ(finer->boxes[0].width_px, 16);
  const auto coarse = (*detector)->LookAt(picture.view(), {.min_score = 0.5, .gsd_m = 0.5});
  ASSERT_TRUE(coarse);
  EXPECT_TRUE(coarse->boxes.empty());
  EXPECT_THAT(coarse->degraded_reason, HasSubstr("0.5 m a pixel"));
}

TEST(ImageDetector, AChipAboutAPlaceSeesWhatThePictureShowsThere) {
  const auto detector = BlobDetector();
  BlobPicture picture(200, 150);
  picture.Put(150, 100, BlobPicture::kBright);
  picture.Put(20, 20, BlobPicture::kBright);
  for (const auto& [x, y] : {std::pair{154, 104}, {140, 95}, {165, 112}}) {
    const auto look = detector->LookAtChip(picture.view(), x, y, {.min_score = 0.5});
    ASSERT_TRUE(look) << look.error().message;
    ASSERT_EQ(look->boxes.size(), 1U);
    EXPECT_DOUBLE_EQ(look->boxes[0].x_px, 150);
    EXPECT_DOUBLE_EQ(look->boxes[0].y_px, 100);
  }
  // At a corner the chip lies within the picture.
  const auto corner = detector->LookAtChip(picture.view(), 0, 0, {.min_score = 0.5});
  ASSERT_TRUE(corner);
  EXPECT_EQ(corner->boxes.size(), 1U);
}

TEST(ImageDetector, ColourPicturesAreTakenAsTheCardSays) {
  const auto detector = BlobDetector();  // grey
  BlobPicture grey(48, 40);
  grey.Put(20, 10, BlobPicture::kBright);
  std::vector<std::uint8_t> colour;
  for (const std::uint8_t level : grey.pixels) colour.insert(colour.end(), 3, level);
  const auto look = detector->LookAt({48, 40, 3, colour}, {.min_score = 0.5});
  ASSERT_TRUE(look);
  ASSERT_EQ(look->boxes.size(), 1U);
  EXPECT_DOUBLE_EQ(look->boxes[0].x_px, 20);
}

TEST(ImageDetector, WhatIsNoPictureIsAnError) {
  const auto detector = BlobDetector();
  const std::vector<std::uint8_t> bytes(100);
  for (const PictureView& view :
       {PictureView{0, 0, 1, {}}, PictureView{11, 10, 1, bytes}, PictureView{-10, -10, 1, bytes},
        PictureView{10, 5, 2, bytes}, PictureView{100'000, 1, 1, bytes}}) {
    EXPECT_FALSE(detector->LookAt(view, {}));
    EXPECT_FALSE(detector->LookAtChip(view, 1, 1, {}));
  }
}

TEST(ImageDetector, ManyThreadsGiveWhatOneGives) {
  const auto detector = BlobDetector();
  std::mt19937 random(5);
  std::vector<BlobPicture> pictures;
  std::vector<std::vector<Box>> alone(8), together(8);
  for (std::size_t i = 0; i < 8; ++i) {
    BlobPicture& picture = pictures.emplace_back(120, 90);
    for (std::uint8_t& pixel : picture.pixels) pixel = static_cast<std::uint8_t>(random() % 40);
    picture.Put(10 + static_cast<int>(i) * 7, 40, BlobPicture::kBright);
    alone[i] = detector->LookAt(picture.view(), {.min_score = 0.001})->boxes;
  }
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        together[i] = detector->LookAt(pictures[i].view(), {.min_score = 0.001})->boxes;
      });
    }
  }
  for (std::size_t i = 0; i < 8; ++i) {
    ASSERT_EQ(alone[i].size(), together[i].size());
    for (std::size_t k = 0; k < alone[i].size(); ++k) {
      EXPECT_EQ(alone[i][k].x_px, together[i][k].x_px);
      EXPECT_EQ(alone[i][k].score, together[i][k].score);
    }
  }
}

TEST(VehicleClassesOf, SharesAddUpAndLeaveTheRestUnknown) {
  v1::config::ModelCard card;
  for (const auto object :
       {v1::config::ModelClass::LIGHT_VEHICLE, v1::config::ModelClass::TRUCK,
        v1::config::ModelClass::LIGHT_VEHICLE, v1::config::ModelClass::PERSON}) {
    card.add_class_()->set_object(object);
  }
  Box box;
  box.class_scores = {0.4F, 0.1F, 0.2F, 0.9F};
  const ClassProbabilities classes = VehicleClassesOf(box, card);
  EXPECT_NEAR(classes.at(ObjectClass::kLightVehicle), 0.6, 1e-6);
  EXPECT_NEAR(classes.at(ObjectClass::kTruck), 0.1, 1e-6);
  EXPECT_NEAR(classes.at(ObjectClass::kUnknownVehicle), 0.3, 1e-6);
  EXPECT_EQ(classes.count(ObjectClass::kPersonGroup), 0U);
  box.class_scores = {0.9F, 0.9F, 0, 0};
  EXPECT_NEAR(VehicleClassesOf(box, card).at(ObjectClass::kTruck), 0.5, 1e-6);
}

}  // namespace
}  // namespace trucewatch::appearance
