// SPDX-License-Identifier: Apache-2.0
#include "evidence/retention/trim_record.h"

#include <charconv>

namespace trucewatch::evidence {
namespace {

constexpr std::string_view kTrimmed = "trimmed: ";
constexpr std::string_view kWithdrawn = "not trimmed: ";

// " key=value" at the beginning of `text`, up to the next space; `last` takes all that is left.
Result<std::string> TakeField(std::string_view& text, std::string_view key, bool last = false) {
  const std::string start = std::string(key) + "=";
  if (!text.starts_with(start))
    return Fail(ErrorCode::kBadInput, "retention record: '{}' expected", start);
  text.remove_prefix(start.size());
  const std::size_t end = last ? text.size() : text.find(' ');
  if (end == std::string_view::npos)
    return Fail(ErrorCode::kBadInput, "retention record: ends after '{}'", start);
  std::string value(text.substr(0, end));
  text.remove_prefix(std::min(text.size(), end + 1));
  return value;
}

Result<std::uint64_t> NumberOf(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty())
    return Fail(ErrorCode::kBadInput, "retention record: '{}' is no number", text);
  return value;
}

// Names may hold what separates them here.
std::string EscapeName(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7F || c == '%' || c == ',' || c == ':') {
      out += fmt::format("%{:02x}", byte);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

Result<std::string> UnescapeName(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    unsigned byte = 0;
    const auto parsed = i + 2 < text.size()
                            ? std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16)
                            : std::from_chars_result{nullptr, std::errc::invalid_argument};
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + i + 3)
      return Fail(ErrorCode::kBadInput, "retention record: a bad name");
    out.push_back(static_cast<char>(byte));
    i += 2;
  }
  return out;
}

std::string SourcesText(const std::map<std::string, std::uint64_t>& sources) {
  std::string out;
  for (const auto& [name, count] : sources)
    out += fmt::format("{}{}:{}", out.empty() ? "" : ",", EscapeName(name), count);
  return out;
}

Result<std::map<std::string, std::uint64_t>> SourcesOf(std::string_view text) {
  std::map<std::string, std::uint64_t> out;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const std::size_t colon = one.find(':');
    if (colon == std::string_view::npos)
      return Fail(ErrorCode::kBadInput, "retention record: a source without a count");
    TW_ASSIGN_OR_RETURN(const std::string name, UnescapeName(one.substr(0, colon)));
    TW_ASSIGN_OR_RETURN(out[name], NumberOf(one.substr(colon + 1)));
  }
  return out;
}

}  // namespace

std::string TrimText(const TrimRecord& r) {
  return fmt::format(
      "{}log={} first={} last={} on={} from={} to={} bytes={} sources={} root={} rule={}",
      r.withdrawn ? kWithdrawn : kTrimmed, r.log, r.first, r.last, FormatUtc(r.time),
      FormatUtc(r.time_first), FormatUtc(r.time_last), r.bytes, SourcesText(r.sources),
      HexEncode(r.root), r.rule);
}

Result<TrimRecord> ParseTrim(std::string_view text) {
  TrimRecord out;
  out.withdrawn = text.starts_with(kWithdrawn);
  if (!out.withdrawn && !text.starts_with(kTrimmed))
    return Fail(ErrorCode::kBadInput, "retention record: 'trimmed: ' expected");
  text.remove_prefix(out.withdrawn ? kWithdrawn.size() : kTrimmed.size());
  const auto number = [&](std::string_view key) -> Result<std::uint64_t> {
    TW_ASSIGN_OR_RETURN(const std::string value, TakeField(text, key));
    return NumberOf(value);
  };
  const auto time = [&](std::string_view key) -> Result<Instant> {
    TW_ASSIGN_OR_RETURN(const std::string value, TakeField(text, key));
    return ParseUtc(value);
  };
  TW_ASSIGN_OR_RETURN(out.log, TakeField(text, "log"));
  TW_ASSIGN_OR_RETURN(out.first, number("first"));
  TW_ASSIGN_OR_RETURN(out.last, number("last"));
  TW_ASSIGN_OR_RETURN(out.time, time("on"));
  TW_ASSIGN_OR_RETURN(out.time_first, time("from"));
  TW_ASSIGN_OR_RETURN(out.time_last, time("to"));
  TW_ASSIGN_OR_RETURN(out.bytes, number("bytes"));
  TW_ASSIGN_OR_RETURN(const std::string sources, TakeField(text, "sources"));
  TW_ASSIGN_OR_RETURN(out.sources, SourcesOf(sources));
  TW_ASSIGN_OR_RETURN(const std::string root, TakeField(text, "root"));
  const auto bytes = HexDecode(root);
  if (!bytes || bytes->size() != out.root.size())
    return Fail(ErrorCode::kBadInput, "retention record: root is no SHA-256");
  std::copy(bytes->begin(), bytes->end(), out.root.begin());
  TW_ASSIGN_OR_RETURN(out.rule, TakeField(text, "rule", true));
  return out;
}

std::string TrimNote(const TrimRecord& record) {
  return fmt::format("trimmed on {}: {}", FormatUtc(record.time), record.rule);
}

}  // namespace trucewatch::evidence
