// SPDX-License-Identifier: Apache-2.0
#include <zmq.h>

#include "core/base/check.h"
#include "core/bus/curve.h"

namespace trucewatch {
namespace {

constexpr std::size_t kZ85KeyChars = 40;  // of 32 bytes (RFC 32/Z85: 4 bytes in 5 characters)
using Z85Text = std::array<char, kZ85KeyChars + 1>;

// RFC 32/Z85, in the order of the digits; it holds neither quotes nor backslash.
constexpr std::string_view kZ85Alphabet =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

}  // namespace

CurveKeyPair MakeCurveKeyPair() {
  Z85Text public_key{};
  Z85Text secret_key{};
  // Fails only where libzmq is built without CURVE.
  TW_CHECK(zmq_curve_keypair(public_key.data(), secret_key.data()) == 0);
  return {.public_key = public_key.data(), .secret_key = secret_key.data()};
}

CurveKeyPair CurveKeyPairFromSecret(const std::array<std::uint8_t, 32>& secret) {
  Z85Text public_key{};
  Z85Text secret_key{};
  TW_CHECK(zmq_z85_encode(secret_key.data(), secret.data(), secret.size()) != nullptr);
  TW_CHECK(zmq_curve_public(public_key.data(), secret_key.data()) == 0);
  return {.public_key = public_key.data(), .secret_key = secret_key.data()};
}

std::optional<std::array<std::uint8_t, 32>> Z85KeyBytes(const std::string& key) {
  if (key.size() != kZ85KeyChars || key.find_first_not_of(kZ85Alphabet) != std::string::npos) {
    return std::nullopt;
  }
  // Five digits can say more than 32 bits; libzmq refuses that.
  std::array<std::uint8_t, 32> bytes{};
  if (zmq_z85_decode(bytes.data(), key.c_str()) == nullptr) return std::nullopt;
  return bytes;
}

bool IsZ85Key(const std::string& key) { return Z85KeyBytes(key).has_value(); }

}  // namespace trucewatch
