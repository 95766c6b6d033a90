// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/note.h"

#include <algorithm>

#include "core/crypto/sha256.h"

namespace trucewatch::audit {

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Decodes by code point.
bool IsPlainUtf8(std::string_view line) {
  for (std::size_t i = 0; i < line.size();) {
    const auto lead = static_cast<std::uint8_t>(line[i++]);
    if (lead < 0x20) return false;
    if (lead < 0x80) continue;
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    std::uint32_t code = lead & (0x3FU >> more);
    for (int k = 0; k < more; ++k) {
      if (i == line.size() || (line[i] & 0xC0) != 0x80) return false;
      code = (code << 6) | (line[i++] & 0x3FU);
    }
    const std::uint32_t least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0x80;
    if (lead < 0xC0 || lead > 0xF7 || code < least || code > 0x10FFFF) return false;
    if (code >= 0xD800 && code <= 0xDFFF) return false;
  }
  return true;
}

namespace {

// Signed-note: neither '+' nor a Unicode space. `name` is UTF-8.
bool IsKeyName(std::string_view name) {
  if (name.empty() || name.find('+') != name.npos) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(name[i]);
    if (byte == ' ' || (byte >= 0x09 && byte <= 0x0D)) return false;
    const std::string_view two = name.substr(i, 2);
    const std::string_view three = name.substr(i, 3);
    if (two == "\xC2\x85" || two == "\xC2\xA0" || three == "\xE1\x9A\x80" ||
        three == "\xE2\x81\x9F" || three == "\xE3\x80\x80") {
      return false;
    }
    if (three.size() == 3 && three.starts_with("\xE2\x80")) {  // U+2000 to 200A, 2028, 2029, 202F
      const auto last = static_cast<std::uint8_t>(three[2]);
      if (last <= 0x8A || last == 0xA8 || last == 0xA9 || last == 0xAF) return false;
    }
  }
  return true;
}

std::uint32_t KeyId(const VerifierKey& key) {
  std::string message = key.name + "\n";
  message += static_cast<char>(key.type);
  message += AsText(key.key);
  return ReadBe32(Sha256(message));
}

}  // namespace

Result<VerifierKey> ReadVerifierKey(std::string_view vkey) {
  VerifierKey key;
  key.name = vkey.substr(0, vkey.find('+'));
  const std::string_view rest = vkey.substr(std::min(key.name.size() + 1, vkey.size()));
  const auto id = HexDecode(rest.substr(0, 8));
  const auto data = rest.size() > 9 && rest[8] == '+' ? Base64Decode(rest.substr(9)) : std::nullopt;
  if (!IsKeyName(key.name) || !id || !data || data->size() != 1 + key.key.size()) {
    return Fail(ErrorCode::kBadInput, "'{}' is no vkey (name+8 hex digits+base64)", vkey);
  }
  key.type = static_cast<std::uint8_t>(data->front());
  if (key.type != 1 && key.type != 4) {
    return Fail(ErrorCode::kBadInput, "'{}': key type {}, only 1 and 4 are known", vkey, key.type);
  }
  std::copy(data->begin() + 1, data->end(), key.key.begin());
  key.id = ReadBe32(AsBytes(*id));
  if (key.id != KeyId(key)) {
    return Fail(ErrorCode::kBadInput, "'{}': the key id does not fit the key", vkey);
  }
  return key;
}

Result<Note> ReadNote(std::string_view file) {
  if (file.empty() || file.back() != '\n') {
    return Fail(ErrorCode::kCheckFailed, "line {}: does not end in a newline",
                std::max<std::size_t>(Lines(file).size(), 1));
  }
  const std::vector<std::string_view> lines = Lines(file);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!IsPlainUtf8(lines[i])) {
      return Fail(ErrorCode::kCheckFailed, "line {}: is no plain UTF-8 text", i + 1);
    }
  }
  std::size_t blank = lines.size();
  while (blank > 0 && !lines[blank - 1].empty()) --blank;
  if (blank < 2 || blank == lines.size()) {
    return Fail(ErrorCode::kCheckFailed, "line {}: a blank line and signatures are missing",
                lines.size());
  }
  Note note;
  for (std::size_t i = 0; i + 1 < blank; ++i) note.text += std::string(lines[i]) + "\n";
  for (std::size_t i = blank; i < lines.size(); ++i) {
    static constexpr std::string_view kDash = "\u2014 ";
    const std::string_view line = lines[i];
    const std::size_t space = line.find(' ', std::min(kDash.size(), line.size()));
    const auto bytes = space == line.npos ? std::nullopt : Base64Decode(line.substr(space + 1));
    if (!line.starts_with(kDash) || !bytes || bytes->size() < 5 ||
        !IsKeyName(line.substr(kDash.size(), space - kDash.size()))) {
      return Fail(ErrorCode::kCheckFailed, "line {}: is no signature line", i + 1);
    }
    note.signatures.push_back({i + 1, std::string(line.substr(kDash.size(), space - kDash.size())),
                               ReadBe32(AsBytes(*bytes)), bytes->substr(4)});
  }
  return note;
}

bool IsBy(const SignatureLine& signature, const VerifierKey& key) {
  return signature.name == key.name && signature.id == key.id;
}

bool IsGood(const SignatureLine& signature, const VerifierKey& key, std::string_view text,
            std::uint64_t* cosigned_at) {
  std::string message(text);
  std::string_view raw = signature.bytes;
  if (key.type == 4) {
    if (raw.size() != 8 + 64) return false;
    *cosigned_at = ReadBe64(AsBytes(raw));
    message = "cosignature/v1\ntime " + std::to_string(*cosigned_at) + "\n" + message;
    raw = raw.substr(8);
  }
  Ed25519Signature bytes{};
  if (raw.size() != bytes.size()) return false;
  std::copy(raw.begin(), raw.end(), bytes.begin());
  return Ed25519Verify(key.key, AsBytes(message), bytes);
}

Result<TreeHead> ReadTreeHead(std::string_view text) {
  const std::vector<std::string_view> lines = Lines(text);
  if (lines.size() != 3) {
    return Fail(ErrorCode::kCheckFailed, "line {}: origin, size and root and nothing more expected",
                std::min<std::size_t>(lines.size(), 4));
  }
  TreeHead head;
  head.origin = lines[0];
  if (head.origin.empty()) return Fail(ErrorCode::kCheckFailed, "line 1: no origin");
  if (lines[1].empty() || lines[1].size() > 18 || (lines[1][0] == '0' && lines[1].size() > 1)) {
    return Fail(ErrorCode::kCheckFailed, "line 2: '{}' is no tree size", lines[1]);
  }
  for (const char c : lines[1]) {
    if (c < '0' || c > '9') {
      return Fail(ErrorCode::kCheckFailed, "line 2: '{}' is no tree size", lines[1]);
    }
    head.size = head.size * 10 + static_cast<std::uint64_t>(c - '0');
  }
  const auto root = Base64Decode(lines[2]);
  if (!root || root->size() != head.root.size()) {
    return Fail(ErrorCode::kCheckFailed, "line 3: '{}' is no root hash", lines[2]);
  }
  std::copy(root->begin(), root->end(), head.root.begin());
  return head;
}

}  // namespace trucewatch::audit
