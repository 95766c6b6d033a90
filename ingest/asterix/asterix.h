// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/time/instant.h"

// EUROCONTROL ASTERIX: data blocks of records of items. Decoded are CAT010 (ed. 1.1), CAT034
// (ed. 1.29) and CAT048 (ed. 1.32); which edition was sent is not in the data. Blocks of other
// categories are reported and passed over.
namespace trucewatch::asterix {

// A decoded value with its name. Lengths are metres, angles degrees, speeds m/s, times seconds:
// the unit is the end of the name. Names are those of `inspect` (docs/formats/inspect.md).
struct Node {
  enum class Type { kNumber, kInteger, kFlag, kText, kObject, kList };

  std::string_view name;  // static; empty inside a list
  Type type = Type::kObject;
  double number = 0;     // kNumber: raw times the item's unit
  std::int64_t raw = 0;  // kNumber, kInteger, kFlag: the count on the wire
  std::string text;      // kText
  std::vector<Node> children;

  const Node* Find(std::string_view child) const;
};

struct Item {
  std::uint64_t offset = 0;  // of its first byte
  std::size_t length = 0;
  Node value;  // name "I048/040"

  std::string_view id() const { return value.name; }
};

struct Record {
  std::uint8_t category = 0;
  std::uint64_t offset = 0;
  std::size_t length = 0;
  std::vector<Item> items;  // in the order of the wire

  const Item* Find(std::string_view id) const;
  // "I048/040", "rho_m"; nothing when the item or the field is not there.
  std::optional<double> Number(std::string_view id, std::string_view field) const;
  std::optional<std::int64_t> Integer(std::string_view id, std::string_view field) const;
  bool Flag(std::string_view id, std::string_view field) const;  // false when not there
  // I0xx/010 of all categories here.
  std::optional<int> sac() const;
  std::optional<int> sic() const;
  // Seconds since UTC midnight: I048/140, I034/030, I010/140.
  std::optional<double> time_of_day_s() const;
};

struct BlockFault {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  // bytes that were not read because of it
  std::string reason;
};

struct Block {
  std::uint8_t category = 0;
  std::uint64_t offset = 0;
  std::size_t length = 0;
  bool known = false;  // false: passed over by its length
  std::vector<Record> records;
  // A record that cannot be read costs the rest of its block; a wrong LEN the rest of the datagram.
  std::optional<BlockFault> fault;
};

inline constexpr std::size_t kMaxFxChain = 16;

// The blocks of one datagram or one stretch of a raw file. `offset` is where bytes begin in the
// source. Every byte is in exactly one block (a fault without a readable head is a block of its own
// with category 0 or the one its first byte says).
std::vector<Block> DecodeBlocks(Bytes bytes, std::uint64_t offset);
bool IsKnownCategory(std::uint8_t category);

// t with the given time of day that lies nearest to `near`: within 12 hours.
Instant AbsoluteTime(double time_of_day_s, Instant near);

}  // namespace trucewatch::asterix
