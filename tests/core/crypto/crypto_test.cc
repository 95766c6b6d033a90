// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "core/crypto/ed25519.h"
#include "core/crypto/sha256.h"

namespace trucewatch {
namespace {

template <std::size_t kSize>
std::array<std::uint8_t, kSize> FromHex(std::string_view hex) {
  std::array<std::uint8_t, kSize> out{};
  const std::string bytes = HexDecode(hex).value();
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

TEST(Sha256, FipsVectors) {
  EXPECT_EQ(HexEncode(Sha256("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexEncode(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, PiecesGiveTheSameAsTheWhole) {
  Sha256Stream nothing;
  EXPECT_EQ(nothing.Finish(), Sha256(""));
  Sha256Stream stream;
  for (const char* piece : {"a", "", "bc"}) stream.Add(AsBytes(piece));
  EXPECT_EQ(stream.Finish(), Sha256("abc"));
}

TEST(Ed25519, Rfc8032TestTwo) {
  const auto pair = Ed25519KeyPair::FromSeed(
      FromHex<32>("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  EXPECT_EQ(HexEncode(pair.public_key()),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const std::string message = "\x72";
  const auto signature = pair.Sign(AsBytes(message));
  EXPECT_EQ(HexEncode(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f36"
            "13d0f11d8c387b2eae"
            "b4302aeeb00d291612bb0c00");
  EXPECT_TRUE(Ed25519Verify(pair.public_key(), AsBytes(message), signature));
  EXPECT_FALSE(Ed25519Verify(pair.public_key(), AsBytes("s"), signature));
}

}  // namespace
}  // namespace trucewatch
