// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trucewatch::asterix {

// What a record says, by the names that decoding gives (asterix.h Node). The same tables serve both
// ways: there is no second description of any item.
struct Content {
  std::string_view name;  // "I048/040", "rho_m"; empty inside a list
  std::int64_t raw = 0;   // the count on the wire, two's complement where signed; of text its bits
  std::string octets;     // of SP and RE, "raw"
  std::vector<Content> children;
};

// One record. Fields that are not given are 0; an extended item is as long as its last given field
// needs; spare bits are 0. Programmer errors: a name that the category does not have, a value that
// its field does not hold, no items, an empty list, more than 255 elements (16 of those that FX
// ends), more than 254 octets.
std::string EncodeRecord(std::uint8_t category, std::span<const Content> items);
// Records to a block; empty for no records. Programmer error: more than 65532 bytes.
std::string EncodeBlock(std::uint8_t category, std::string_view records);

}  // namespace trucewatch::asterix
