// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/keys/key_book.h"
#include "core/types/observation.h"

namespace trucewatch {

// A human record as it counts under the mission's key set (docs/formats/human_record.md).
struct KeyedRecord {
  HumanRecord record;                 // author: the first of the signers, by the order of the set
  std::vector<NoteKey> signers;       // for KeyBook::Remember
  std::optional<KeySetVersion> next;  // of a record that brings a newer key set: for KeyBook::Take
};

// `role` is whose source it came from: "officer", "party_a", "party_b". A newer key set counts by
// the signatures of its own roots; whoever hands it in needs a key that counts in that newer set,
// as an officer or a root, so that it can also replace one that has expired. kCheckFailed, with the
// reason, when what signed it does not count; other errors as ParseHumanRecord has them. Changes
// nothing.
Result<KeyedRecord> ReadKeyedRecord(std::string_view note, const KeyBook& keys,
                                    std::string_view role, Instant received);

// Whether the note says that it brings a key set, whoever signed it.
bool BringsKeySet(std::string_view note);

}  // namespace trucewatch
