// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/crypto/ed25519.h"

namespace trucewatch::audit {

// Reading side of C2SP signed-note and tlog-checkpoint, written apart from evidence/ledger on
// purpose: a mistake there must not hide itself here.

// What lies between newlines; the last one need not be ended.
std::vector<std::string_view> Lines(std::string_view text);
// UTF-8 without control characters, as signed-note has it.
bool IsPlainUtf8(std::string_view line);

struct VerifierKey {
  std::string name;
  std::uint32_t id = 0;
  std::uint8_t type = 0;  // 1: log signature, 4: timestamped cosignature of a witness
  Ed25519PublicKey key{};
};
Result<VerifierKey> ReadVerifierKey(std::string_view vkey);

struct SignatureLine {
  std::size_t line = 0;  // in the file, from 1
  std::string name;
  std::uint32_t id = 0;
  std::string bytes;
};

struct Note {
  std::string text;
  std::vector<SignatureLine> signatures;
};
// Errors name the line.
Result<Note> ReadNote(std::string_view file);

// Whether this line is the key's.
bool IsBy(const SignatureLine& signature, const VerifierKey& key);
// Whether it is good; for a witness, `cosigned_at` gets its time in seconds since 1970 UTC.
bool IsGood(const SignatureLine& signature, const VerifierKey& key, std::string_view text,
            std::uint64_t* cosigned_at);

struct TreeHead {
  std::string origin;
  std::uint64_t size = 0;
  Digest root{};
};
// The three lines of a checkpoint. Errors name the line.
Result<TreeHead> ReadTreeHead(std::string_view text);

}  // namespace trucewatch::audit
