// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace trucewatch::simulate {

// 32 bytes that are the same for the same seed and name. Anybody can make them again: they protect
// nothing, and only recordings that are marked as exercises use them.
std::array<std::uint8_t, 32> ExerciseSecret(std::uint64_t seed, std::string_view purpose,
                                            std::string_view name);

}  // namespace trucewatch::simulate
