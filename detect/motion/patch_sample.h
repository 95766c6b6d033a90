// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <opencv2/core.hpp>

namespace trucewatch::motion {

// Image points in fixed point: the same sums with every compiler, and cheap.
inline constexpr int kPointBits = 16;
inline constexpr int kExposureBits = 12;
inline constexpr std::int64_t kGrey = 256;  // units of a grey level in sums

struct FixedPoint {
  std::int32_t x = 0, y = 0;
};

inline FixedPoint Fixed(const Eigen::Vector2d& p) {
  const auto fixed = [](double v) {
    return static_cast<std::int32_t>(
        std::lround(std::clamp(v, -16000.0, 16000.0) * (1 << kPointBits)));
  };
  return {fixed(p.x()), fixed(p.y())};
}

// Bilinear, in 1/256 grey levels, of a point with four pixels about it.
inline std::int32_t SampleInside(const cv::Mat& image, FixedPoint p) {
  const int x = p.x >> kPointBits, y = p.y >> kPointBits;
  const auto* top = image.ptr<std::uint8_t>(y) + x;
  const auto* bottom = top + image.step;
  const int ax = (p.x >> (kPointBits - 8)) & 255, ay = (p.y >> (kPointBits - 8)) & 255;
  const int above = top[0] * 256 + (top[1] - top[0]) * ax;
  const int below = bottom[0] * 256 + (bottom[1] - bottom[0]) * ax;
  return (above * 256 + (below - above) * ay) >> 8;
}

// The same; negative outside the picture.
inline std::int32_t Sample(const cv::Mat& image, FixedPoint p) {
  const int x = p.x >> kPointBits, y = p.y >> kPointBits;
  if (x < 0 || y < 0 || x >= image.cols - 1 || y >= image.rows - 1) return -1;
  return SampleInside(image, p);
}

}  // namespace trucewatch::motion
