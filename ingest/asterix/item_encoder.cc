// SPDX-License-Identifier: Apache-2.0
#include "ingest/asterix/item_encoder.h"

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "ingest/asterix/asterix.h"
#include "ingest/asterix/internal/spec.h"

namespace trucewatch::asterix {
namespace {

using internal::Category;
using internal::Field;
using internal::Kind;
using internal::Layout;
using internal::Profile;
using internal::Rule;

const Content* FindContent(std::span<const Content> contents, std::string_view name) {
  for (const Content& content : contents) {
    if (content.name == name) return &content;
  }
  return nullptr;
}

class BitWriter {
 public:
  void Put(std::uint64_t value, int bits) {
    for (int bit = bits - 1; bit >= 0; --bit) {
      if (used_ % 8 == 0) out_.push_back('\0');
      const auto mask = static_cast<unsigned>(value >> static_cast<unsigned>(bit) & 1U);
      out_.back() =
          static_cast<char>(static_cast<unsigned char>(out_.back()) | mask << (7 - used_ % 8));
      ++used_;
    }
  }
  const std::string& bytes() const { return out_; }

 private:
  std::string out_;
  std::size_t used_ = 0;
};

bool Holds(const Field& field, std::int64_t raw) {
  if (field.kind == Kind::kSigned) {
    const std::int64_t limit = std::int64_t{1} << static_cast<unsigned>(field.bits - 1);
    return raw >= -limit && raw < limit;
  }
  if (field.kind == Kind::kTimeOfDay && raw >= 86400LL * 128) return false;
  return raw >= 0 && static_cast<std::uint64_t>(raw) >> static_cast<unsigned>(field.bits) == 0;
}

bool IsFiller(const Field& field) { return field.kind == Kind::kSpare || field.kind == Kind::kFx; }

// The first `bits` of a layout. Of FX bits all are 1 but the last, which is `more`.
std::string Fields(const Layout& layout, std::span<const Content> values, std::size_t bits,
                   bool more) {
  BitWriter out;
  std::size_t at = 0, written = 0;
  for (std::size_t i = 0; i < layout.field_count && at < bits; ++i) {
    const Field& field = layout.fields[i];
    at += static_cast<std::size_t>(field.bits);
    std::uint64_t value = 0;
    if (field.kind == Kind::kFx) {
      value = at < bits || more ? 1 : 0;
    } else if (!IsFiller(field)) {
      if (const Content* content = FindContent(values, field.name)) {
        TW_CHECK(Holds(field, content->raw));
        value = static_cast<std::uint64_t>(content->raw);
        ++written;
      }
    }
    out.Put(value, field.bits);
  }
  // A name that is not here would be lost; of registers the fields read apart may be given too.
  TW_CHECK(written == values.size() || layout.rule == Rule::kRegisters);
  return out.bytes();
}

std::string Extended(const Layout& layout, const Content& item) {
  std::size_t at = 0, needed = 0;
  for (std::size_t i = 0; i < layout.field_count; ++i) {
    const Field& field = layout.fields[i];
    at += static_cast<std::size_t>(field.bits);
    if (!IsFiller(field) && FindContent(item.children, field.name) != nullptr) needed = at;
  }
  return Fields(layout, item.children, (needed / 8 + 1) * 8, false);
}

std::string Encode(const Layout& layout, const Content& item);

std::string RepeatedFx(const Layout& layout, const Content& item) {
  TW_CHECK(!item.children.empty() && item.children.size() <= kMaxFxChain);
  std::string out;
  for (std::size_t i = 0; i < item.children.size(); ++i) {
    const bool more = i + 1 < item.children.size();
    const Content& element = item.children[i];
    const Content bare{layout.fields[0].name, element.raw, {}, {}};
    out += element.children.empty() ? Fields(layout, {&bare, 1}, layout.bits, more)
                                    : Fields(layout, element.children, layout.bits, more);
  }
  return out;
}

// Presence bits of what `find` knows, then the things: an FSPEC or a primary subfield.
template <typename Find>
std::string Announced(const Layout* layouts, std::size_t count, std::size_t given, Find find) {
  std::string bits, body;
  std::size_t last = 0, found = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (layouts[i].rule != Rule::kUnassigned && find(layouts[i]) != nullptr) last = i + 1;
  }
  for (std::size_t first = 0; first < last; first += 7) {
    unsigned octet = first + 7 < last ? 1U : 0U;
    for (std::size_t i = first; i < std::min(first + 7, last); ++i) {
      const Content* content = layouts[i].rule == Rule::kUnassigned ? nullptr : find(layouts[i]);
      if (content == nullptr) continue;
      octet |= 0x80U >> (i - first);
      body += Encode(layouts[i], *content);
      ++found;
    }
    bits.push_back(static_cast<char>(octet));
  }
  TW_CHECK(found == given && found > 0);
  return bits + body;
}

std::string Encode(const Layout& layout, const Content& item) {
  switch (layout.rule) {
    case Rule::kUnassigned:
      break;
    case Rule::kFixed:
      return Fields(layout, item.children, layout.bits, false);
    case Rule::kExtended:
      return Extended(layout, item);
    case Rule::kRepeated:
    case Rule::kRegisters: {
      TW_CHECK(!item.children.empty() && item.children.size() <= 255);
      std::string out(1, static_cast<char>(item.children.size()));
      for (const Content& group : item.children) {
        out += Fields(layout, group.children, layout.bits, false);
      }
      return out;
    }
    case Rule::kRepeatedFx:
      return RepeatedFx(layout, item);
    case Rule::kCompound:
      return Announced(layout.parts, layout.part_count, item.children.size(),
                       [&](const Layout& part) { return FindContent(item.children, part.name); });
    case Rule::kExplicit: {
      const Content* raw = FindContent(item.children, "raw");
      TW_CHECK(raw != nullptr && raw->octets.size() <= 254);
      return std::string(1, static_cast<char>(raw->octets.size() + 1)) + raw->octets;
    }
  }
  TW_CHECK(false);
  return {};
}

}  // namespace

std::string EncodeRecord(std::uint8_t category, std::span<const Content> items) {
  const Category* layouts = internal::CategoryOf(category);
  TW_CHECK(layouts != nullptr);
  const Profile* profile = &layouts->profile;
  if (layouts->tracks.count > 0) {
    const Content* descriptor = FindContent(items, profile->items[1].name);
    TW_CHECK(descriptor != nullptr);  // nobody could read the rest
    const Content* type = FindContent(descriptor->children, "typ");
    if (type != nullptr && type->raw != 0) profile = &layouts->tracks;
  }
  return Announced(profile->items, profile->count, items.size(),
                   [&](const Layout& layout) { return FindContent(items, layout.name); });
}

std::string EncodeBlock(std::uint8_t category, std::string_view records) {
  if (records.empty()) return {};
  TW_CHECK(records.size() + 3 <= 65'535);
  std::string out(1, static_cast<char>(category));
  AppendBe16(out, static_cast<std::uint16_t>(records.size() + 3));
  out += records;
  return out;
}

}  // namespace trucewatch::asterix
