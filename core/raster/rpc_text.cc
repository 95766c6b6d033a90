// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <string>

#include "core/raster/rpc_model.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxTextBytes = std::size_t{1} << 20;

// Keys of all three forms in the words of RPC.TXT: "LINE_OFF", "LINE_NUM_COEFF_1".
using Numbers = std::map<std::string, double, std::less<>>;

std::string_view Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n\"");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n\"") - first + 1);
}

// The number that a text begins with; units may follow.
std::optional<double> LeadingNumber(std::string_view text) {
  text = Trimmed(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// "LINE_OFF: +017495.00 pixels"
Numbers FromColonLines(std::string_view text) {
  Numbers numbers;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto value = LeadingNumber(line.substr(colon + 1));
    if (value) numbers.emplace(Trimmed(line.substr(0, colon)), *value);
  }
  return numbers;
}

// "lineOffset = 17495;" and "lineNumCoef = (\n +1.0E-03,\n ...);"
Numbers FromAssignments(std::string_view text) {
  static const std::map<std::string_view, std::string_view> kWords = {
      {"errBias", "ERR_BIAS"},           {"errRand", "ERR_RAND"},
      {"lineOffset", "LINE_OFF"},        {"sampOffset", "SAMP_OFF"},
      {"latOffset", "LAT_OFF"},          {"longOffset", "LONG_OFF"},
      {"heightOffset", "HEIGHT_OFF"},    {"lineScale", "LINE_SCALE"},
      {"sampScale", "SAMP_SCALE"},       {"latScale", "LAT_SCALE"},
      {"longScale", "LONG_SCALE"},       {"heightScale", "HEIGHT_SCALE"},
      {"lineNumCoef", "LINE_NUM_COEFF"}, {"lineDenCoef", "LINE_DEN_COEFF"},
      {"sampNumCoef", "SAMP_NUM_COEFF"}, {"sampDenCoef", "SAMP_DEN_COEFF"}};
  Numbers numbers;
  while (!text.empty()) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) break;
    std::string_view key = Trimmed(text.substr(0, equals));
    key = key.substr(std::min(key.find_last_of(" \t\r\n;") + 1, key.size()));
    text.remove_prefix(equals + 1);
    const auto word = kWords.find(key);
    if (word == kWords.end()) continue;
    const std::size_t end = std::min(text.find(';'), text.size());
    std::string_view value = Trimmed(text.substr(0, end));
    text.remove_prefix(end);
    if (!value.starts_with('(')) {
      if (const auto number = LeadingNumber(value)) numbers.emplace(word->second, *number);
      continue;
    }
    value.remove_prefix(1);
    for (int k = 1; k <= 20 && !value.empty(); ++k) {
      const std::size_t comma = std::min(value.find(','), value.size());
      const auto number = LeadingNumber(value.substr(0, comma));
      if (number) numbers.emplace(fmt::format("{}_{}", word->second, k), *number);
      value.remove_prefix(std::min(comma + 1, value.size()));
    }
  }
  return numbers;
}

// DIMAP's <Inverse_Model> (ground to image) and <RFM_Validity>; its direct model goes the other
// way.
Numbers FromDimap(std::string_view text) {
  Numbers numbers;
  const auto take = [&](std::string_view part) {
    for (std::size_t at = 0; (at = part.find('<', at)) != std::string_view::npos; ++at) {
      const std::size_t close = part.find('>', at);
      if (close == std::string_view::npos) return;
      const std::string_view name = part.substr(at + 1, close - at - 1);
      const auto value = LeadingNumber(part.substr(close + 1, part.find('<', close) - close - 1));
      if (value) numbers.emplace(name, *value);
    }
  };
  const auto element = [&](std::string_view name) {
    const std::size_t begin = text.find(fmt::format("<{}>", name));
    const std::size_t end = text.find(fmt::format("</{}>", name));
    return begin == std::string_view::npos || end == std::string_view::npos || end < begin
               ? std::string_view()
               : text.substr(begin, end - begin);
  };
  take(element("Inverse_Model"));
  take(element("RFM_Validity"));
  for (const char* key : {"LINE_OFF", "SAMP_OFF"}) {
    const auto found = numbers.find(key);
    if (found != numbers.end()) found->second -= 1;  // its first pixel is number 1
  }
  return numbers;
}

Result<RpcModel> FromNumbers(const Numbers& numbers) {
  std::string missing;
  const auto get = [&](std::string_view key) {
    const auto found = numbers.find(key);
    if (found == numbers.end() && missing.empty()) missing = key;
    return found == numbers.end() ? 0.0 : found->second;
  };
  RpcModel model;
  model.line_offset = get("LINE_OFF");
  model.sample_offset = get("SAMP_OFF");
  model.latitude_offset_deg = get("LAT_OFF");
  model.longitude_offset_deg = get("LONG_OFF");
  model.height_offset_m = get("HEIGHT_OFF");
  model.line_scale = get("LINE_SCALE");
  model.sample_scale = get("SAMP_SCALE");
  model.latitude_scale_deg = get("LAT_SCALE");
  model.longitude_scale_deg = get("LONG_SCALE");
  model.height_scale_m = get("HEIGHT_SCALE");
  for (std::size_t i = 0; i < 20; ++i) {
    const auto key = [&](const char* which) { return fmt::format("{}_COEFF_{}", which, i + 1); };
    model.line_numerator[i] = get(key("LINE_NUM"));
    model.line_denominator[i] = get(key("LINE_DEN"));
    model.sample_numerator[i] = get(key("SAMP_NUM"));
    model.sample_denominator[i] = get(key("SAMP_DEN"));
  }
  if (!missing.empty()) {
    return Fail(ErrorCode::kBadInput,
                "no RPC: {} is missing; expected RPC.TXT, .RPB or a DIMAP RPC file", missing);
  }
  const auto error = [&](std::string_view key) {
    const auto found = numbers.find(key);
    // -1: not known. Zero is nobody's error.
    return found == numbers.end() || !(found->second > 0) ? std::nullopt
                                                          : std::optional<double>(found->second);
  };
  model.bias_error_m = error("ERR_BIAS");
  model.random_error_m = error("ERR_RAND");
  TW_RETURN_IF_ERROR(CheckRpc(model));
  return model;
}

}  // namespace

Result<RpcModel> ParseRpcText(std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    return Fail(ErrorCode::kBadInput, "RPC text of {} bytes; expected at most {}", text.size(),
                kMaxTextBytes);
  }
  if (text.find("<Inverse_Model>") != std::string_view::npos) return FromNumbers(FromDimap(text));
  if (text.find("LINE_OFF:") != std::string_view::npos) return FromNumbers(FromColonLines(text));
  return FromNumbers(FromAssignments(text));
}

}  // namespace trucewatch
