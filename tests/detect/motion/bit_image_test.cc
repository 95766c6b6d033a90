// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/bit_image.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

namespace trucewatch::motion {
namespace {

cv::Mat Bytes8(const BitImage& image) {
  cv::Mat out = cv::Mat::zeros(image.height(), image.width(), CV_8U);
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      if ((image.row(y)[x / 64] >> (x % 64) & 1) != 0) out.at<std::uint8_t>(y, x) = 255;
    }
  }
  return out;
}

// Few pixels are set, in clumps, some of them at the borders.
cv::Mat Sparse(int width, int height, std::uint64_t seed) {
  cv::RNG random(seed);
  cv::Mat picture = cv::Mat::zeros(height, width, CV_8U);
  for (int i = 0; i < 30; ++i) {
    const cv::Point at(random.uniform(-3, width + 3), random.uniform(-3, height + 3));
    for (int k = 0; k < 12; ++k) {
      const cv::Point p = at + cv::Point(random.uniform(-6, 7), random.uniform(-4, 5));
      if (p.inside({0, 0, width, height})) {
        picture.at<std::uint8_t>(p) = static_cast<std::uint8_t>(random.uniform(1, 60));
      }
    }
  }
  return picture;
}

TEST(BitImage, ClosingSetsThePixelsThatOpenCvSets) {
  for (const int width : {64, 65, 127, 200, 256}) {
    for (const int side : {3, 5, 7, 9}) {
      const cv::Mat picture = Sparse(width, 90, static_cast<std::uint64_t>(width + side));
      cv::Mat expected = picture >= 20;
      ASSERT_GT(cv::countNonZero(expected), 50);
      EXPECT_EQ(cv::countNonZero(Bytes8(AtLeast(picture, 20)) != expected), 0);
      cv::morphologyEx(expected, expected, cv::MORPH_CLOSE,
                       cv::getStructuringElement(cv::MORPH_ELLIPSE, {side, side}));
      EXPECT_EQ(cv::countNonZero(Bytes8(Close(AtLeast(picture, 20), side)) != expected), 0)
          << width << " wide, disc of " << side;
    }
  }
}

TEST(BitImage, NothingSetStaysNothing) {
  const BitImage closed = Close(AtLeast(cv::Mat::zeros(50, 130, CV_8U), 1), 5);
  for (int y = 0; y < 50; ++y) EXPECT_FALSE(closed.any(y));
}

}  // namespace
}  // namespace trucewatch::motion
