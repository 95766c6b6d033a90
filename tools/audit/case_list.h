// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "tools/audit/note.h"

namespace trucewatch::audit {

inline constexpr std::size_t kMaxCaseList = 1000000;  // bytes; what Go's note.Open reads at most

// case.txt of a case bundle, as docs/formats/bundle.md has it.
struct CaseList {
  struct File {
    std::optional<std::string> sha256;  // hexadecimal; none of raw bytes that their records bind
    std::uint64_t size = 0;             // bytes
  };
  std::string event;  // 32 hexadecimal digits
  bool exercise = false;
  bool officers = false;  // else for the parties
  std::string origin;     // of the ledger
  std::uint64_t size = 0;
  std::map<std::string, File> files;  // by path
  std::vector<std::string> signers;   // names of the keys that signed it
};

// "raw/<name>.bin".
bool IsRawBytes(std::string_view path);

// vkeys, one a line; '#' starts a comment line. Fails with kBadInput.
Result<std::vector<VerifierKey>> ReadSigners(std::string_view text);

// Fails with kCheckFailed, naming the line.
Result<CaseList> ReadCaseList(std::string_view file, const std::vector<VerifierKey>& signers);

}  // namespace trucewatch::audit
