// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace trucewatch::testing {

// A moving pattern: enough structure that the encoder has work, the same for the same number.
struct TestPicture {
  std::vector<std::uint8_t> luma, chroma_u, chroma_v;

  TestPicture(int number, int width, int height)
      : luma(Size(width, height)),
        chroma_u(Size(width / 2, height / 2), 128),
        chroma_v(Size(width / 2, height / 2), 90) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const bool block = (x + 3 * number) / 16 % 3 == 0 && y / 16 % 2 == 0;
        luma[Size(width, y) + static_cast<std::size_t>(x)] =
            static_cast<std::uint8_t>((block ? 200 : 60) + (x * 7 + y * 13) % 20);
      }
    }
  }

 private:
  static std::size_t Size(int a, int b) {
    return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
  }
};

}  // namespace trucewatch::testing
