// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/crypto/ed25519.h"
#include "core/note/signed_note.h"

namespace trucewatch::evidence {

// The private key of a log. Its text form is Go's note signer key, one line:
// "PRIVATE+KEY+<name>+<hex8 key id>+<base64(0x01 || 32-byte seed)>".
class LogKey {
 public:
  // Fails on a name that is no key name.
  static Result<LogKey> Make(std::string_view name, const Ed25519Seed& seed);
  // Fails when a part is missing or the key id does not belong to the key. Never prints the key.
  static Result<LogKey> Parse(std::string_view text);

  std::string Format() const;
  const std::string& name() const { return name_; }
  NoteKey public_key() const { return {name_, kNoteEd25519, pair_.public_key()}; }
  NoteSignature Sign(std::string_view text) const { return SignNote(text, name_, pair_); }

 private:
  LogKey(std::string_view name, const Ed25519Seed& seed);

  std::string name_;
  Ed25519Seed seed_;
  Ed25519KeyPair pair_;
};

// Writes a new private key to `path` (mode 0600) and its vkey to `path`.vkey, and returns the vkey.
// Without a seed the key is random. Fails when either file is there already: a key is never
// overwritten.
Result<std::string> GenerateKey(const std::string& path, std::string_view name,
                                const std::optional<Ed25519Seed>& seed = std::nullopt);

}  // namespace trucewatch::evidence
