// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "tools/audit/note.h"

namespace trucewatch::audit {

// What the one who audits trusts: C2SP tlog-policy text.
//   log <vkey> [url]
//   witness <name> <vkey> [url]
//   group <name> all|any|<k> <members...>
//   quorum <name>|none
// '#' starts a comment line. A name is used only after the line that says what it is.
struct Policy {
  struct Group {
    std::size_t threshold = 0;
    std::vector<std::string> members;  // witnesses or groups
  };
  std::vector<VerifierKey> logs;
  std::map<std::string, VerifierKey> witnesses;
  std::map<std::string, Group> groups;
  std::string quorum;  // "none": no witness is needed

  // Whether the witnesses that cosigned are enough.
  bool IsSatisfied(const std::set<std::string>& cosigned) const;
};

// Errors (kBadInput) name the line.
Result<Policy> ParsePolicy(std::string_view text);

// The smallest policy: trust this log, ask for no witness.
std::string PolicyForLog(std::string_view vkey);

}  // namespace trucewatch::audit
