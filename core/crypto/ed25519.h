// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace trucewatch {

// Ed25519 (RFC 8032) through libsodium, whose strict verification is our rule.
using Ed25519Seed = std::array<std::uint8_t, 32>;
using Ed25519PublicKey = std::array<std::uint8_t, 32>;
using Ed25519Signature = std::array<std::uint8_t, 64>;

class Ed25519KeyPair {
 public:
  static Ed25519KeyPair FromSeed(const Ed25519Seed& seed);
  static Ed25519Seed RandomSeed();

  const Ed25519PublicKey& public_key() const { return public_key_; }
  Ed25519Signature Sign(Bytes message) const;

 private:
  Ed25519PublicKey public_key_{};
  std::array<std::uint8_t, 64> secret_key_{};
};

bool Ed25519Verify(const Ed25519PublicKey& key, Bytes message, const Ed25519Signature& signature);

}  // namespace trucewatch
