// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/crypto/ed25519.h"

namespace trucewatch {

// C2SP signed-note v1.0.0: a text with signature lines below it, readable by people and by tools we
// did not write.

// Signature types (signed-note, "Signature types").
inline constexpr std::uint8_t kNoteEd25519 = 0x01;
inline constexpr std::uint8_t kNoteCosignature = 0x04;  // cosignature/v1: Ed25519 with a time

// A public key with its name; its text form is a vkey, "name+hex8(key id)+base64(type || key)".
struct NoteKey {
  std::string name;
  std::uint8_t type = kNoteEd25519;
  Ed25519PublicKey public_key{};

  std::uint32_t id() const;  // first 4 bytes of SHA-256(name || 0x0A || type || key), big-endian
};
// Fails on a name with a space or '+', a key id that does not belong to the key, or a type not
// listed above.
Result<NoteKey> ParseVkey(std::string_view vkey);
std::string FormatVkey(const NoteKey& key);
// Non-empty, no spaces or control characters, no '+'.
bool IsValidKeyName(std::string_view name);

struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  std::string bytes;  // what follows the key id
};

struct SignedNote {
  std::string text;  // ends in a newline, which is signed too
  std::vector<NoteSignature> signatures;
};
inline constexpr std::size_t kMaxNoteSize = 256 * 1024;

// Fails on anything that signed-note forbids. Says nothing about whether a signature is good.
Result<SignedNote> ParseNote(std::string_view note);
std::string FormatNote(const SignedNote& note);

// Which of `keys` signed (positions in `keys`). Unknown keys are ignored; a bad signature of a
// known key refuses the whole note (kCheckFailed).
Result<std::vector<std::size_t>> VerifyNote(const SignedNote& note, std::span<const NoteKey> keys);

// Signs `text` (type 01).
NoteSignature SignNote(std::string_view text, std::string_view name, const Ed25519KeyPair& pair);
// Says "as of this time the largest consistent tree I saw is this checkpoint" (type 04,
// cosignature/v1).
NoteSignature CosignNote(std::string_view checkpoint_text, std::string_view name,
                         const Ed25519KeyPair& pair, std::uint64_t unix_seconds);

}  // namespace trucewatch
