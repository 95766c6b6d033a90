// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace trucewatch::audit {

// Officers' entries that a party's bundle opens (docs/formats/bundle.md, rule 7).
struct Opened {
  std::size_t entries = 0;
  // Hexadecimal SHA-256 of the raw records that they name; nothing when none of them is the
  // mission's decision to release recordings.
  std::optional<std::set<std::string>> raw_named;
};

// `files`: of the bundle, by path; `leaves`: of the parties' ledger, by index. Each opened leaf is
// held against the commitment that it names. Fails with kCheckFailed, naming the file.
Result<Opened> CheckOpened(const std::map<std::string, std::string>& files,
                           const std::map<std::uint64_t, std::string_view>& leaves,
                           const std::string& origin, bool exercise);

}  // namespace trucewatch::audit
