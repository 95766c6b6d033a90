// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/keys/key_set.h"
#include "core/note/signed_note.h"
#include "core/time/instant.h"

namespace trucewatch {

// Roles that something of a mission is signed under (docs/formats/key_files.md).
inline constexpr std::string_view kRoleRoot = "root";
inline constexpr std::string_view kRoleLog = "log";
inline constexpr std::string_view kRoleOfficer = "officer";
inline constexpr std::string_view kRolePartyA = "party_a";
inline constexpr std::string_view kRolePartyB = "party_b";
inline constexpr std::string_view kRoleStation = "station";  // the key's name is the station's id

// Who may sign what, as a running mission knows it: the newest version of its key set, and what was
// signed with each key so far.
// Time: that of receipt decides, since the hand that holds a stolen key writes any date it likes:
// what was received before a key was revoked holds for good, what comes later is refused whatever
// date it bears.
// Determinism: a function of the calls, which follow the journal. Threads: one caller at a time.
class KeyBook {
 public:
  // `notes`: signed versions, oldest first. kCheckFailed when the digest of the first one's text is
  // not `first_sha256` (hex), when a step is not good (NextKeySet), or when they are of another
  // mission (the ledger's origin).
  Result<void> Begin(const std::string& mission, const std::string& first_sha256,
                     std::span<const std::string> notes);
  bool has_begun() const { return newest_.has_value(); }
  const KeySet& set() const { return newest_->set; }
  Digest digest() const;  // of the newest version's text

  // What would follow. Fails as NextKeySet does.
  Result<KeySetVersion> Check(std::string_view signed_note) const;
  // It is in force from now on. Says what it changed, in sentences, and what was taken that its
  // revocations come too late for.
  std::string Take(KeySetVersion next);

  // Whether what this key signed in this role counts when it says that it is of `signed_at` and
  // came at `received`. kCheckFailed with the reason: the key is not in the set, does not count
  // yet, or is revoked.
  Result<void> Admit(const NoteKey& key, std::string_view role, Instant signed_at,
                     Instant received) const;
  // The keys of a role that signed the note, in the order of the set and as many as the role needs
  // at the least. kCheckFailed when there are fewer, with the reason of the first that does not
  // count; the set's own expiry refuses all of them. A bad signature of a key of the role refuses
  // the note. What people sign: stations and the log go on under a set that has expired, since a
  // newer one could not come in otherwise.
  Result<std::vector<NoteKey>> SignersOf(const SignedNote& note, std::string_view role,
                                         Instant signed_at, Instant received) const;
  // Takes note that something signed by this key was taken.
  void Remember(const NoteKey& key, Instant received, const std::string& what);

  std::vector<NoteKey> KeysOf(std::string_view role) const;

  // Named at most in a sentence on what a revocation came too late for.
  static constexpr std::size_t kMaxNamed = 20;

 private:
  struct Signed {
    Instant received;
    std::string what;
  };

  std::optional<KeySetVersion> newest_;
  std::map<Ed25519PublicKey, std::vector<Signed>> taken_;
};

}  // namespace trucewatch
