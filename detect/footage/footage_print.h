// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace trucewatch::footage {

inline constexpr int kPrintSide = 32;  // parts along each side of a picture
inline constexpr std::size_t kPrintParts = std::size_t{kPrintSide} * kPrintSide;

// A picture reduced to the mean grey of 32 x 32 parts of it, row after row.
struct FootagePrint {
  std::array<std::uint8_t, kPrintParts> grey{};
};

// For each part whether it is darker than the part to its right (the last one of a row: than the
// first), the lowest bit first: a difference hash. Stays nearly the same when pictures are encoded
// again or made smaller, brighter or darker.
using FootageBits = std::array<std::uint64_t, kPrintParts / 64>;

// Row y of the picture begins at luma + y * stride; pixels on the edge of two parts count for both
// by their share. Nothing of pictures smaller than the print, or with a side of more than 65 535.
std::optional<FootagePrint> PrintOf(int width_px, int height_px, const std::uint8_t* luma,
                                    std::ptrdiff_t stride);
FootageBits BitsOf(const FootagePrint& print);
int Differing(const FootageBits& a, const FootageBits& b);
// 64 of the bits, from all over the picture: to look at first.
std::uint64_t SignatureOf(const FootageBits& bits);
// Standard deviation of the parts, grey levels.
double ContrastOf(const FootagePrint& print);

// How one picture lies on another that shows nearly the same.
struct FootageFit {
  Eigen::Vector2d shift = Eigen::Vector2d::Zero();  // parts, right and down
  double rotation_rad = 0;
  double scale = 0;     // 0: the same
  double residual = 0;  // rms of what is left, over the contrast of `a`
};
// Least squares of b over a, its gradients, and its brightness as a gain and an offset; good for
// shifts well below a part. Nothing where a shows too little to be laid on anything.
std::optional<FootageFit> FitOf(const FootagePrint& a, const FootagePrint& b);

}  // namespace trucewatch::footage
