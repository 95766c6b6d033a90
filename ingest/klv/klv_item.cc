// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/klv_item.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "ingest/klv/ber.h"

namespace trucewatch {
namespace {

// 9999-12-31T23:59:59.999999Z: later times are no times.
constexpr std::uint64_t kLastMicros = 253'402'300'799'999'999;
constexpr std::size_t kMaxSeries = 65536;

// MISB ST 1201 table 1: what a code with its top bit set means. The upper bound itself, 80 00...,
// is a value and not asked for here.
KlvStatus ImapbSpecial(Bytes bytes) {
  switch (bytes[0] >> 3) {
    case 0x19:
      return KlvStatus::kPlusInfinity;
    case 0x1D:
      return KlvStatus::kMinusInfinity;
    case 0x1A:
      return KlvStatus::kPlusQuietNan;
    case 0x1E:
      return KlvStatus::kMinusQuietNan;
    case 0x1B:
      return KlvStatus::kPlusSignallingNan;
    case 0x1F:
      return KlvStatus::kMinusSignallingNan;
    case 0x18:
      return KlvStatus::kUserDefined;
    case 0x1C:
      if (bytes[0] == 0xE0) return KlvStatus::kBelowMinimum;
      if (bytes[0] == 0xE1) return KlvStatus::kAboveMaximum;
      return KlvStatus::kReservedSpecial;
    default:
      return KlvStatus::kReservedSpecial;
  }
}

void DecodeReal(Bytes bytes, KlvItem& item) {
  if (bytes.size() == 4) {
    item.value = static_cast<double>(std::bit_cast<float>(ReadBe32(bytes)));
  } else if (bytes.size() == 8) {
    item.value = std::bit_cast<double>(ReadBe64(bytes));
  } else {
    item.status = KlvStatus::kWrongSize;
  }
}

void AppendUtf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
    return;
  }
  const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  constexpr char32_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
  out.push_back(static_cast<char>(kLead[more] | (c >> (6 * more))));
  for (int i = more - 1; i >= 0; --i) {
    out.push_back(static_cast<char>(0x80 | ((c >> (6 * i)) & 0x3F)));
  }
}

constexpr char32_t kReplacement = 0xFFFD;

// The character at text[at], which moves on; U+FFFD for a byte that begins none.
char32_t NextUtf8(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at++);
  if (first < 0x80) return first;
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC2 ? 1 : 0;
  if (more == 0 || first > 0xF4 || at + static_cast<std::size_t>(more) > text.size()) {
    return kReplacement;
  }
  char32_t c = first & (0x3F >> more);
  for (int i = 0; i < more; ++i) {
    if ((byte(at + static_cast<std::size_t>(i)) & 0xC0) != 0x80) return kReplacement;
    c = (c << 6) | (byte(at + static_cast<std::size_t>(i)) & 0x3FU);
  }
  at += static_cast<std::size_t>(more);
  const bool surrogate = c >= 0xD800 && c < 0xE000;
  return surrogate || c > 0x10FFFF ? kReplacement : c;
}

}  // namespace

const KlvItemSpec* FindKlvItem(KlvSchema schema, std::uint32_t tag) {
  const auto found =
      std::lower_bound(schema.begin(), schema.end(), tag,
                       [](const KlvItemSpec& item, std::uint32_t t) { return item.tag < t; });
  return found != schema.end() && found->tag == tag ? &*found : nullptr;
}

const char* SpecialName(KlvStatus status, const KlvItemSpec& spec) {
  const std::string_view name = spec.name;
  const bool position = name.find("latitude") != name.npos || name.find("longitude") != name.npos;
  switch (status) {
    case KlvStatus::kEmpty:
      return "unknown";
    case KlvStatus::kReservedCode:
      return position ? "error" : "out_of_range";
    case KlvStatus::kPlusInfinity:
      return "plus_infinity";
    case KlvStatus::kMinusInfinity:
      return "minus_infinity";
    case KlvStatus::kPlusQuietNan:
      return "plus_quiet_nan";
    case KlvStatus::kMinusQuietNan:
      return "minus_quiet_nan";
    case KlvStatus::kPlusSignallingNan:
      return "plus_signalling_nan";
    case KlvStatus::kMinusSignallingNan:
      return "minus_signalling_nan";
    case KlvStatus::kBelowMinimum:
      return "below_minimum";
    case KlvStatus::kAboveMaximum:
      return "above_maximum";
    case KlvStatus::kUserDefined:
      return "user_defined";
    case KlvStatus::kReservedSpecial:
      return "reserved";
    default:
      return "";
  }
}

std::string KlvItem::Problem() const {
  switch (status) {
    case KlvStatus::kWrongSize:
      if (spec->size != 0) {
        return fmt::format("{} bytes long, expected {}", raw.size(), static_cast<int>(spec->size));
      }
      return fmt::format("{} bytes long, expected 4 or 8", raw.size());
    case KlvStatus::kTooLong:
      return fmt::format("{} bytes long, expected at most 8", raw.size());
    case KlvStatus::kNoTime:
      return fmt::format("{} us is no time", ReadUnsigned(AsBytes(raw)).value_or(0));
    case KlvStatus::kBeyondRange:
      return fmt::format("a code above that of the upper bound, {:g}", spec->range.high);
    default:
      return "";
  }
}

KlvItem DecodeKlvItem(std::uint32_t tag, const KlvItemSpec* spec, Bytes bytes) {
  KlvItem item{tag, KlvStatus::kUnknownItem, spec, AsText(bytes), {}};
  if (spec == nullptr) return item;
  if (bytes.empty()) {
    item.status = KlvStatus::kEmpty;
    return item;
  }
  // The maps depend on the width: another width is not rescaled but refused (real producers write
  // item 22 in 4 bytes with a 2-byte scale).
  if (spec->size != 0 && bytes.size() != spec->size) {
    item.status = KlvStatus::kWrongSize;
    return item;
  }
  item.status = KlvStatus::kValue;
  switch (spec->wire) {
    case KlvWire::kText: {
      std::string_view text = item.raw;  // may be padded with NULs
      while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
      item.value = text;
      return item;
    }
    case KlvWire::kUtf16:
      item.value = item.raw;
      return item;
    case KlvWire::kReal:
      DecodeReal(bytes, item);
      return item;
    case KlvWire::kSet:
    case KlvWire::kSeries:
    case KlvWire::kPack:
    case KlvWire::kBytes:
      item.status = KlvStatus::kNested;
      return item;
    default:
      break;
  }
  if (bytes.size() > 8) {
    item.status = KlvStatus::kTooLong;
    return item;
  }
  const auto number = [&item](std::optional<double> value, KlvStatus otherwise) {
    if (value) {
      item.value = *value;
    } else {
      item.status = otherwise;
    }
  };
  switch (spec->wire) {
    case KlvWire::kUnsigned:
      item.value = *ReadUnsigned(bytes);
      break;
    case KlvWire::kSigned:
      item.value = *ReadSigned(bytes);
      break;
    case KlvWire::kTime:
      if (const auto micros = *ReadUnsigned(bytes); micros <= kLastMicros) {
        item.value = micros;
      } else {
        item.status = KlvStatus::kNoTime;
      }
      break;
    case KlvWire::kUnsignedMap:
      number(DecodeUnsignedMap(bytes, spec->range), KlvStatus::kValue);
      break;
    case KlvWire::kSignedMap:
      number(DecodeSignedMap(bytes, spec->range.high), KlvStatus::kReservedCode);
      break;
    default:
      number(DecodeImapb(bytes, spec->range),
             bytes[0] >= 0x80 ? ImapbSpecial(bytes) : KlvStatus::kBeyondRange);
  }
  return item;
}

std::string Utf8FromUtf16(std::string_view big_endian) {
  std::string out;
  const Bytes bytes = AsBytes(big_endian);
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    if (at + 1 == bytes.size()) {
      AppendUtf8(out, kReplacement);
      break;
    }
    const char32_t unit = ReadBe16(bytes.subspan(at));
    if (unit < 0xD800 || unit >= 0xE000) {
      AppendUtf8(out, unit);
      continue;
    }
    const char32_t next = at + 3 < bytes.size() ? ReadBe16(bytes.subspan(at + 2)) : 0;
    if (unit < 0xDC00 && next >= 0xDC00 && next < 0xE000) {
      AppendUtf8(out, 0x10000 + ((unit - 0xD800) << 10) + (next - 0xDC00));
      at += 2;
    } else {
      AppendUtf8(out, kReplacement);
    }
  }
  return out;
}

std::string Utf16FromUtf8(std::string_view utf8) {
  std::string out;
  for (std::size_t at = 0; at < utf8.size();) {
    const char32_t c = NextUtf8(utf8, at);
    if (c < 0x10000) {
      AppendBe16(out, static_cast<std::uint16_t>(c));
    } else {
      AppendBe16(out, static_cast<std::uint16_t>(0xD800 + ((c - 0x10000) >> 10)));
      AppendBe16(out, static_cast<std::uint16_t>(0xDC00 + ((c - 0x10000) & 0x3FF)));
    }
  }
  return out;
}

std::optional<RawKlvItem> KlvItemCursor::Next() {
  if (at_ == value_.size() || wrong_) return std::nullopt;
  item_at_ = at_;
  wrong_ = true;  // until the item proves sound
  if (count_++ == kMaxItems) return std::nullopt;
  const auto tag = ReadBerOid(value_.subspan(at_));
  if (!tag) return std::nullopt;
  const auto length = ReadBerLength(value_.subspan(at_ + tag->size));
  if (!length) return std::nullopt;
  const std::size_t begin = at_ + tag->size + length->size;
  if (length->value > value_.size() - begin) return std::nullopt;
  wrong_ = false;
  at_ = begin + length->value;
  return RawKlvItem{static_cast<std::uint32_t>(tag->value), begin,
                    value_.subspan(begin, length->value)};
}

// Reads the wrong item once more, this time for words.
Error KlvItemCursor::WhatIsWrong(std::uint64_t offset) const {
  const Bytes rest = value_.subspan(item_at_);
  const std::uint64_t at = offset + item_at_;
  const auto fail = [](std::string message) {
    return Error{ErrorCode::kBadInput, std::move(message)};
  };
  if (count_ > kMaxItems) {
    return fail(fmt::format("byte {}: more than {} items in one set", at, kMaxItems));
  }
  const auto tag = ReadBerOid(rest);
  if (!tag) {
    return fail(fmt::format("byte {}: no tag where item {} of the set must begin", at, count_));
  }
  const auto length = ReadBerLength(rest.subspan(tag->size));
  if (!length) return fail(fmt::format("byte {}: item {} has no sound length", at, tag->value));
  return fail(fmt::format("byte {}: item {} is {} bytes long, and {} are left in the set", at,
                          tag->value, length->value, rest.size() - tag->size - length->size));
}

Result<std::vector<RawKlvItem>> SplitLocalSet(Bytes value, std::uint64_t offset) {
  std::vector<RawKlvItem> items;
  KlvItemCursor cursor(value);
  while (const auto item = cursor.Next()) items.push_back(*item);
  if (!cursor.ok()) return tl::unexpected(cursor.WhatIsWrong(offset));
  return items;
}

std::optional<std::vector<Bytes>> SplitSeries(Bytes value) {
  std::vector<Bytes> entries;
  while (!value.empty()) {
    const auto length = ReadBerLength(value);
    if (!length || length->value > value.size() - length->size || entries.size() == kMaxSeries) {
      return std::nullopt;
    }
    entries.push_back(value.subspan(length->size, length->value));
    value = value.subspan(length->size + length->value);
  }
  return entries;
}

}  // namespace trucewatch
