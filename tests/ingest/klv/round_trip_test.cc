// SPDX-License-Identifier: Apache-2.0
// Our encoders against our decoders: 100,000 random sets, every value exactly as the standard's
// formula, written here a second time, quantises it.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "ingest/klv/klv_writer.h"
#include "ingest/klv/nested_items.h"
#include "ingest/klv/st0601_items.h"
#include "ingest/klv/st0903_encoder.h"
#include "tests/ingest/klv/klv_test_support.h"

namespace trucewatch {
namespace {

constexpr int kRecords = 100'000;

using Random = std::mt19937_64;

std::uint64_t Below(Random& random, std::uint64_t n) { return random() % n; }
double Uniform(Random& random, ValueRange range) {
  return range.low + (range.high - range.low) * (static_cast<double>(random() >> 11) * 0x1p-53);
}

// MISB ST 1201 section 8.
double QuantisedImapb(double value, ValueRange range, int size) {
  const double b_pow = std::ceil(std::log2(range.high - range.low));
  const double forward = std::pow(2.0, 8 * size - 1 - b_pow);
  const double reverse = std::pow(2.0, b_pow - (8 * size - 1));
  const double offset =
      range.low < 0 && range.high > 0 ? forward * range.low - std::floor(forward * range.low) : 0;
  const double code = std::floor(forward * (value - range.low) + offset);
  return reverse * (code - offset) + range.low;
}

// What is to come back for a number, and the largest step away from it that is right.
std::pair<double, double> Quantised(const KlvItemSpec& spec, double value, int size) {
  const double codes = std::pow(2.0, 8 * size) - 1;
  const double half = std::pow(2.0, 8 * size - 1) - 1;
  const double width = spec.range.high - spec.range.low;
  switch (spec.wire) {
    case KlvWire::kUnsignedMap: {
      const double code = std::round((value - spec.range.low) * codes / width);
      return {spec.range.low + code * width / codes, width / codes};
    }
    case KlvWire::kSignedMap: {
      const double code = std::round(value * half / spec.range.high);
      return {code * spec.range.high / half, spec.range.high / half};
    }
    default:
      return {QuantisedImapb(value, spec.range, size),
              std::pow(2.0, std::ceil(std::log2(width)) - (8 * size - 1))};
  }
}

std::string RandomText(Random& random) {
  static const std::string kPieces[] = {
      "a", "Z", "7", " ", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x9A\x97"};
  std::string text = "x";  // never empty: that is the special value
  for (std::uint64_t i = Below(random, 12); i > 0; --i) text += kPieces[Below(random, 7)];
  return text + ".";
}

struct Expected {
  std::uint32_t tag = 0;
  KlvStatus status = KlvStatus::kValue;
  std::string raw;
  std::optional<KlvValue> value;
};

constexpr KlvStatus kSpecials[] = {
    KlvStatus::kEmpty,         KlvStatus::kReservedCode,       KlvStatus::kPlusInfinity,
    KlvStatus::kMinusInfinity, KlvStatus::kPlusQuietNan,       KlvStatus::kMinusQuietNan,
    KlvStatus::kBelowMinimum,  KlvStatus::kPlusSignallingNan,  KlvStatus::kAboveMaximum,
    KlvStatus::kUserDefined,   KlvStatus::kMinusSignallingNan, KlvStatus::kReservedSpecial};

// A random value of an item (or a special one) and its bytes. Nothing for nested items.
std::optional<Expected> RandomItem(const KlvItemSpec& spec, Random& random) {
  Expected item;
  item.tag = spec.tag;
  const int size = spec.size != 0 ? spec.size : static_cast<int>(2 + Below(random, 5));
  if (Below(random, 8) == 0) {
    item.status = kSpecials[Below(random, std::size(kSpecials))];
    if (const auto bytes = EncodeKlvSpecial(spec, item.status, size)) {
      item.raw = *bytes;
      return item;
    }
    item.status = KlvStatus::kValue;  // this wire has no such code
  }
  const std::uint64_t bits = random() >> (64 - 8 * size);
  KlvValue written;
  std::string text;
  switch (spec.wire) {
    case KlvWire::kUnsigned:
      item.value = written = bits;
      break;
    case KlvWire::kTime:
      item.value = written = Below(random, 253'402'300'800'000'000);
      break;
    case KlvWire::kSigned:
      item.value = written = static_cast<std::int64_t>(bits << (64 - 8 * size)) >> (64 - 8 * size);
      break;
    case KlvWire::kUnsignedMap:
    case KlvWire::kSignedMap:
    case KlvWire::kImapb: {
      const double value = Uniform(random, spec.range);
      const auto [back, step] = Quantised(spec, value, size);
      EXPECT_NEAR(back, value, step) << spec.name;
      written = value;
      item.value = back;
      break;
    }
    case KlvWire::kText:
    case KlvWire::kUtf16:
      text = RandomText(random);
      if (spec.wire == KlvWire::kUtf16) text = Utf16FromUtf8(text);
      written = std::string_view(text);
      break;
    default:
      return std::nullopt;
  }
  const auto bytes = EncodeKlvValue(spec, written, size);
  if (!bytes) {
    ADD_FAILURE() << spec.name << " was not written";
    return std::nullopt;
  }
  item.raw = *bytes;
  return item;
}

// Random items of a schema, each with the probability `share`, besides the checksum.
std::vector<Expected> RandomItems(KlvSchema schema, double share, Random& random) {
  std::vector<Expected> items;
  for (const KlvItemSpec& spec : schema) {
    if (spec.tag == 1 && schema.data() == St0601Schema().data()) continue;
    if (Uniform(random, {0, 1}) >= share) continue;
    if (auto item = RandomItem(spec, random)) items.push_back(*std::move(item));
  }
  return items;
}

std::string ValueOf(const std::vector<Expected>& items) {
  KlvSetWriter set;
  for (const Expected& item : items) set.Put(item.tag, item.raw);
  return set.value();
}

bool Same(const Expected& want, const KlvItem& got) {
  if (got.tag != want.tag || got.status != want.status || got.raw != want.raw) return false;
  if (want.status != KlvStatus::kValue) return !got.value;
  if (want.value) return got.value == want.value;
  return got.value == KlvValue(std::string_view(want.raw));  // texts
}

TEST(RoundTrip, RandomSetsOfEveryItemComeBackExactly) {
  Random random(20261129);
  int values = 0;
  int specials = 0;
  for (int run = 0; run < kRecords; ++run) {
    std::vector<Expected> items = RandomItems(St0601Schema(), 0.1, random);
    const std::vector<Expected> security = RandomItems(SecuritySchema(), 0.3, random);
    if (run % 4 == 0) items.push_back({48, KlvStatus::kNested, ValueOf(security), {}});
    if (items.back().raw.empty()) items.back().status = KlvStatus::kEmpty;
    KlvSetWriter set;
    for (const Expected& item : items) set.Put(item.tag, item.raw);
    const auto packets = testing::PacketsOf(SplitKlv(AsBytes(set.Packet(kSt0601Key))));
    ASSERT_EQ(packets.size(), 1U);
    const auto got = DecodeSt0601(packets[0]);
    ASSERT_TRUE(got) << got.error().message;
    ASSERT_TRUE(got->checksum_ok());
    ASSERT_EQ(got->items.size(), items.size() + 1);
    for (std::size_t i = 0; i < items.size(); ++i) {
      ASSERT_TRUE(Same(items[i], got->items[i]))
          << "run " << run << " item " << items[i].tag << " " << HexEncode(AsBytes(items[i].raw));
      ++(items[i].status == KlvStatus::kValue ? values : specials);
    }
    if (run % 4 != 0) continue;
    KlvItemCursor nested(AsBytes(items.back().raw));
    for (const Expected& want : security) {
      const auto raw = nested.Next();
      ASSERT_TRUE(raw);
      ASSERT_TRUE(
          Same(want, DecodeKlvItem(raw->tag, FindKlvItem(SecuritySchema(), raw->tag), raw->bytes)))
          << "security item " << want.tag;
    }
    ASSERT_FALSE(nested.Next());
  }
  EXPECT_GT(values, 500'000);
  EXPECT_GT(specials, 30'000);
}

TEST(RoundTrip, Utf16KeepsEveryCharacter) {
  for (const std::string& text : {std::string("US;CAN"), std::string("\xC3\xA9\xE2\x82\xAC"),
                                  std::string("\xF0\x9F\x9A\x97")}) {
    EXPECT_EQ(Utf8FromUtf16(Utf16FromUtf8(text)), text);
  }
  EXPECT_EQ(Utf8FromUtf16(std::string("\xD8\x00\x00", 3)), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(Utf8FromUtf16(Utf16FromUtf8("\xFF"
                                        "a\xE2\x82")),
            "\xEF\xBF\xBD"
            "a\xEF\xBF\xBD\xEF\xBF\xBD");
}

// Every field as text, reals with all their bits.
class Fields {
 public:
  template <typename T>
  Fields& operator<<(const std::optional<T>& field) {
    if (!field) {
      text_ += " -";
    } else if constexpr (std::is_same_v<T, Angle>) {
      text_ += fmt::format(" {:a}", field->deg());
    } else if constexpr (std::is_same_v<T, double>) {
      text_ += fmt::format(" {:a}", *field);
    } else if constexpr (std::is_same_v<T, VmtiPixel>) {
      text_ += fmt::format(" {},{}", field->row, field->column);
    } else if constexpr (std::is_same_v<T, Geodetic>) {
      text_ += fmt::format(" {:a},{:a},{:a}", field->latitude.deg(), field->longitude.deg(),
                           field->height_hae_m);
    } else {
      text_ += fmt::format(" {}", *field);
    }
    return *this;
  }
  std::string text_;
};

std::string Text(const Vmti& v) {
  Fields f;
  f << v.time_us << v.system_name << v.version << v.targets_in_frame << v.targets_reported
    << v.frame_number << v.frame_width_px << v.frame_height_px << v.source_sensor
    << v.horizontal_fov << v.vertical_fov;
  for (const VmtiTarget& t : v.targets) {
    f.text_ += fmt::format(" | {} {}", t.id, t.track_uuid);
    f << t.centroid << t.box_top_left << t.box_bottom_right << t.priority << t.confidence_percent
      << t.history << t.pixels_percent << t.color_rgb << t.intensity << t.latitude_offset
      << t.longitude_offset << t.height_hae_m << t.box_top_left_latitude_offset
      << t.box_top_left_longitude_offset << t.box_bottom_right_latitude_offset
      << t.box_bottom_right_longitude_offset << t.location << t.sigma_east_m << t.sigma_north_m
      << t.sigma_up_m << t.rho_east_north << t.rho_east_up << t.rho_north_up << t.algorithm_id
      << t.detection_status << t.velocity_east_mps << t.velocity_north_mps << t.velocity_up_mps;
    for (const std::string& name : t.object_classes) f.text_ += " " + name;
  }
  return f.text_;
}

// A random VMTI set to write, and what is to come back.
class VmtiMaker {
 public:
  explicit VmtiMaker(Random& random) : random_(random) {}

  std::pair<Vmti, Vmti> Make() {
    Vmti out;
    Vmti back;
    out.time_us = back.time_us = static_cast<std::int64_t>(Below(random_, 2'000'000'000'000'000));
    out.version = back.version = 4 + Below(random_, 3);
    out.frame_width_px = back.frame_width_px = 1 + Below(random_, 8000);
    Same(out.frame_height_px, back.frame_height_px, 8000);
    Same(out.targets_in_frame, back.targets_in_frame, 1 << 20);
    Same(out.targets_reported, back.targets_reported, 300);
    Same(out.frame_number, back.frame_number, std::uint64_t{1} << 40);
    if (Some()) out.system_name = back.system_name = RandomText(random_);
    if (Some()) out.source_sensor = back.source_sensor = RandomText(random_);
    Degrees(out.horizontal_fov, back.horizontal_fov, {0, 180}, 2);
    Degrees(out.vertical_fov, back.vertical_fov, {0, 180}, 2);
    for (std::uint64_t i = Below(random_, 3); i > 0; --i) AddTarget(out, back);
    return {out, back};
  }

 private:
  bool Some() { return random_() % 2 == 0; }
  void Same(std::optional<std::uint64_t>& out, std::optional<std::uint64_t>& back,
            std::uint64_t below) {
    if (Some()) out = back = Below(random_, below);
  }
  void Real(std::optional<double>& out, std::optional<double>& back, ValueRange range, int size) {
    out = Uniform(random_, range);
    back = QuantisedImapb(*out, range, size);
  }
  void Degrees(std::optional<Angle>& out, std::optional<Angle>& back, ValueRange range, int size) {
    if (!Some()) return;
    out = Angle::Degrees(Uniform(random_, range));
    if (out->deg() > range.high) out = Angle::Degrees(range.low);
    back = Angle::Degrees(QuantisedImapb(out->deg(), range, size));
  }
  void Pixel(std::optional<VmtiPixel>& out, std::optional<VmtiPixel>& back, std::uint64_t width) {
    if (Some()) out = back = VmtiPixel{1 + Below(random_, 5000), 1 + Below(random_, width)};
  }

  void AddTarget(Vmti& out, Vmti& back) {
    constexpr ValueRange kOffset = {-19.2, 19.2};
    VmtiTarget t;
    VmtiTarget b;
    t.id = b.id = Below(random_, 1 << 20);
    Pixel(t.centroid, b.centroid, *out.frame_width_px);
    Pixel(t.box_top_left, b.box_top_left, *out.frame_width_px);
    Pixel(t.box_bottom_right, b.box_bottom_right, *out.frame_width_px);
    Same(t.priority, b.priority, 256);
    Same(t.confidence_percent, b.confidence_percent, 101);
    Same(t.history, b.history, 65536);
    Same(t.pixels_percent, b.pixels_percent, 101);
    Same(t.color_rgb, b.color_rgb, 1 << 24);
    Same(t.intensity, b.intensity, 1 << 24);
    Same(t.algorithm_id, b.algorithm_id, 300);
    Same(t.detection_status, b.detection_status, 5);
    Degrees(t.latitude_offset, b.latitude_offset, kOffset, 3);
    Degrees(t.longitude_offset, b.longitude_offset, kOffset, 3);
    Degrees(t.box_top_left_latitude_offset, b.box_top_left_latitude_offset, kOffset, 3);
    Degrees(t.box_top_left_longitude_offset, b.box_top_left_longitude_offset, kOffset, 3);
    Degrees(t.box_bottom_right_latitude_offset, b.box_bottom_right_latitude_offset, kOffset, 3);
    Degrees(t.box_bottom_right_longitude_offset, b.box_bottom_right_longitude_offset, kOffset, 3);
    if (Some()) Real(t.height_hae_m, b.height_hae_m, {-900, 19000}, 2);
    if (Some()) AddLocation(t, b);
    if (Some()) {
      t.track_uuid = b.track_uuid = fmt::format("{:016x}{:016x}", random_(), random_());
      Real(t.velocity_east_mps, b.velocity_east_mps, {-900, 900}, 2);
      Real(t.velocity_north_mps, b.velocity_north_mps, {-900, 900}, 2);
      Real(t.velocity_up_mps, b.velocity_up_mps, {-900, 900}, 2);
    }
    for (std::uint64_t i = Below(random_, 3); i > 0; --i) {
      t.object_classes.push_back(RandomText(random_));
      b.object_classes = t.object_classes;
    }
    out.targets.push_back(t);
    back.targets.push_back(b);
  }

  void AddLocation(VmtiTarget& t, VmtiTarget& b) {
    t.location = Geodetic::FromDegrees(Uniform(random_, {-89, 89}), Uniform(random_, {-179, 179}),
                                       Uniform(random_, {-900, 19000}));
    b.location = Geodetic::FromDegrees(QuantisedImapb(t.location->latitude.deg(), {-90, 90}, 4),
                                       QuantisedImapb(t.location->longitude.deg(), {-180, 180}, 4),
                                       QuantisedImapb(t.location->height_hae_m, {-900, 19000}, 2));
    if (!Some()) return;
    Real(t.sigma_east_m, b.sigma_east_m, {0, 650}, 2);
    Real(t.sigma_north_m, b.sigma_north_m, {0, 650}, 2);
    Real(t.sigma_up_m, b.sigma_up_m, {0, 650}, 2);
    if (!Some()) return;
    Real(t.rho_east_north, b.rho_east_north, {-1, 1}, 2);
    Real(t.rho_east_up, b.rho_east_up, {-1, 1}, 2);
    Real(t.rho_north_up, b.rho_north_up, {-1, 1}, 2);
  }

  Random& random_;
};

TEST(RoundTrip, RandomVmtiSetsComeBackExactly) {
  Random random(903);
  VmtiMaker maker(random);
  for (int run = 0; run < kRecords; ++run) {
    const auto [out, back] = maker.Make();
    const std::string bytes = EncodeVmti(out);
    const auto got = DecodeVmti(AsBytes(bytes), 0, 0);
    ASSERT_TRUE(got) << got.error().message;
    ASSERT_TRUE(got->problems.empty()) << got->problems[0];
    ASSERT_EQ(Text(*got), Text(back)) << "run " << run;
  }
}

}  // namespace
}  // namespace trucewatch
