// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/crypto/ed25519.h"
#include "core/crypto/sha256.h"
#include "core/keys/key_set.h"

namespace trucewatch::testing {

// A key pair of its own for each number.
inline Ed25519KeyPair PairOf(std::uint8_t number) {
  Ed25519Seed seed{};
  seed[0] = number;
  return Ed25519KeyPair::FromSeed(seed);
}
inline NoteKey NoteKeyOf(const std::string& name, std::uint8_t number) {
  return {name, kNoteEd25519, PairOf(number).public_key()};
}

// Key sets whose root key is number 200.
inline constexpr std::uint8_t kRootNumber = 200;

inline KeySet TestKeySet(const std::string& mission) {
  KeySet set;
  set.mission = mission;
  set.expires = *ParseUtc("2027-03-01T00:00:00Z");
  set.thresholds = {{"root", 1}};
  set.keys = {{"root", NoteKeyOf("root", kRootNumber), *ParseUtc("2026-01-01T00:00:00Z"), {}}};
  return set;
}

inline void AddKey(KeySet& set, const std::string& role, const std::string& name,
                   std::uint8_t number, const std::string& from = "2026-01-01T00:00:00Z") {
  set.thresholds.emplace(role, 1);
  set.keys.push_back({role, NoteKeyOf(name, number), *ParseUtc(from), {}});
}

inline void Revoke(KeySet& set, const std::string& name, const std::string& from) {
  for (KeySet::Key& key : set.keys) {
    if (key.key.name == name) key.revoked_from = *ParseUtc(from);
  }
}

inline KeySet TestSetAfter(const KeySet& before) {
  KeySet set = before;
  set.version += 1;
  set.previous = Sha256(FormatKeySet(before));
  return set;
}

inline std::string SignedKeySet(const KeySet& set, std::uint8_t root = kRootNumber) {
  const std::string text = FormatKeySet(set);
  return FormatNote({text, {SignNote(text, "root", PairOf(root))}});
}

inline std::string KeySetDigest(const KeySet& set) { return HexEncode(Sha256(FormatKeySet(set))); }

}  // namespace trucewatch::testing
