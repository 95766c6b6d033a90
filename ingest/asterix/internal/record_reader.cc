// SPDX-License-Identifier: Apache-2.0
#include "ingest/asterix/internal/record_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace trucewatch::asterix::internal {

RecordReader::RecordReader(const Category& category, Bytes bytes, std::size_t at, std::size_t end,
                           std::uint64_t base, Decoded& out)
    : category_(category),
      bytes_(bytes),
      at_(at),
      end_(end),
      base_(base),
      out_(out),
      fspec_at_(at) {}

bool RecordReader::Read() {
  if (!ReadFspec()) return false;
  const Profile* profile = ChooseProfile();
  if (profile == nullptr) return false;
  const std::size_t first_item = out_.items_.size();
  for (std::size_t octet = 0; octet < fspec_octets_; ++octet) {
    const unsigned mask = bytes_[fspec_at_ + octet];
    for (unsigned bit = 0; bit < 7; ++bit) {
      if ((mask << bit & 0x80U) == 0) continue;
      const std::size_t index = octet * 7 + bit;
      if (index >= profile->count) {
        return Wrong(fmt::format("FSPEC names FRN {}, CAT{:03} ends at {}", index + 1,
                                 category_.number, profile->count));
      }
      const Layout& layout = profile->items[index];
      if (layout.rule == Rule::kUnassigned) {
        return Wrong(fmt::format("FSPEC names FRN {}, which CAT{:03} does not assign", index + 1,
                                 category_.number));
      }
      const std::size_t start = at_;
      const std::size_t node = Open(layout.name, Node::Type::kObject);
      if (!ReadItem(layout, node)) return false;
      Close(node);
      // Addresses are settled when no more nodes come (Decoded::Connect).
      std::uint64_t key = 0;
      std::memcpy(&key, layout.name, sizeof key);  // the tables' names have 8 bytes
      out_.items_.push_back({key, base_ + start, at_ - start, nullptr});
    }
  }
  if (out_.items_.size() == first_item) return Wrong("a record without items");
  if (no_time_ >= 0) {
    return Wrong(
        fmt::format("time of day {} s is no time", static_cast<double>(no_time_) * kTickS));
  }
  return true;
}

bool RecordReader::Wrong(std::string reason) {
  fault_at_ = at_;
  reason_ = std::move(reason);
  return false;
}

bool RecordReader::Short(std::size_t size, const char* name) {
  return Wrong(fmt::format("{} needs {} bytes, the block has {} left", name, size, left()));
}

// Steps over octets until one has FX 0.
bool RecordReader::Chain(const char* name, std::size_t max, std::size_t& octets) {
  octets = 0;
  do {
    if (octets == max) {
      return Wrong(fmt::format("{}: more than {} octets with FX set", name, max));
    }
    if (!Need(1, name)) return false;
    ++octets;
  } while ((bytes_[at_++] & 1U) != 0);
  return true;
}

bool RecordReader::ReadFspec() {
  const std::size_t most = std::max(category_.profile.count, category_.tracks.count);
  return Chain("FSPEC", (most + 6) / 7, fspec_octets_);
}

const Profile* RecordReader::ChooseProfile() {
  if (category_.tracks.count == 0) return &category_.profile;
  if (!Announced(fspec_at_, 1)) {
    Wrong(fmt::format("a CAT{:03} record that does not say whether it is a plot or a track",
                      category_.number));
    return nullptr;
  }
  const std::size_t before = Announced(fspec_at_, 0) ? 2 : 0;
  if (!Need(before + 1, "the target report descriptor")) return nullptr;
  return (bytes_[at_ + before] & 0x80U) != 0 ? &category_.tracks : &category_.profile;
}

std::size_t RecordReader::Open(const char* name, Node::Type type) {
  Node& node = out_.nodes_.emplace_back();
  node.name = name;
  node.type = type;
  return out_.nodes_.size() - 1;
}

void RecordReader::Close(std::size_t node) {
  out_.nodes_[node].size = static_cast<std::uint32_t>(out_.nodes_.size() - node);
}

bool RecordReader::ReadItem(const Layout& layout, std::size_t node) {
  switch (layout.rule) {
    case Rule::kUnassigned:
      break;
    case Rule::kFixed: {
      const std::size_t size = layout.bits / 8;
      if (!Need(size, layout.name)) return false;
      ReadFields(layout, at_, layout.bits);
      at_ += size;
      return true;
    }
    case Rule::kExtended:
      return ReadExtended(layout);
    case Rule::kRepeated:
    case Rule::kRegisters:
      out_.nodes_[node].type = Node::Type::kList;
      return ReadRepeated(layout);
    case Rule::kRepeatedFx:
      out_.nodes_[node].type = Node::Type::kList;
      return ReadRepeatedFx(layout);
    case Rule::kCompound:
      return ReadCompound(layout);
    case Rule::kExplicit:
      return ReadExplicit(layout);
  }
  return false;
}

// The caller has checked that the bits are there; at most 56.
std::uint64_t RecordReader::Bits(std::size_t at_bit, int count) const {
  const std::size_t octet = at_bit / 8;
  const auto skip = static_cast<unsigned>(at_bit % 8);
  const auto drop = static_cast<unsigned>(64 - count);
  if (bytes_.size() - octet >= 8) {
    std::uint64_t window = 0;
    std::memcpy(&window, bytes_.data() + octet, sizeof window);
    static_assert(std::endian::native == std::endian::little);
    return (__builtin_bswap64(window) << skip) >> drop;
  }
  std::uint64_t value = 0;
  for (std::size_t i = octet; i * 8 < at_bit + static_cast<std::size_t>(count); ++i) {
    value |= static_cast<std::uint64_t>(bytes_[i]) << (56 - 8 * (i - octet));
  }
  return (value << skip) >> drop;
}

void RecordReader::ReadValue(const Field& field, const char* name, std::size_t at_bit) {
  const std::uint64_t bits = Bits(at_bit, field.bits);
  Node& node = out_.nodes_.emplace_back();
  node.name = name;
  node.raw = static_cast<std::int64_t>(bits);
  node.bits = static_cast<std::uint8_t>(field.bits);
  const auto text = [&](Node::TextForm form) {
    node.type = Node::Type::kText;
    node.form = form;
  };
  switch (field.kind) {
    case Kind::kTimeOfDay:
      if (bits >= 86400U * 128U) no_time_ = node.raw;
      [[fallthrough]];
    case Kind::kUnsigned:
      node.type = field.scale == 0 ? Node::Type::kInteger : Node::Type::kNumber;
      node.number = static_cast<double>(node.raw) * field.scale + field.offset;
      return;
    case Kind::kSigned: {
      const auto unused = static_cast<unsigned>(64 - field.bits);
      node.raw = static_cast<std::int64_t>(bits << unused) >> unused;
      node.type = field.scale == 0 ? Node::Type::kInteger : Node::Type::kNumber;
      node.number = static_cast<double>(node.raw) * field.scale + field.offset;
      return;
    }
    case Kind::kFlag:
      node.type = Node::Type::kFlag;
      return;
    case Kind::kOctal:
      return text(Node::TextForm::kOctal);
    case Kind::kCharacters:
      return text(Node::TextForm::kCharacters);
    case Kind::kAscii:
      return text(Node::TextForm::kAscii);
    case Kind::kHex:
      return text(Node::TextForm::kHex);
    case Kind::kSpare:
    case Kind::kFx:
      return;
  }
}

// Fields of `layout` that lie wholly within `bits` from byte `at` on.
void RecordReader::ReadFields(const Layout& layout, std::size_t at, std::size_t bits) {
  std::size_t bit = 0;
  for (std::size_t i = 0; i < layout.field_count; ++i) {
    const Field& field = layout.fields[i];
    const auto width = static_cast<std::size_t>(field.bits);
    if (bit + width > bits) return;
    if (field.kind != Kind::kSpare && field.kind != Kind::kFx) {
      ReadValue(field, field.name, at * 8 + bit);
    }
    bit += width;
  }
}

bool RecordReader::ReadExtended(const Layout& layout) {
  const std::size_t start = at_;
  std::size_t octets = 0;
  if (!Chain(layout.name, kMaxFxChain, octets)) return false;
  ReadFields(layout, start, octets * 8);
  return true;
}

bool RecordReader::ReadRepeated(const Layout& layout) {
  if (!Need(1, layout.name)) return false;
  const std::size_t count = bytes_[at_];
  if (count == 0) return Wrong(fmt::format("{} is there zero times", layout.name));
  const std::size_t size = layout.bits / 8;
  if (!Need(1 + count * size, layout.name)) return false;
  ++at_;
  for (std::size_t i = 0; i < count; ++i, at_ += size) {
    const std::size_t group = Open("", Node::Type::kObject);
    ReadFields(layout, at_, layout.bits);
    if (layout.rule == Rule::kRegisters) ReadFields(RegisterLayout(bytes_[at_ + 7]), at_, 56);
    Close(group);
  }
  return true;
}

bool RecordReader::ReadRepeatedFx(const Layout& layout) {
  const std::size_t size = layout.bits / 8;
  const bool bare = layout.field_count == 2;
  for (std::size_t i = 0;; ++i) {
    if (i == kMaxFxChain) {
      return Wrong(fmt::format("{}: more than {} octets with FX set", layout.name, kMaxFxChain));
    }
    if (!Need(size, layout.name)) return false;
    if (bare) {
      ReadValue(layout.fields[0], "", at_ * 8);
    } else {
      const std::size_t group = Open("", Node::Type::kObject);
      ReadFields(layout, at_, layout.bits);
      Close(group);
    }
    at_ += size;
    if ((bytes_[at_ - 1] & 1U) == 0) return true;
  }
}

bool RecordReader::ReadCompound(const Layout& layout) {
  const std::size_t primary = at_;
  std::size_t octets = 0;
  if (!Chain(layout.name, kMaxFxChain, octets)) return false;
  for (std::size_t part = 0; part < octets * 7; ++part) {
    if (!Announced(primary, part)) continue;
    if (part >= layout.part_count || layout.parts[part].rule == Rule::kUnassigned) {
      return Wrong(fmt::format("{} names part {}, which is not assigned", layout.name, part + 1));
    }
    const std::size_t child = Open(layout.parts[part].name, Node::Type::kObject);
    if (!ReadItem(layout.parts[part], child)) return false;
    Close(child);
  }
  return true;
}

bool RecordReader::ReadExplicit(const Layout& layout) {
  if (!Need(1, layout.name)) return false;
  const std::size_t size = bytes_[at_];
  if (size < 1) return Wrong(fmt::format("{} says that it is 0 bytes long", layout.name));
  if (!Need(size, layout.name)) return false;
  Node& node = out_.nodes_.emplace_back();
  node.name = "raw";
  node.type = Node::Type::kText;
  node.form = Node::TextForm::kOctets;
  node.raw = static_cast<std::int64_t>(size - 1);
  node.octets = bytes_.data() + at_ + 1;
  at_ += size;
  ++expansions_;
  return true;
}

}  // namespace trucewatch::asterix::internal
