// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

namespace trucewatch::motion {

// A picture of one bit a pixel in which few are set, 64 pixels a word: pixel x of a row is bit
// x % 64 of word x / 64. Bits past the last pixel are 0.
class BitImage {
 public:
  BitImage(int width, int height);

  int width() const { return width_; }
  int height() const { return height_; }
  int words() const { return words_; }
  const std::uint64_t* row(int y) const { return &bits_[Index(y)]; }
  std::uint64_t* row(int y) { return &bits_[Index(y)]; }
  // False: no pixel of the row is set.
  bool any(int y) const { return any_[static_cast<std::size_t>(y)] != 0; }
  void set_any(int y) { any_[static_cast<std::size_t>(y)] = 1; }

 private:
  std::size_t Index(int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(words_);
  }
  int width_, height_, words_;
  std::vector<std::uint64_t> bits_;
  std::vector<std::uint8_t> any_;
};

// Pixels of an 8-bit picture that are at least `threshold` (more than 0).
BitImage AtLeast(const cv::Mat& picture, int threshold);

// Closing (dilation, then erosion) with a disc `side` pixels wide, odd: the pixels of OpenCV's
// MORPH_ELLIPSE of that size. As there, what lies outside the picture neither sets nor clears.
BitImage Close(const BitImage& image, int side);

}  // namespace trucewatch::motion
