// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/warp.h"

#include <algorithm>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace trucewatch::motion {
namespace {

// The map is exact at the ends of runs of this many pixels and linear between: the error is under
// 1/50 pixel for any view that Registration calls plausible, and two divisions serve sixteen
// pixels.
constexpr int kRun = 16;
constexpr int kFraction = 16;  // fixed point bits

// Coordinates of far-away points stay inside 32 bits.
constexpr int kLimit = 16000;

// Nearest fixed-point number; v + kLimit is positive, so cutting off rounds down everywhere.
inline int Fixed16(double v) {
  constexpr double kOne = 1 << kFraction;
  const double up = (std::clamp(v, -1.0 * kLimit, 1.0 * kLimit) + kLimit) * kOne + 0.5;
  return static_cast<int>(up) - kLimit * (1 << kFraction);
}

// A straight run of points in the picture.
struct Line {
  int x = 0, y = 0;  // fixed point
  int step_x = 0, step_y = 0;
};

// Bilinear in 8-bit weights; all integers, so every compiler and CPU gives the same pixels.
inline std::uint8_t Blend(const cv::Mat& picture, int sx, int sy) {
  const auto stride = static_cast<std::ptrdiff_t>(picture.step);
  const auto* p = picture.data + (sy >> kFraction) * stride + (sx >> kFraction);
  const int ax = (sx >> (kFraction - 8)) & 255, ay = (sy >> (kFraction - 8)) & 255;
  const int top = p[0] * 256 + (p[1] - p[0]) * ax;
  const int bottom = p[stride] * 256 + (p[stride + 1] - p[stride]) * ax;
  return static_cast<std::uint8_t>((top * 256 + (bottom - top) * ay + 32768) >> 16);
}

#if defined(__x86_64__)
// The same for a whole run, eight points at a time. Reads up to two bytes past the points' right
// neighbours.
__attribute__((target("avx2"))) void BlendRun(const cv::Mat& picture, const Line& line,
                                              std::uint8_t* out) {
  const auto stride = static_cast<int>(picture.step);
  const auto* data = reinterpret_cast<const int*>(picture.data);
  const auto* below = reinterpret_cast<const int*>(picture.data + stride);
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i low8 = _mm256_set1_epi32(255);
  // Two neighbouring bytes of each 32-bit load, as 16-bit numbers.
  const __m256i neighbours =
      _mm256_setr_epi8(0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13, -1, 0, -1, 1, -1, 4,
                       -1, 5, -1, 8, -1, 9, -1, 12, -1, 13, -1);
  for (int i = 0; i < kRun; i += 8) {
    const __m256i number = _mm256_add_epi32(lane, _mm256_set1_epi32(i));
    const __m256i sx = _mm256_add_epi32(_mm256_set1_epi32(line.x),
                                        _mm256_mullo_epi32(number, _mm256_set1_epi32(line.step_x)));
    const __m256i sy = _mm256_add_epi32(_mm256_set1_epi32(line.y),
                                        _mm256_mullo_epi32(number, _mm256_set1_epi32(line.step_y)));
    const __m256i offset = _mm256_add_epi32(
        _mm256_mullo_epi32(_mm256_srai_epi32(sy, kFraction), _mm256_set1_epi32(stride)),
        _mm256_srai_epi32(sx, kFraction));
    const __m256i ax = _mm256_and_si256(_mm256_srli_epi32(sx, kFraction - 8), low8);
    const __m256i ay = _mm256_and_si256(_mm256_srli_epi32(sy, kFraction - 8), low8);
    const __m256i weights =
        _mm256_or_si256(_mm256_sub_epi32(_mm256_set1_epi32(256), ax), _mm256_slli_epi32(ax, 16));
    const __m256i top = _mm256_madd_epi16(
        _mm256_shuffle_epi8(_mm256_i32gather_epi32(data, offset, 1), neighbours), weights);
    const __m256i bottom = _mm256_madd_epi16(
        _mm256_shuffle_epi8(_mm256_i32gather_epi32(below, offset, 1), neighbours), weights);
    __m256i v = _mm256_add_epi32(_mm256_slli_epi32(top, 8),
                                 _mm256_mullo_epi32(_mm256_sub_epi32(bottom, top), ay));
    v = _mm256_srli_epi32(_mm256_add_epi32(v, _mm256_set1_epi32(32768)), 16);
    v = _mm256_packus_epi32(v, v);
    v = _mm256_packus_epi16(v, v);
    const int first = _mm256_extract_epi32(v, 0), second = _mm256_extract_epi32(v, 4);
    std::memcpy(out + i, &first, 4);
    std::memcpy(out + i + 4, &second, 4);
  }
}
bool HasBlendRun() { return __builtin_cpu_supports("avx2") != 0; }
#else
void BlendRun(const cv::Mat&, const Line&, std::uint8_t*) {}
bool HasBlendRun() { return false; }
#endif

}  // namespace

void WarpRow(const cv::Mat& picture, const Homography& h, int y, int x0, int x1,
             std::uint8_t* row) {
  if (x0 >= x1) return;
  static const bool kFast = HasBlendRun();
  const int width = picture.cols, height = picture.rows;
  // With `rows_left` rows below.
  const auto inside = [&](int ax, int ay, int rows_left) {
    return ax >= 0 && ay >= 0 && (ax >> kFraction) + 1 < width &&
           (ay >> kFraction) + rows_left < height;
  };
  // Runs begin at multiples of their length whatever part of the row is wanted: a pixel does not
  // depend on its company.
  int x = x0 / kRun * kRun;
  double qx = h(0, 0) * x + h(0, 1) * y + h(0, 2), qy = h(1, 0) * x + h(1, 1) * y + h(1, 2);
  double qz = h(2, 0) * x + h(2, 1) * y + h(2, 2);
  const double dx = h(0, 0) * kRun, dy = h(1, 0) * kRun, dz = h(2, 0) * kRun;
  Line line{Fixed16(qx / qz), Fixed16(qy / qz)};
  for (; x < x1; x += kRun) {
    qx += dx;
    qy += dy;
    qz += dz;
    const int next_x = Fixed16(qx / qz), next_y = Fixed16(qy / qz);
    line.step_x = (next_x - line.x) / kRun;
    line.step_y = (next_y - line.y) / kRun;
    const auto all_inside = [&](int rows_left) {
      return inside(line.x, line.y, rows_left) && inside(next_x, next_y, rows_left) &&
             inside(line.x + line.step_x * kRun, line.y + line.step_y * kRun, rows_left);
    };
    if (kFast && x >= x0 && x + kRun <= x1 && all_inside(2)) {
      BlendRun(picture, line, row + x);
    } else {
      const bool all = all_inside(1);
      for (int i = std::max(0, x0 - x); i < std::min(kRun, x1 - x); ++i) {
        const int sx = line.x + line.step_x * i, sy = line.y + line.step_y * i;
        if (all || inside(sx, sy, 1)) row[x + i] = Blend(picture, sx, sy);
      }
    }
    line.x = next_x;
    line.y = next_y;
  }
}

void WarpInto(const cv::Mat& picture, const Homography& h, cv::Mat& out) {
  for (int y = 0; y < out.rows; ++y) {
    WarpRow(picture, h, y, 0, out.cols, out.ptr<std::uint8_t>(y));
  }
}

}  // namespace trucewatch::motion
