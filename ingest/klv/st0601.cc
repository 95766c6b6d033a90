// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/st0601.h"

#include <algorithm>
#include <set>

#include "ingest/klv/ber.h"
#include "ingest/klv/keys.h"

namespace trucewatch {
namespace {

// 9999-12-31T23:59:59.999999Z: later times are no times.
constexpr std::uint64_t kLastMicros = 253'402'300'799'999'999;
// No producer writes as many; a bound on what one packet can make us allocate.
constexpr std::size_t kMaxItems = 4096;

// Texts on the wire may be padded with NULs.
std::string TrimNuls(Bytes bytes) {
  std::string text(AsText(bytes));
  text.erase(text.find_last_not_of('\0') + 1);
  return text;
}

void NoteOrder(UasDatalink& set) {
  std::set<std::uint32_t> seen;
  for (const KlvItem& item : set.items) {
    // Segment and amend sets (items 100, 101) may repeat.
    if (!seen.insert(item.tag).second && item.tag != 100 && item.tag != 101) {
      set.problems.push_back(fmt::format("item {} is there more than once", item.tag));
    }
  }
  if (!set.time) set.problems.emplace_back("no time (item 2)");
  if (!set.items.empty() && set.time && set.items.front().tag != 2) {
    set.problems.emplace_back("the time (item 2) is not the first item");
  }
  if (seen.count(65) == 0) set.problems.emplace_back("no version (item 65)");
}

std::optional<Instant> TimeOf(const UasDatalink& set) {
  const KlvItem* item = set.Find(2);
  if (item == nullptr || !item->value) return std::nullopt;
  const auto* micros = std::get_if<std::uint64_t>(&*item->value);
  if (micros == nullptr) return std::nullopt;
  std::int64_t corrected = static_cast<std::int64_t>(*micros);
  const KlvItem* correction = set.Find(137);
  if (correction != nullptr && correction->value) {
    const auto* offset = std::get_if<std::int64_t>(&*correction->value);
    constexpr auto kLast = static_cast<std::int64_t>(kLastMicros);
    if (offset != nullptr && *offset > -kLast && *offset < kLast) corrected += *offset;
  }
  if (corrected < 0 || static_cast<std::uint64_t>(corrected) > kLastMicros) return std::nullopt;
  return Instant::FromMicros(corrected);
}

}  // namespace

const KlvItem* UasDatalink::Find(std::uint32_t tag) const {
  const auto found = std::find_if(items.begin(), items.end(),
                                  [tag](const KlvItem& item) { return item.tag == tag; });
  return found == items.end() ? nullptr : &*found;
}

std::optional<double> UasDatalink::Number(std::uint32_t tag) const {
  const KlvItem* item = Find(tag);
  if (item == nullptr || !item->value) return std::nullopt;
  if (const auto* real = std::get_if<double>(&*item->value)) return *real;
  if (const auto* integer = std::get_if<std::int64_t>(&*item->value))
    return static_cast<double>(*integer);
  if (const auto* natural = std::get_if<std::uint64_t>(&*item->value))
    return static_cast<double>(*natural);
  return std::nullopt;
}

std::optional<std::string> UasDatalink::Text(std::uint32_t tag) const {
  const KlvItem* item = Find(tag);
  if (item == nullptr || !item->value) return std::nullopt;
  const auto* text = std::get_if<std::string>(&*item->value);
  return text == nullptr ? std::nullopt : std::optional(*text);
}

std::optional<KlvValue> DecodeKlvValue(const KlvItemSpec& spec, Bytes bytes, std::string& problem) {
  if (bytes.empty()) return std::nullopt;  // present, but its value is not known
  // The maps depend on the width: another width is not rescaled but refused (real producers write
  // item 22 in 4 bytes with a 2-byte scale).
  if (spec.size != 0 && bytes.size() != static_cast<std::size_t>(spec.size)) {
    problem = fmt::format("{} bytes long, expected {}", bytes.size(), spec.size);
    return std::nullopt;
  }
  const auto number = [&](std::optional<double> value) -> std::optional<KlvValue> {
    if (value) return KlvValue(*value);
    if (bytes.size() > 8) problem = fmt::format("{} bytes long, expected at most 8", bytes.size());
    return std::nullopt;
  };
  switch (spec.wire) {
    case KlvWire::kUnsigned:
    case KlvWire::kTime: {
      const auto value = ReadUnsigned(bytes);
      if (!value) {
        problem = fmt::format("{} bytes long, expected at most 8", bytes.size());
      } else if (spec.wire == KlvWire::kTime && *value > kLastMicros) {
        problem = fmt::format("{} us is no time", *value);
      } else {
        return KlvValue(*value);
      }
      return std::nullopt;
    }
    case KlvWire::kSigned: {
      const auto value = ReadSigned(bytes);
      if (value) return KlvValue(*value);
      problem = fmt::format("{} bytes long, expected at most 8", bytes.size());
      return std::nullopt;
    }
    case KlvWire::kUnsignedMap:
      return number(DecodeUnsignedMap(bytes, spec.range));
    case KlvWire::kSignedMap:
      return number(DecodeSignedMap(bytes, spec.range.high));
    case KlvWire::kImapb:
      return number(DecodeImapb(bytes, spec.range));
    case KlvWire::kText:
      return KlvValue(TrimNuls(bytes));
    case KlvWire::kBytes:
      return std::nullopt;
  }
  return std::nullopt;
}

Result<std::vector<RawKlvItem>> SplitLocalSet(Bytes value, std::uint64_t offset) {
  std::vector<RawKlvItem> items;
  for (std::size_t at = 0; at < value.size();) {
    const auto tag = ReadBerOid(value.subspan(at));
    if (!tag) {
      return Fail(ErrorCode::kBadInput, "byte {}: no tag where item {} of the set must begin",
                  offset + at, items.size() + 1);
    }
    const auto length = ReadBerLength(value.subspan(at + tag->size));
    if (!length) {
      return Fail(ErrorCode::kBadInput, "byte {}: item {} has no sound length", offset + at,
                  tag->value);
    }
    const std::size_t begin = at + tag->size + length->size;
    if (length->value > value.size() - begin) {
      return Fail(ErrorCode::kBadInput,
                  "byte {}: item {} is {} bytes long, and {} are left in the set", offset + at,
                  tag->value, length->value, value.size() - begin);
    }
    if (items.size() == kMaxItems) {
      return Fail(ErrorCode::kBadInput, "byte {}: more than {} items in one set", offset + at,
                  kMaxItems);
    }
    items.push_back(
        {static_cast<std::uint32_t>(tag->value), begin, value.subspan(begin, length->value)});
    at = begin + length->value;
  }
  return items;
}

bool IsSt0601(const KlvPacket& packet) {
  const Bytes key = packet.key();
  return std::equal(key.begin(), key.end(), kSt0601Key.begin());
}

Result<UasDatalink> DecodeSt0601(const KlvPacket& packet) {
  if (!IsSt0601(packet)) {
    return Fail(ErrorCode::kBadInput, "byte {}: key {} is not that of ST 0601", packet.offset,
                HexEncode(packet.key()));
  }
  TW_ASSIGN_OR_RETURN(const auto raw_items,
                      SplitLocalSet(packet.value(), packet.offset + packet.value_at));
  UasDatalink set;
  set.offset = packet.offset;
  set.length = packet.bytes.size();
  set.checksum = CheckKlvChecksum(packet);
  for (const RawKlvItem& raw : raw_items) {
    KlvItem item;
    item.tag = raw.tag;
    item.spec = FindSt0601Item(raw.tag);
    item.raw = AsText(raw.bytes);
    if (item.spec != nullptr) item.value = DecodeKlvValue(*item.spec, raw.bytes, item.problem);
    set.items.push_back(std::move(item));
  }
  set.time = TimeOf(set);
  NoteOrder(set);
  return set;
}

}  // namespace trucewatch
