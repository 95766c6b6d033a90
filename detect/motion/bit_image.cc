// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/bit_image.h"

#include <algorithm>
#include <cmath>

namespace trucewatch::motion {
namespace {

// Half widths of the disc's rows, from the row -radius to the row +radius.
std::vector<int> DiscRows(int side) {
  const int radius = side / 2;
  std::vector<int> half;
  for (int dy = -radius; dy <= radius; ++dy) {
    const double share = 1.0 - static_cast<double>(dy * dy) / std::max(1, radius * radius);
    half.push_back(static_cast<int>(std::lround(radius * std::sqrt(std::max(0.0, share)))));
  }
  return half;
}

// Bits of word i moved by d pixels to the right (d < 0: left); `outside` fills in from beyond the
// row.
std::uint64_t Moved(const std::uint64_t* row, int i, int words, int d, std::uint64_t outside) {
  if (d == 0) return row[i];
  if (d > 0) {
    const std::uint64_t before = i > 0 ? row[i - 1] : outside;
    return row[i] << d | before >> (64 - d);
  }
  const std::uint64_t after = i + 1 < words ? row[i + 1] : outside;
  return row[i] >> -d | after << (64 + d);
}

}  // namespace

BitImage::BitImage(int width, int height)
    : width_(width),
      height_(height),
      words_((width + 63) / 64),
      bits_(static_cast<std::size_t>(words_) * static_cast<std::size_t>(height)),
      any_(static_cast<std::size_t>(height)) {}

BitImage AtLeast(const cv::Mat& picture, int threshold) {
  BitImage image(picture.cols, picture.rows);
  for (int y = 0; y < picture.rows; ++y) {
    const auto* row = picture.ptr<std::uint8_t>(y);
    auto* bits = image.row(y);
    for (int i = 0; i < image.words(); ++i) {
      const int x0 = i * 64, n = std::min(64, picture.cols - x0);
      std::uint8_t most = 0;  // most words have nothing
      for (int k = 0; k < n; ++k) most = std::max(most, row[x0 + k]);
      if (most < threshold) continue;
      std::uint64_t word = 0;
      for (int k = 0; k < n; ++k) word |= std::uint64_t{row[x0 + k] >= threshold} << k;
      bits[i] = word;
      image.set_any(y);
    }
  }
  return image;
}

BitImage Close(const BitImage& image, int side) {
  const std::vector<int> half = DiscRows(side);
  const int radius = side / 2, words = image.words(), height = image.height();
  // The last word's bits past the picture, which erosion must take as set.
  const int used = image.width() % 64;
  const std::uint64_t past = used == 0 ? 0 : ~std::uint64_t{0} << used;
  BitImage grown(image.width(), height), closed(image.width(), height);
  for (int y = 0; y < height; ++y) {
    auto* out = grown.row(y);
    for (int dy = -radius; dy <= radius; ++dy) {
      const int from = y + dy;
      if (from < 0 || from >= height || !image.any(from)) continue;
      const auto* in = image.row(from);
      const int reach = half[static_cast<std::size_t>(dy + radius)];
      for (int i = 0; i < words; ++i) {
        const std::uint64_t around =
            in[i] | (i > 0 ? in[i - 1] : 0) | (i + 1 < words ? in[i + 1] : 0);
        if (around == 0) continue;
        for (int d = -reach; d <= reach; ++d) out[i] |= Moved(in, i, words, d, 0);
      }
      grown.set_any(y);
    }
    out[words - 1] &= ~past;
  }
  // Erosion reads the picture with its padding set.
  BitImage padded = grown;
  for (int y = 0; y < height; ++y) padded.row(y)[words - 1] |= past;
  for (int y = 0; y < height; ++y) {
    if (!grown.any(y)) continue;
    auto* out = closed.row(y);
    const auto* own = grown.row(y);
    for (int i = 0; i < words; ++i) {
      std::uint64_t word = own[i];
      for (int dy = -radius; dy <= radius && word != 0; ++dy) {
        const int from = y + dy;
        if (from < 0 || from >= height) continue;
        const int reach = half[static_cast<std::size_t>(dy + radius)];
        for (int d = -reach; d <= reach; ++d) {
          word &= Moved(padded.row(from), i, words, d, ~std::uint64_t{0});
        }
      }
      out[i] = word;
      if (word != 0) closed.set_any(y);
    }
  }
  return closed;
}

}  // namespace trucewatch::motion
