// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/salt_key_file.h"

#include <algorithm>

#include "core/config/text_config.h"
#include "core/crypto/ed25519.h"
#include "core/storage/new_file.h"

namespace trucewatch::tools {
namespace {

constexpr std::string_view kSaltHeader = "trucewatch/salt-key/v1";

}  // namespace

Result<evidence::SaltKey> ReadSaltKey(const std::string& path) {
  const auto text = ReadTextFile(path);
  if (!text)
    return Fail(text.error().code, "{}; a new salt key is made with release --new-salts",
                text.error().message);
  const std::string header = std::string(kSaltHeader) + "\n";
  const auto bytes = text->starts_with(header)
                         ? HexDecode(std::string_view(*text).substr(header.size(), 64))
                         : std::nullopt;
  if (!bytes || bytes->size() != 32)
    return Fail(ErrorCode::kBadInput, "{}: is no salt key; expected '{}' and 64 hexadecimal digits",
                path, kSaltHeader);
  evidence::SaltKey key{};
  std::copy(bytes->begin(), bytes->end(), key.begin());
  return key;
}

Result<void> WriteSaltKey(const std::string& path) {
  return WriteNewFile(
      path, fmt::format("{}\n{}\n", kSaltHeader, HexEncode(Ed25519KeyPair::RandomSeed())), 0600);
}

}  // namespace trucewatch::tools
