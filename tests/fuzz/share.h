// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "core/base/bytes.h"

namespace trucewatch::fuzzing {

// Chooses inputs for the checks that cost more than the parser itself, so that the parser sees
// many more inputs in the same time. A hash of the bytes decides, not a counter: an input that
// failed fails again when it is run alone.
class Share {
 public:
  explicit Share(Bytes input) : hash_(std::hash<std::string_view>{}(AsText(input))) {}

  // Each call decides anew: of 64 inputs, 64 / `n` pass a check that asks for one in `n`.
  bool OneIn(std::size_t n) {
    const bool chosen = hash_ % n == 0;
    hash_ = hash_ / n * 0x9E3779B97F4A7C15U + 1;
    hash_ ^= hash_ >> 29U;
    return chosen;
  }

 private:
  std::size_t hash_;
};

}  // namespace trucewatch::fuzzing
