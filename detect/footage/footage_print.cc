// SPDX-License-Identifier: Apache-2.0
#include "detect/footage/footage_print.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace trucewatch::footage {
namespace {

constexpr int kMaxSidePx = 65'535;

// A part of a side of `length` pixels, in pixels: whole ones from first to last (excluded), and of
// one before and one after them so many thirty-seconds.
struct Span {
  int first = 0, last = 0;
  std::uint32_t before = 0, after = 0;
};

Span SpanOf(int part, int length) {
  const int begin = part * length;  // thirty-seconds of a pixel
  const int end = begin + length;
  Span span{(begin + kPrintSide - 1) / kPrintSide, end / kPrintSide, 0, 0};
  span.before = static_cast<std::uint32_t>(span.first * kPrintSide - begin);
  span.after = static_cast<std::uint32_t>(end - span.last * kPrintSide);
  return span;
}

void AddRow(const std::uint8_t* pixels, std::uint32_t weight, std::vector<std::uint32_t>& columns) {
  for (std::size_t x = 0; x < columns.size(); ++x) columns[x] += weight * pixels[x];
}

}  // namespace

std::optional<FootagePrint> PrintOf(int width_px, int height_px, const std::uint8_t* luma,
                                    std::ptrdiff_t stride) {
  if (std::min(width_px, height_px) < kPrintSide || std::max(width_px, height_px) > kMaxSidePx) {
    return std::nullopt;
  }
  FootagePrint print;
  const auto pixels_of_part =
      static_cast<std::uint64_t>(width_px) * static_cast<std::uint64_t>(height_px);
  std::vector<std::uint32_t> columns(static_cast<std::size_t>(width_px));
  std::vector<std::uint16_t> whole(columns.size());  // grey * rows: at most 255 * kMostRows
  constexpr int kMostRows = 256;
  for (int row = 0; row < kPrintSide; ++row) {
    const Span rows = SpanOf(row, height_px);
    columns.assign(columns.size(), 0);
    if (rows.before > 0) AddRow(luma + (rows.first - 1) * stride, rows.before, columns);
    if (rows.after > 0) AddRow(luma + rows.last * stride, rows.after, columns);
    for (int begin = rows.first; begin < rows.last; begin += kMostRows) {
      whole.assign(whole.size(), 0);
      for (int y = begin; y < std::min(rows.last, begin + kMostRows); ++y) {
        const std::uint8_t* const pixels = luma + y * stride;
        for (std::size_t x = 0; x < whole.size(); ++x) {
          whole[x] = static_cast<std::uint16_t>(whole[x] + pixels[x]);
        }
      }
      for (std::size_t x = 0; x < whole.size(); ++x) columns[x] += kPrintSide * whole[x];
    }
    for (int part = 0; part < kPrintSide; ++part) {
      const Span across = SpanOf(part, width_px);
      std::uint64_t sum = 0;
      for (int x = across.first; x < across.last; ++x) sum += columns[static_cast<std::size_t>(x)];
      sum *= kPrintSide;
      if (across.before > 0) {
        sum += across.before * std::uint64_t{columns[static_cast<std::size_t>(across.first - 1)]};
      }
      if (across.after > 0) {
        sum += across.after * std::uint64_t{columns[static_cast<std::size_t>(across.last)]};
      }
      // Each side of a part is as many thirty-seconds of a pixel as the picture has pixels.
      print.grey[static_cast<std::size_t>(row * kPrintSide + part)] =
          static_cast<std::uint8_t>((sum + pixels_of_part / 2) / pixels_of_part);
    }
  }
  return print;
}

FootageBits BitsOf(const FootagePrint& print) {
  FootageBits bits{};
  for (std::size_t part = 0; part < kPrintParts; ++part) {
    const std::size_t right = part % kPrintSide + 1 < kPrintSide ? part + 1 : part + 1 - kPrintSide;
    if (print.grey[part] < print.grey[right]) bits[part / 64] |= std::uint64_t{1} << part % 64;
  }
  return bits;
}

int Differing(const FootageBits& a, const FootageBits& b) {
  int count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += std::popcount(a[i] ^ b[i]);
  return count;
}

std::uint64_t SignatureOf(const FootageBits& bits) {
  std::uint64_t signature = 0;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    for (std::size_t k = 0; k < 4; ++k) {
      signature |= (bits[i] >> (5 + 16 * k) & 1) << (4 * i + k);
    }
  }
  return signature;
}

double ContrastOf(const FootagePrint& print) {
  double sum = 0, squares = 0;
  for (const std::uint8_t grey : print.grey) {
    sum += grey;
    squares += static_cast<double>(grey) * grey;
  }
  const double mean = sum / kPrintParts;
  return std::sqrt(std::max(0.0, squares / kPrintParts - mean * mean));
}

std::optional<FootageFit> FitOf(const FootagePrint& a, const FootagePrint& b) {
  using Row = Eigen::Matrix<double, 6, 1>;
  const double contrast = ContrastOf(a);
  if (!(contrast > 0)) return std::nullopt;
  Eigen::Matrix<double, 6, 6> normal = Eigen::Matrix<double, 6, 6>::Zero();
  Row right = Row::Zero();
  const auto row_of = [&](int x, int y) {
    const auto grey = [&](int u, int v) {
      return static_cast<double>(a.grey[static_cast<std::size_t>(v * kPrintSide + u)]);
    };
    const double gx = (grey(x + 1, y) - grey(x - 1, y)) / 2;
    const double gy = (grey(x, y + 1) - grey(x, y - 1)) / 2;
    const double u = x - (kPrintSide - 1) / 2.0;
    const double v = y - (kPrintSide - 1) / 2.0;
    Row row;
    row << grey(x, y) / contrast, 1.0, -gx / contrast, -gy / contrast, (v * gx - u * gy) / contrast,
        -(u * gx + v * gy) / contrast;
    return row;
  };
  const auto value = [&](int x, int y) {
    return static_cast<double>(b.grey[static_cast<std::size_t>(y * kPrintSide + x)]);
  };
  for (int y = 1; y + 1 < kPrintSide; ++y) {
    for (int x = 1; x + 1 < kPrintSide; ++x) {
      const Row row = row_of(x, y);
      normal.noalias() += row * row.transpose();
      right += row * value(x, y);
    }
  }
  const Eigen::LDLT<Eigen::Matrix<double, 6, 6>> solver(normal);
  if (solver.info() != Eigen::Success) return std::nullopt;
  const Row found = solver.solve(right);
  const double gain = found[0];  // contrast of b in grey levels
  if (!found.allFinite() || !(gain > 0)) return std::nullopt;
  double squares = 0;
  for (int y = 1; y + 1 < kPrintSide; ++y) {
    for (int x = 1; x + 1 < kPrintSide; ++x) {
      const double left = value(x, y) - row_of(x, y).dot(found);
      squares += left * left;
    }
  }
  FootageFit fit;
  fit.shift = {found[2] / gain, found[3] / gain};
  fit.rotation_rad = found[4] / gain;
  fit.scale = found[5] / gain;
  fit.residual = std::sqrt(squares / ((kPrintSide - 2) * (kPrintSide - 2))) / gain;
  return fit;
}

}  // namespace trucewatch::footage
