// SPDX-License-Identifier: Apache-2.0
#include "evidence/signer/log_key.h"

#include <sys/stat.h>

#include <algorithm>

#include "core/base/check.h"
#include "core/storage/new_file.h"

namespace trucewatch::evidence {
namespace {

constexpr std::string_view kPrefix = "PRIVATE+KEY+";

}  // namespace

LogKey::LogKey(std::string_view name, const Ed25519Seed& seed, std::uint8_t type)
    : name_(name), type_(type), seed_(seed), pair_(Ed25519KeyPair::FromSeed(seed)) {}

NoteSignature LogKey::Sign(std::string_view text) const {
  TW_CHECK(type_ == kNoteEd25519);
  return SignNote(text, name_, pair_);
}

NoteSignature LogKey::Cosign(std::string_view checkpoint_text, std::uint64_t unix_seconds) const {
  TW_CHECK(type_ == kNoteCosignature);
  return CosignNote(checkpoint_text, name_, pair_, unix_seconds);
}

Result<LogKey> LogKey::Make(std::string_view name, const Ed25519Seed& seed, std::uint8_t type) {
  if (!IsValidKeyName(name)) {
    return Fail(ErrorCode::kBadInput, "key name '{}': must not be empty nor hold spaces or '+'",
                name);
  }
  return LogKey(name, seed, type);
}

Result<LogKey> LogKey::Parse(std::string_view text, std::uint8_t type) {
  const auto bad = [](const char* what) {
    return Fail(ErrorCode::kBadInput, "private key: {} (\"PRIVATE+KEY+name+id+base64\" expected)",
                what);
  };
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (!text.starts_with(kPrefix)) return bad("does not start with PRIVATE+KEY+");
  text.remove_prefix(kPrefix.size());
  const std::size_t first = text.find('+');
  if (first == text.npos || text.size() < first + 10 || text[first + 9] != '+') {
    return bad("name or key id is missing");
  }
  const auto id = HexDecode(text.substr(first + 1, 8));
  const auto data = Base64Decode(text.substr(first + 10));
  if (!id || !data || data->size() != 33 ||
      ((*data)[0] != kNoteEd25519 && (*data)[0] != kNoteCosignature)) {
    return bad("no Ed25519 seed in it");
  }
  if (static_cast<std::uint8_t>((*data)[0]) != type) {
    return bad(type == kNoteEd25519 ? "is a witness's key, of type 4"
                                    : "is no witness's key, which is of type 4");
  }
  Ed25519Seed seed{};
  std::copy(data->begin() + 1, data->end(), seed.begin());
  TW_ASSIGN_OR_RETURN(LogKey key, Make(text.substr(0, first), seed, type));
  if (key.public_key().id() != ReadBe32(AsBytes(*id))) {
    return bad("the key id does not belong to the key");
  }
  return key;
}

std::string LogKey::Format() const {
  std::string data(1, static_cast<char>(type_));
  data.append(AsText(seed_));
  return fmt::format("{}{}+{:08x}+{}\n", kPrefix, name_, public_key().id(),
                     Base64Encode(AsBytes(data)));
}

Result<std::string> GenerateKey(const std::string& path, std::string_view name,
                                const std::optional<Ed25519Seed>& seed, std::uint8_t type) {
  TW_ASSIGN_OR_RETURN(const LogKey key,
                      LogKey::Make(name, seed ? *seed : Ed25519KeyPair::RandomSeed(), type));
  const std::string vkey = FormatVkey(key.public_key());
  TW_RETURN_IF_ERROR(WriteNewFile(path, key.Format(), 0600));
  TW_RETURN_IF_ERROR(WriteNewFile(path + ".vkey", vkey + "\n", 0644));
  return vkey;
}

}  // namespace trucewatch::evidence
