// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/time/instant.h"

// EUROCONTROL ASTERIX: data blocks of records of items. Decoded are CAT001 (ed. 1.4), CAT002 (1.1),
// CAT010 (1.1), CAT021 (2.6; 2.1 to 2.5 are alike), CAT034 (1.29), CAT048 (1.32), CAT062
// (1.21; 1.16 to 1.20 are alike) and CAT065 (1.5). Which edition was sent is not in the data.
// Blocks of other categories are reported and passed over.
namespace trucewatch::asterix {

namespace internal {
struct Category;
class RecordReader;
}  // namespace internal

// A decoded value with its name. Lengths are metres, angles degrees, speeds m/s, times seconds:
// the unit is the end of the name. Names are those of `inspect` (docs/formats/inspect.md).
// An object or a list stands in front of what it holds, in one array: `size` counts both.
struct Node {
  enum class Type : std::uint8_t { kNumber, kInteger, kFlag, kText, kObject, kList };
  enum class TextForm : std::uint8_t { kOctal, kCharacters, kAscii, kHex, kOctets };

  const char* name = "";  // static; empty inside a list
  std::int64_t raw = 0;   // the count on the wire; of text its bits, or how many octets
  union {
    double number = 0;           // kNumber: raw times the item's unit
    const std::uint8_t* octets;  // kText of octets: in what was decoded
  };
  std::uint32_t size = 1;
  Type type = Type::kObject;
  TextForm form = TextForm::kHex;
  std::uint8_t bits = 0;  // of raw in kText

  std::string text() const;  // kText
  const Node* Find(std::string_view child) const;

  class Iterator {
   public:
    explicit Iterator(const Node* at) : at_(at) {}
    const Node& operator*() const { return *at_; }
    Iterator& operator++() {
      at_ += at_->size;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const Node* at_;
  };
  struct Children {
    const Node* first;
    const Node* last;
    Iterator begin() const { return Iterator(first); }
    Iterator end() const { return Iterator(last); }
    std::size_t size() const;
    const Node& operator[](std::size_t index) const;
  };
  Children children() const { return {this + 1, this + size}; }
};

// An item's name, "I048/040" or "I048/SP" and its end, as one number.
inline std::uint64_t ItemKey(std::string_view id) {
  std::uint64_t key = 0;
  if (id.size() >= sizeof key) {
    std::memcpy(&key, id.data(), sizeof key);
  } else {
    std::memcpy(&key, id.data(), id.size());
  }
  return key;
}

struct Item {
  std::uint64_t key = 0;
  std::uint64_t offset = 0;  // of its first byte
  std::size_t length = 0;
  const Node* value = nullptr;  // name "I048/040"

  std::string_view id() const { return value->name; }
};

struct Record {
  std::uint8_t category = 0;
  std::uint8_t expansions = 0;  // SP and RE items: passed over by their length
  std::uint64_t offset = 0;
  std::size_t length = 0;
  std::span<const Item> items;  // in the order of the wire

  const Item* Find(std::string_view id) const {
    const std::uint64_t key = ItemKey(id);
    for (const Item& item : items) {
      if (item.key == key) return &item;
    }
    return nullptr;
  }
  // "I048/040", "rho_m"; nothing when the item or the field is not there.
  std::optional<double> Number(std::string_view id, std::string_view field) const;
  std::optional<std::int64_t> Integer(std::string_view id, std::string_view field) const;
  bool Flag(std::string_view id, std::string_view field) const;  // false when not there
  // I0xx/010 of all categories here.
  std::optional<int> sac() const;
  std::optional<int> sic() const;
  // Seconds since UTC midnight: I048/140, I034/030, I010/140, I062/070, I065/030, I002/030, the
  // first there is of I021/071, 073, 077 and 075. CAT001 has none.
  std::optional<double> time_of_day_s() const;
  // The record's time that lies nearest to `near`: within 12 hours, CAT001 (I001/141) within 256 s.
  std::optional<Instant> TimeNear(Instant near) const;
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
  std::span<const Record> records;
  // A record that cannot be read costs the rest of its block; a wrong LEN the rest of the datagram.
  std::optional<BlockFault> fault;
};

inline constexpr std::size_t kMaxFxChain = 16;

// Blocks with all that they hold, in four arrays that keep their memory when they are used again.
// Views the bytes that were decoded. Memory: at most about 40 nodes of 32 bytes a byte of input.
class Decoded {
 public:
  Decoded() = default;
  Decoded(Decoded&&) = default;
  Decoded& operator=(Decoded&&) = default;
  Decoded(const Decoded&) = delete;
  Decoded& operator=(const Decoded&) = delete;

  std::size_t size() const { return blocks_.size(); }
  bool empty() const { return blocks_.empty(); }
  const Block& operator[](std::size_t index) const { return blocks_[index]; }
  const Block& front() const { return blocks_.front(); }
  auto begin() const { return blocks_.begin(); }
  auto end() const { return blocks_.end(); }

 private:
  friend class internal::RecordReader;
  friend void DecodeBlocks(Bytes bytes, std::uint64_t offset, Decoded& out);
  void ReadRecords(Bytes bytes, std::size_t at, std::size_t end, std::uint64_t offset,
                   const internal::Category& category, Block& block);
  void Connect();

  std::vector<Node> nodes_;
  std::vector<Item> items_;
  std::vector<Record> records_;
  std::vector<Block> blocks_;
  std::vector<std::size_t> item_counts_, record_counts_;  // by record, by block
};

// The blocks of one datagram or one stretch of a raw file. `offset` is where bytes begin in the
// source; they must outlive what is decoded. Every byte is in exactly one block (a fault without a
// readable head is a block of its own with category 0 or the one its first byte says).
void DecodeBlocks(Bytes bytes, std::uint64_t offset, Decoded& out);
inline Decoded DecodeBlocks(Bytes bytes, std::uint64_t offset) {
  Decoded out;
  DecodeBlocks(bytes, offset, out);
  return out;
}
bool IsKnownCategory(std::uint8_t category);

// t with the given time of day that lies nearest to `near`: within 12 hours.
Instant AbsoluteTime(double time_of_day_s, Instant near);

}  // namespace trucewatch::asterix
