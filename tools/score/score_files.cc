// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

#include "core/config/text_config.h"
#include "tools/score/event_score.h"

namespace trucewatch::tools {
namespace {

using v1::config::CoverageLine;
using v1::config::EventLine;

Result<void> ParseJson(const std::string& text, const std::string& where,
                       google::protobuf::Message* message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status = google::protobuf::util::JsonStringToMessage(text, message, options);
  if (!status.ok()) return Fail(ErrorCode::kBadInput, "{}: {}", where, status.ToString());
  return {};
}

// Columns of truth.csv that are needed, found by their names in its first line.
struct Columns {
  std::size_t time = 0, group = 0, latitude = 0, longitude = 0;
};

std::vector<std::string> SplitCsv(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  if (!line.empty() && line.back() == ',') cells.emplace_back();
  return cells;
}

Result<std::vector<TruePlace>> ParseTruthCsv(const std::string& text, const std::string& file) {
  std::istringstream in(text);
  std::string line;
  std::getline(in, line);
  const std::vector<std::string> header = SplitCsv(line);
  const auto column = [&](const char* name) -> std::optional<std::size_t> {
    const auto at = std::find(header.begin(), header.end(), name);
    if (at == header.end()) return std::nullopt;
    return static_cast<std::size_t>(at - header.begin());
  };
  const auto time = column("time_us"), group = column("group"), latitude = column("lat_deg"),
             longitude = column("lon_deg");
  if (!time || !group || !latitude || !longitude) {
    return Fail(ErrorCode::kBadInput, "{}:1: expected the columns time_us, group, lat_deg, lon_deg",
                file);
  }
  std::vector<TruePlace> places;
  for (int number = 2; std::getline(in, line); ++number) {
    const std::vector<std::string> cells = SplitCsv(line);
    const auto bad = [&] {
      return Fail(ErrorCode::kBadInput, "{}:{}: is no row of {} cells with numbers", file, number,
                  header.size());
    };
    if (cells.size() != header.size()) return bad();
    std::int64_t micros = 0;
    double lat = 0;
    double lon = 0;
    const auto read = [](const std::string& cell, auto* value) {
      const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), *value);
      return error == std::errc() && end == cell.data() + cell.size();
    };
    if (!read(cells[*time], &micros) || !read(cells[*latitude], &lat) ||
        !read(cells[*longitude], &lon)) {
      return bad();
    }
    places.push_back(
        {Instant::FromMicros(micros), cells[*group], Geodetic::FromDegrees(lat, lon, 0)});
  }
  return places;
}

// One JSON object a line; empty lines are passed over.
template <typename Line>
Result<std::vector<Line>> ParseLines(const std::string& text, const std::string& file_name) {
  std::vector<Line> lines;
  std::istringstream in(text);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    TW_RETURN_IF_ERROR(
        ParseJson(line, fmt::format("{}:{}", file_name, number), &lines.emplace_back()));
  }
  return lines;
}

}  // namespace

Result<EventTruth> LoadEventTruth(const std::string& recording) {
  EventTruth truth;
  const std::string json = recording + "/truth.json";
  const std::string csv = recording + "/truth.csv";
  TW_ASSIGN_OR_RETURN(const std::string json_text, ReadTextFile(json));
  TW_RETURN_IF_ERROR(ParseJson(json_text, json, &truth.truth));
  TW_ASSIGN_OR_RETURN(const std::string csv_text, ReadTextFile(csv));
  TW_ASSIGN_OR_RETURN(truth.places, ParseTruthCsv(csv_text, csv));
  return truth;
}

Result<std::vector<EventLine>> ParseEventLines(const std::string& text,
                                               const std::string& file_name) {
  return ParseLines<EventLine>(text, file_name);
}

Result<std::vector<CoverageLine>> ParseCoverageLines(const std::string& text,
                                                     const std::string& file_name) {
  return ParseLines<CoverageLine>(text, file_name);
}

}  // namespace trucewatch::tools
