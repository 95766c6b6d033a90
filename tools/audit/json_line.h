// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace trucewatch::audit {

// What an object says under one key, as far as a checker compares it.
struct JsonValue {
  enum class Kind { kString, kInteger, kOther };
  Kind kind = Kind::kOther;
  std::string text;          // of a string, UTF-8
  std::int64_t integer = 0;  // of a whole number written without point and exponent
};

// The keys of one JSON object (RFC 8259) that fills the line, read strictly: no key twice in any
// object, no NaN, at most 900 levels, nothing behind it. The line is UTF-8 without control
// characters. Whole numbers beyond 64 bits are kOther. Nothing when it is none.
std::optional<std::map<std::string, JsonValue>> ReadJsonObject(std::string_view line);

}  // namespace trucewatch::audit
