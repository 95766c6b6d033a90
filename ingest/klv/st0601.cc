// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/st0601.h"

#include <algorithm>
#include <bitset>
#include <set>

#include "ingest/klv/keys.h"

namespace trucewatch {
namespace {

// 9999-12-31T23:59:59.999999Z: later times are no times.
constexpr std::int64_t kLastSignedMicros = 253'402'300'799'999'999;

// Which tags have been seen. The standard's need no memory of their own.
class SeenTags {
 public:
  // True when `tag` had been seen before.
  bool Insert(std::uint32_t tag) {
    if (tag >= low_.size()) return !high_.insert(tag).second;
    if (low_[tag]) return true;
    low_[tag] = true;
    return false;
  }
  bool Has(std::uint32_t tag) const { return low_[tag]; }

 private:
  std::bitset<256> low_;
  std::set<std::uint32_t> high_;
};

void NoteOrder(const SeenTags& seen, UasDatalink& set) {
  if (!set.time) set.problems.emplace_back("no time (item 2)");
  if (!set.items.empty() && set.time && set.items.front().tag != 2) {
    set.problems.emplace_back("the time (item 2) is not the first item");
  }
  if (!seen.Has(65)) set.problems.emplace_back("no version (item 65)");
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
    if (offset != nullptr && *offset > -kLastSignedMicros && *offset < kLastSignedMicros)
      corrected += *offset;
  }
  if (corrected < 0 || corrected > kLastSignedMicros) return std::nullopt;
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
  const auto* text = std::get_if<std::string_view>(&*item->value);
  return text == nullptr ? std::nullopt : std::optional(std::string(*text));
}

bool IsSt0601(const KlvPacket& packet) {
  const Bytes key = packet.key();
  return std::equal(key.begin(), key.end(), kSt0601Key.begin());
}

Result<UasDatalink> DecodeSt0601(const KlvPacket& packet) {
  UasDatalink set;
  TW_RETURN_IF_ERROR(DecodeSt0601Into(packet, set));
  return set;
}

Result<void> DecodeSt0601Into(const KlvPacket& packet, UasDatalink& set) {
  if (!IsSt0601(packet)) {
    return Fail(ErrorCode::kBadInput, "byte {}: key {} is not that of ST 0601", packet.offset,
                HexEncode(packet.key()));
  }
  set.offset = packet.offset;
  set.length = packet.bytes.size();
  set.checksum = KlvChecksumState::kMissing;
  set.items.clear();
  set.problems.clear();
  // An item takes some six bytes and is seldom shorter than four.
  set.items.reserve(std::min(packet.bytes.size() / 4, KlvItemCursor::kMaxItems));
  SeenTags seen;
  KlvItemCursor cursor(packet.value());
  while (const auto raw = cursor.Next()) {
    if (seen.Insert(raw->tag)) {
      // Segment and amend sets (items 100, 101) may repeat.
      if (raw->tag != 100 && raw->tag != 101) {
        set.problems.push_back(fmt::format("item {} is there more than once", raw->tag));
      }
    } else if (raw->tag == 1) {
      set.checksum = KlvChecksumStateOf(AsBytes(packet.bytes), packet.value_at,
                                        packet.value_at + cursor.item_at(), raw->bytes);
    }
    set.items.push_back(DecodeKlvItem(raw->tag, FindSt0601Item(raw->tag), raw->bytes));
  }
  if (!cursor.ok()) {
    return tl::unexpected(cursor.WhatIsWrong(packet.offset + packet.value_at));
  }
  set.time = TimeOf(set);
  NoteOrder(seen, set);
  return {};
}

}  // namespace trucewatch
