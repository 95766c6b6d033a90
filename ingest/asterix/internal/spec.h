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
  kOctal,       // 12 bits, four digits
  kCharacters,  // 6 bits each (ICAO Annex 10), spaces at the end left out
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
  kRepeatedFx,  // 7-bit values until one has FX 0
  kCompound,    // which parts, then the parts
  kExplicit,    // a length that counts itself, then what two parties agreed on
  kRegisters,   // kRepeated of Mode S registers: 56 bits and the register's number
};

struct Layout {
  const char* name;
  Rule rule;
  const Field* fields;
  std::size_t field_count;
  const Layout* parts;  // kCompound: by the bits of its primary subfield, FX left out
  std::size_t part_count;
};

template <std::size_t N>
constexpr Layout Of(const char* name, Rule rule, const Field (&fields)[N]) {
  return {name, rule, fields, N, nullptr, 0};
}
template <std::size_t N>
constexpr Layout Fixed(const char* name, const Field (&fields)[N]) {
  return Of(name, Rule::kFixed, fields);
}
template <std::size_t N>
constexpr Layout Compound(const char* name, const Layout (&parts)[N]) {
  return {name, Rule::kCompound, nullptr, 0, parts, N};
}
constexpr Layout Explicit(const char* name) {
  return {name, Rule::kExplicit, nullptr, 0, nullptr, 0};
}
constexpr Layout Unassigned() { return {"", Rule::kUnassigned, nullptr, 0, nullptr, 0}; }

struct Category {
  const Layout* items;  // by FRN, from 1
  std::size_t count;
};
extern const Category kCat010;
extern const Category kCat034;
extern const Category kCat048;

// The 56 bits of Mode S register `bds` (0x40, ...), or a layout without fields.
Layout RegisterLayout(std::uint8_t bds);

}  // namespace trucewatch::asterix::internal
