// SPDX-License-Identifier: Apache-2.0
#include "tests/ingest/asterix/random_records.h"

#include <fmt/format.h>

#include "ingest/asterix/internal/spec.h"

namespace trucewatch::asterix::testing {
namespace {

using internal::Field;
using internal::Kind;
using internal::Layout;
using internal::Rule;

bool Chance(double probability, std::mt19937_64& random) {
  return std::uniform_real_distribution<double>(0, 1)(random) < probability;
}

std::int64_t RandomRaw(const Field& field, std::mt19937_64& random) {
  // Ends of the range are where signs and widths go wrong.
  const auto bits = static_cast<unsigned>(field.bits);
  std::uint64_t value = random() >> (64 - bits);
  const std::uint64_t ones = ~std::uint64_t{0} >> (64 - bits);
  switch (random() % 16) {
    case 0:
      value = 0;
      break;
    case 1:
      value = ones;
      break;
    case 2:
      value = std::uint64_t{1} << (bits - 1);
      break;
    default:
      break;
  }
  if (field.kind == Kind::kTimeOfDay) return static_cast<std::int64_t>(value % (86400ULL * 128));
  if (field.kind == Kind::kCharacters || field.kind == Kind::kAscii) {
    // Characters that can be printed: others become one and the same, here and elsewhere.
    constexpr std::string_view kText = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    const unsigned width = field.kind == Kind::kAscii ? 8 : 6;
    value = 0;
    for (unsigned i = 0; i < bits; i += width) {
      value = value << width | (static_cast<unsigned char>(kText[random() % kText.size()]) &
                                (width == 8 ? 0xFFU : 0x3FU));
    }
  }
  if (field.kind == Kind::kSigned && (value >> (bits - 1) & 1U) != 0) value |= ~ones;
  return static_cast<std::int64_t>(value);
}

std::vector<Content> RandomFields(const Layout& layout, std::size_t bits, std::mt19937_64& random) {
  std::vector<Content> fields;
  std::size_t at = 0;
  for (std::size_t i = 0; i < layout.field_count && at < bits; ++i) {
    const Field& field = layout.fields[i];
    at += static_cast<std::size_t>(field.bits);
    if (field.kind == Kind::kSpare || field.kind == Kind::kFx) continue;
    fields.push_back({field.name, RandomRaw(field, random), {}, {}});
  }
  return fields;
}

Content RandomItem(const Layout& layout, double probability, std::mt19937_64& random) {
  Content item{layout.name, 0, {}, {}};
  switch (layout.rule) {
    case Rule::kUnassigned:
      break;
    case Rule::kFixed:
      item.children = RandomFields(layout, layout.bits, random);
      break;
    case Rule::kExtended:
      item.children = RandomFields(layout, (random() % (layout.bits / 8) + 1) * 8, random);
      break;
    case Rule::kRepeated:
    case Rule::kRegisters:
      for (std::uint64_t n = random() % 3 + 1; n > 0; --n) {
        item.children.push_back({"", 0, {}, RandomFields(layout, layout.bits, random)});
      }
      break;
    case Rule::kRepeatedFx:
      for (std::uint64_t n = random() % 3 + 1; n > 0; --n) {
        std::vector<Content> fields = RandomFields(layout, layout.bits, random);
        if (fields.size() == 1) {
          item.children.push_back({"", fields[0].raw, {}, {}});
        } else {
          item.children.push_back({"", 0, {}, std::move(fields)});
        }
      }
      break;
    case Rule::kCompound:
      while (item.children.empty()) {
        for (std::size_t i = 0; i < layout.part_count; ++i) {
          const Layout& part = layout.parts[i];
          if (part.rule == Rule::kUnassigned || !Chance(probability, random)) continue;
          item.children.push_back(RandomItem(part, probability, random));
        }
      }
      break;
    case Rule::kExplicit: {
      std::string octets(random() % 6 + 1, '\0');
      for (char& c : octets) c = static_cast<char>(random());
      item.children.push_back({"raw", 0, std::move(octets), {}});
      break;
    }
  }
  return item;
}

std::string Compare(std::span<const Content> sent, Node::Children read, bool registers,
                    const std::string& path) {
  if (registers ? read.size() < sent.size() : read.size() != sent.size()) {
    return fmt::format("{}: {} values sent, {} read", path, sent.size(), read.size());
  }
  auto node = read.begin();
  for (std::size_t i = 0; i < sent.size(); ++i, ++node) {
    const Content& s = sent[i];
    const std::string here =
        fmt::format("{}.{}", path, s.name.empty() ? fmt::to_string(i) : s.name);
    if (s.name != (*node).name) return fmt::format("{}: {} read", here, (*node).name);
    const bool holds_more =
        (*node).type == Node::Type::kObject || (*node).type == Node::Type::kList;
    if (holds_more) {
      std::string inside = Compare(s.children, (*node).children(),
                                   !s.children.empty() && s.children[0].name == "mb", here);
      if (!inside.empty()) return inside;
    } else if (s.name == "raw") {
      if (HexEncode(AsBytes(s.octets)) != (*node).text()) return here;
    } else if (s.raw != (*node).raw) {
      return fmt::format("{}: {} sent, {} read", here, s.raw, (*node).raw);
    }
  }
  return {};
}

}  // namespace

std::vector<Content> RandomRecord(std::uint8_t category, double probability,
                                  std::mt19937_64& random) {
  const internal::Category& layouts = *internal::CategoryOf(category);
  const bool choice = layouts.tracks.count > 0;
  const bool track = choice && random() % 2 == 0;
  const internal::Profile& profile = track ? layouts.tracks : layouts.profile;
  std::vector<Content> items;
  for (std::size_t i = 0; i < profile.count; ++i) {
    const Layout& layout = profile.items[i];
    const bool always = i == 0 || (choice && i == 1);
    if (layout.rule == Rule::kUnassigned || !(always || Chance(probability, random))) continue;
    items.push_back(RandomItem(layout, probability, random));
    if (choice && i == 1) items.back().children[0].raw = track ? 1 : 0;
  }
  return items;
}

std::string Difference(std::span<const Content> sent, const Record& read) {
  if (read.items.size() != sent.size()) {
    return fmt::format("{} items sent, {} read", sent.size(), read.items.size());
  }
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const Item& item = read.items[i];
    if (item.id() != sent[i].name) return fmt::format("{} read, not {}", item.id(), sent[i].name);
    std::string inside =
        Compare(sent[i].children, item.value->children(), false, std::string(sent[i].name));
    if (!inside.empty()) return inside;
  }
  return {};
}

}  // namespace trucewatch::asterix::testing
