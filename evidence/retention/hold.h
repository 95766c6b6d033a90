// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/note/signed_note.h"
#include "core/time/instant.h"
#include "core/types/observation.h"

namespace trucewatch::evidence {

// What an officer says about keeping raw evidence (docs/formats/retention.md).
struct HoldStatement {
  enum class Kind {
    kHoldEvent,  // keep what event or case `about` rests on
    kHoldTime,   // keep what came from `sources` (none: all) from `first` to `last`
    kLiftEvent,  // event or case `about` needs nothing any more; what is said of it later revives
                 // it
    kLiftHold,   // hold `about` has ended
  };
  Kind kind = Kind::kHoldEvent;
  std::string mission;  // origin of the ledger
  std::string id;       // given by the author, unique within the mission: the first one counts
  std::string about;
  Instant first, last;
  std::set<SourceId> sources;
  Instant time;        // when it was signed
  std::string reason;  // one line
  std::string author;  // name of the key; not in the text
};

// The text that is signed. Fails with kUsage, naming the part, when one is missing or not plain.
Result<std::string> HoldText(const HoldStatement& statement);
// A signed note. Fails with kBadInput when it is no such text or another mission's, kCheckFailed
// when none of `holders` signed it.
Result<HoldStatement> ParseHold(std::string_view note, std::string_view mission,
                                std::span<const NoteKey> holders);

}  // namespace trucewatch::evidence
