// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/result.h"

namespace trucewatch::human {

using JsonScalar = std::variant<std::string, double, bool>;
using FlatObject = std::map<std::string, JsonScalar>;

inline constexpr std::size_t kMaxJsonMembers = 64;

// One JSON object (RFC 8259) whose members are texts, numbers and truth values, with nothing but
// white space around it. Refused, with the byte where: a member twice, null, nested values, numbers
// that are not finite, text that is not UTF-8, and control characters in texts other than line
// breaks and tabs.
Result<FlatObject> ParseFlatJson(std::string_view text);

}  // namespace trucewatch::human
