// SPDX-License-Identifier: Apache-2.0
#include "core/base/bytes.h"

#include "core/base/check.h"

namespace trucewatch {
namespace {

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int Base64Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

template <typename T>
T ReadBe(Bytes bytes) {
  TW_CHECK(bytes.size() >= sizeof(T));
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = (value << 8) | bytes[i];
  return static_cast<T>(value);
}

template <typename T>
void AppendBe(std::string& out, T value) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((static_cast<std::uint64_t>(value) >> shift) & 0xFF));
  }
}

}  // namespace

std::string HexEncode(Bytes bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t b : bytes) {
    out.push_back(kDigits[b >> 4]);
    out.push_back(kDigits[b & 15]);
  }
  return out;
}

std::optional<std::string> HexDecode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = HexDigit(text[i]);
    const int low = HexDigit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
  }
  return out;
}

std::string Base64Encode(Bytes bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t b0 = bytes[i];
    const std::uint32_t b1 = left > 1 ? bytes[i + 1] : 0U;
    const std::uint32_t b2 = left > 2 ? bytes[i + 2] : 0U;
    const std::uint32_t group = (b0 << 16) | (b1 << 8) | b2;
    out.push_back(kBase64[(group >> 18) & 63]);
    out.push_back(kBase64[(group >> 12) & 63]);
    out.push_back(left > 1 ? kBase64[(group >> 6) & 63] : '=');
    out.push_back(left > 2 ? kBase64[group & 63] : '=');
  }
  return out;
}

std::optional<std::string> Base64Decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const int padding = !last || text[i + 3] != '=' ? 0 : text[i + 2] == '=' ? 2 : 1;
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const bool padded = j + static_cast<std::size_t>(padding) >= 4;
      const int digit = padded ? 0 : Base64Digit(text[i + j]);
      if (digit < 0) return std::nullopt;
      group = (group << 6) | static_cast<std::uint32_t>(digit);
    }
    // Bits that padding leaves over must be zero, or two texts would decode to the same bytes.
    if ((padding == 1 && (group & 0xFF) != 0) || (padding == 2 && (group & 0xFFFF) != 0)) {
      return std::nullopt;
    }
    out.push_back(static_cast<char>((group >> 16) & 0xFF));
    if (padding < 2) out.push_back(static_cast<char>((group >> 8) & 0xFF));
    if (padding < 1) out.push_back(static_cast<char>(group & 0xFF));
  }
  return out;
}

std::uint16_t ReadBe16(Bytes bytes) { return ReadBe<std::uint16_t>(bytes); }
std::uint32_t ReadBe32(Bytes bytes) { return ReadBe<std::uint32_t>(bytes); }
std::uint64_t ReadBe64(Bytes bytes) { return ReadBe<std::uint64_t>(bytes); }
void AppendBe16(std::string& out, std::uint16_t value) { AppendBe(out, value); }
void AppendBe32(std::string& out, std::uint32_t value) { AppendBe(out, value); }
void AppendBe64(std::string& out, std::uint64_t value) { AppendBe(out, value); }

}  // namespace trucewatch
