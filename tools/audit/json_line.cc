// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/json_line.h"

#include <algorithm>
#include <charconv>

namespace trucewatch::audit {
namespace {

constexpr int kMaxJsonDepth = 900;
constexpr std::size_t kMaxIntegerDigits = 4300;

void AppendUtf8(std::uint32_t code, std::string& out) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xE0 | code >> 12);
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
    }
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

class JsonReader {
 public:
  explicit JsonReader(std::string_view line) : rest_(line) {}

  bool Object(std::map<std::string, JsonValue>* values, int depth) {
    if (depth > kMaxJsonDepth || !Take('{')) return false;
    if (Take('}')) return true;
    do {
      std::string key;
      JsonValue value;
      if (!String(&key) || !Take(':') || !Value(&value, depth)) return false;
      if (!values->emplace(std::move(key), std::move(value)).second) return false;
    } while (Take(','));
    return Take('}');
  }
  bool AtEnd() {
    Skip();
    return rest_.empty();
  }

 private:
  void Skip() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }
  // After spaces.
  bool Take(char c) {
    Skip();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool Word(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool Value(JsonValue* value, int depth) {
    Skip();
    if (rest_.starts_with('{')) {
      std::map<std::string, JsonValue> inner;
      return Object(&inner, depth + 1);
    }
    if (rest_.starts_with('[')) return Array(depth + 1);
    if (rest_.starts_with('"')) {
      value->kind = JsonValue::Kind::kString;
      return String(&value->text);
    }
    return Word("true") || Word("false") || Word("null") || Number(value);
  }

  bool Array(int depth) {
    if (depth > kMaxJsonDepth || !Take('[')) return false;
    if (Take(']')) return true;
    do {
      JsonValue element;
      if (!Value(&element, depth)) return false;
    } while (Take(','));
    return Take(']');
  }

  std::size_t Digits(std::size_t at) const {
    return std::min(rest_.find_first_not_of("0123456789", at), rest_.size()) - at;
  }
  bool Number(JsonValue* value) {
    const std::size_t sign = rest_.starts_with('-') ? 1 : 0;
    const std::size_t whole = Digits(sign);
    if (whole == 0 || (rest_[sign] == '0' && whole > 1)) return false;
    std::size_t end = sign + whole;
    bool integer = true;
    if (end < rest_.size() && rest_[end] == '.') {
      const std::size_t digits = Digits(end + 1);
      if (digits == 0) return false;
      integer = false;
      end += 1 + digits;
    }
    if (end < rest_.size() && (rest_[end] == 'e' || rest_[end] == 'E')) {
      const std::size_t exponent_sign =
          end + 1 < rest_.size() && (rest_[end + 1] == '+' || rest_[end + 1] == '-') ? 1 : 0;
      const std::size_t digits = Digits(std::min(end + 1 + exponent_sign, rest_.size()));
      if (digits == 0) return false;
      integer = false;
      end += 1 + exponent_sign + digits;
    }
    if (integer && whole > kMaxIntegerDigits) return false;
    if (integer &&
        std::from_chars(rest_.data(), rest_.data() + end, value->integer).ec == std::errc()) {
      value->kind = JsonValue::Kind::kInteger;
    }
    rest_.remove_prefix(end);
    return true;
  }

  // Four hexadecimal digits.
  std::optional<std::uint32_t> Unit() {
    std::uint32_t unit = 0;
    if (rest_.size() < 4) return std::nullopt;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + 4, unit, 16);
    if (error != std::errc() || end != rest_.data() + 4) return std::nullopt;
    rest_.remove_prefix(4);
    return unit;
  }
  bool Escape(std::string* out) {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    constexpr std::string_view kShort = "\"\\/bfnrt";
    const std::size_t known = kShort.find(c);
    if (known != kShort.npos) {
      *out += "\"\\/\b\f\n\r\t"[known];
      return true;
    }
    auto unit = c == 'u' ? Unit() : std::nullopt;
    if (!unit) return false;
    if (*unit >= 0xD800 && *unit < 0xDC00 && rest_.starts_with("\\u")) {
      const std::string_view before = rest_;
      rest_.remove_prefix(2);
      const auto low = Unit();
      if (!low) return false;
      if (*low >= 0xDC00 && *low < 0xE000) {
        unit = 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00);
      } else {
        rest_ = before;  // two that do not belong together
      }
    }
    AppendUtf8(*unit, *out);
    return true;
  }
  bool String(std::string* out) {
    if (!Take('"')) return false;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (c == '\\') {
        if (!Escape(out)) return false;
      } else {
        *out += c;
      }
    }
    return false;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<std::map<std::string, JsonValue>> ReadJsonObject(std::string_view line) {
  JsonReader reader(line);
  std::map<std::string, JsonValue> values;
  if (!reader.Object(&values, 1) || !reader.AtEnd()) return std::nullopt;
  return values;
}

}  // namespace trucewatch::audit
