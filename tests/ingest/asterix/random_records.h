// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "ingest/asterix/asterix.h"
#include "ingest/asterix/item_encoder.h"

namespace trucewatch::asterix::testing {

inline constexpr std::uint8_t kCategories[] = {1, 2, 10, 21, 34, 48, 62, 65};

// Each item with the given probability (the source, and what a reader cannot do without, always),
// each field any value that it holds.
std::vector<Content> RandomRecord(std::uint8_t category, double probability,
                                  std::mt19937_64& random);

// "I062/380.mb.0.bds: 3 sent, 4 read" or nothing when they are alike. Fields that the decoder reads
// out of Mode S registers are not in what was sent.
std::string Difference(std::span<const Content> sent, const Record& read);

}  // namespace trucewatch::asterix::testing
