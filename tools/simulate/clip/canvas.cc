// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/canvas.h"

#include <opencv2/imgproc.hpp>

#include "tools/simulate/random.h"

namespace trucewatch::clip {
namespace {

constexpr int kSpriteSize = 48;

Sprite MakeSprite(std::uint64_t seed) {
  simulate::Random random(seed, "leaves");
  // Tufts about the middle, denser there; light ones on top.
  cv::Mat cover(kSpriteSize, kSpriteSize, CV_8U, cv::Scalar(0));
  cv::Mat tone(kSpriteSize, kSpriteSize, CV_8U, cv::Scalar(100));
  for (int i = 0; i < 130; ++i) {
    const double angle = random.Uniform(0, 6.2832);
    const double r = 0.46 * kSpriteSize * std::sqrt(random.Uniform()) * random.Uniform(0.75, 1);
    const cv::Point at(static_cast<int>(kSpriteSize / 2 + r * std::cos(angle)),
                       static_cast<int>(kSpriteSize / 2 + r * std::sin(angle)));
    const int size = 2 + static_cast<int>(random.Below(4));
    cv::circle(cover, at, size, cv::Scalar(255), cv::FILLED, cv::LINE_8);
    cv::circle(tone, at, size, cv::Scalar(random.Uniform(78, 172)), cv::FILLED, cv::LINE_8);
  }
  cv::GaussianBlur(cover, cover, cv::Size(3, 3), 0.8);
  cv::GaussianBlur(tone, tone, cv::Size(3, 3), 0.8);
  Sprite sprite;
  for (std::size_t level = 0; level < sprite.levels.size(); ++level) {
    Sprite::Level& to = sprite.levels[level];
    to.size = kSpriteSize >> level;
    cv::Mat c, t;
    cv::resize(cover, c, cv::Size(to.size, to.size), 0, 0, cv::INTER_AREA);
    cv::resize(tone, t, cv::Size(to.size, to.size), 0, 0, cv::INTER_AREA);
    to.cover.assign(c.datastart, c.dataend);
    to.tone.assign(t.datastart, t.dataend);
  }
  return sprite;
}

// Calls sample(index of the luma sample, cover 0..1, tone) within the ellipse.
template <typename Sample>
void ForSprite(int width, int height, const Sprite& sprite, const Eigen::Vector2d& centre,
               double rx, double ry, Sample&& sample) {
  if (rx < 0.4 || ry < 0.4) return;
  std::size_t k = 0;
  while (k + 1 < sprite.levels.size() && sprite.levels[k + 1].size >= 1.4 * rx) ++k;
  const Sprite::Level& level = sprite.levels[k];
  const int x0 = std::max(0, static_cast<int>(std::floor(centre.x() - rx)));
  const int x1 = std::min(width - 1, static_cast<int>(std::floor(centre.x() + rx)));
  const int y0 = std::max(0, static_cast<int>(std::floor(centre.y() - ry)));
  const int y1 = std::min(height - 1, static_cast<int>(std::floor(centre.y() + ry)));
  const float sx = static_cast<float>(level.size / (2 * rx)),
              sy = static_cast<float>(level.size / (2 * ry));
  const float limit = static_cast<float>(level.size) - 1.001F;
  for (int y = y0; y <= y1; ++y) {
    const float fy =
        (static_cast<float>(y) + 0.5F - static_cast<float>(centre.y() - ry)) * sy - 0.5F;
    if (fy < 0 || fy > limit) continue;
    const int iy = static_cast<int>(fy);
    const float wy = fy - static_cast<float>(iy);
    for (int x = x0; x <= x1; ++x) {
      const float fx =
          (static_cast<float>(x) + 0.5F - static_cast<float>(centre.x() - rx)) * sx - 0.5F;
      if (fx < 0 || fx > limit) continue;
      const int ix = static_cast<int>(fx);
      const float wx = fx - static_cast<float>(ix);
      const std::size_t at = static_cast<std::size_t>(iy * level.size + ix);
      const auto mix = [&](const std::vector<std::uint8_t>& from) {
        const float a = from[at], b = from[at + 1];
        const float c = from[at + static_cast<std::size_t>(level.size)],
                    d = from[at + static_cast<std::size_t>(level.size) + 1];
        const float top = a + (b - a) * wx, low = c + (d - c) * wx;
        return top + (low - top) * wy;
      };
      const float cover = mix(level.cover) * (1.0F / 255);
      if (cover < 0.02F) continue;
      sample(static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                 static_cast<std::size_t>(x),
             x, y, cover, mix(level.tone));
    }
  }
}

}  // namespace

void ShadeConvex(Canvas& canvas, std::span<const Eigen::Vector2d> corners, float factor) {
  ScanConvex(
      canvas.width_px, canvas.height_px, corners,
      [&](int row, int first, int past, int whole_first, int whole_end, const float* coverage) {
        std::uint8_t* y = canvas.y.data() +
                          static_cast<std::size_t>(row) * static_cast<std::size_t>(canvas.width_px);
        for (int c = first; c < past; ++c) {
          const float share = c >= whole_first && c < whole_end ? 1.0F : coverage[c - first];
          y[c] = Blend(y[c], 16.0F + (static_cast<float>(y[c]) - 16.0F) * factor, share);
        }
      });
}

const std::array<Sprite, 8>& LeafSprites() {
  static const std::array<Sprite, 8> sprites = [] {
    std::array<Sprite, 8> made;
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = MakeSprite(i + 1);
    return made;
  }();
  return sprites;
}

void PaintSprite(Canvas& canvas, const Sprite& sprite, const Eigen::Vector2d& centre, double rx,
                 double ry, const simulate::Colour& colour, std::uint16_t thing) {
  const int half = canvas.width_px / 2;
  ForSprite(canvas.width_px, canvas.height_px, sprite, centre, rx, ry,
            [&](std::size_t at, int x, int y, float cover, float tone) {
              canvas.y[at] = Blend(canvas.y[at], 16 + (colour.y - 16) * tone * (1.0F / 128), cover);
              if (cover >= 0.5F) canvas.thing[at] = thing;
              if (canvas.colour && (x & 1) == 0 && (y & 1) == 0) {
                const auto c = static_cast<std::size_t>(y / 2 * half + x / 2);
                canvas.u[c] = Blend(canvas.u[c], colour.u, cover);
                canvas.v[c] = Blend(canvas.v[c], colour.v, cover);
              }
            });
}

void ShadeSprite(Canvas& canvas, const Sprite& sprite, const Eigen::Vector2d& centre, double rx,
                 double ry, float factor) {
  ForSprite(canvas.width_px, canvas.height_px, sprite, centre, rx, ry,
            [&](std::size_t at, int, int, float cover, float) {
              const float dark = 16.0F + (static_cast<float>(canvas.y[at]) - 16.0F) * factor;
              canvas.y[at] = Blend(canvas.y[at], dark, cover);
            });
}

}  // namespace trucewatch::clip
