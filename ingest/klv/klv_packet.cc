// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/klv_packet.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "ingest/klv/ber.h"
#include "ingest/klv/checksum.h"
#include "ingest/klv/keys.h"
#include "ingest/klv/klv_item.h"

namespace trucewatch {
namespace {

bool AtKey(Bytes bytes) {
  return bytes.size() >= kKlvKeyStart.size() &&
         std::equal(kKlvKeyStart.begin(), kKlvKeyStart.end(), bytes.begin());
}

// Position of the next key at or after `from`; the size of `bytes` when there is none.
std::size_t NextKey(Bytes bytes, std::size_t from) {
  return std::min(AsText(bytes).find(AsText(kKlvKeyStart), from), bytes.size());
}

// A key begins at or after `from` and before `end`; its later bytes may lie behind `end`.
bool KeyBegins(Bytes bytes, std::size_t from, std::size_t end) {
  const std::size_t reach = std::min(bytes.size(), end + kKlvKeyStart.size() - 1);
  return NextKey(bytes.first(reach), from) < reach;
}

bool IsFiller(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0x00; }) ||
         std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0xFF; });
}

constexpr std::size_t kMaxBerLength = 5;

// The packet ends in a checksum item that fits: so its length is right, whatever is inside.
bool EndsInItsChecksum(Bytes packet) {
  if (packet.size() < kKlvKeySize + 5) return false;
  const Bytes item = packet.last(4);
  return item[0] == 1 && item[1] == 2 &&
         KlvChecksum(packet.first(packet.size() - 2)) == ReadBe16(item.subspan(2));
}

// What seems to be a packet of `total` bytes has swallowed the start of another: a key begins in
// it, and behind it comes no key. At the end of the bytes the one inside must be whole.
bool HidesAnother(Bytes bytes, std::size_t total) {
  if (!KeyBegins(bytes, kKlvKeyStart.size(), total)) return false;
  if (bytes.size() > total) return !AtKey(bytes.subspan(total));
  const std::size_t inner = NextKey(bytes, kKlvKeyStart.size());
  return EndsInItsChecksum(bytes.subspan(inner));
}

bool CarriesChecksum(Bytes key) {
  return std::equal(key.begin(), key.end(), kSt0601Key.begin()) ||
         std::equal(key.begin(), key.end(), kSt0903Key.begin());
}

}  // namespace

bool IsSound(KlvChecksumState state) {
  return state == KlvChecksumState::kOk || state == KlvChecksumState::kOkWithoutItemHeader ||
         state == KlvChecksumState::kOkWithoutKeyAndLength;
}

const char* Name(KlvChecksumState state) {
  switch (state) {
    case KlvChecksumState::kOk:
      return "ok";
    case KlvChecksumState::kBad:
      return "bad";
    case KlvChecksumState::kMissing:
      return "missing";
    case KlvChecksumState::kNotLast:
      return "not the last item";
    case KlvChecksumState::kOkWithoutItemHeader:
      return "ok without the checksum item's own tag and length";
    case KlvChecksumState::kOkWithoutKeyAndLength:
      return "ok without the set's key and length";
  }
  return "?";
}

std::vector<KlvRecord> KlvSplitter::Push(Bytes bytes) {
  held_.erase(0, front_);
  front_ = 0;
  held_ += AsText(bytes);
  return Split(false);
}

std::vector<KlvRecord> KlvSplitter::Finish() { return Split(true); }

Bytes KlvSplitter::Held() const { return AsBytes(held_).subspan(front_); }

// Reports Held()[0, end), which belongs to no packet, unless it is filler.
void KlvSplitter::ReportDamage(std::size_t end, std::vector<KlvRecord>& records) {
  const Bytes lost = Held().first(end);
  if (!lost.empty() && (!reason_.empty() || !IsFiller(lost))) {
    if (reason_.empty()) reason_ = "bytes that are no KLV packet";
    records.emplace_back(KlvDamage{offset_, lost.size(), std::move(reason_)});
  }
  reason_.clear();
  Drop(end);
}

void KlvSplitter::Drop(std::size_t size) {
  front_ += size;
  offset_ += size;
  scan_ = scan_ > size ? scan_ - size : 0;
}

std::vector<KlvRecord> KlvSplitter::Split(bool final) {
  std::vector<KlvRecord> records;
  while (true) {
    const std::size_t key = NextKey(Held(), scan_);
    const std::size_t size = Held().size();
    if (key == size) {
      // No key. The last three bytes may be the start of one.
      scan_ = final ? size : std::max(scan_, size - std::min<std::size_t>(3, size));
      while (scan_ >= kMaxPacket) ReportDamage(kMaxPacket, records);
      if (final) ReportDamage(Held().size(), records);
      return records;
    }
    ReportDamage(key, records);
    scan_ = 0;
    if (!TakePacket(final, records)) return records;
  }
}

// The packet whose key stands at Held()[0]; false: more bytes are needed.
bool KlvSplitter::TakePacket(bool final, std::vector<KlvRecord>& records) {
  const Bytes all = Held();
  if (!final && all.size() < kKlvKeySize + kMaxBerLength) return false;
  const auto length =
      all.size() > kKlvKeySize ? ReadBerLength(all.subspan(kKlvKeySize)) : std::nullopt;
  if (!length) {
    return Distrust(all.size() <= kKlvKeySize
                        ? fmt::format("the stream ends {} bytes into a key", all.size())
                        : std::string("the length of the packet is no BER length"));
  }
  if (KeyBegins(all, kKlvKeyStart.size(), kKlvKeySize)) {
    return Distrust("a key begins inside another one");
  }
  const std::size_t total = kKlvKeySize + length->size + length->value;
  if (total > kMaxPacket) {
    return Distrust(
        fmt::format("a packet of {} bytes is longer than the limit of {}", total, kMaxPacket));
  }
  if (total > all.size()) {
    if (!final) return false;
    return Distrust(fmt::format("the packet is {} bytes long and {} are there", total, all.size()));
  }
  KlvPacket packet{offset_, std::string(AsText(all.first(total))), kKlvKeySize + length->size};
  if (CarriesChecksum(packet.key()) && !EndsInItsChecksum(all.first(total))) {
    const Bytes after = all.subspan(total);
    if (!final && after.size() < kKlvKeyStart.size()) return false;  // what follows decides
    if (HidesAnother(all, total)) {
      const KlvChecksumState state = CheckKlvChecksum(packet);
      if (!IsSound(state) && MayDistrust(total)) {
        return Distrust(fmt::format(
            "the length of {} bytes is wrong: the checksum is {}, and what follows is no packet",
            total, Name(state)));
      }
    }
  }
  records.emplace_back(std::move(packet));
  Drop(total);
  return true;
}

// Each doubt costs a look at the whole packet; a hostile stream of packets within packets would
// cost the square of its length. So there are at most kMaxDoubts within the reach of one doubted
// packet.
bool KlvSplitter::MayDistrust(std::size_t total) {
  if (offset_ >= doubted_end_) {
    doubted_end_ = offset_ + total;
    doubts_ = 0;
  }
  return doubts_++ < kMaxDoubts;
}

// The packet at Held()[0] is none: what it seemed to cover is searched for others.
bool KlvSplitter::Distrust(std::string reason) {
  reason_ = std::move(reason);
  scan_ = kKlvKeyStart.size();
  return true;
}

std::vector<KlvRecord> SplitKlv(Bytes bytes, std::uint64_t offset) {
  KlvSplitter splitter(offset);
  std::vector<KlvRecord> records = splitter.Push(bytes);
  for (KlvRecord& record : splitter.Finish()) records.push_back(std::move(record));
  return records;
}

KlvChecksumState KlvChecksumStateOf(Bytes packet, std::size_t value_at, std::size_t item_at,
                                    Bytes checksum) {
  if (checksum.size() != 2) return KlvChecksumState::kBad;
  const auto at = static_cast<std::size_t>(checksum.data() - packet.data());
  if (at + 2 != packet.size()) return KlvChecksumState::kNotLast;
  const std::uint16_t stored = ReadBe16(checksum);
  if (KlvChecksum(packet.first(at)) == stored) return KlvChecksumState::kOk;
  if (KlvChecksum(packet.first(item_at)) == stored) return KlvChecksumState::kOkWithoutItemHeader;
  if (KlvChecksum(packet.subspan(value_at, at - value_at)) == stored) {
    return KlvChecksumState::kOkWithoutKeyAndLength;
  }
  return KlvChecksumState::kBad;
}

KlvChecksumState CheckKlvChecksum(const KlvPacket& packet) {
  KlvItemCursor cursor(packet.value());
  while (const auto item = cursor.Next()) {
    if (item->tag != 1) continue;
    return KlvChecksumStateOf(AsBytes(packet.bytes), packet.value_at,
                              packet.value_at + cursor.item_at(), item->bytes);
  }
  return KlvChecksumState::kMissing;
}

}  // namespace trucewatch
