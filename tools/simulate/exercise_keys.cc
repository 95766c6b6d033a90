// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/exercise_keys.h"

#include <fmt/format.h>

#include "core/crypto/sha256.h"

namespace trucewatch::simulate {

std::array<std::uint8_t, 32> ExerciseSecret(std::uint64_t seed, std::string_view purpose,
                                            std::string_view name) {
  return Sha256(
      fmt::format("trucewatch exercise key, worthless by design\n{}\n{}\n{}", seed, purpose, name));
}

}  // namespace trucewatch::simulate
