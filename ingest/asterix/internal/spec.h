// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

// How items are laid out: the tables of EUROCONTROL's category specifications.
namespace trucewatch::asterix::internal {

inline constexpr double kNauticalMileM = 1852.0;
inline constexpr double kKnotMps = 1852.0 / 3600.0;
inline constexpr double kFootM = 0.3048;
inline constexpr double kCircle16Deg = 360.0 / 65536.0;
inline constexpr double kTickS = 1.0 / 128.0;
inline constexpr double kSpeed14Mps = kNauticalMileM / 16384.0;  // 2^-14 NM/s

enum class Kind : std::uint8_t {
  kUnsigned,
  kSigned,      // two's complement
  kFlag,        // one bit
  kTimeOfDay,   // unsigned, 1/128 s since UTC midnight: 86400 s and more are damage
  kOctal,       // 12 bits, four digits
  kCharacters,  // 6 bits each (ICAO Annex 10), spaces at the end left out
  kAscii,       // 8 bits each, spaces at the end left out
  kHex,
  kSpare,
  kFx,  // the last bit of an octet: 1 says that another one follows
};

struct Field {
  const char* name;
  int bits;
  Kind kind;
  double scale;   // 0: a plain number
  double offset;  // value = raw * scale + offset
};

constexpr Field U(const char* name, int bits, double scale = 0, double offset = 0) {
  return {name, bits, Kind::kUnsigned, scale, offset};
}
constexpr Field S(const char* name, int bits, double scale = 0) {
  return {name, bits, Kind::kSigned, scale, 0};
}
constexpr Field B(const char* name) { return {name, 1, Kind::kFlag, 0, 0}; }
constexpr Field TimeOfDay() { return {"time_of_day_s", 24, Kind::kTimeOfDay, kTickS, 0}; }
constexpr Field Ascii(const char* name, int characters) {
  return {name, 8 * characters, Kind::kAscii, 0, 0};
}
constexpr Field Octal(const char* name) { return {name, 12, Kind::kOctal, 0, 0}; }
constexpr Field Characters(const char* name) { return {name, 48, Kind::kCharacters, 0, 0}; }
constexpr Field Hex(const char* name, int bits) { return {name, bits, Kind::kHex, 0, 0}; }
constexpr Field Spare(int bits) { return {"", bits, Kind::kSpare, 0, 0}; }
constexpr Field Fx() { return {"", 1, Kind::kFx, 0, 0}; }

enum class Rule : std::uint8_t {
  kUnassigned,  // length unknown: nothing behind it can be read
  kFixed,
  kExtended,    // octets until one has FX 0
  kRepeated,    // a count, then so many groups
  kRepeatedFx,  // groups until one has FX 0 in its last bit; bare values where a group is one field
  kCompound,    // which parts, then the parts
  kExplicit,    // a length that counts itself, then what two parties agreed on
  kRegisters,   // kRepeated of Mode S registers: 56 bits and the register's number
};

struct Layout {
  const char* name;  // of items "I048/040", "I048/SP": 8 bytes with the 0 behind it
  Rule rule;
  const Field* fields;
  std::size_t field_count;
  std::size_t bits;     // of all fields
  const Layout* parts;  // kCompound: by the bits of its primary subfield, FX left out
  std::size_t part_count;
};

template <std::size_t N>
constexpr Layout Of(const char* name, Rule rule, const Field (&fields)[N]) {
  std::size_t bits = 0;
  for (const Field& field : fields) bits += static_cast<std::size_t>(field.bits);
  return {name, rule, fields, N, bits, nullptr, 0};
}
template <std::size_t N>
constexpr Layout Fixed(const char* name, const Field (&fields)[N]) {
  return Of(name, Rule::kFixed, fields);
}
template <std::size_t N>
constexpr Layout Compound(const char* name, const Layout (&parts)[N]) {
  return {name, Rule::kCompound, nullptr, 0, 0, parts, N};
}
constexpr Layout Explicit(const char* name) {
  return {name, Rule::kExplicit, nullptr, 0, 0, nullptr, 0};
}
constexpr Layout Unassigned() { return {"", Rule::kUnassigned, nullptr, 0, 0, nullptr, 0}; }

// A user application profile: which item each bit of the FSPEC announces.
struct Profile {
  const Layout* items = nullptr;  // by FRN, from 1
  std::size_t count = 0;
};
template <std::size_t N>
constexpr Profile ProfileOf(const Layout (&items)[N]) {
  return {items, N};
}

struct Category {
  std::uint8_t number;
  const char* source_item;    // "I048/010"
  const char* time_items[4];  // with time_of_day_s, best first; nullptr: no more
  Profile profile;
  // CAT001: records whose FRN 2 (I001/020) begins with a 1 bit are tracks and have this profile.
  Profile tracks = {};
};
extern const Category kCat001;
extern const Category kCat002;
extern const Category kCat010;
extern const Category kCat021;
extern const Category kCat034;
extern const Category kCat048;
extern const Category kCat062;
extern const Category kCat065;

// nullptr: not decoded.
const Category* CategoryOf(std::uint8_t number);

// The 56 bits of Mode S register `bds` (0x40, ...), or a layout without fields.
Layout RegisterLayout(std::uint8_t bds);

}  // namespace trucewatch::asterix::internal
