// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/key_files.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/config/text_config.h"
#include "core/note/signed_note.h"
#include "core/storage/new_file.h"

namespace trucewatch::tools {
namespace {

constexpr std::size_t kMaxKeyFileBytes = 4096;

// One line "name value".
struct KeyLine {
  std::string name;
  std::string value;
};

bool IsPeerId(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
  });
}

Result<void> CheckPeerId(const std::string& id) {
  if (IsPeerId(id)) return {};
  return Fail(ErrorCode::kBadInput,
              "'{}' is no name; expected 1 to 64 letters, digits, '-' and '_'", id);
}

// The public half first: when the private one cannot be written, no key is lost.
Result<void> WriteKeyFiles(const std::string& path, const std::string& title,
                           const std::vector<KeyLine>& lines, const std::string& public_lines) {
  if (::access(path.c_str(), F_OK) == 0) {
    return Fail(ErrorCode::kBadInput, "{}: is there already; a key is never overwritten", path);
  }
  TW_RETURN_IF_ERROR(WriteNewFile(path + ".pub", public_lines, 0644));
  std::string text = title + "\n";
  for (const KeyLine& line : lines) text += line.name + " " + line.value + "\n";
  const Result<void> written = WriteNewFile(path, text, 0600);
  if (!written) ::unlink((path + ".pub").c_str());
  return written;
}

// The values of the lines `names`, in that order; the file holds just these.
Result<std::vector<std::string>> ReadKeyFile(const std::string& path, const std::string& title,
                                             const std::vector<std::string>& names) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  const std::string expected =
      title + " and then one line each: " + fmt::format("{}", fmt::join(names, ", ")) +
      "; made by `trucewatch keygen`";
  const auto bad = [&](std::size_t line, const std::string& what) {
    return Fail(ErrorCode::kBadInput, "{}:{}: {}; expected '{}'", path, line, what, expected);
  };
  if (text.size() > kMaxKeyFileBytes) return bad(1, "is too large for a key file");
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) return bad(lines.size() + 1, "the last line does not end");
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (lines.empty() || lines.front() != title) return bad(1, "is no such key file");
  if (lines.size() != names.size() + 1) {
    return bad(lines.size(), fmt::format("{} lines", lines.size()));
  }
  std::vector<std::string> values;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& line = lines[i + 1];
    if (line.rfind(names[i] + " ", 0) != 0) return bad(i + 2, "no " + names[i] + " here");
    values.push_back(line.substr(names[i].size() + 1));
  }
  return values;
}

Result<CurveKeyPair> ParseCurve(const std::string& path, std::size_t line,
                                const std::string& secret, const std::string& public_key) {
  const auto bytes = Z85KeyBytes(secret);
  if (!bytes) {
    return Fail(ErrorCode::kBadInput, "{}:{}: curve_secret is not 40 characters of Z85", path,
                line);
  }
  CurveKeyPair pair = CurveKeyPairFromSecret(*bytes);
  if (pair.public_key != public_key) {
    return Fail(ErrorCode::kBadInput,
                "{}:{}: curve_public does not belong to curve_secret; expected {}", path, line + 1,
                pair.public_key);
  }
  return pair;
}

const std::string kStationTitle = "trucewatch station key v1";
const std::string kHubTitle = "trucewatch hub key v1";
const std::string kSubscriberTitle = "trucewatch subscriber key v1";

std::string SignPublic(const Ed25519Seed& seed) {
  return HexEncode(Ed25519KeyPair::FromSeed(seed).public_key());
}

}  // namespace

StationKeys MakeStationKeys(std::string id) {
  return {
      .id = std::move(id), .curve = MakeCurveKeyPair(), .sign_seed = Ed25519KeyPair::RandomSeed()};
}

std::string StationPeerLines(const StationKeys& keys) {
  return fmt::format(
      "station {{\n  id: \"{}\"\n  curve_public: \"{}\"\n  sign_public: \"{}\"\n}}\n", keys.id,
      keys.curve.public_key, SignPublic(keys.sign_seed));
}

std::string StationVkey(const StationKeys& keys) {
  return FormatVkey({keys.id, kNoteEd25519, Ed25519KeyPair::FromSeed(keys.sign_seed).public_key()});
}

std::string HubPublicLines(const CurveKeyPair& keys) {
  return fmt::format("hub_public: \"{}\"\n", keys.public_key);
}

std::string SubscriberPeerLines(const SubscriberKeys& keys) {
  return fmt::format("subscriber {{\n  id: \"{}\"\n  curve_public: \"{}\"\n}}\n", keys.id,
                     keys.curve.public_key);
}

Result<void> WriteStationKeys(const std::string& path, const StationKeys& keys) {
  TW_RETURN_IF_ERROR(CheckPeerId(keys.id));
  return WriteKeyFiles(path, kStationTitle,
                       {{"id", keys.id},
                        {"curve_secret", keys.curve.secret_key},
                        {"curve_public", keys.curve.public_key},
                        {"sign_seed", HexEncode(keys.sign_seed)},
                        {"sign_public", SignPublic(keys.sign_seed)}},
                       StationPeerLines(keys));
}

Result<StationKeys> ReadStationKeys(const std::string& path) {
  TW_ASSIGN_OR_RETURN(const auto values, ReadKeyFile(path, kStationTitle,
                                                     {"id", "curve_secret", "curve_public",
                                                      "sign_seed", "sign_public"}));
  StationKeys keys;
  keys.id = values[0];
  if (const auto named = CheckPeerId(keys.id); !named) return Prefix(path + ":2", named.error());
  TW_ASSIGN_OR_RETURN(keys.curve, ParseCurve(path, 3, values[1], values[2]));
  const auto seed = HexDecode(values[3]);
  if (!seed || seed->size() != keys.sign_seed.size()) {
    return Fail(ErrorCode::kBadInput, "{}:5: sign_seed is not 64 hexadecimal digits", path);
  }
  std::copy(seed->begin(), seed->end(), keys.sign_seed.begin());
  if (SignPublic(keys.sign_seed) != values[4]) {
    return Fail(ErrorCode::kBadInput, "{}:6: sign_public does not belong to sign_seed; expected {}",
                path, SignPublic(keys.sign_seed));
  }
  return keys;
}

Result<void> WriteHubKeys(const std::string& path, const CurveKeyPair& keys) {
  return WriteKeyFiles(path, kHubTitle,
                       {{"curve_secret", keys.secret_key}, {"curve_public", keys.public_key}},
                       HubPublicLines(keys));
}

Result<CurveKeyPair> ReadHubKeys(const std::string& path) {
  TW_ASSIGN_OR_RETURN(const auto values,
                      ReadKeyFile(path, kHubTitle, {"curve_secret", "curve_public"}));
  return ParseCurve(path, 2, values[0], values[1]);
}

Result<std::string> ReadHubPublic(const std::string& path) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  constexpr std::string_view kHead = "hub_public: \"";
  if (text.size() == kHead.size() + 42 && text.starts_with(kHead) && text.ends_with("\"\n")) {
    std::string key = text.substr(kHead.size(), 40);
    if (IsZ85Key(key)) return key;
  }
  return Fail(ErrorCode::kBadInput,
              "{}: holds no key of a hub; expected one line hub_public: \"...\" as `trucewatch "
              "keygen --hub` writes it",
              path);
}

Result<void> WriteSubscriberKeys(const std::string& path, const SubscriberKeys& keys) {
  TW_RETURN_IF_ERROR(CheckPeerId(keys.id));
  return WriteKeyFiles(path, kSubscriberTitle,
                       {{"id", keys.id},
                        {"curve_secret", keys.curve.secret_key},
                        {"curve_public", keys.curve.public_key}},
                       SubscriberPeerLines(keys));
}

Result<SubscriberKeys> ReadSubscriberKeys(const std::string& path) {
  TW_ASSIGN_OR_RETURN(const auto values,
                      ReadKeyFile(path, kSubscriberTitle, {"id", "curve_secret", "curve_public"}));
  SubscriberKeys keys;
  keys.id = values[0];
  if (const auto named = CheckPeerId(keys.id); !named) return Prefix(path + ":2", named.error());
  TW_ASSIGN_OR_RETURN(keys.curve, ParseCurve(path, 3, values[1], values[2]));
  return keys;
}

}  // namespace trucewatch::tools
