// SPDX-License-Identifier: Apache-2.0
#include "core/base/bytes.h"

#include <gtest/gtest.h>

#include <random>

namespace trucewatch {
namespace {

TEST(Base64, Rfc4648SectionTenVectors) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(Base64Encode(AsBytes(plain)), encoded);
    EXPECT_EQ(Base64Decode(encoded), plain);
  }
}

TEST(Base64, TextsThatAreNotCanonicalAreRefused) {
  for (const char* text :
       {"Zg=", "Zg", "Zh==", "Zm9=", "Z===", "=Zg=", "Zm9v\n", "Zm 9", "Zg==Zg=="}) {
    EXPECT_EQ(Base64Decode(text), std::nullopt) << text;
  }
}

TEST(Base64AndHex, RoundTripRandomBytes) {
  std::mt19937 rng(7);
  for (std::size_t size = 0; size < 100; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(rng() & 0xFF);
    EXPECT_EQ(Base64Decode(Base64Encode(AsBytes(bytes))), bytes);
    EXPECT_EQ(HexDecode(HexEncode(AsBytes(bytes))), bytes);
  }
}

TEST(BigEndian, AppendedValuesReadBack) {
  std::string out;
  AppendBe16(out, 0x1234);
  AppendBe32(out, 0xDEADBEEF);
  AppendBe64(out, 0x0102030405060708ULL);
  EXPECT_EQ(HexEncode(AsBytes(out)), "1234deadbeef0102030405060708");
  EXPECT_EQ(ReadBe16(AsBytes(out)), 0x1234);
  EXPECT_EQ(ReadBe32(AsBytes(out).subspan(2)), 0xDEADBEEF);
  EXPECT_EQ(ReadBe64(AsBytes(out).subspan(6)), 0x0102030405060708ULL);
}

}  // namespace
}  // namespace trucewatch
