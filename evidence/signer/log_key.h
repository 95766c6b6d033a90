// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/crypto/ed25519.h"
#include "core/note/signed_note.h"

namespace trucewatch::evidence {

// The private key of a log or, type 4 (kNoteCosignature), of a witness; never used as the other.
// Its text form is Go's note signer key, one line:
// "PRIVATE+KEY+<name>+<hex8 key id>+<base64(type || 32-byte seed)>".
class LogKey {
 public:
  // Fails on a name that is no key name.
  static Result<LogKey> Make(std::string_view name, const Ed25519Seed& seed,
                             std::uint8_t type = kNoteEd25519);
  // Fails when a part is missing, the key id does not belong to the key, or it is of another type.
  // Never prints the key.
  static Result<LogKey> Parse(std::string_view text, std::uint8_t type = kNoteEd25519);

  std::string Format() const;
  const std::string& name() const { return name_; }
  std::uint8_t type() const { return type_; }
  NoteKey public_key() const { return {name_, type_, pair_.public_key()}; }
  // A log signs, a witness cosigns; anything else is a programmer's mistake.
  NoteSignature Sign(std::string_view text) const;
  NoteSignature Cosign(std::string_view checkpoint_text, std::uint64_t unix_seconds) const;

 private:
  LogKey(std::string_view name, const Ed25519Seed& seed, std::uint8_t type);

  std::string name_;
  std::uint8_t type_;
  Ed25519Seed seed_;
  Ed25519KeyPair pair_;
};

// Writes a new private key to `path` (mode 0600) and its vkey to `path`.vkey, and returns the vkey.
// Without a seed the key is random. Fails when either file is there already: a key is never
// overwritten.
Result<std::string> GenerateKey(const std::string& path, std::string_view name,
                                const std::optional<Ed25519Seed>& seed = std::nullopt,
                                std::uint8_t type = kNoteEd25519);

}  // namespace trucewatch::evidence
