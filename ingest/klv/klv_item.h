// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "ingest/klv/mapping.h"

namespace trucewatch {

class JsonWriter;

// How the bytes of an item are to be read.
enum class KlvWire : std::uint8_t {
  kUnsigned,     // integer
  kSigned,       // two's complement integer
  kUnsignedMap,  // U(low, high)
  kSignedMap,    // S(+-high)
  kImapb,        // IMAPB(low, high), any length up to 8
  kReal,         // IEEE 754, 4 or 8 bytes
  kText,         // UTF-8
  kUtf16,        // UTF-16, big-endian
  kTime,         // 8 bytes, microseconds since 1970
  kSet,          // a nested local set, items in KlvItemSpec::set
  kSeries,       // nested local sets, each behind its BER length
  kPack,         // a floating or variable length pack, read by KlvItemSpec::pack
  kBytes,        // kept raw
};

struct KlvItemSpec;
// The items of one kind of local set, in order of tag.
using KlvSchema = std::span<const KlvItemSpec>;
// Writes what a pack holds as one JSON value; false when its bytes do not make one (a value has
// been written all the same).
using KlvPackWriter = bool (*)(Bytes, JsonWriter&);

struct KlvItemSpec {
  std::uint32_t tag = 0;
  const char* name = "";  // snake_case, as in the machine-readable output
  const char* unit = "";  // "deg", "m", ...; empty for none
  KlvWire wire = KlvWire::kBytes;
  std::uint8_t size = 0;  // bytes; 0: any
  ValueRange range;
  // Meanings of the numbers 0, 1, ... of an enumeration; an empty text has none.
  std::span<const char* const> words = {};
  KlvSchema set = {};
  KlvPackWriter pack = nullptr;
};

const KlvItemSpec* FindKlvItem(KlvSchema schema, std::uint32_t tag);

// Value of an item in the unit of its specification (degrees and metres: this is the edge). Texts
// view the packet, UTF-16 undecoded.
using KlvValue = std::variant<double, std::int64_t, std::uint64_t, std::string_view>;

// What an item's bytes say about its value.
enum class KlvStatus : std::uint8_t {
  kValue,         // there is one
  kNested,        // a set, series, pack or raw bytes
  kUnknownItem,   // no specification for the tag
  kEmpty,         // no bytes: present, value not known
  kReservedCode,  // most negative code of S(): out of range, or an error for positions
  kPlusInfinity,  // ST 1201 table 1, as the next ones
  kMinusInfinity,
  kPlusQuietNan,
  kMinusQuietNan,
  kPlusSignallingNan,
  kMinusSignallingNan,
  kBelowMinimum,
  kAboveMaximum,
  kUserDefined,
  kReservedSpecial,
  kBeyondRange,  // an IMAPB code above that of the upper bound
  kWrongSize,    // not the width the standard fixes: never rescaled
  kTooLong,      // more than 8 bytes
  kNoTime,       // beyond the year 9999
};
// True for the special values (kEmpty to kReservedSpecial): no fault of the producer.
constexpr bool IsSpecial(KlvStatus status) {
  return status >= KlvStatus::kEmpty && status <= KlvStatus::kReservedSpecial;
}
// Name of a special value in the machine-readable output: "out_of_range", "below_minimum", ...
const char* SpecialName(KlvStatus status, const KlvItemSpec& spec);

// One item of a local set; it views the packet's bytes and lives no longer than they do.
struct KlvItem {
  std::uint32_t tag = 0;
  KlvStatus status = KlvStatus::kUnknownItem;
  const KlvItemSpec* spec = nullptr;  // null: not known here; static storage
  std::string_view raw;
  std::optional<KlvValue> value;  // only with kValue

  // Why a known item has no value though its bytes should give one; empty otherwise.
  std::string Problem() const;
};

// Reads one item's bytes; `spec` null: not known.
KlvItem DecodeKlvItem(std::uint32_t tag, const KlvItemSpec* spec, Bytes bytes);

// UTF-16BE of KlvWire::kUtf16 as UTF-8, and back. A lone surrogate or half a unit becomes U+FFFD.
std::string Utf8FromUtf16(std::string_view big_endian);
std::string Utf16FromUtf8(std::string_view utf8);

// An item's tag and bytes; `at`: of the bytes in the value of the set.
struct RawKlvItem {
  std::uint32_t tag = 0;
  std::size_t at = 0;
  Bytes bytes;
};

// Takes the items of a local set (its value, without key) one after the other, without allocating.
class KlvItemCursor {
 public:
  // No producer writes as many items; a bound on what one set can cost.
  static constexpr std::size_t kMaxItems = 4096;

  explicit KlvItemCursor(Bytes value) : value_(value) {}

  // The next item. Nothing at the end, or where the bytes make none: ok() tells.
  std::optional<RawKlvItem> Next();
  bool ok() const { return !wrong_; }
  // What is wrong, after Next() gave nothing and ok() is false. `offset` of value[0].
  Error WhatIsWrong(std::uint64_t offset) const;
  std::size_t item_at() const { return item_at_; }  // of the last item's tag in the value

 private:
  Bytes value_;
  std::size_t at_ = 0;
  std::size_t item_at_ = 0;
  std::size_t count_ = 0;
  bool wrong_ = false;
};

// The items of a local set without key; kBadInput when they do not fill `value` exactly. `offset`
// of value[0], for messages.
Result<std::vector<RawKlvItem>> SplitLocalSet(Bytes value, std::uint64_t offset);

// The entries of a series: each BER length and that many bytes. Nothing where they do not fit.
std::optional<std::vector<Bytes>> SplitSeries(Bytes value);

}  // namespace trucewatch
