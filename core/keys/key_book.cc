// SPDX-License-Identifier: Apache-2.0
#include "core/keys/key_book.h"

#include <algorithm>

#include "core/crypto/sha256.h"

namespace trucewatch {
namespace {

const KeySet::Key* Find(const KeySet& set, const NoteKey& key) {
  for (const KeySet::Key& one : set.keys) {
    if (one.key.public_key == key.public_key && one.key.name == key.name) return &one;
  }
  return nullptr;
}

std::string Named(const KeySet::Key& key) {
  return fmt::format("'{}' ({}, key {:08x})", key.key.name, key.role, key.key.id());
}

}  // namespace

Result<void> KeyBook::Begin(const std::string& mission, const std::string& first_sha256,
                            std::span<const std::string> notes) {
  TW_ASSIGN_OR_RETURN(KeySetVersion newest,
                      FollowKeySets(std::vector<std::string>(notes.begin(), notes.end())));
  TW_ASSIGN_OR_RETURN(const SignedNote first, ParseNote(notes.front()));
  const std::string digest = HexEncode(Sha256(first.text));
  if (digest != first_sha256) {
    return Fail(ErrorCode::kCheckFailed,
                "the first key set has the SHA-256 {}; the mission's config says {}", digest,
                first_sha256);
  }
  if (newest.set.mission != mission) {
    return Fail(ErrorCode::kCheckFailed, "the key set is of '{}'; the mission's ledger is '{}'",
                newest.set.mission, mission);
  }
  newest_ = std::move(newest);
  taken_.clear();
  return {};
}

Digest KeyBook::digest() const { return Sha256(newest_->text); }

Result<KeySetVersion> KeyBook::Check(std::string_view signed_note) const {
  return NextKeySet(&*newest_, signed_note);
}

std::string KeyBook::Take(KeySetVersion next) {
  const KeySet before = std::move(newest_->set);
  newest_ = std::move(next);
  const KeySet& now = newest_->set;
  std::string said = fmt::format("Key set version {} is in force, good until {} (SHA-256 {}).",
                                 now.version, FormatUtc(now.expires), HexEncode(digest()));
  for (const KeySet::Key& key : now.keys) {
    const KeySet::Key* const old = Find(before, key.key);
    if (old == nullptr) {
      said += fmt::format(" New: {} from {}.", Named(key), FormatUtc(key.from));
    }
    if (!key.revoked_from || (old != nullptr && old->revoked_from == key.revoked_from)) continue;
    said += fmt::format(" Revoked: {} from {}.", Named(key), FormatUtc(*key.revoked_from));
    const auto found = taken_.find(key.key.public_key);
    if (found == taken_.end()) continue;
    // It stays on record as it was taken; that it has to be looked at again is on record too.
    std::string late;
    std::size_t count = 0;
    for (const Signed& one : found->second) {
      if (one.received < *key.revoked_from) continue;
      if (++count <= kMaxNamed) late += (late.empty() ? "" : ", ") + one.what;
    }
    if (count == 0) continue;
    said += fmt::format(" Taken from it since then, before this was known: {} ({}{}).", count, late,
                        count > kMaxNamed ? ", ..." : "");
  }
  for (const KeySet::Key& key : before.keys) {
    if (Find(now, key.key) == nullptr) said += fmt::format(" No longer listed: {}.", Named(key));
  }
  return said;
}

Result<void> KeyBook::Admit(const NoteKey& key, std::string_view role, Instant signed_at,
                            Instant received) const {
  const KeySet::Key* const found = Find(set(), key);
  if (found == nullptr || found->role != role) {
    return Fail(ErrorCode::kCheckFailed, "key set version {} has no key {} of the role '{}'",
                set().version, FormatVkey(key), role);
  }
  const Instant earlier = std::min(signed_at, received);
  const Instant later = std::max(signed_at, received);
  if (earlier < found->from) {
    return Fail(ErrorCode::kCheckFailed, "the key {} counts from {} on; this is of {}",
                Named(*found), FormatUtc(found->from), FormatUtc(earlier));
  }
  if (found->revoked_from && later >= *found->revoked_from) {
    return Fail(ErrorCode::kCheckFailed,
                "the key {} is revoked from {} on (key set version {}); this came at {}",
                Named(*found), FormatUtc(*found->revoked_from), set().version, FormatUtc(later));
  }
  return {};
}

Result<std::vector<NoteKey>> KeyBook::SignersOf(const SignedNote& note, std::string_view role,
                                                Instant signed_at, Instant received) const {
  const std::vector<NoteKey> keys = KeysOf(role);
  const auto threshold = set().thresholds.find(std::string(role));
  if (keys.empty() || threshold == set().thresholds.end()) {
    return Fail(ErrorCode::kCheckFailed, "key set version {} has no key of the role '{}'",
                set().version, role);
  }
  TW_ASSIGN_OR_RETURN(const auto signed_by, VerifyNote(note, keys));
  if (signed_by.empty()) {
    return Fail(ErrorCode::kCheckFailed,
                "signed by '{}'; expected {} of the {} keys of the role '{}' in key set version {}",
                note.signatures.empty() ? "nobody" : note.signatures.front().name,
                threshold->second, keys.size(), role, set().version);
  }
  if (set().expires <= received) {
    return Fail(ErrorCode::kCheckFailed,
                "key set version {} expired at {}; a newer one has to be brought in first",
                set().version, FormatUtc(set().expires));
  }
  std::vector<NoteKey> out;
  Result<void> why;
  for (const std::size_t i : signed_by) {
    const auto counts = Admit(keys[i], role, signed_at, received);
    if (counts) out.push_back(keys[i]);
    if (!counts && why) why = counts;
  }
  if (out.size() >= threshold->second) return out;
  if (!why) return tl::unexpected<Error>(why.error());
  return Fail(ErrorCode::kCheckFailed, "{} of {} signatures that the role '{}' needs", out.size(),
              threshold->second, role);
}

void KeyBook::Remember(const NoteKey& key, Instant received, const std::string& what) {
  taken_[key.public_key].push_back({received, what});
}

std::vector<NoteKey> KeyBook::KeysOf(std::string_view role) const {
  std::vector<NoteKey> out;
  for (const KeySet::Key& key : set().keys) {
    if (key.role == role) out.push_back(key.key);
  }
  return out;
}

}  // namespace trucewatch
