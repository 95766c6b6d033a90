// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/mapping.h"

#include <bit>
#include <cmath>

namespace trucewatch {
namespace {

// 2 to the power of n; exact. Built from its bits: ldexp costs more than the rest of a decode.
double PowerOfTwo(int n) {
  if (n < -1022 || n > 1023) return std::ldexp(1.0, n);
  return std::bit_cast<double>(static_cast<std::uint64_t>(1023 + n) << 52);
}

// Smallest n with 2^n >= x; x > 0.
int CeilLog2(double x) {
  const int floor = std::ilogb(x);
  return x > PowerOfTwo(floor) ? floor + 1 : floor;
}

// MISB ST 1201 section 8: constants of IMAPB for an interval and a length in bytes.
struct Imapb {
  double forward = 0;  // sF
  double reverse = 0;  // sR
  double offset = 0;   // zOff
};

Imapb MakeImapb(ValueRange range, int size) {
  const int b_pow = CeilLog2(range.high - range.low);
  const int d_pow = 8 * size - 1;
  Imapb map;
  map.forward = PowerOfTwo(d_pow - b_pow);
  map.reverse = PowerOfTwo(b_pow - d_pow);
  if (range.low < 0 && range.high > 0) {
    map.offset = map.forward * range.low - std::floor(map.forward * range.low);
  }
  return map;
}

double MaxCode(int bits) { return PowerOfTwo(bits) - 1.0; }

}  // namespace

void AppendUnsigned(std::string& out, std::uint64_t value, int size) {
  for (int i = size - 1; i >= 0; --i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xFF));
}

std::optional<double> DecodeUnsignedMap(Bytes bytes, ValueRange range) {
  const auto raw = ReadUnsigned(bytes);
  if (!raw) return std::nullopt;
  return range.low + static_cast<double>(*raw) * (range.high - range.low) /
                         MaxCode(8 * static_cast<int>(bytes.size()));
}

std::optional<double> DecodeSignedMap(Bytes bytes, double bound) {
  const auto raw = ReadSigned(bytes);
  if (!raw) return std::nullopt;
  const double most_negative = -PowerOfTwo(8 * static_cast<int>(bytes.size()) - 1);
  const double code = static_cast<double>(*raw);
  if (code <= most_negative) return std::nullopt;
  return code * bound / MaxCode(8 * static_cast<int>(bytes.size()) - 1);
}

std::optional<double> DecodeImapb(Bytes bytes, ValueRange range) {
  const auto raw = ReadUnsigned(bytes);
  if (!raw) return std::nullopt;
  const int size = static_cast<int>(bytes.size());
  const std::uint64_t top = std::uint64_t{1} << (8 * size - 1);
  if (*raw > top) return std::nullopt;  // special values, ST 1201 table 1
  const Imapb map = MakeImapb(range, size);
  const double value = map.reverse * (static_cast<double>(*raw) - map.offset) + range.low;
  // Codes above the image of `high` carry no meaning; half a step is rounding.
  if (value > range.high + map.reverse) return std::nullopt;
  return value;
}

std::optional<std::string> EncodeUnsignedMap(double value, ValueRange range, int size) {
  if (!(value >= range.low && value <= range.high)) return std::nullopt;
  const double code = (value - range.low) * MaxCode(8 * size) / (range.high - range.low);
  std::string out;
  AppendUnsigned(out, static_cast<std::uint64_t>(std::llround(code)), size);
  return out;
}

std::optional<std::string> EncodeSignedMap(double value, double bound, int size) {
  if (!(value >= -bound && value <= bound)) return std::nullopt;
  const double code = value * MaxCode(8 * size - 1) / bound;
  std::string out;
  AppendUnsigned(out, static_cast<std::uint64_t>(std::llround(code)), size);
  return out;
}

std::optional<std::string> EncodeImapb(double value, ValueRange range, int size) {
  if (!(value >= range.low && value <= range.high)) return std::nullopt;
  const Imapb map = MakeImapb(range, size);
  const double code = std::floor(map.forward * (value - range.low) + map.offset);
  std::string out;
  AppendUnsigned(out, static_cast<std::uint64_t>(std::max(0.0, code)), size);
  return out;
}

}  // namespace trucewatch
