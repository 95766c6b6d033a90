// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstdio>

#include "core/config/text_config.h"
#include "core/crypto/sha256.h"
#include "core/keys/key_set.h"
#include "core/time/clock.h"
#include "evidence/signer/log_key.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/output_file.h"

namespace trucewatch::tools {
namespace {

// The text of a file that may be signed or not yet.
std::string KeySetTextOf(const std::string& bytes) {
  const auto note = ParseNote(bytes);
  return note ? note->text : bytes;
}

// "a=b" or "a@b", at the last separator.
Result<std::pair<std::string, std::string>> SplitPair(const std::string& text, char separator,
                                                      const char* expected) {
  const std::size_t at = text.rfind(separator);
  if (at == 0 || at == text.npos || at + 1 == text.size()) {
    return Fail(ErrorCode::kUsage, "'{}': {} expected", text, expected);
  }
  return std::pair{text.substr(0, at), text.substr(at + 1)};
}

Result<KeySet> FirstOrNext(const KeysetMakeCommand& command) {
  KeySet set;
  if (!command.previous.empty()) {
    TW_ASSIGN_OR_RETURN(const std::string bytes, ReadTextFile(command.previous));
    const std::string text = KeySetTextOf(bytes);
    auto before = ParseKeySet(text);
    if (!before) return Prefix(command.previous, before.error());
    set = std::move(*before);
    set.version += 1;
    set.previous = Sha256(text);
  }
  set.mission = command.mission;
  TW_ASSIGN_OR_RETURN(set.expires, ParseUtc(command.expires));
  return set;
}

Result<void> AddRolesAndKeys(const KeysetMakeCommand& command, KeySet& set) {
  for (const std::string& role : command.roles) {
    TW_ASSIGN_OR_RETURN(const auto parts, SplitPair(role, '=', "ROLE=SIGNATURES"));
    std::size_t threshold = 0;
    const char* const end = parts.second.data() + parts.second.size();
    const auto [stop, error] = std::from_chars(parts.second.data(), end, threshold);
    if (error != std::errc() || stop != end || threshold == 0) {
      return Fail(ErrorCode::kUsage, "--role {}: a number from 1 on expected", role);
    }
    set.thresholds[parts.first] = threshold;
  }
  for (const std::string& key : command.keys) {
    // A vkey's base64 may hold '=', a role does not.
    const std::size_t at = key.find('=');
    if (at == 0 || at == key.npos) {
      return Fail(ErrorCode::kUsage, "--key {}: ROLE=VKEY@FROM expected", key);
    }
    TW_ASSIGN_OR_RETURN(const auto parts, SplitPair(key.substr(at + 1), '@', "ROLE=VKEY@FROM"));
    KeySet::Key made;
    made.role = key.substr(0, at);
    TW_ASSIGN_OR_RETURN(made.key, ParseVkey(parts.first));
    TW_ASSIGN_OR_RETURN(made.from, ParseUtc(parts.second));
    set.keys.push_back(std::move(made));
  }
  for (const std::string& revoked : command.revoke) {
    TW_ASSIGN_OR_RETURN(const auto parts, SplitPair(revoked, '@', "NAME@FROM"));
    TW_ASSIGN_OR_RETURN(const Instant from, ParseUtc(parts.second));
    bool found = false;
    for (KeySet::Key& key : set.keys) {
      if (key.key.name != parts.first && FormatVkey(key.key) != parts.first) continue;
      if (found) {
        return Fail(ErrorCode::kUsage, "--revoke {}: several keys have this name; give the vkey",
                    revoked);
      }
      found = true;
      key.revoked_from = from;
    }
    if (!found) return Fail(ErrorCode::kUsage, "--revoke {}: there is no such key", revoked);
  }
  return {};
}

}  // namespace

Result<int> RunKeysetMake(const KeysetMakeCommand& command) {
  TW_ASSIGN_OR_RETURN(KeySet set, FirstOrNext(command));
  TW_RETURN_IF_ERROR(AddRolesAndKeys(command, set));
  const std::string text = FormatKeySet(set);
  TW_RETURN_IF_ERROR(ParseKeySet(text));  // what nobody could read is not written
  const auto storage = MakePosixStorage();
  TW_RETURN_IF_ERROR(WriteOutputFile(*storage, command.out, AsBytes(text)));
  std::printf(
      "version %llu, SHA-256 %s; %zu root signatures are needed: trucewatch keyset sign %s "
      "--key ROOT.key\n",
      static_cast<unsigned long long>(set.version), HexEncode(Sha256(text)).c_str(),
      set.thresholds.at("root"), command.out.c_str());
  return 0;
}

Result<int> RunKeysetSign(const KeysetSignCommand& command) {
  TW_ASSIGN_OR_RETURN(const std::string bytes, ReadTextFile(command.file));
  auto note = ParseNote(bytes);
  if (!note) note = SignedNote{bytes, {}};
  const auto set = ParseKeySet(note->text);
  if (!set) return Prefix(command.file, set.error());
  TW_ASSIGN_OR_RETURN(const std::string key_text, ReadTextFile(command.key));
  const auto key = evidence::LogKey::Parse(key_text);
  if (!key) return Prefix(command.key, key.error());
  std::erase_if(note->signatures, [&](const NoteSignature& line) {
    return line.name == key->name() && line.key_id == key->public_key().id();
  });
  note->signatures.push_back(key->Sign(note->text));
  const auto storage = MakePosixStorage();
  TW_RETURN_IF_ERROR(WriteFileAtomically(*storage, command.file, AsBytes(FormatNote(*note))));
  TW_ASSIGN_OR_RETURN(const std::size_t count, CountRootSignatures(*note, *set));
  std::printf("signed by %s; %zu of %zu root signatures of this version\n", key->name().c_str(),
              count, set->thresholds.at("root"));
  return 0;
}

Result<int> RunKeysetCheck(const KeysetCheckCommand& command) {
  std::vector<std::string> notes;
  for (const std::string& file : command.files) {
    TW_ASSIGN_OR_RETURN(std::string text, ReadTextFile(file));
    notes.push_back(std::move(text));
  }
  TW_ASSIGN_OR_RETURN(const KeySetVersion newest, FollowKeySets(notes));
  const KeySet& set = newest.set;
  Instant at = SystemClock().Now();
  if (!command.at.empty()) {
    TW_ASSIGN_OR_RETURN(at, ParseUtc(command.at));
  }
  if (set.expires <= at) {
    return Fail(ErrorCode::kCheckFailed, "version {} expired at {}: ask for a newer one",
                set.version, FormatUtc(set.expires));
  }
  if (command.policy) {
    std::fputs(PolicyLogLines(set, at).c_str(), stdout);
    return 0;
  }
  std::printf("key set of %s, version %llu, good until %s; first version SHA-256 %s\n",
              set.mission.c_str(), static_cast<unsigned long long>(set.version),
              FormatUtc(set.expires).c_str(),
              HexEncode(Sha256(ParseNote(notes.front())->text)).c_str());
  for (const KeySet::Key& key : set.keys) {
    const bool counts = CountsAt(key, at);
    std::string until;
    if (key.revoked_from) until = ", revoked from " + FormatUtc(*key.revoked_from);
    std::printf("%-8s %s  %s (from %s%s)\n", key.role.c_str(), counts ? "counts" : "DOES NOT COUNT",
                FormatVkey(key.key).c_str(), FormatUtc(key.from).c_str(), until.c_str());
  }
  return 0;
}

}  // namespace trucewatch::tools
