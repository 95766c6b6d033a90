// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace trucewatch {

// Writes one JSON value on one line (RFC 8259), keys in the order given. For the machine-readable
// output of the command line and for GeoJSON; numbers are the shortest text that reads back as the
// same double. Text that is not UTF-8 is made so: each wrong byte becomes U+FFFD. Numbers that are
// not finite become null. Nesting is the caller's duty: every Begin has its End.
class JsonWriter {
 public:
  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& BeginArray() { return Open('['); }
  JsonWriter& EndArray() { return Close(']'); }
  // Inside an object; a value must follow.
  JsonWriter& Key(std::string_view key);

  JsonWriter& String(std::string_view text);
  JsonWriter& Number(double value);
  JsonWriter& Signed(std::int64_t value);
  JsonWriter& Unsigned(std::uint64_t value);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();

  // Key and value in one, by the value's type.
  template <typename T>
  JsonWriter& Field(std::string_view key, const T& value) {
    Key(key);
    if constexpr (std::same_as<T, bool>) {
      return Bool(value);
    } else if constexpr (std::floating_point<T>) {
      return Number(static_cast<double>(value));
    } else if constexpr (std::unsigned_integral<T>) {
      return Unsigned(value);
    } else if constexpr (std::signed_integral<T>) {
      return Signed(value);
    } else {
      return String(value);
    }
  }

  const std::string& text() const { return text_; }

 private:
  JsonWriter& Open(char bracket);
  JsonWriter& Close(char bracket);
  void Separate();

  std::string text_;
};

}  // namespace trucewatch
