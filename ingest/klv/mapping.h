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

// Unsigned and two's complement integers of 1 to 8 bytes, big-endian. Nothing for other sizes.
std::optional<std::uint64_t> ReadUnsigned(Bytes bytes);
std::optional<std::int64_t> ReadSigned(Bytes bytes);
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
