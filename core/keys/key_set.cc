// SPDX-License-Identifier: Apache-2.0
#include "core/keys/key_set.h"

#include <algorithm>
#include <charconv>

#include "core/crypto/sha256.h"

namespace trucewatch {
namespace {

constexpr std::string_view kKeySetTitle = "trucewatch key set v1";
constexpr std::size_t kMaxKeySetText = 64 * 1024;

std::vector<std::string_view> SplitAtSpaces(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t end = line.find(' ');
    words.push_back(line.substr(0, end));
    if (end == line.npos) return words;
    line.remove_prefix(end + 1);
  }
}

Result<std::uint64_t> ParseCount(std::string_view digits) {
  std::uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stop != end || value == 0) {
    return Fail(ErrorCode::kBadInput, "'{}' is no number from 1 on", digits);
  }
  return value;
}

class KeySetReader {
 public:
  Result<void> AddLine(std::string_view line) {
    const auto words = SplitAtSpaces(line);
    const std::string_view what = words[0];
    const std::size_t n = words.size();
    if (what == "mission" && n == 2)
      set_.mission = words[1];
    else if (what == "version" && n == 2)
      return SetVersion(words[1]);
    else if (what == "previous" && n == 2)
      return SetPrevious(words[1]);
    else if (what == "expires" && n == 2)
      return SetTime(words[1], &set_.expires);
    else if (what == "role" && n == 3)
      return AddRole(words[1], words[2]);
    else if (what == "key" && (n == 4 || n == 5))
      return AddKey(words);
    else {
      return Fail(ErrorCode::kBadInput,
                  "mission, version, previous, expires, 'role NAME NUMBER' or 'key ROLE VKEY FROM "
                  "[REVOKED_FROM]' expected");
    }
    return {};
  }

  Result<KeySet> End() {
    if (!IsValidKeyName(set_.mission)) return Fail(ErrorCode::kBadInput, "no mission is named");
    if (!set_.thresholds.contains("root")) return Fail(ErrorCode::kBadInput, "no role 'root'");
    if ((set_.version == 1) != !set_.previous) {
      return Fail(ErrorCode::kBadInput, "version 1, and no other, has 'previous none'");
    }
    for (const auto& [role, threshold] : set_.thresholds) {
      const std::string& name = role;  // clang 14 captures no structured binding
      const auto keys = std::count_if(set_.keys.begin(), set_.keys.end(), [&](const auto& key) {
        return key.role == name && !key.revoked_from;
      });
      if (static_cast<std::size_t>(keys) < threshold) {
        return Fail(ErrorCode::kBadInput, "role '{}' needs {} signatures and has {} keys", role,
                    threshold, keys);
      }
    }
    return std::move(set_);
  }

 private:
  Result<void> SetVersion(std::string_view word) {
    TW_ASSIGN_OR_RETURN(set_.version, ParseCount(word));
    return {};
  }
  Result<void> SetPrevious(std::string_view word) {
    if (word == "none") return {};
    const auto bytes = HexDecode(word);
    Digest digest{};
    if (!bytes || bytes->size() != digest.size()) {
      return Fail(ErrorCode::kBadInput, "'{}' is neither 'none' nor a SHA-256", word);
    }
    std::copy(bytes->begin(), bytes->end(), digest.begin());
    set_.previous = digest;
    return {};
  }
  static Result<void> SetTime(std::string_view word, Instant* time) {
    TW_ASSIGN_OR_RETURN(*time, ParseUtc(word));
    return {};
  }
  Result<void> AddRole(std::string_view role, std::string_view threshold) {
    TW_ASSIGN_OR_RETURN(const std::uint64_t number, ParseCount(threshold));
    if (role.empty() || !set_.thresholds.emplace(role, number).second) {
      return Fail(ErrorCode::kBadInput, "role '{}' stands there twice, or has no name", role);
    }
    return {};
  }
  Result<void> AddKey(const std::vector<std::string_view>& words) {
    KeySet::Key key;
    key.role = words[1];
    if (!set_.thresholds.contains(key.role)) {
      return Fail(ErrorCode::kBadInput, "the role '{}' stands in no line above", key.role);
    }
    TW_ASSIGN_OR_RETURN(key.key, ParseVkey(words[2]));
    if ((key.key.type == kNoteCosignature) != (key.role == "witness")) {
      return Fail(ErrorCode::kBadInput, "a witness, and no other, has a key of type 4");
    }
    for (const KeySet::Key& other : set_.keys) {
      if (other.key.public_key == key.key.public_key) {
        return Fail(ErrorCode::kBadInput, "the key of '{}' stands there twice: one key, one role",
                    key.key.name);
      }
    }
    TW_RETURN_IF_ERROR(SetTime(words[3], &key.from));
    if (words.size() == 5) {
      Instant revoked;
      TW_RETURN_IF_ERROR(SetTime(words[4], &revoked));
      key.revoked_from = revoked;
    }
    set_.keys.push_back(std::move(key));
    return {};
  }

  KeySet set_;
};

}  // namespace

bool KeySet::FormatsAs(const KeySet& other) const {
  return FormatKeySet(*this) == FormatKeySet(other);
}

std::string FormatKeySet(const KeySet& set) {
  std::string text = fmt::format(
      "{}\nmission {}\nversion {}\nprevious {}\nexpires {}\n", kKeySetTitle, set.mission,
      set.version, set.previous ? HexEncode(*set.previous) : "none", FormatUtc(set.expires));
  for (const auto& [role, threshold] : set.thresholds) {
    text += fmt::format("role {} {}\n", role, threshold);
  }
  for (const KeySet::Key& key : set.keys) {
    text += fmt::format("key {} {} {}", key.role, FormatVkey(key.key), FormatUtc(key.from));
    if (key.revoked_from) text += " " + FormatUtc(*key.revoked_from);
    text += "\n";
  }
  return text;
}

Result<KeySet> ParseKeySet(std::string_view text) {
  if (text.size() > kMaxKeySetText || !text.ends_with('\n')) {
    return Fail(ErrorCode::kBadInput, "key set of {} bytes: at most {}, ending in a newline",
                text.size(), kMaxKeySetText);
  }
  const std::string_view whole = text;
  KeySetReader reader;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    if (number == 1) {
      if (line == kKeySetTitle) continue;
      return Fail(ErrorCode::kBadInput, "line 1: '{}' expected", kKeySetTitle);
    }
    const auto added = reader.AddLine(line);
    if (!added) return Prefix(fmt::format("line {}", number), added.error());
  }
  TW_ASSIGN_OR_RETURN(KeySet set, reader.End());
  // One meaning has one text, so that a digest stands for it.
  if (FormatKeySet(set) != whole) {
    return Fail(ErrorCode::kBadInput,
                "lines are repeated or not in their order: `trucewatch "
                "keyset make` writes it as it must be");
  }
  return set;
}

bool CountsAt(const KeySet::Key& key, Instant time) {
  return key.from <= time && (!key.revoked_from || time < *key.revoked_from);
}

Result<std::size_t> CountRootSignatures(const SignedNote& note, const KeySet& by) {
  std::vector<NoteKey> keys;
  for (const KeySet::Key& key : by.keys) {
    if (key.role == "root" && !key.revoked_from) keys.push_back(key.key);
  }
  TW_ASSIGN_OR_RETURN(const auto signers, VerifyNote(note, keys));
  return signers.size();
}

Result<KeySetVersion> NextKeySet(const KeySetVersion* before, std::string_view signed_note) {
  TW_ASSIGN_OR_RETURN(SignedNote note, ParseNote(signed_note));
  TW_ASSIGN_OR_RETURN(KeySet set, ParseKeySet(note.text));
  const auto enough = [&](const KeySet& by, const char* whose) -> Result<void> {
    const auto count = CountRootSignatures(note, by);
    if (!count) return Prefix(fmt::format("version {}", set.version), count.error());
    if (*count >= by.thresholds.at("root")) return {};
    return Fail(ErrorCode::kCheckFailed, "version {}: {} of {} signatures by the root keys of {}",
                set.version, *count, by.thresholds.at("root"), whose);
  };
  TW_RETURN_IF_ERROR(enough(set, "this version"));
  if (before != nullptr) {
    TW_RETURN_IF_ERROR(enough(before->set, "the version before"));
    if (set.mission != before->set.mission || set.version != before->set.version + 1 ||
        set.previous != Sha256(before->text)) {
      return Fail(ErrorCode::kCheckFailed,
                  "version {} does not follow version {}: mission, number or digest differs",
                  set.version, before->set.version);
    }
  }
  return KeySetVersion{std::move(set), std::move(note.text)};
}

Result<KeySetVersion> FollowKeySets(const std::vector<std::string>& notes) {
  std::optional<KeySetVersion> last;
  for (const std::string& note : notes) {
    TW_ASSIGN_OR_RETURN(last, NextKeySet(last ? &*last : nullptr, note));
  }
  if (!last) return Fail(ErrorCode::kUsage, "no key set was given");
  return std::move(*last);
}

std::string PolicyLogLines(const KeySet& set, Instant time) {
  std::string lines;
  for (const KeySet::Key& key : set.keys) {
    if (key.role == "log" && CountsAt(key, time)) {
      lines += "log " + FormatVkey(key.key) + "\n";
    }
  }
  return lines;
}

}  // namespace trucewatch
