// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace trucewatch::evidence {

// What a log commits to (C2SP tlog-checkpoint v1.0.0). We write no extension lines and refuse them
// in our own log.
struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Digest root{};
  bool operator==(const Checkpoint&) const = default;
};

// The note's text: origin, decimal size and base64 root, one line each.
std::string FormatCheckpoint(const Checkpoint& checkpoint);
// Fails on an empty origin, a size with leading zeros or above 2^63-1, a root that is not 32 bytes,
// or further lines.
Result<Checkpoint> ParseCheckpoint(std::string_view text);

// The status of a mission is part of its ledger's name: "exercise." starts the origin of an
// EXERCISE and of nothing else (DESIGN.md rule 8). Fails with kBadInput, saying which name was
// expected.
inline constexpr std::string_view kExercisePrefix = "exercise.";
Result<void> ValidateOrigin(std::string_view origin, bool exercise);
inline bool IsExerciseOrigin(std::string_view origin) {
  return origin.starts_with(kExercisePrefix);
}

}  // namespace trucewatch::evidence
