// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/warp.h"

#include <algorithm>
#include <cmath>

namespace trucewatch::motion {
namespace {

// The map is exact at the ends of runs of this many pixels and linear between: the error is under
// 1/50 pixel for any view that Registration calls plausible, and two divisions serve sixteen
// pixels.
constexpr int kRun = 16;
constexpr int kFraction = 16;  // fixed point bits

}  // namespace

void WarpInto(const cv::Mat& picture, const Homography& h, cv::Mat& out) {
  const int width = picture.cols, height = picture.rows;
  const auto stride = static_cast<std::ptrdiff_t>(picture.step);
  const double one = 1 << kFraction;
  // Keep fixed-point coordinates of far-away points inside 32 bits.
  const double limit = 16000.0;
  const auto fixed = [&](double v) {
    return static_cast<int>(std::lround(std::clamp(v, -limit, limit) * one));
  };
  for (int y = 0; y < out.rows; ++y) {
    std::uint8_t* row = out.ptr<std::uint8_t>(y);
    double qx = h(0, 1) * y + h(0, 2), qy = h(1, 1) * y + h(1, 2), qz = h(2, 1) * y + h(2, 2);
    int fx = fixed(qx / qz), fy = fixed(qy / qz);
    for (int x0 = 0; x0 < out.cols; x0 += kRun) {
      qx += h(0, 0) * kRun;
      qy += h(1, 0) * kRun;
      qz += h(2, 0) * kRun;
      const int next_x = fixed(qx / qz), next_y = fixed(qy / qz);
      const int step_x = (next_x - fx) / kRun, step_y = (next_y - fy) / kRun;
      const int n = std::min(kRun, out.cols - x0);
      int sx = fx, sy = fy;
      const auto inside = [&](int ax, int ay) {
        return ax >= 0 && ay >= 0 && (ax >> kFraction) + 1 < width &&
               (ay >> kFraction) + 1 < height;
      };
      const bool all =
          inside(fx, fy) && inside(next_x, next_y) && inside(fx + step_x * n, fy + step_y * n);
      for (int i = 0; i < n; ++i, sx += step_x, sy += step_y) {
        if (!all && !inside(sx, sy)) continue;
        const std::uint8_t* p = picture.data + (sy >> kFraction) * stride + (sx >> kFraction);
        const int ax = (sx >> (kFraction - 8)) & 255, ay = (sy >> (kFraction - 8)) & 255;
        const int top = p[0] * (256 - ax) + p[1] * ax;
        const int bottom = p[stride] * (256 - ax) + p[stride + 1] * ax;
        row[x0 + i] = static_cast<std::uint8_t>((top * (256 - ay) + bottom * ay + 32768) >> 16);
      }
      fx = next_x;
      fy = next_y;
    }
  }
}

}  // namespace trucewatch::motion
