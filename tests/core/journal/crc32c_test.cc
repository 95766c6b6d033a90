// SPDX-License-Identifier: Apache-2.0
#include "core/journal/crc32c.h"

#include <gtest/gtest.h>

#include <random>

namespace trucewatch {
namespace {

// Bit by bit from the polynomial: the independent reference.
std::uint32_t SlowCrc(const std::string& text) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : text) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
  }
  return ~crc;
}

TEST(Crc32c, GivesTheValuesOfRfc3720) {
  // RFC 3720 appendix B.4; the RFC prints them byte-swapped.
  EXPECT_EQ(Crc32c(AsBytes(std::string(32, '\0'))), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(AsBytes(std::string(32, '\xFF'))), 0x62A8AB43u);
  std::string rising;
  for (char c = 0; c < 32; ++c) rising.push_back(c);
  EXPECT_EQ(Crc32c(AsBytes(rising)), 0x46DD794Eu);
  EXPECT_EQ(Crc32c(AsBytes("123456789")), 0xE3069283u);
  EXPECT_EQ(Crc32c({}), 0u);
}

TEST(Crc32c, EqualsTheBitwiseReferenceAtEveryLengthAndSplit) {
  std::mt19937 random(7);
  std::string text;
  for (int length = 0; length < 70; ++length) {
    ASSERT_EQ(Crc32c(AsBytes(text)), SlowCrc(text)) << length;
    const std::size_t split = random() % (text.size() + 1);
    ASSERT_EQ(Crc32c(AsBytes(text).subspan(split), Crc32c(AsBytes(text).first(split))),
              SlowCrc(text));
    text.push_back(static_cast<char>(random()));
  }
}

}  // namespace
}  // namespace trucewatch
