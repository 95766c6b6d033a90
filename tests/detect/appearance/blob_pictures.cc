// SPDX-License-Identifier: Apache-2.0
#include "tests/detect/appearance/blob_pictures.h"

#include <gtest/gtest.h>

namespace trucewatch::testing {

void BlobPicture::Put(int x, int y, std::uint8_t level, int width, int height) {
  for (int row = y; row < y + height; ++row) {
    for (int column = x; column < x + width; ++column) {
      pixels[static_cast<std::size_t>(row * width_px + column)] = level;
    }
  }
}

std::string BlobCard(const std::string& name) {
  return "tests/detect/appearance/data/" + name + ".txtpb";
}

std::unique_ptr<appearance::ImageDetector> BlobDetector(const std::string& name) {
  auto model = LoadModel(BlobCard(name));
  if (!model) {
    ADD_FAILURE() << model.error().message;
    return nullptr;
  }
  auto detector = appearance::ImageDetector::Create(std::move(*model));
  if (!detector) {
    ADD_FAILURE() << detector.error().message;
    return nullptr;
  }
  return std::move(*detector);
}

}  // namespace trucewatch::testing
