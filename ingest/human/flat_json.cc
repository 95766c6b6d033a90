// SPDX-License-Identifier: Apache-2.0
#include "ingest/human/flat_json.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

namespace trucewatch::human {
namespace {

// Length of the UTF-8 sequence at the front (RFC 3629 section 4), 0 when it is none.
std::size_t SequenceLength(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xC2 && lead < 0xE0   ? 2
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  const std::uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (at(1) < low || at(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((at(i) & 0xC0U) != 0x80) return 0;
  }
  return length;
}

void AppendUtf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | code >> 6U);
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | code >> 12U);
    put(0x80U | (code >> 6U & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | code >> 18U);
    put(0x80U | (code >> 12U & 0x3FU));
    put(0x80U | (code >> 6U & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<FlatObject> Object() {
    FlatObject object;
    SkipSpace();
    if (!Take('{')) return Wrong("expected '{'");
    SkipSpace();
    if (!Take('}')) {
      while (true) {
        SkipSpace();
        if (!Take('"')) return Wrong("expected a member's name in quotes");
        TW_ASSIGN_OR_RETURN(std::string name, String());
        SkipSpace();
        if (!Take(':')) return Wrong("expected ':'");
        SkipSpace();
        TW_ASSIGN_OR_RETURN(JsonScalar value, Value());
        if (object.size() >= kMaxJsonMembers) return Wrong("too many members");
        const std::string shown = name;
        if (!object.emplace(std::move(name), std::move(value)).second) {
          return Wrong(fmt::format("the member '{}' is there twice", shown));
        }
        SkipSpace();
        if (Take('}')) break;
        if (!Take(',')) return Wrong("expected ',' or '}'");
      }
    }
    SkipSpace();
    if (at_ != text_.size()) return Wrong("something follows the object");
    return object;
  }

 private:
  tl::unexpected<Error> Wrong(std::string_view what) const {
    return Fail(ErrorCode::kBadInput, "JSON, byte {}: {}", at_, what);
  }
  void SkipSpace() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  std::size_t TakeDigits() {
    std::size_t count = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_, ++count;
    return count;
  }

  Result<JsonScalar> Value() {
    if (Take('"')) {
      TW_ASSIGN_OR_RETURN(std::string value, String());
      return JsonScalar(std::move(value));
    }
    if (TakeWord("true")) return JsonScalar(true);
    if (TakeWord("false")) return JsonScalar(false);
    return Number();
  }

  Result<JsonScalar> Number() {
    const std::size_t start = at_;
    Take('-');
    const std::size_t whole = at_;
    const std::size_t digits = TakeDigits();
    if (digits == 0) return Wrong("expected a text, a number, true or false");
    if (digits > 1 && text_[whole] == '0') return Wrong("a number begins with 0");
    if (Take('.') && TakeDigits() == 0) return Wrong("no digit after the decimal point");
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      if (TakeDigits() == 0) return Wrong("no digit in the exponent");
    }
    double value = 0;
    const auto [end, error] = std::from_chars(text_.data() + start, text_.data() + at_, value);
    if (error != std::errc() || end != text_.data() + at_ || !std::isfinite(value)) {
      return Wrong("the number is out of range");
    }
    return JsonScalar(value);
  }

  // What follows the opening quote, up to and with the closing one.
  Result<std::string> String() {
    std::string out;
    while (true) {
      if (at_ >= text_.size()) return Wrong("the text has no end");
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return out;
      }
      if (c == '\\') {
        ++at_;
        TW_RETURN_IF_ERROR(Escape(out));
        continue;
      }
      if (static_cast<std::uint8_t>(c) < 0x20) return Wrong("a control character in a text");
      const std::size_t length = SequenceLength(text_.substr(at_));
      if (length == 0) return Wrong("not UTF-8");
      out += text_.substr(at_, length);
      at_ += length;
    }
  }

  Result<void> Escape(std::string& out) {
    if (at_ >= text_.size()) return Wrong("the text has no end");
    const char c = text_[at_++];
    switch (c) {
      case '"':
      case '\\':
      case '/':
        out.push_back(c);
        return {};
      case 'n':
        out.push_back('\n');
        return {};
      case 't':
        out.push_back('\t');
        return {};
      case 'u':
        break;
      default:
        return Wrong("an escape that texts here do not use");
    }
    std::optional<std::uint32_t> code = Hex4();
    if (code && *code >= 0xD800 && *code < 0xDC00 && TakeWord("\\u")) {
      const auto low = Hex4();
      if (!low || *low < 0xDC00 || *low > 0xDFFF) return Wrong("half a surrogate pair");
      code = 0x10000 + ((*code - 0xD800) << 10U) + (*low - 0xDC00);
    }
    if (!code || (*code >= 0xD800 && *code < 0xE000)) return Wrong("no character has this number");
    if ((*code < 0x20 && *code != '\n' && *code != '\t') || *code == 0x7F) {
      return Wrong("a control character in a text");
    }
    AppendUtf8(out, *code);
    return {};
  }

  std::optional<std::uint32_t> Hex4() {
    if (text_.size() - at_ < 4) return std::nullopt;
    std::uint32_t value = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, begin + 4, value, 16);
    if (error != std::errc() || end != begin + 4) return std::nullopt;
    at_ += 4;
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<FlatObject> ParseFlatJson(std::string_view text) { return Parser(text).Object(); }

}  // namespace trucewatch::human
