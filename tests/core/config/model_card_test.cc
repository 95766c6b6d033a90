// SPDX-License-Identifier: Apache-2.0
#include "core/config/model_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/crypto/sha256.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

constexpr char kNetwork[] = "the bytes of a network";

std::string GoodCard() {
  return fmt::format(
      "name: \"thermal-1\" onnx_file: \"n.onnx\"\nsha256: \"{}\"\nmodality: INFRARED\n"
      "input_width_px: 640 input_height_px: 512 channels: 1 colour_order: GRAY scale: 0.0039\n"
      "layout: YOLOV5 class {{ name: \"car\" object: LIGHT_VEHICLE }}\n"
      "nms_iou: 0.5 working_score: 0.3\n",
      HexEncode(Sha256(kNetwork)));
}

class ModelCardTest : public ::testing::Test {
 protected:
  ModelCardTest() { std::ofstream(folder_.File("n.onnx")) << kNetwork; }

  // Loads the good card with `from` replaced by `to`.
  Result<ModelFile> Load(const std::string& from = "", const std::string& to = "") {
    std::string text = GoodCard();
    if (!from.empty()) {
      const std::size_t at = text.find(from);
      EXPECT_NE(at, std::string::npos) << from;
      text.replace(at, from.size(), to);
    }
    std::ofstream(folder_.File("card.txtpb")) << text;
    return LoadModel(folder_.File("card.txtpb"));
  }
  std::string ErrorOf(const std::string& from, const std::string& to) {
    const auto loaded = Load(from, to);
    return loaded ? "" : loaded.error().message;
  }

  trucewatch::testing::TempDirectory folder_;
};

TEST_F(ModelCardTest, ANetworkComesWithItsCard) {
  const auto model = Load();
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->onnx, kNetwork);
  EXPECT_EQ(model->card.input_height_px(), 512U);
}

TEST_F(ModelCardTest, AnotherNetworkThanTheCardsIsRefused) {
  std::ofstream(folder_.File("n.onnx")) << kNetwork << "!";
  EXPECT_THAT(ErrorOf("", ""), HasSubstr("this is another network than the card's"));
  std::filesystem::remove(folder_.File("n.onnx"));
  EXPECT_THAT(ErrorOf("", ""), HasSubstr("n.onnx: no such file"));
}

TEST_F(ModelCardTest, WhatACardMustSayIsCheckedWithItsLine) {
  EXPECT_THAT(ErrorOf("thermal-1", "a b"), HasSubstr("card.txtpb:1: name: 'a b' is no name"));
  EXPECT_THAT(ErrorOf("n.onnx", "../n.onnx"), HasSubstr("expected the name of a file beside"));
  EXPECT_THAT(ErrorOf("sha256: \"", "sha256: \"0"), HasSubstr("card.txtpb:2: sha256"));
  EXPECT_THAT(ErrorOf("modality: INFRARED", ""), HasSubstr("modality: is missing"));
  EXPECT_THAT(ErrorOf("640", "8"), HasSubstr("card.txtpb:4: input_width_px"));
  EXPECT_THAT(ErrorOf("channels: 1", "channels: 2"), HasSubstr("channels: 2: expected 1 or 3"));
  EXPECT_THAT(ErrorOf("GRAY", "RGB_ORDER"), HasSubstr("one channel is GRAY"));
  EXPECT_THAT(ErrorOf("scale: 0.0039", ""), HasSubstr("scale"));
  EXPECT_THAT(ErrorOf("layout: YOLOV5", ""), HasSubstr("layout: is missing"));
  EXPECT_THAT(ErrorOf("object: LIGHT_VEHICLE", ""), HasSubstr("class[0].object: is missing"));
  EXPECT_THAT(ErrorOf("class { name: \"car\" object: LIGHT_VEHICLE }", ""),
              HasSubstr("class: 0 of them"));
  EXPECT_THAT(ErrorOf("nms_iou: 0.5", "nms_iou: 1.5"), HasSubstr("nms_iou"));
  EXPECT_THAT(ErrorOf("working_score: 0.3", ""), HasSubstr("working_score"));
  EXPECT_THAT(ErrorOf("nms_iou", "nms_oui"), HasSubstr("no field named \"nms_oui\""));
}

// The models that ship load as they are.
TEST(ShippedModels, CardsAreSoundAndNameTheirNetworks) {
  std::error_code none;
  int cards = 0;
  for (const char* folder : {"configs/models", "tests/detect/appearance/data"}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
      if (entry.path().extension() != ".txtpb") continue;
      const auto model = LoadModel(entry.path().string());
      EXPECT_TRUE(model) << model.error().message;
      ++cards;
    }
  }
  EXPECT_GE(cards, 3);
}

}  // namespace
}  // namespace trucewatch
