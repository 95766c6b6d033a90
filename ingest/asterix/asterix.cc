// SPDX-License-Identifier: Apache-2.0
#include "ingest/asterix/asterix.h"

#include <fmt/format.h>

#include "ingest/asterix/internal/spec.h"

namespace trucewatch::asterix {
namespace {

using internal::Category;
using internal::Field;
using internal::Kind;
using internal::Layout;
using internal::Rule;

const Category* CategoryOf(std::uint8_t category) {
  switch (category) {
    case 10:
      return &internal::kCat010;
    case 34:
      return &internal::kCat034;
    case 48:
      return &internal::kCat048;
    default:
      return nullptr;
  }
}

// The caller has checked that the bits are there. At most 64.
std::uint64_t Bits(Bytes bytes, std::size_t at, int count) {
  std::uint64_t value = 0;
  for (std::size_t i = at; i < at + static_cast<std::size_t>(count); ++i) {
    value = value << 1U | ((bytes[i / 8] >> (7 - i % 8)) & 1U);
  }
  return value;
}

std::size_t BitsOf(const Layout& layout) {
  std::size_t bits = 0;
  for (std::size_t i = 0; i < layout.field_count; ++i) {
    bits += static_cast<std::size_t>(layout.fields[i].bits);
  }
  return bits;
}

// ICAO Annex 10 Vol. IV 3.1.2.9.1.2; code 0 fills identifications that are not known.
std::string SixBitText(std::uint64_t bits) {
  std::string text;
  for (int shift = 42; shift >= 0; shift -= 6) {
    const auto c = static_cast<char>(bits >> static_cast<unsigned>(shift) & 0x3FU);
    if (c >= 1 && c <= 26) {
      text.push_back(static_cast<char>('A' + c - 1));
    } else if (c == 0 || c == 32) {
      text.push_back(' ');
    } else {
      text.push_back(c >= 48 && c <= 57 ? c : '?');
    }
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

Node Value(const Field& field, std::uint64_t bits) {
  Node node;
  node.name = field.name;
  node.raw = static_cast<std::int64_t>(bits);
  switch (field.kind) {
    case Kind::kSigned:
      if ((bits >> static_cast<unsigned>(field.bits - 1) & 1U) != 0) {
        node.raw -= std::int64_t{1} << static_cast<unsigned>(field.bits);
      }
      [[fallthrough]];
    case Kind::kUnsigned:
      node.type = field.scale == 0 ? Node::Type::kInteger : Node::Type::kNumber;
      node.number = static_cast<double>(node.raw) * field.scale + field.offset;
      break;
    case Kind::kFlag:
      node.type = Node::Type::kFlag;
      break;
    case Kind::kOctal:
      node.type = Node::Type::kText;
      node.text = fmt::format("{:04o}", bits);
      break;
    case Kind::kCharacters:
      node.type = Node::Type::kText;
      node.text = SixBitText(bits);
      break;
    case Kind::kHex:
      node.type = Node::Type::kText;
      node.text = fmt::format("{:0{}x}", bits, (field.bits + 3) / 4);
      break;
    case Kind::kSpare:
    case Kind::kFx:
      break;
  }
  return node;
}

// Fields of `layout` that lie wholly within `bytes`, appended to `out`.
void ReadFields(const Layout& layout, Bytes bytes, std::vector<Node>& out) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < layout.field_count; ++i) {
    const Field& field = layout.fields[i];
    const auto width = static_cast<std::size_t>(field.bits);
    if (at + width > bytes.size() * 8) return;
    if (field.kind != Kind::kSpare && field.kind != Kind::kFx) {
      out.push_back(Value(field, Bits(bytes, at, field.bits)));
    }
    at += width;
  }
}

// Reads one record; stops at the first thing that is wrong.
class RecordReader {
 public:
  RecordReader(std::uint8_t category, const Category& layouts, Bytes bytes, std::uint64_t offset)
      : layouts_(layouts), bytes_(bytes), base_(offset) {
    record_.category = category;
    record_.offset = offset;
  }

  bool Read() {
    if (!ReadFspec()) return false;
    for (std::size_t frn = 1; frn <= layouts_.count; ++frn) {
      const std::size_t octet = (frn - 1) / 7;
      if (octet >= fspec_.size() || (fspec_[octet] >> (7 - (frn - 1) % 7) & 1U) == 0) continue;
      const Layout& layout = layouts_.items[frn - 1];
      if (layout.rule == Rule::kUnassigned) {
        return Wrong(fmt::format("FSPEC names FRN {}, which CAT{:03} does not assign", frn,
                                 record_.category));
      }
      Item item;
      const std::size_t start = at_;
      item.offset = base_ + start;
      item.value.name = layout.name;
      if (!ReadItem(layout, item.value)) return false;
      item.length = at_ - start;
      record_.items.push_back(std::move(item));
    }
    if (record_.items.empty()) return Wrong("a record without items");
    const auto time = record_.time_of_day_s();
    if (time && *time >= 86400) return Wrong(fmt::format("time of day {} s is no time", *time));
    record_.length = at_;
    return true;
  }

  Record& record() { return record_; }
  std::uint64_t fault_offset() const { return base_ + fault_at_; }
  const std::string& reason() const { return reason_; }

 private:
  bool Wrong(std::string reason) {
    fault_at_ = at_;
    reason_ = std::move(reason);
    return false;
  }
  std::size_t left() const { return bytes_.size() - at_; }
  bool Need(std::size_t size, const char* name) {
    if (left() >= size) return true;
    return Wrong(fmt::format("{} needs {} bytes, the block has {} left", name, size, left()));
  }

  // The octets of an FX chain, FX bits included; empty after a fault.
  std::vector<std::uint8_t> Chain(const char* name, std::size_t max) {
    std::vector<std::uint8_t> chain;
    do {
      if (chain.size() == max) {
        Wrong(fmt::format("{}: more than {} octets with FX set", name, max));
        return {};
      }
      if (!Need(1, name)) return {};
      chain.push_back(bytes_[at_++]);
    } while ((chain.back() & 1U) != 0);
    return chain;
  }

  bool ReadFspec() {
    fspec_ = Chain("FSPEC", (layouts_.count + 6) / 7);
    if (fspec_.empty()) return false;
    for (std::size_t frn = layouts_.count + 1; frn <= fspec_.size() * 7; ++frn) {
      if ((fspec_[(frn - 1) / 7] >> (7 - (frn - 1) % 7) & 1U) != 0) {
        return Wrong(fmt::format("FSPEC names FRN {}, CAT{:03} ends at {}", frn, record_.category,
                                 layouts_.count));
      }
    }
    return true;
  }

  bool ReadItem(const Layout& layout, Node& out) {
    switch (layout.rule) {
      case Rule::kUnassigned:
        return Wrong(fmt::format("{} names a part that is not assigned", layout.name));
      case Rule::kFixed:
        return ReadGroup(layout, out);
      case Rule::kExtended:
        return ReadExtended(layout, out);
      case Rule::kRepeated:
      case Rule::kRegisters:
        return ReadRepeated(layout, out);
      case Rule::kRepeatedFx: {
        out.type = Node::Type::kList;
        const auto chain = Chain(layout.name, kMaxFxChain);
        for (const std::uint8_t octet : chain) {
          Node code = Value(layout.fields[0], octet >> 1U);
          code.name = {};
          out.children.push_back(std::move(code));
        }
        return !chain.empty();
      }
      case Rule::kCompound:
        return ReadCompound(layout, out);
      case Rule::kExplicit:
        return ReadExplicit(layout, out);
    }
    return false;
  }

  bool ReadGroup(const Layout& layout, Node& out) {
    const std::size_t size = BitsOf(layout) / 8;
    if (!Need(size, layout.name)) return false;
    ReadFields(layout, bytes_.subspan(at_, size), out.children);
    at_ += size;
    return true;
  }

  bool ReadExtended(const Layout& layout, Node& out) {
    const auto chain = Chain(layout.name, kMaxFxChain);
    if (chain.empty()) return false;
    ReadFields(layout, chain, out.children);
    return true;
  }

  bool ReadRepeated(const Layout& layout, Node& out) {
    if (!Need(1, layout.name)) return false;
    const std::size_t count = bytes_[at_];
    if (count == 0) return Wrong(fmt::format("{} is there zero times", layout.name));
    const std::size_t size = BitsOf(layout) / 8;
    if (!Need(1 + count * size, layout.name)) return false;
    ++at_;
    out.type = Node::Type::kList;
    for (std::size_t i = 0; i < count; ++i, at_ += size) {
      Node group;
      ReadFields(layout, bytes_.subspan(at_, size), group.children);
      if (layout.rule == Rule::kRegisters) {
        ReadFields(internal::RegisterLayout(bytes_[at_ + 7]), bytes_.subspan(at_, 7),
                   group.children);
      }
      out.children.push_back(std::move(group));
    }
    return true;
  }

  bool ReadCompound(const Layout& layout, Node& out) {
    const auto primary = Chain(layout.name, kMaxFxChain);
    if (primary.empty()) return false;
    for (std::size_t part = 0; part < primary.size() * 7; ++part) {
      if ((primary[part / 7] >> (7 - part % 7) & 1U) == 0) continue;
      if (part >= layout.part_count || layout.parts[part].rule == Rule::kUnassigned) {
        return Wrong(fmt::format("{} names part {}, which is not assigned", layout.name, part + 1));
      }
      Node child;
      child.name = layout.parts[part].name;
      if (!ReadItem(layout.parts[part], child)) return false;
      out.children.push_back(std::move(child));
    }
    return true;
  }

  bool ReadExplicit(const Layout& layout, Node& out) {
    if (!Need(1, layout.name)) return false;
    const std::size_t size = bytes_[at_];
    if (size < 1) return Wrong(fmt::format("{} says that it is 0 bytes long", layout.name));
    if (!Need(size, layout.name)) return false;
    Node raw;
    raw.name = "raw";
    raw.type = Node::Type::kText;
    raw.text = HexEncode(bytes_.subspan(at_ + 1, size - 1));
    out.children.push_back(std::move(raw));
    at_ += size;
    return true;
  }

  const Category& layouts_;
  Bytes bytes_;
  std::uint64_t base_;
  std::size_t at_ = 0;
  std::size_t fault_at_ = 0;
  std::vector<std::uint8_t> fspec_;
  Record record_;
  std::string reason_;
};

void ReadRecords(Bytes body, std::uint64_t offset, const Category& category, Block& block) {
  for (std::size_t at = 0; at < body.size();) {
    RecordReader reader(block.category, category, body.subspan(at), offset + at);
    if (!reader.Read()) {
      block.fault = BlockFault{reader.fault_offset(), body.size() - at, reader.reason()};
      return;
    }
    at += reader.record().length;
    block.records.push_back(std::move(reader.record()));
  }
}

const char* TimeItem(std::uint8_t category) {
  return category == 34 ? "I034/030" : category == 10 ? "I010/140" : "I048/140";
}
const char* SourceItem(std::uint8_t category) {
  return category == 34 ? "I034/010" : category == 10 ? "I010/010" : "I048/010";
}

}  // namespace

const Node* Node::Find(std::string_view child) const {
  for (const Node& node : children) {
    if (node.name == child) return &node;
  }
  return nullptr;
}

const Item* Record::Find(std::string_view id) const {
  for (const Item& item : items) {
    if (item.id() == id) return &item;
  }
  return nullptr;
}

std::optional<double> Record::Number(std::string_view id, std::string_view field) const {
  const Item* item = Find(id);
  const Node* node = item == nullptr ? nullptr : item->value.Find(field);
  if (node == nullptr || node->type != Node::Type::kNumber) return std::nullopt;
  return node->number;
}

std::optional<std::int64_t> Record::Integer(std::string_view id, std::string_view field) const {
  const Item* item = Find(id);
  const Node* node = item == nullptr ? nullptr : item->value.Find(field);
  if (node == nullptr) return std::nullopt;
  return node->raw;
}

bool Record::Flag(std::string_view id, std::string_view field) const {
  return Integer(id, field).value_or(0) != 0;
}

std::optional<int> Record::sac() const {
  const auto value = Integer(SourceItem(category), "sac");
  return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
}
std::optional<int> Record::sic() const {
  const auto value = Integer(SourceItem(category), "sic");
  return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
}
std::optional<double> Record::time_of_day_s() const {
  return Number(TimeItem(category), "time_of_day_s");
}

bool IsKnownCategory(std::uint8_t category) { return CategoryOf(category) != nullptr; }

std::vector<Block> DecodeBlocks(Bytes bytes, std::uint64_t offset) {
  std::vector<Block> blocks;
  for (std::size_t at = 0; at < bytes.size();) {
    const Bytes rest = bytes.subspan(at);
    Block block;
    block.category = rest[0];
    block.offset = offset + at;
    block.length = rest.size();
    const std::size_t stated = rest.size() >= 3 ? ReadBe16(rest.subspan(1)) : 0;
    if (stated < 3 || stated > rest.size()) {
      block.fault = BlockFault{
          block.offset, rest.size(),
          rest.size() < 3
              ? fmt::format("{} bytes are too few for a block's head of 3", rest.size())
              : fmt::format("block of category {}: LEN {} does not fit the {} bytes that are left",
                            rest[0], stated, rest.size())};
      blocks.push_back(std::move(block));
      return blocks;
    }
    block.length = stated;
    if (const Category* category = CategoryOf(block.category)) {
      block.known = true;
      if (stated == 3) {
        block.fault = BlockFault{block.offset, 0, "a block without records"};
      }
      ReadRecords(rest.subspan(3, stated - 3), block.offset + 3, *category, block);
    }
    blocks.push_back(std::move(block));
    at += stated;
  }
  return blocks;
}

Instant AbsoluteTime(double time_of_day_s, Instant near) {
  constexpr std::int64_t kDayUs = 86'400'000'000;
  const std::int64_t since_midnight = ((near.micros() % kDayUs) + kDayUs) % kDayUs;
  const std::int64_t tod = Duration::FromSeconds(time_of_day_s).micros();
  std::int64_t us = near.micros() - since_midnight + tod;
  if (us - near.micros() > kDayUs / 2) us -= kDayUs;
  if (near.micros() - us > kDayUs / 2) us += kDayUs;
  return Instant::FromMicros(us);
}

}  // namespace trucewatch::asterix
