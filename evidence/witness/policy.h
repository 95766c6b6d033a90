// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/note/signed_note.h"

namespace trucewatch::evidence {

// Who cosigns, and how many of them are enough: C2SP tlog-policy, the log's side of it. (The one
// who audits reads the same file with code of his own.)
//   log <vkey> [url]
//   witness <name> <vkey> [url]
//   group <name> all|any|<k> <members...>
//   quorum <name>|none
// '#' starts a comment line. A name is used only after the line that says what it is, and as a
// member once, so that nobody votes twice.
struct WitnessPolicy {
  struct Member {
    NoteKey key;
    std::string url;  // where it is asked; empty: it is not, others may bring its cosignature
  };
  struct Group {
    std::size_t threshold = 0;
    std::vector<std::string> members;  // witnesses or groups
  };
  std::vector<NoteKey> logs;
  std::map<std::string, Member> witnesses;
  std::map<std::string, Group> groups;
  std::string quorum;  // "none": no witness is needed

  // Whether the witnesses that cosigned are enough.
  bool IsSatisfied(const std::set<std::string>& cosigned) const;
};

// The other keys that the policy gives the log whose key this is.
std::vector<NoteKey> FormerKeys(const WitnessPolicy& policy, const NoteKey& log_key);

// Errors (kBadInput) name the line. At most 64 lines of each kind and 64 KiB.
Result<WitnessPolicy> ParseWitnessPolicy(std::string_view text);

}  // namespace trucewatch::evidence
