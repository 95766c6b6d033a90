// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/ed25519.h"

#include <sodium.h>

#include "core/base/check.h"

namespace trucewatch {
namespace {

// Safe to call often and from any thread (libsodium documentation, "Usage").
void InitSodium() { TW_CHECK(sodium_init() >= 0); }

}  // namespace

Ed25519KeyPair Ed25519KeyPair::FromSeed(const Ed25519Seed& seed) {
  InitSodium();
  Ed25519KeyPair pair;
  TW_CHECK(
      crypto_sign_seed_keypair(pair.public_key_.data(), pair.secret_key_.data(), seed.data()) == 0);
  return pair;
}

Ed25519Seed Ed25519KeyPair::RandomSeed() {
  InitSodium();
  Ed25519Seed seed{};
  randombytes_buf(seed.data(), seed.size());
  return seed;
}

Ed25519Signature Ed25519KeyPair::Sign(Bytes message) const {
  Ed25519Signature signature{};
  TW_CHECK(crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                                secret_key_.data()) == 0);
  return signature;
}

bool Ed25519Verify(const Ed25519PublicKey& key, Bytes message, const Ed25519Signature& signature) {
  InitSodium();
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     key.data()) == 0;
}

}  // namespace trucewatch
