// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "detect/appearance/image_detector.h"

namespace trucewatch::testing {

// A black picture with squares that the networks of data/make_blob_networks.py find: a bright one
// (255) is a light vehicle, a dim one (153) a person.
struct BlobPicture {
  static constexpr int kSide = 8;
  static constexpr std::uint8_t kBright = 255, kDim = 153;

  BlobPicture(int width, int height)
      : width_px(width), height_px(height), pixels(static_cast<std::size_t>(width) * height, 0) {}
  void Put(int x, int y, std::uint8_t level, int width = kSide, int height = kSide);
  appearance::PictureView view() const { return {width_px, height_px, 1, pixels}; }

  int width_px, height_px;
  std::vector<std::uint8_t> pixels;
};

// Path of a card in tests/detect/appearance/data.
std::string BlobCard(const std::string& name);

// The detector of that card; its test fails when there is none.
std::unique_ptr<appearance::ImageDetector> BlobDetector(const std::string& name = "blobs_v5");

}  // namespace trucewatch::testing
