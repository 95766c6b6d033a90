// SPDX-License-Identifier: Apache-2.0
#include "evidence/ledger/checkpoint.h"

#include <algorithm>
#include <charconv>

#include "core/note/signed_note.h"

namespace trucewatch::evidence {

std::string FormatCheckpoint(const Checkpoint& checkpoint) {
  return fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size,
                     Base64Encode(checkpoint.root));
}

Result<Checkpoint> ParseCheckpoint(std::string_view text) {
  std::string_view lines[3];
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t end = text.find('\n');
    if (end == text.npos || end == 0) {
      return Fail(ErrorCode::kBadInput, "checkpoint line {}: missing or empty", i + 1);
    }
    lines[i] = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  if (!text.empty()) return Fail(ErrorCode::kBadInput, "checkpoint line 4: nothing expected here");
  Checkpoint checkpoint;
  checkpoint.origin = lines[0];
  const char* const end = lines[1].data() + lines[1].size();
  const auto [stop, error] = std::from_chars(lines[1].data(), end, checkpoint.size);
  if (error != std::errc() || stop != end || (lines[1].size() > 1 && lines[1][0] == '0') ||
      checkpoint.size > INT64_MAX) {
    return Fail(ErrorCode::kBadInput, "checkpoint line 2: '{}' is no tree size", lines[1]);
  }
  const auto root = Base64Decode(lines[2]);
  if (!root || root->size() != checkpoint.root.size()) {
    return Fail(ErrorCode::kBadInput, "checkpoint line 3: '{}' is no base64 SHA-256", lines[2]);
  }
  std::copy(root->begin(), root->end(), checkpoint.root.begin());
  return checkpoint;
}

Result<void> ValidateOrigin(std::string_view origin, bool exercise) {
  if (!IsValidKeyName(origin)) {
    return Fail(
        ErrorCode::kBadInput,
        "ledger origin '{}': must not be empty nor hold spaces or '+', as it is the name of "
        "the log's key",
        origin);
  }
  if (exercise && !IsExerciseOrigin(origin)) {
    return Fail(ErrorCode::kBadInput,
                "ledger origin '{}' of an EXERCISE mission must start with '{}'", origin,
                kExercisePrefix);
  }
  if (!exercise && IsExerciseOrigin(origin)) {
    return Fail(ErrorCode::kBadInput,
                "ledger origin '{}' of an OPERATIONAL mission must not start with '{}'", origin,
                kExercisePrefix);
  }
  return {};
}

}  // namespace trucewatch::evidence
