// SPDX-License-Identifier: Apache-2.0
#include "ingest/asterix/asterix.h"

#include <fmt/format.h>

#include <cstdlib>

#include "core/base/check.h"
#include "ingest/asterix/internal/record_reader.h"
#include "ingest/asterix/internal/spec.h"

namespace trucewatch::asterix {
namespace {

// ICAO Annex 10 Vol. IV 3.1.2.9.1.2; code 0 fills identifications that are not known.
char SixBitCharacter(std::uint64_t code) {
  if (code >= 1 && code <= 26) return static_cast<char>('A' + code - 1);
  if (code == 0 || code == 32) return ' ';
  return code >= 48 && code <= 57 ? static_cast<char>(code) : '?';
}

std::string Characters(const Node& node, int width, char (*read)(std::uint64_t)) {
  std::string text;
  const auto bits = static_cast<std::uint64_t>(node.raw);
  for (int shift = node.bits - width; shift >= 0; shift -= width) {
    text.push_back(read(bits >> static_cast<unsigned>(shift) & ((1U << width) - 1U)));
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

// The same without the length of `name`, which nobody has counted.
bool IsNamed(const char* name, std::string_view wanted) {
  for (const char c : wanted) {
    if (*name++ != c) return false;
  }
  return *name == '\0';
}

constexpr std::int64_t kDayUs = 86'400'000'000;

std::int64_t SinceMidnightUs(Instant time) { return ((time.micros() % kDayUs) + kDayUs) % kDayUs; }

// A time of day of which only the rest by 512 s is known. The day is no whole number of these.
Instant NearestTruncated(double time_s, Instant near) {
  constexpr std::int64_t kCycleUs = 512'000'000;
  const std::int64_t rest = Duration::FromSeconds(time_s).micros();
  const std::int64_t today = near.micros() - SinceMidnightUs(near);
  std::optional<std::int64_t> best;
  for (const std::int64_t midnight : {today - kDayUs, today, today + kDayUs}) {
    const std::int64_t first = (near.micros() - midnight - rest) / kCycleUs - 1;
    for (std::int64_t cycle = first; cycle < first + 3; ++cycle) {
      const std::int64_t of_day = rest + cycle * kCycleUs;
      if (of_day < 0 || of_day >= kDayUs) continue;
      const std::int64_t us = midnight + of_day;
      if (!best || std::abs(us - near.micros()) < std::abs(*best - near.micros())) best = us;
    }
  }
  return Instant::FromMicros(best.value_or(near.micros()));
}

}  // namespace

namespace internal {

const Category* CategoryOf(std::uint8_t number) {
  switch (number) {
    case 1:
      return &kCat001;
    case 2:
      return &kCat002;
    case 10:
      return &kCat010;
    case 21:
      return &kCat021;
    case 34:
      return &kCat034;
    case 48:
      return &kCat048;
    case 62:
      return &kCat062;
    case 65:
      return &kCat065;
    default:
      return nullptr;
  }
}

}  // namespace internal

std::string Node::text() const {
  switch (form) {
    case TextForm::kOctal:
      return fmt::format("{:0{}o}", raw, (bits + 2) / 3);
    case TextForm::kCharacters:
      return Characters(*this, 6, SixBitCharacter);
    case TextForm::kAscii:
      return Characters(*this, 8, [](std::uint64_t code) {
        return code == 0 ? ' ' : code < 32 || code > 126 ? '?' : static_cast<char>(code);
      });
    case TextForm::kHex:
      return fmt::format("{:0{}x}", raw, (bits + 3) / 4);
    case TextForm::kOctets:
      return HexEncode({octets, static_cast<std::size_t>(raw)});
  }
  return {};
}

const Node* Node::Find(std::string_view child) const {
  for (const Node& node : children()) {
    if (IsNamed(node.name, child)) return &node;
  }
  return nullptr;
}

std::size_t Node::Children::size() const {
  std::size_t count = 0;
  for (const Node* at = first; at != last; at += at->size) ++count;
  return count;
}

const Node& Node::Children::operator[](std::size_t index) const {
  const Node* at = first;
  for (; index > 0 && at != last; --index) at += at->size;
  TW_CHECK(at != last);
  return *at;
}

std::optional<double> Record::Number(std::string_view id, std::string_view field) const {
  const Item* item = Find(id);
  const Node* node = item == nullptr ? nullptr : item->value->Find(field);
  if (node == nullptr || node->type != Node::Type::kNumber) return std::nullopt;
  return node->number;
}

std::optional<std::int64_t> Record::Integer(std::string_view id, std::string_view field) const {
  const Item* item = Find(id);
  const Node* node = item == nullptr ? nullptr : item->value->Find(field);
  if (node == nullptr) return std::nullopt;
  return node->raw;
}

bool Record::Flag(std::string_view id, std::string_view field) const {
  return Integer(id, field).value_or(0) != 0;
}

std::optional<int> Record::sac() const {
  const auto value = Integer(internal::CategoryOf(category)->source_item, "sac");
  return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
}
std::optional<int> Record::sic() const {
  const auto value = Integer(internal::CategoryOf(category)->source_item, "sic");
  return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
}

std::optional<double> Record::time_of_day_s() const {
  for (const char* id : internal::CategoryOf(category)->time_items) {
    if (id == nullptr) break;
    if (const auto time = Number(id, "time_of_day_s")) return time;
  }
  return std::nullopt;
}

std::optional<Instant> Record::TimeNear(Instant near) const {
  if (const auto time = time_of_day_s()) return AbsoluteTime(*time, near);
  const auto truncated = Number("I001/141", "truncated_time_of_day_s");
  if (!truncated) return std::nullopt;
  return NearestTruncated(*truncated, near);
}

bool IsKnownCategory(std::uint8_t category) { return internal::CategoryOf(category) != nullptr; }

// The records of bytes[at, end), which is what the block holds.
void Decoded::ReadRecords(Bytes bytes, std::size_t at, std::size_t end, std::uint64_t offset,
                          const internal::Category& category, Block& block) {
  while (at < end) {
    const std::size_t first_node = nodes_.size(), first_item = items_.size();
    internal::RecordReader reader(category, bytes, at, end, offset, *this);
    if (!reader.Read()) {
      nodes_.resize(first_node);
      items_.resize(first_item);
      block.fault = BlockFault{reader.fault_offset(), end - at, reader.reason()};
      return;
    }
    Record& record = records_.emplace_back();
    record.category = category.number;
    record.expansions = reader.expansions();
    record.offset = offset + at;
    record.length = reader.at() - at;
    item_counts_.push_back(items_.size() - first_item);
    at = reader.at();
  }
}

// The arrays move while they grow: who holds what is written down when they have stopped.
void Decoded::Connect() {
  const Node* node = nodes_.data();
  for (Item& item : items_) {
    item.value = node;
    node += node->size;
  }
  const Item* item = items_.data();
  for (std::size_t i = 0; i < records_.size(); ++i) {
    records_[i].items = {item, item_counts_[i]};
    item += item_counts_[i];
  }
  const Record* record = records_.data();
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    blocks_[i].records = {record, record_counts_[i]};
    record += record_counts_[i];
  }
}

void DecodeBlocks(Bytes bytes, std::uint64_t offset, Decoded& out) {
  out.nodes_.clear();
  out.items_.clear();
  out.records_.clear();
  out.blocks_.clear();
  out.item_counts_.clear();
  out.record_counts_.clear();
  for (std::size_t at = 0; at < bytes.size();) {
    const Bytes rest = bytes.subspan(at);
    Block& block = out.blocks_.emplace_back();
    block.category = rest[0];
    block.offset = offset + at;
    block.length = rest.size();
    const std::size_t stated = rest.size() >= 3 ? ReadBe16(rest.subspan(1)) : 0;
    const std::size_t records_before = out.records_.size();
    if (stated < 3 || stated > rest.size()) {
      block.fault = BlockFault{
          block.offset, rest.size(),
          rest.size() < 3
              ? fmt::format("{} bytes are too few for a block's head of 3", rest.size())
              : fmt::format("block of category {}: LEN {} does not fit the {} bytes that are left",
                            rest[0], stated, rest.size())};
      at = bytes.size();
    } else {
      block.length = stated;
      if (const internal::Category* category = internal::CategoryOf(block.category)) {
        block.known = true;
        if (stated == 3) block.fault = BlockFault{block.offset, 0, "a block without records"};
        out.ReadRecords(bytes, at + 3, at + stated, offset, *category, block);
      }
      at += stated;
    }
    out.record_counts_.push_back(out.records_.size() - records_before);
  }
  out.Connect();
}

Instant AbsoluteTime(double time_of_day_s, Instant near) {
  std::int64_t us =
      near.micros() - SinceMidnightUs(near) + Duration::FromSeconds(time_of_day_s).micros();
  if (us - near.micros() > kDayUs / 2) us -= kDayUs;
  if (near.micros() - us > kDayUs / 2) us += kDayUs;
  return Instant::FromMicros(us);
}

}  // namespace trucewatch::asterix
