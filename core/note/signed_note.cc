// SPDX-License-Identifier: Apache-2.0
#include "core/note/signed_note.h"

#include <algorithm>

#include "core/base/utf8.h"
#include "core/crypto/sha256.h"

namespace trucewatch {
namespace {

constexpr std::string_view kSignaturePrefix = "\xE2\x80\x94 ";  // U+2014, space

bool IsValidText(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (static_cast<std::uint8_t>(text[i]) < 0x20 && text[i] != '\n') return false;
    const std::size_t length = Utf8Length(text.substr(i));
    if (length == 0) return false;
    i += length;
  }
  return true;
}

// U+0085, U+00A0, U+1680, U+2000..200A, U+2028, U+2029, U+202F, U+205F, U+3000, as UTF-8.
bool IsUnicodeSpace(std::string_view character) {
  if (character == " " || character == "\xC2\x85" || character == "\xC2\xA0") return true;
  if (character == "\xE1\x9A\x80" || character == "\xE2\x81\x9F" || character == "\xE3\x80\x80") {
    return true;
  }
  if (!character.starts_with("\xE2\x80") || character.size() != 3) return false;
  const auto last = static_cast<std::uint8_t>(character[2]);
  return last <= 0x8A || last == 0xA8 || last == 0xA9 || last == 0xAF;
}

std::string CosignatureMessage(std::uint64_t unix_seconds, std::string_view text) {
  return fmt::format("cosignature/v1\ntime {}\n{}", unix_seconds, text);
}

// True when the signature is of this key's type and length and good for the text.
bool IsGood(const NoteKey& key, std::string_view text, const NoteSignature& signature) {
  std::string_view bytes = signature.bytes;
  std::string message(text);
  if (key.type == kNoteCosignature) {
    if (bytes.size() != 8 + 64) return false;
    message = CosignatureMessage(ReadBe64(AsBytes(bytes)), text);
    bytes.remove_prefix(8);
  }
  Ed25519Signature raw{};
  if (bytes.size() != raw.size()) return false;
  std::copy(bytes.begin(), bytes.end(), raw.begin());
  return Ed25519Verify(key.public_key, AsBytes(message), raw);
}

std::string SignatureBytes(const Ed25519Signature& signature) {
  return std::string(AsText(signature));
}

}  // namespace

std::uint32_t NoteKey::id() const {
  std::string message = name + '\n';
  message.push_back(static_cast<char>(type));
  message.append(AsText(public_key));
  return ReadBe32(Sha256(message));
}

bool IsValidKeyName(std::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  for (std::size_t i = 0; i < name.size();) {
    const std::size_t length = Utf8Length(name.substr(i));
    if (length == 0 || IsUnicodeSpace(name.substr(i, length))) return false;
    if (static_cast<std::uint8_t>(name[i]) < 0x20 || name[i] == 0x7F || name[i] == '+')
      return false;
    i += length;
  }
  return true;
}

Result<NoteKey> ParseVkey(std::string_view vkey) {
  const std::size_t first = vkey.find('+');
  const std::size_t second = first == vkey.npos ? first : vkey.find('+', first + 1);
  if (second == vkey.npos || second - first != 9) {
    return Fail(ErrorCode::kBadInput, "'{}' is no vkey: name+8 hex digits+base64 expected", vkey);
  }
  NoteKey key;
  key.name = vkey.substr(0, first);
  if (!IsValidKeyName(key.name)) {
    return Fail(ErrorCode::kBadInput, "vkey '{}': the name is empty or holds a space", vkey);
  }
  const auto id = HexDecode(vkey.substr(first + 1, 8));
  const auto data = Base64Decode(vkey.substr(second + 1));
  if (!id || !data || data->size() != 33) {
    return Fail(ErrorCode::kBadInput, "vkey '{}': 4 bytes of key id and 33 of key expected", vkey);
  }
  key.type = static_cast<std::uint8_t>((*data)[0]);
  if (key.type != kNoteEd25519 && key.type != kNoteCosignature) {
    return Fail(ErrorCode::kBadInput, "vkey '{}': key type {} is not supported (1 and 4 are)", vkey,
                key.type);
  }
  std::copy(data->begin() + 1, data->end(), key.public_key.begin());
  if (key.id() != ReadBe32(AsBytes(*id))) {
    return Fail(ErrorCode::kBadInput, "vkey '{}': the key id does not belong to name and key",
                vkey);
  }
  return key;
}

std::string FormatVkey(const NoteKey& key) {
  std::string data(1, static_cast<char>(key.type));
  data.append(AsText(key.public_key));
  return fmt::format("{}+{:08x}+{}", key.name, key.id(), Base64Encode(AsBytes(data)));
}

Result<SignedNote> ParseNote(std::string_view note) {
  if (note.size() > kMaxNoteSize) {
    return Fail(ErrorCode::kBadInput, "signed note of {} bytes: at most {}", note.size(),
                kMaxNoteSize);
  }
  if (!IsValidText(note)) {
    return Fail(ErrorCode::kBadInput, "signed note is not UTF-8 text without control characters");
  }
  const std::size_t blank = note.rfind("\n\n");
  if (blank == note.npos || blank + 2 == note.size() || note.back() != '\n') {
    return Fail(ErrorCode::kBadInput,
                "signed note: text, a blank line and signature lines expected");
  }
  SignedNote parsed;
  parsed.text = note.substr(0, blank + 1);
  std::string_view rest = note.substr(blank + 2);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    const std::size_t space = line.rfind(' ');
    if (!line.starts_with(kSignaturePrefix) || space < kSignaturePrefix.size()) {
      return Fail(ErrorCode::kBadInput, "signed note: '{}' is no signature line", line);
    }
    NoteSignature signature;
    signature.name = line.substr(kSignaturePrefix.size(), space - kSignaturePrefix.size());
    const auto bytes = Base64Decode(line.substr(space + 1));
    if (!IsValidKeyName(signature.name) || !bytes || bytes->size() < 5) {
      return Fail(ErrorCode::kBadInput, "signed note: bad name or base64 in '{}'", line);
    }
    signature.key_id = ReadBe32(AsBytes(*bytes));
    signature.bytes = bytes->substr(4);
    parsed.signatures.push_back(std::move(signature));
  }
  return parsed;
}

std::string FormatNote(const SignedNote& note) {
  std::string out = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) {
    std::string bytes;
    AppendBe32(bytes, signature.key_id);
    bytes += signature.bytes;
    out += fmt::format("{}{} {}\n", kSignaturePrefix, signature.name, Base64Encode(AsBytes(bytes)));
  }
  return out;
}

Result<std::vector<std::size_t>> VerifyNote(const SignedNote& note, std::span<const NoteKey> keys) {
  std::vector<std::size_t> good;
  for (std::size_t k = 0; k < keys.size(); ++k) {
    bool found = false;
    for (const NoteSignature& signature : note.signatures) {
      if (signature.name != keys[k].name || signature.key_id != keys[k].id()) continue;
      if (!IsGood(keys[k], note.text, signature)) {
        return Fail(ErrorCode::kCheckFailed, "the signature of {} is not good", keys[k].name);
      }
      found = true;
    }
    if (found) good.push_back(k);
  }
  return good;
}

NoteSignature SignNote(std::string_view text, std::string_view name, const Ed25519KeyPair& pair) {
  const NoteKey key{std::string(name), kNoteEd25519, pair.public_key()};
  return {key.name, key.id(), SignatureBytes(pair.Sign(AsBytes(text)))};
}

NoteSignature CosignNote(std::string_view checkpoint_text, std::string_view name,
                         const Ed25519KeyPair& pair, std::uint64_t unix_seconds) {
  const NoteKey key{std::string(name), kNoteCosignature, pair.public_key()};
  std::string bytes;
  AppendBe64(bytes, unix_seconds);
  bytes += SignatureBytes(pair.Sign(AsBytes(CosignatureMessage(unix_seconds, checkpoint_text))));
  return {key.name, key.id(), std::move(bytes)};
}

}  // namespace trucewatch
