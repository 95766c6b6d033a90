// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/note/signed_note.h"
#include "core/time/instant.h"

namespace trucewatch {

// Which keys a mission's people and programs have, from when and until when, signed by those who
// may say so: the idea of The Update Framework (roles, thresholds, expiry, one version after the
// other) in a signed note. Format: docs/formats/key_files.md.
struct KeySet {
  struct Key {
    std::string role;  // "root", "log", "witness", "officer", ...
    NoteKey key;
    Instant from;                         // counts from here on
    std::optional<Instant> revoked_from;  // and no more from here on
  };
  std::string mission;             // the ledger's origin
  std::uint64_t version = 1;       // one more each time
  std::optional<Digest> previous;  // SHA-256 of the text of the version before; none for the first
  Instant expires;                 // from here on a newer set must be asked for
  std::map<std::string, std::size_t> thresholds;  // signatures that a role needs; "root" is there
  std::vector<Key> keys;

  bool operator==(const KeySet& other) const { return FormatsAs(other); }

 private:
  bool FormatsAs(const KeySet& other) const;
};

// The text that is signed.
std::string FormatKeySet(const KeySet& set);
// Errors (kBadInput) name the line. Refuses what FormatKeySet does not write, roles that can never
// reach their threshold, and a key that stands there twice.
Result<KeySet> ParseKeySet(std::string_view text);

bool CountsAt(const KeySet::Key& key, Instant time);

// Good signatures by different root keys of `by` on a signed key set. A bad signature of one of
// them refuses the note (kCheckFailed).
Result<std::size_t> CountRootSignatures(const SignedNote& note, const KeySet& by);

// A version and the text that its digest is of.
struct KeySetVersion {
  KeySet set;
  std::string text;
};

// What a signed key set holds, after the step to it was checked: the first one (`before` is null)
// has its own root's signatures (that it is the right one has to be known from elsewhere: compare
// its digest), every other one those of its own root and of the root before it, names the digest of
// the one before, and follows it in version. Fails with kCheckFailed, naming the version.
Result<KeySetVersion> NextKeySet(const KeySetVersion* before, std::string_view signed_note);
// The newest of `notes` (signed key sets, oldest first), after every step was checked.
Result<KeySetVersion> FollowKeySets(const std::vector<std::string>& notes);

// Lines of a policy: the log's keys that count at this time. One that was followed by another and
// not revoked still does, so that an old ledger verifies after its key was changed.
std::string PolicyLogLines(const KeySet& set, Instant time);

}  // namespace trucewatch
