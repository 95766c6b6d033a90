// SPDX-License-Identifier: Apache-2.0
// Our decoder against Wireshark's dissector: every value of every item, on real captures and on
// random records of our encoder.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "core/storage/storage.h"
#include "ingest/asterix/asterix.h"
#include "ingest/asterix/framing.h"
#include "ingest/asterix/item_encoder.h"
#include "ingest/recorded/recorded_source.h"
#include "tests/ingest/asterix/random_records.h"
#include "tests/ingest/asterix/tshark_values.h"
#include "tests/support/shared_data.h"

namespace trucewatch::asterix {
namespace {

using testing::TsharkItem;
using testing::TsharkRecord;
using testing::TsharkValue;

// What one of Wireshark's units is in ours.
const std::map<std::string, double>& Units() {
  static const std::map<std::string, double> units = {{"s", 1},
                                                      {"\xC2\xB0", 1},
                                                      {"\xC2\xB0/s", 1},
                                                      {"FL", 1},
                                                      {"NM", 1852},
                                                      {"m", 1},
                                                      {"m/s", 1},
                                                      {"m/s2", 1},
                                                      {"NM/s", 1852},
                                                      {"kt", 1852.0 / 3600},
                                                      {"ft", 0.3048},
                                                      {"ft/min", 0.3048 / 60},
                                                      {"dBm", 1},
                                                      {"\xC2\xB0"
                                                       "C",
                                                       1},
                                                      {"Mach", 1},
                                                      {"mb", 100},
                                                      {"MHz", 1e6},
                                                      {"", 1}};
  return units;
}

// Wireshark's own faults, by the path of our value. Everything else that differs fails.
bool IsTsharksFault(const std::string& path, double ours, double theirs) {
  // I010/202 and /210 have a step of 1/4, as their stated limits of +-8192 m/s and +-31 m/s2 and
  // the speeds of real radars show; it was made from a description that has 1/16.
  if (path.starts_with("I010/202") || path.starts_with("I010/210")) return ours == 4 * theirs;
  // Flight levels of I048/090 are in two's complement: real aircraft on a low airfield are at -1,
  // not at 4095.
  if (path == "I048/090.flight_level") return ours < 0 && ours == theirs - 4096;
  // The height of a site is signed (CroatiaControlLtd/asterix prints "Signed Height of the Data
  // Source"): some lie below the ellipsoid.
  if (path == "I034/120.height_m") return ours < 0 && ours == theirs - 65536;
  // The standard has the setting minus 800 mb; it prints that.
  if (path == "I062/380.bps.pressure_pa") return std::abs(ours - theirs - 80'000) < 1e-9;
  return false;
}
// It knows CAT048 up to edition 1.31 and CAT062 up to 1.19: the octets of later ones are spare.
bool IsOfALaterEdition(const std::string& path) {
  for (const char* field : {"acasxv", "poxpr", "poact", "dtfxpr", "dtfact", "irmxpr", "irmact"}) {
    if (path == std::string("I048/020.") + field) return true;
  }
  return path == "I062/080.mlat" || path == "I062/080.m5i";
}
// Items of one octet and more of which it prints one, whichever number there are.
bool TsharkPrintsOne(std::string_view id) {
  return id == "I048/030" || id == "I001/030" || id == "I001/130" || id == "I001/210" ||
         id == "I002/050" || id == "I002/060" || id == "I002/080";
}

struct Ours {
  std::string path;  // "I048/120.cal.d"
  const Node* node;
};

// The values of an item in the order of the wire. What is read out of Mode S registers is left out:
// Wireshark gives their 56 bits.
void Flatten(const Node& node, const std::string& path, std::vector<Ours>& out) {
  const bool holds_more = node.type == Node::Type::kObject || node.type == Node::Type::kList;
  if (!holds_more) {
    out.push_back({path, &node});
    return;
  }
  for (const Node& child : node.children()) {
    Flatten(child, *child.name == '\0' ? path : path + "." + child.name, out);
    if (std::string_view(child.name) == "bds") break;
  }
}

class Comparison {
 public:
  void Compare(const std::vector<std::string>& payloads) {
    const std::vector<TsharkRecord> theirs = testing::ReadWithTshark(payloads);
    std::size_t next = 0;
    for (std::size_t frame = 0; frame < payloads.size(); ++frame) {
      const Decoded decoded = DecodeBlocks(AsBytes(payloads[frame]), 0);
      for (const Block& block : decoded) {
        ASSERT_FALSE(block.fault.has_value()) << block.fault->reason;
        for (const Record& record : block.records) {
          if (next == theirs.size() || theirs[next].frame != frame) {
            Differ(fmt::format("CAT{:03}: a record that tshark does not have", record.category));
            continue;
          }
          CompareRecord(record, theirs[next++]);
          if (misaligned_) break;  // what follows in the datagram differs because of it
        }
      }
      for (; next < theirs.size() && theirs[next].frame == frame; ++next) {
        if (!misaligned_) Differ("a record that we do not have");
      }
      misaligned_ = false;
    }
    EXPECT_EQ(next, theirs.size());
  }

  std::uint64_t records = 0, items = 0, values = 0, explained = 0;
  std::map<std::string, int> differences;

 private:
  void Differ(const std::string& what) { ++differences[what]; }
  void Misaligned(const std::string& what) {
    misaligned_ = true;
    Differ(what);
  }

  void CompareRecord(const Record& ours, const TsharkRecord& theirs) {
    ++records;
    for (std::size_t i = 0; i < ours.items.size(); ++i) {
      const Item& item = ours.items[i];
      std::string name(item.id().substr(1));
      name[3] = '_';
      if (i == theirs.items.size()) return Misaligned(name + " is not in tshark's");
      // Of a track; what follows in the datagram is displaced.
      if (name == "001_161" && theirs.items[i].name == "001_040") {
        ++explained;
        misaligned_ = true;
        return;
      }
      if (theirs.items[i].name != name || theirs.items[i].offset != item.offset) {
        return Misaligned(fmt::format("{} behind {} against {}, {} bytes apart", name,
                                      i == 0 ? last_ : std::string(ours.items[i - 1].id()),
                                      theirs.items[i].name,
                                      static_cast<std::int64_t>(theirs.items[i].offset) -
                                          static_cast<std::int64_t>(item.offset)));
      }
      ++items;
      if (name.ends_with("SP") || name.ends_with("RE")) continue;  // both pass over them
      CompareItem(item, theirs.items[i]);
    }
    last_ = ours.items.back().id();
    if (theirs.items.size() > ours.items.size()) {
      Misaligned(fmt::format("{} is only in tshark's", theirs.items[ours.items.size()].name));
    }
  }

  void CompareItem(const Item& item, const TsharkItem& theirs) {
    std::vector<Ours> ours;
    Flatten(*item.value, std::string(item.id()), ours);
    std::size_t at = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      if (at == theirs.values.size() &&
          (IsOfALaterEdition(ours[i].path) || (i > 0 && TsharkPrintsOne(item.id())))) {
        ++explained;
        return;
      }
      if (at == theirs.values.size()) {
        return Differ(fmt::format("{} is not in tshark's", ours[i].path));
      }
      const TsharkValue& value = theirs.values[at];
      if (value.scaled) {
        CompareNumber(ours[i], value);
        ++at;
        continue;
      }
      if (IsText(*ours[i].node)) {
        CompareText(ours[i], value);
        ++at;
        continue;
      }
      // One of ours may be several of theirs (twelve pulse qualities) and the other way round.
      std::uint64_t bits = static_cast<std::uint64_t>(ours[i].node->raw) & Ones(ours[i].node->bits);
      std::uint64_t their_bits = Number(value);
      int width = ours[i].node->bits, their_width = value.bits;
      const std::size_t first = i;
      ++at;
      while (width != their_width) {
        if (width < their_width && i + 1 < ours.size()) {
          const Node& more = *ours[++i].node;
          bits = bits << more.bits | (static_cast<std::uint64_t>(more.raw) & Ones(more.bits));
          width += more.bits;
        } else if (their_width < width && at < theirs.values.size()) {
          their_bits = their_bits << theirs.values[at].bits | Number(theirs.values[at]);
          their_width += theirs.values[at++].bits;
        } else {
          break;
        }
      }
      values += 1;
      if (bits != their_bits || width != their_width) {
        Differ(fmt::format("{} {:x} ({} bits) against {} {:x} ({})", ours[first].path, bits, width,
                           value.name, their_bits, their_width));
      }
    }
    if (at != theirs.values.size()) {
      Differ(fmt::format("{}: tshark has {} more values, {} first", item.id(),
                         theirs.values.size() - at, theirs.values[at].name));
    }
  }

  static std::uint64_t Ones(int bits) { return ~std::uint64_t{0} >> (64 - bits); }
  static std::uint64_t Number(const TsharkValue& value) {
    return std::stoull(value.show, nullptr, 0);
  }
  static bool IsText(const Node& node) {
    return node.type == Node::Type::kText &&
           (node.form == Node::TextForm::kCharacters || node.form == Node::TextForm::kAscii);
  }

  void CompareNumber(const Ours& ours, const TsharkValue& value) {
    ++values;
    const auto unit = Units().find(value.unit);
    if (unit == Units().end()) return Differ("unit " + value.unit);
    const double expected = std::stod(value.show) * unit->second;
    const double number = ours.node->type == Node::Type::kNumber
                              ? ours.node->number
                              : static_cast<double>(ours.node->raw);
    // Fifteen digits are printed.
    if (std::abs(number - expected) > 1e-12 + 1e-13 * std::abs(expected)) {
      if (IsTsharksFault(ours.path, number, expected)) {
        ++explained;
        return;
      }
      Differ(fmt::format("{} {} against {} {} {}", ours.path, number, value.name, value.show,
                         value.unit));
    }
  }

  void CompareText(const Ours& ours, const TsharkValue& value) {
    ++values;
    std::string text = value.show;
    while (!text.empty() && text.back() == ' ') text.pop_back();
    if (text != ours.node->text()) {
      Differ(
          fmt::format("{} '{}' against {} '{}'", ours.path, ours.node->text(), value.name, text));
    }
  }

  bool misaligned_ = false;
  std::string last_;  // item of the record before
};

void ExpectNoDifferences(const Comparison& comparison, const char* what) {
  std::cout << fmt::format(
      "{}: {} records, {} items, {} values compared, {} differences that are tshark's faults\n",
      what, comparison.records, comparison.items, comparison.values, comparison.explained);
  int shown = 0;
  for (const auto& [difference, count] : comparison.differences) {
    ADD_FAILURE() << count << " times: " << difference;
    if (++shown == 90) break;
  }
}

#define TW_TSHARK_OR_SKIP()                                                                     \
  if (!testing::TsharkIsThere()) {                                                              \
    if (trucewatch::testing::SharedDataRequired()) FAIL() << "tshark is required when CI=true"; \
    GTEST_SKIP() << "tshark is not installed (Debian package tshark)";                          \
  }

// What Wireshark 4.0.17 does not read as the standard says is not sent to it:
// - CAT001 tracks: it prints TYP "Track" and reads the record by the plots' profile all the same
//   (of samples, what comes before is compared).
// - I062/510: it looks for the FX of the 3-byte numbers at the wrong place (its mask of SIDENT,
//   0x1fe, begins with the FX bit of the number before), so that every item behind is displaced.
std::optional<std::vector<Content>> RecordThatTsharkReads(std::uint8_t category,
                                                          std::mt19937_64& random) {
  auto record = testing::RandomRecord(category, 0.25, random);
  if (category == 1 && record[1].children[0].raw == 1) return std::nullopt;
  std::erase_if(record, [](const Content& item) { return item.name == "I062/510"; });
  return record;
}

TEST(AsterixTsharkConformance, RandomRecordsOfEveryCategoryAreReadAlike) {
  TW_TSHARK_OR_SKIP();
  std::mt19937_64 random(48);
  constexpr int kRecords = 10'000, kPerDatagram = 10;
  std::vector<std::string> payloads;
  for (int i = 0; i < kRecords / kPerDatagram; ++i) {
    const std::uint8_t category = testing::kCategories[i % std::size(testing::kCategories)];
    std::string records;
    for (int k = 0; k < kPerDatagram;) {
      const auto record = RecordThatTsharkReads(category, random);
      if (!record) continue;
      records += EncodeRecord(category, *record);
      ++k;
    }
    payloads.push_back(EncodeBlock(category, records));
  }
  Comparison comparison;
  comparison.Compare(payloads);
  EXPECT_EQ(comparison.records, kRecords);
  ExpectNoDifferences(comparison, "random records");
}

TEST(AsterixTsharkConformance, TheSamplesAreReadAlike) {
  TW_TSHARK_OR_SKIP();
  for (const char* name : {"cat_034_048.pcap", "cat_062_065.pcap", "cat062cat065.raw", "cat048.raw",
                           "cat034.raw", "cat21_re.ast", "parsegps.gps", "cat_001_002.pcap"}) {
    TW_SHARED_DATA_OR_SKIP(path, std::string("asterix/") + name);
    const auto storage = MakePosixStorage();
    const auto source = OpenAsterixFile(*storage, {{"radar"}, path, Instant()});
    ASSERT_TRUE(source.has_value()) << source.error().message;
    std::vector<std::string> payloads;
    while (true) {
      const auto next = (*source)->Next();
      ASSERT_TRUE(next.has_value());
      if (!next->has_value()) break;
      if ((*next)->end_of_source) continue;
      // It knows no frames of recorders: it gets the blocks in them.
      const Framing framing = FindDatagramFraming(AsBytes((*next)->bytes));
      for (Bytes left = AsBytes((*next)->bytes); !left.empty();) {
        const FramePiece piece = CutFrame(framing, left, true);
        payloads.emplace_back(AsText(left.subspan(piece.content_at, piece.content_size)));
        left = left.subspan(piece.size);
      }
    }
    Comparison comparison;
    comparison.Compare(payloads);
    EXPECT_GT(comparison.records, 0U);
    ExpectNoDifferences(comparison, name);
  }
}

}  // namespace
}  // namespace trucewatch::asterix
