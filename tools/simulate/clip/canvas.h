// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/simulate/world.h"

namespace trucewatch::clip {

// A picture in the making: planes as in simulate::YuvPicture, and for each luma sample the number
// of the thing it shows (0: the ground). Points are in luma pixels, u right and v down from the
// top-left corner of the top-left pixel.
struct Canvas {
  int width_px = 0, height_px = 0;
  bool colour = true;  // false: chroma is left alone
  std::vector<std::uint8_t> y, u, v;
  std::vector<std::uint16_t> thing;

  Canvas(int width, int height, bool with_colour)
      : width_px(width),
        height_px(height),
        colour(with_colour),
        y(static_cast<std::size_t>(width) * static_cast<std::size_t>(height)),
        u(y.size() / 4, 128),
        v(y.size() / 4, 128),
        thing(y.size()) {}
};

inline std::uint8_t Blend(std::uint8_t below, float value, float share) {
  const float mixed = static_cast<float>(below) + (value - static_cast<float>(below)) * share;
  return static_cast<std::uint8_t>(std::clamp(mixed + 0.5F, 0.0F, 255.0F));
}

// Calls span(row, first column, end column, whole first, whole end, coverage) for every row that a
// convex polygon touches, in a grid of `width` x `height` samples: from the first to the end column
// it covers shares of samples (four lines a row, `coverage[column - first]`), all of them from
// `whole first` to `whole end`. At most 16 corners.
template <typename Span>
void ScanConvex(int width, int height, std::span<const Eigen::Vector2d> corners, Span&& span) {
  constexpr int kLines = 4;
  const std::size_t n = corners.size();
  if (n < 3 || n > 16) return;
  double top = 1e300, bottom = -1e300, left = 1e300, right = -1e300;
  for (const Eigen::Vector2d& c : corners) {
    top = std::min(top, c.y()), bottom = std::max(bottom, c.y());
    left = std::min(left, c.x()), right = std::max(right, c.x());
  }
  if (!(bottom > 0 && top < height && right > 0 && left < width)) return;
  const int first_row = std::max(0, static_cast<int>(std::floor(top)));
  const int last_row = std::min(height - 1, static_cast<int>(std::floor(bottom)));
  const int base = std::max(0, static_cast<int>(std::floor(left)));
  const int end = std::min(width, static_cast<int>(std::floor(right)) + 1);
  if (end <= base) return;
  static thread_local std::vector<float> coverage;
  coverage.resize(static_cast<std::size_t>(end - base));
  for (int row = first_row; row <= last_row; ++row) {
    double enter[kLines], leave[kLines];
    double low = 1e300, high = -1e300, whole_low = -1e300, whole_high = 1e300;
    for (int line = 0; line < kLines; ++line) {
      const double at = row + (line + 0.5) / kLines;
      double from = 1e300, to = -1e300;
      for (std::size_t i = 0; i < n; ++i) {
        const Eigen::Vector2d& a = corners[i];
        const Eigen::Vector2d& b = corners[i + 1 < n ? i + 1 : 0];
        if ((a.y() <= at) == (b.y() <= at)) continue;
        const double x = a.x() + (b.x() - a.x()) * (at - a.y()) / (b.y() - a.y());
        from = std::min(from, x), to = std::max(to, x);
      }
      from = std::max(from, static_cast<double>(base)), to = std::min(to, static_cast<double>(end));
      enter[line] = from, leave[line] = to;
      if (from < to) low = std::min(low, from), high = std::max(high, to);
      whole_low = std::max(whole_low, from), whole_high = std::min(whole_high, to);
    }
    if (!(low < high)) continue;
    const int first = static_cast<int>(low),
              past = std::min(end, static_cast<int>(std::ceil(high)));
    int whole_first = static_cast<int>(std::ceil(std::min(whole_low, 1e9)));
    int whole_end = static_cast<int>(std::floor(std::max(whole_high, -1e9)));
    if (whole_end <= whole_first) whole_first = whole_end = past;
    for (int column = first; column < past; ++column) {
      if (column >= whole_first && column < whole_end) column = whole_end;
      if (column >= past) break;
      float share = 0;
      for (int line = 0; line < kLines; ++line) {
        const double part =
            std::min(leave[line], column + 1.0) - std::max(enter[line], 1.0 * column);
        if (part > 0) share += static_cast<float>(part / kLines);
      }
      coverage[static_cast<std::size_t>(column - first)] = share;
    }
    span(row, first, past, whole_first, whole_end, coverage.data());
  }
}

// Paints a convex polygon; `luma(column, row)` is its grey level there. `thing`: what its samples
// show from now on where it covers half of them or more.
template <typename Luma>
void PaintConvex(Canvas& canvas, std::span<const Eigen::Vector2d> corners, std::uint16_t thing,
                 const simulate::Colour& chroma, Luma&& luma) {
  ScanConvex(
      canvas.width_px, canvas.height_px, corners,
      [&](int row, int first, int past, int whole_first, int whole_end, const float* coverage) {
        const std::size_t at =
            static_cast<std::size_t>(row) * static_cast<std::size_t>(canvas.width_px);
        std::uint8_t* y = canvas.y.data() + at;
        std::uint16_t* id = canvas.thing.data() + at;
        for (int c = first; c < past; ++c) {
          const float value = luma(c, row);
          if (c >= whole_first && c < whole_end) {
            y[c] = static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F));
            id[c] = thing;
          } else {
            const float share = coverage[c - first];
            y[c] = Blend(y[c], value, share);
            if (share >= 0.5F) id[c] = thing;
          }
        }
      });
  if (!canvas.colour) return;
  std::array<Eigen::Vector2d, 16> half;
  const std::size_t n = std::min<std::size_t>(corners.size(), 16);
  for (std::size_t i = 0; i < n; ++i) half[i] = 0.5 * corners[i];
  const int width = canvas.width_px / 2;
  ScanConvex(
      width, canvas.height_px / 2, std::span(half.data(), n),
      [&](int row, int first, int past, int whole_first, int whole_end, const float* coverage) {
        const std::size_t at = static_cast<std::size_t>(row) * static_cast<std::size_t>(width);
        for (int c = first; c < past; ++c) {
          const float share = c >= whole_first && c < whole_end ? 1.0F : coverage[c - first];
          std::uint8_t& u = canvas.u[at + static_cast<std::size_t>(c)];
          std::uint8_t& v = canvas.v[at + static_cast<std::size_t>(c)];
          u = Blend(u, chroma.u, share), v = Blend(v, chroma.v, share);
        }
      });
}

// Multiplies the light below a convex polygon by `factor`: shadows on the ground.
void ShadeConvex(Canvas& canvas, std::span<const Eigen::Vector2d> corners, float factor);

// A patch of leaves, seen from anywhere: how much of it hides what is behind, and its light and
// dark. In three sizes, so that small ones do not flicker.
struct Sprite {
  struct Level {
    int size = 0;
    std::vector<std::uint8_t> cover, tone;  // tone: 128 is the colour as given
  };
  std::array<Level, 3> levels;
};
// Eight of them, different; the same each time.
const std::array<Sprite, 8>& LeafSprites();

// Paints a sprite over the ellipse about `centre` with half axes `rx`, `ry` (pixels).
void PaintSprite(Canvas& canvas, const Sprite& sprite, const Eigen::Vector2d& centre, double rx,
                 double ry, const simulate::Colour& colour, std::uint16_t thing);
// Shades what is below it as leaves do.
void ShadeSprite(Canvas& canvas, const Sprite& sprite, const Eigen::Vector2d& centre, double rx,
                 double ry, float factor);

}  // namespace trucewatch::clip
