// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/dji_srt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

namespace trucewatch {
namespace {

constexpr std::size_t kMaxCue = 16 << 10;
constexpr std::string_view kArrow = "-->";
constexpr double kMaxHeightM = 20'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Reads forward through a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  void Blanks() {
    while (!text_.empty() && text_.front() == ' ') text_.remove_prefix(1);
  }
  bool Take(std::string_view what) {
    if (!text_.starts_with(what)) return false;
    text_.remove_prefix(what.size());
    return true;
  }
  bool TakeAny(std::string_view chars) {
    if (text_.empty() || chars.find(text_.front()) == std::string_view::npos) return false;
    text_.remove_prefix(1);
    return true;
  }
  // `digits` of them exactly; 0: one to nine.
  std::optional<int> Digits(std::size_t digits) {
    std::size_t count = 0;
    while (count < text_.size() && count < 9 && IsDigit(text_[count])) ++count;
    if (count == 0 || (digits > 0 && count < digits)) return std::nullopt;
    if (digits > 0) count = digits;
    int value = 0;
    for (const char c : text_.substr(0, count)) value = value * 10 + (c - '0');
    text_.remove_prefix(count);
    return value;
  }
  std::optional<double> Number() {
    if (text_.starts_with('+')) text_.remove_prefix(1);
    double value = 0;
    const auto got = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (got.ec != std::errc() || !std::isfinite(value)) return std::nullopt;
    text_.remove_prefix(static_cast<std::size_t>(got.ptr - text_.data()));
    return value;
  }

 private:
  std::string_view text_;
};

// "00:00:01,033" or with a point.
std::optional<Duration> ReadCueTime(Scanner& scanner) {
  const auto hours = scanner.Digits(0);
  if (!hours || *hours > 99 || !scanner.Take(":")) return std::nullopt;
  const auto minutes = scanner.Digits(2);
  if (!minutes || *minutes > 59 || !scanner.Take(":")) return std::nullopt;
  const auto seconds = scanner.Digits(2);
  if (!seconds || *seconds > 59 || !scanner.TakeAny(",.")) return std::nullopt;
  const auto millis = scanner.Digits(3);
  if (!millis) return std::nullopt;
  return Duration::Millis(((*hours * 60LL + *minutes) * 60 + *seconds) * 1000 + *millis);
}

bool ReadTimes(const std::string& line, DjiCue& cue) {
  Scanner scanner(line);
  scanner.Blanks();
  const auto start = ReadCueTime(scanner);
  scanner.Blanks();
  if (!start || !scanner.Take(kArrow)) return false;
  scanner.Blanks();
  const auto end = ReadCueTime(scanner);
  if (!end || *end < *start) return false;
  cue.start = *start;
  cue.end = *end;
  return true;
}

// The text after a key and its colon: "key: ", "key : ", "key:".
std::optional<Scanner> After(std::string_view text, std::string_view key) {
  for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    if (at > 0 && IsWord(text[at - 1])) continue;
    Scanner scanner(text.substr(at + key.size()));
    scanner.Blanks();
    if (!scanner.Take(":")) continue;
    scanner.Blanks();
    return scanner;
  }
  return std::nullopt;
}

std::optional<double> NumberAfter(std::string_view text, std::string_view key) {
  auto scanner = After(text, key);
  return scanner ? scanner->Number() : std::nullopt;
}

std::optional<double> FirstOf(std::string_view text, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (const auto value = NumberAfter(text, key)) return value;
  }
  return std::nullopt;
}

// "2026-05-27 13:14:22.911", "2019-09-25 01:22:35,118,697", "2017.08.05 14:11:51" anywhere.
std::optional<Instant> ReadLocalTime(std::string_view text) {
  for (std::size_t at = 0; at + 19 <= text.size(); ++at) {
    if (!IsDigit(text[at]) || (at > 0 && IsWord(text[at - 1]))) continue;
    Scanner s(text.substr(at));
    const auto year = s.Digits(4);
    if (!year || !s.TakeAny("-.")) continue;
    const auto month = s.Digits(2);
    if (!month || !s.TakeAny("-.")) continue;
    const auto day = s.Digits(2);
    if (!day || !s.Take(" ")) continue;
    const auto hour = s.Digits(2);
    if (!hour || !s.Take(":")) continue;
    const auto minute = s.Digits(2);
    if (!minute || !s.Take(":")) continue;
    const auto second = s.Digits(2);
    if (!second) continue;
    int micros = 0;
    if (s.TakeAny(".,")) {
      const auto millis = s.Digits(3);
      micros = millis.value_or(0) * 1000;
      if (millis && s.Take(",")) micros += s.Digits(3).value_or(0);
    }
    const auto time = ParseUtc(fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", *year,
                                           *month, *day, *hour, *minute, *second, micros));
    if (time) return *time;
  }
  return std::nullopt;
}

// "GPS(lon,lat,n)": the third number is satellites in some models and a height in others.
void ReadGpsTriple(std::string_view text, DjiCue& cue) {
  const std::size_t at = text.find("GPS");
  if (at == std::string_view::npos) return;
  Scanner s(text.substr(at + 3));
  s.Blanks();
  if (!s.Take("(")) return;
  s.Blanks();
  const auto longitude = s.Number();
  s.Blanks();
  if (!longitude || !s.Take(",")) return;
  s.Blanks();
  const auto latitude = s.Number();
  if (!latitude) return;
  cue.longitude_deg = longitude;
  cue.latitude_deg = latitude;
}

// "H 1.20m" of the dialect with commas.
std::optional<double> HeightLetter(std::string_view text) {
  const std::size_t at = text.find(", H ");
  if (at == std::string_view::npos) return std::nullopt;
  Scanner s(text.substr(at + 4));
  const auto value = s.Number();
  return value && s.Take("m") ? value : std::nullopt;
}

bool InRange(const std::optional<double>& value, double limit) {
  return !value || std::abs(*value) <= limit;
}

std::string ProblemOf(const DjiCue& cue) {
  if (!InRange(cue.latitude_deg, 90) || !InRange(cue.longitude_deg, 180))
    return "a position that is none";
  if (!InRange(cue.relative_height_m, kMaxHeightM) || !InRange(cue.absolute_height_m, kMaxHeightM))
    return "a height beyond 20 km";
  if (!InRange(cue.gimbal_yaw_deg, 360) || !InRange(cue.gimbal_pitch_deg, 180) ||
      !InRange(cue.gimbal_roll_deg, 180)) {
    return "a gimbal angle that is none";
  }
  return "";
}

void ReadText(std::string_view text, DjiCue& cue) {
  cue.local_time = ReadLocalTime(text);
  cue.latitude_deg = FirstOf(text, {"latitude"});
  cue.longitude_deg = FirstOf(text, {"longitude", "longtitude"});
  if (!cue.latitude_deg) ReadGpsTriple(text, cue);
  if (!cue.latitude_deg || !cue.longitude_deg) cue.latitude_deg = cue.longitude_deg = std::nullopt;
  cue.relative_height_m = FirstOf(text, {"rel_alt", "BAROMETER"});
  if (!cue.relative_height_m) cue.relative_height_m = HeightLetter(text);
  cue.absolute_height_m = FirstOf(text, {"abs_alt", "altitude"});
  cue.gimbal_yaw_deg = FirstOf(text, {"gb_yaw"});
  cue.gimbal_pitch_deg = FirstOf(text, {"gb_pitch"});
  cue.gimbal_roll_deg = FirstOf(text, {"gb_roll"});
  cue.focal_length_mm = FirstOf(text, {"focal_len"});
  if (const auto count = FirstOf(text, {"FrameCnt", "SrtCnt"});
      count && *count >= 0 && *count < 1e9)
    cue.picture = static_cast<std::uint64_t>(*count);
  // No fix yet: the middle of the Atlantic, to the last digit.
  if (cue.latitude_deg == 0.0 && cue.longitude_deg == 0.0)
    cue.latitude_deg = cue.longitude_deg = std::nullopt;
  cue.problem = ProblemOf(cue);
}

std::optional<std::uint64_t> WholeNumber(const std::string& text) {
  std::string_view digits = text;
  if (digits.starts_with("\xEF\xBB\xBF")) digits.remove_prefix(3);  // byte order mark
  std::uint64_t value = 0;
  const auto got = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (got.ec != std::errc() || got.ptr != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

std::vector<DjiCue> DjiSrtReader::Push(Bytes bytes) {
  std::vector<DjiCue> cues;
  for (const std::uint8_t byte : bytes) {
    ++offset_;
    if (byte == '\n') {
      if (line_.text.ends_with('\r')) line_.text.pop_back();
      TakeLine(std::exchange(line_, {offset_, {}}), cues);
    } else if (line_.text.size() < kMaxCue) {
      line_.text.push_back(static_cast<char>(byte));
    } else {
      cut_ = true;
    }
  }
  return cues;
}

std::vector<DjiCue> DjiSrtReader::Finish() {
  std::vector<DjiCue> cues;
  if (!line_.text.empty()) TakeLine(std::exchange(line_, {offset_, {}}), cues);
  if (last_) {
    open_.push_back(std::move(*last_));
    last_.reset();
  }
  CloseCue(offset_, cues);
  return cues;
}

void DjiSrtReader::TakeLine(Line line, std::vector<DjiCue>& cues) {
  if (line.text.find(kArrow) != std::string::npos) {
    // The line before, when it is a number, is this cue's.
    std::optional<Line> number;
    if (last_ && WholeNumber(last_->text)) number = std::exchange(last_, std::nullopt);
    if (last_) open_.push_back(std::move(*last_));
    last_.reset();
    CloseCue(number ? number->offset : line.offset, cues);
    number_ = std::move(number);
    open_.push_back(std::move(line));
    return;
  }
  if (line.text.empty()) return;
  if (last_) {
    open_bytes_ += last_->text.size();
    if (open_bytes_ <= kMaxCue) {
      open_.push_back(std::move(*last_));
    } else {
      cut_ = true;
    }
  }
  last_ = std::move(line);
}

void DjiSrtReader::CloseCue(std::uint64_t end, std::vector<DjiCue>& cues) {
  const std::vector<Line> lines = std::exchange(open_, {});
  const bool cut = std::exchange(cut_, false);
  open_bytes_ = 0;
  if (lines.empty()) return;
  DjiCue cue;
  cue.offset = number_ ? number_->offset : lines.front().offset;
  cue.length = end - cue.offset;
  if (number_) cue.number = WholeNumber(number_->text).value_or(0);
  number_.reset();
  if (lines.front().text.find(kArrow) == std::string::npos) {
    cue.problem = "no cue: expected a line with --> between two times";
  } else if (!ReadTimes(lines.front().text, cue)) {
    cue.problem = "the times of the cue are none: expected 00:00:00,000 --> 00:00:00,033";
  } else if (cut) {
    cue.problem = fmt::format("a cue of more than {} bytes", kMaxCue);
  } else {
    std::string text;
    for (std::size_t i = 1; i < lines.size(); ++i) text += lines[i].text + ' ';
    ReadText(text, cue);
  }
  cues.push_back(std::move(cue));
}

bool LooksLikeDjiSrt(std::string_view start) {
  const std::string_view head = start.substr(0, 2048);
  const std::size_t arrow = head.find(kArrow);
  if (arrow == std::string_view::npos || arrow > 64) return false;
  const std::size_t before = head.rfind('\n', arrow);
  const std::size_t line = before == std::string_view::npos ? 0 : before + 1;
  DjiCue cue;
  if (!ReadTimes(std::string(head.substr(line, head.find('\n', arrow) - line)), cue)) return false;
  const auto says = [&](const char* word) { return head.find(word) != std::string_view::npos; };
  return says("latitude") || says("GPS(") || says("GPS (") || says("rel_alt") || says("FrameCnt") ||
         says("SrtCnt");
}

}  // namespace trucewatch
