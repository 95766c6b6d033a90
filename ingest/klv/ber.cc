// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/ber.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxLengthBytes = 4;
constexpr std::size_t kMaxOidBytes = 5;

}  // namespace

namespace internal {

std::optional<BerNumber> ReadLongBerLength(Bytes bytes) {
  if (bytes.empty()) return std::nullopt;
  const std::size_t count = bytes[0] & 0x7F;
  if (count == 0 || count > kMaxLengthBytes || bytes.size() < 1 + count) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 1; i <= count; ++i) value = (value << 8) | bytes[i];
  return BerNumber{value, 1 + count};
}

std::optional<BerNumber> ReadLongBerOid(Bytes bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size() && i < kMaxOidBytes; ++i) {
    value = (value << 7) | (bytes[i] & 0x7F);
    if ((bytes[i] & 0x80) == 0) {
      if (value > 0xFFFFFFFF) return std::nullopt;
      return BerNumber{value, i + 1};
    }
  }
  return std::nullopt;
}

}  // namespace internal

void AppendBerLength(std::string& out, std::uint32_t length) {
  if (length < 0x80) {
    out.push_back(static_cast<char>(length));
    return;
  }
  int count = 1;
  while (count < 4 && (length >> (8 * count)) != 0) ++count;
  out.push_back(static_cast<char>(0x80 | count));
  for (int i = count - 1; i >= 0; --i) out.push_back(static_cast<char>((length >> (8 * i)) & 0xFF));
}

void AppendBerOid(std::string& out, std::uint32_t tag) {
  int groups = 1;
  while (groups < 5 && (tag >> (7 * groups)) != 0) ++groups;
  for (int i = groups - 1; i >= 0; --i) {
    out.push_back(static_cast<char>(((tag >> (7 * i)) & 0x7F) | (i > 0 ? 0x80U : 0U)));
  }
}

}  // namespace trucewatch
