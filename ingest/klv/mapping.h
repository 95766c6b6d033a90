// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/bytes.h"

namespace trucewatch {

// A closed interval of values.
struct ValueRange {
  double low = 0;
  double high = 0;
};

namespace internal {

// Of a width known when compiling: one load and a swap.
template <std::size_t size>
inline std::uint64_t LoadBigEndian(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = (value << 8) | bytes[i];
  return value;
}

// 1 to 8 bytes.
inline std::uint64_t ReadBigEndian(Bytes bytes) {
  switch (bytes.size()) {
    case 1:
      return bytes[0];
    case 2:
      return LoadBigEndian<2>(bytes.data());
    case 4:
      return LoadBigEndian<4>(bytes.data());
    case 8:
      return LoadBigEndian<8>(bytes.data());
    default: {
      std::uint64_t value = 0;
      for (const std::uint8_t b : bytes) value = (value << 8) | b;
      return value;
    }
  }
}

}  // namespace internal

// Unsigned and two's complement integers of 1 to 8 bytes, big-endian. Nothing for other sizes.
// Here and not in the .cc: these are most of what decoding does.
inline std::optional<std::uint64_t> ReadUnsigned(Bytes bytes) {
  if (bytes.empty() || bytes.size() > 8) return std::nullopt;
  return internal::ReadBigEndian(bytes);
}

inline std::optional<std::int64_t> ReadSigned(Bytes bytes) {
  const auto raw = ReadUnsigned(bytes);
  if (!raw) return std::nullopt;
  const unsigned shift = 64U - 8U * static_cast<unsigned>(bytes.size());
  return static_cast<std::int64_t>(*raw << shift) >> shift;
}
// The low `size` (1 to 8) bytes of value, big-endian.
void AppendUnsigned(std::string& out, std::uint64_t value, int size);

// U(low, high): the whole unsigned range is mapped linearly onto the interval.
std::optional<double> DecodeUnsignedMap(Bytes bytes, ValueRange range);
// S(+-bound): symmetric; the most negative pattern (0x8000...) means "no value".
std::optional<double> DecodeSignedMap(Bytes bytes, double bound);
// IMAPB of MISB ST 1201: length from the bytes (1 to 8); special patterns (infinities, NaN, out of
// range) are no value.
std::optional<double> DecodeImapb(Bytes bytes, ValueRange range);

// The inverse maps, to the nearest code (IMAPB: the floor, as the standard says). Nothing when the
// value is outside the range or not finite.
std::optional<std::string> EncodeUnsignedMap(double value, ValueRange range, int size);
std::optional<std::string> EncodeSignedMap(double value, double bound, int size);
std::optional<std::string> EncodeImapb(double value, ValueRange range, int size);

}  // namespace trucewatch
