// SPDX-License-Identifier: Apache-2.0
#include "detect/appearance/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/detect/appearance/blob_pictures.h"

namespace trucewatch::appearance {
namespace {

using ::testing::HasSubstr;

ModelFile Blobs(const std::string& name = "blobs_v5") {
  auto model = LoadModel(trucewatch::testing::BlobCard(name));
  EXPECT_TRUE(model) << model.error().message;
  return model.value_or(ModelFile{});
}

std::string LoadError(const ModelFile& model) {
  const auto network = Network::Load(model);
  if (network) return "";
  EXPECT_EQ(network.error().code, ErrorCode::kBadInput);
  return network.error().message;
}

TEST(Network, GivesTheTensorOfItsLayout) {
  auto v5 = Network::Load(Blobs());
  ASSERT_TRUE(v5) << v5.error().message;
  std::vector<float> input(48 * 40, 0.0F);
  for (int y = 10; y < 18; ++y) {
    for (int x = 20; x < 28; ++x) input[static_cast<std::size_t>(y * 48 + x)] = 1.0F;
  }
  const auto rows = v5->Run(input);
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->rows, 33U * 41U);
  EXPECT_EQ(rows->columns, 7U);
  const std::size_t at = 10 * 41 + 20;
  EXPECT_FLOAT_EQ(rows->values[at * 7], 24);
  EXPECT_FLOAT_EQ(rows->values[at * 7 + 1], 14);
  EXPECT_NEAR(rows->values[at * 7 + 4], 1.0, 1e-6);  // sigmoid(400 * 0.13)
  EXPECT_NEAR(rows->values[(at + 1) * 7 + 4], 1 / (1 + std::exp(-2.0)), 1e-3);
  auto v8 = Network::Load(Blobs("blobs_v8"));
  ASSERT_TRUE(v8) << v8.error().message;
  const auto columns = v8->Run(input);
  ASSERT_TRUE(columns);
  EXPECT_EQ(columns->rows, 6U);
  EXPECT_EQ(columns->columns, 33U * 41U);
}

TEST(Network, AnOperatorThatOpenCvLacksIsNamedWithWhatToDo) {
  const std::string error = LoadError(Blobs("einsum"));
  EXPECT_THAT(error, HasSubstr("einsum.onnx"));
  EXPECT_THAT(error, HasSubstr("cannot import the operator Einsum"));
  EXPECT_THAT(error, HasSubstr("opset 12"));
  EXPECT_EQ(error.find('\n'), std::string::npos);
}

TEST(Network, ACardThatDoesNotFitTheNetworkIsSaid) {
  ModelFile classes = Blobs();
  classes.card.add_class_()->set_name("third");
  EXPECT_THAT(
      LoadError(classes),
      HasSubstr("a matrix of 1353 x 7; its card says YOLOV5 with 3 classes, which is N x 8"));
  ModelFile layout = Blobs("blobs_v8");
  layout.card.set_layout(v1::config::ModelCard::YOLOV5);
  EXPECT_THAT(LoadError(layout), HasSubstr("YOLOV5 with 2 classes"));
  ModelFile size = Blobs();
  size.card.set_input_width_px(96);
  EXPECT_THAT(LoadError(size), HasSubstr("does not run on a picture of 96 x 40"));
  ModelFile channels = Blobs();
  channels.card.set_channels(3);
  EXPECT_THAT(LoadError(channels), HasSubstr("3 channels"));
}

TEST(Network, BytesThatAreNoNetworkAreAnError) {
  ModelFile model = Blobs();
  for (const std::string& bytes : {std::string(), std::string("no network"),
                                   std::string(4096, '\0'), std::string(4096, '\xFF')}) {
    model.onnx = bytes;
    EXPECT_NE(LoadError(model), "");
  }
}

// What is cut off or changed either does not load or still gives the card's tensor; neither throws
// nor crashes.
TEST(Network, ADamagedNetworkIsAnErrorOrANetwork) {
  const ModelFile whole = Blobs();
  std::mt19937 random(11);
  int refused = 0;
  for (int n = 0; n < 150; ++n) {
    ModelFile model = whole;
    if (n % 3 == 0) {
      model.onnx.resize(random() % model.onnx.size());
    } else {
      // The graph lies in the first and last two thousand bytes, between them constants.
      for (int k = 0; k < 3; ++k) {
        const std::size_t at = random() % 2000;
        const bool from_end = random() % 2 == 0;
        model.onnx[from_end ? model.onnx.size() - 1 - at : at] = static_cast<char>(random());
      }
    }
    if (!Network::Load(model)) ++refused;
  }
  EXPECT_GT(refused, 50);
}

}  // namespace
}  // namespace trucewatch::appearance
