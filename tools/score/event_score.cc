// SPDX-License-Identifier: Apache-2.0
#include "tools/score/event_score.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "core/config/text_config.h"

namespace trucewatch::tools {
namespace {

using v1::config::EventLine;
using v1::config::TruthExpectation;

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

// Centroid of a group's vehicles at the truth's time step nearest to `time`, at most one second
// away.
std::optional<Geodetic> CentroidAt(const EventTruth& truth, const std::string& group,
                                   Instant time) {
  const Duration half_step = Duration::Millis(500);
  double lat = 0;
  double lon = 0;
  int count = 0;
  for (const TruePlace& place : truth.places) {
    if (place.group != group || place.time < time - half_step || place.time >= time + half_step)
      continue;
    lat += place.position.latitude.deg();
    lon += place.position.longitude.deg();
    ++count;
  }
  if (count == 0) return std::nullopt;
  return Geodetic::FromDegrees(lat / count, lon / count, 0);
}

// The last line of an event says where it ended up.
struct Event {
  EventLine last;
  std::string group;                // true group it belongs to; empty: none
  std::optional<Instant> verified;  // when it became so
};

std::string GroupOf(const EventTruth& truth, const EventLine& line) {
  const auto time = ParseUtc(line.time_last_utc());
  if (!time || line.geometry().coordinates_size() < 2) return {};
  const Geodetic at =
      Geodetic::FromDegrees(line.geometry().coordinates(1), line.geometry().coordinates(0), 0);
  std::string best;
  double best_m = kMatchM;
  for (const TruthExpectation& expectation : truth.truth.expected()) {
    const auto centroid = CentroidAt(truth, expectation.group(), *time);
    if (!centroid) continue;
    const double distance_m = GeodesicDistanceM(*centroid, at);
    if (distance_m < best_m) {
      best_m = distance_m;
      best = expectation.group();
    }
  }
  return best;
}

std::map<std::string, Event> EventsById(const EventTruth& truth,
                                        const std::vector<EventLine>& lines) {
  std::map<std::string, Event> events;
  for (const EventLine& line : lines) {
    if (line.state() == "NOTIFIED") continue;
    Event& event = events[line.event_id()];
    event.last = line;
    if (line.state() == "VERIFIED" && !event.verified) {
      const auto time = ParseUtc(line.published_utc());
      if (time) event.verified = *time;
    }
  }
  for (auto& [id, event] : events) event.group = GroupOf(truth, event.last);
  return events;
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
  std::vector<EventLine> lines;
  std::istringstream in(text);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    EventLine event;
    TW_RETURN_IF_ERROR(ParseJson(line, fmt::format("{}:{}", file_name, number), &event));
    lines.push_back(std::move(event));
  }
  return lines;
}

EventScore ScoreEvents(const EventTruth& truth, const std::vector<EventLine>& lines) {
  EventScore score;
  const std::map<std::string, Event> events = EventsById(truth, lines);
  score.events = static_cast<int>(events.size());
  std::set<std::string> asked_for;
  int verified_expected = 0;
  int verified_found = 0;
  for (const TruthExpectation& e : truth.truth.expected()) {
    std::vector<const Event*> own;
    for (const auto& [id, event] : events) {
      if (event.group == e.group()) own.push_back(&event);
    }
    int notified = 0;
    for (const EventLine& line : lines) {
      notified += line.state() == "NOTIFIED" && line.notification() == e.notification() ? 1 : 0;
    }
    Expected out;
    std::string states;
    for (const Event* event : own) {
      states += fmt::format("{}{} with {} to {} vehicles", states.empty() ? "" : "; ",
                            event->last.state(), event->last.count_min(), event->last.count_max());
    }
    if (e.expect() == "VERIFIED") {
      ++verified_expected;
      out.sentence =
          fmt::format("{}: {} vehicles, exactly one VERIFIED event of rule {} in zone {}",
                      e.group(), e.count(), e.rule(), e.zone());
      const bool right = own.size() == 1 && own[0]->verified && own[0]->last.rule() == e.rule() &&
                         own[0]->last.zone() == e.zone();
      out.met = right;
      out.found = own.empty() ? "no event" : states;
      if (right) {
        ++verified_found;
        ++score.matched;
        asked_for.insert(own[0]->last.event_id());
        const auto first = ParseUtc(e.time_first_utc());
        const double delay_s = first ? (*own[0]->verified - *first).seconds() : 0.0;
        score.mean_delay_s += delay_s;
        score.mean_count_error += std::max(
            {0, own[0]->last.count_min() - e.count(), e.count() - own[0]->last.count_max()});
        out.found += fmt::format(", {:.0f} s after the first vehicle entered", delay_s);
      } else {
        ++score.missed;
      }
    } else if (e.expect() == "NOTIFIED") {
      out.sentence = fmt::format("{}: notified movement {}, on record once and no event", e.group(),
                                 e.notification());
      out.met = notified == 1 && own.empty();
      out.found = fmt::format("{} time{} on record{}", notified, notified == 1 ? "" : "s",
                              own.empty() ? ", no event" : "; " + states);
    } else {
      out.sentence = fmt::format("{}: no event", e.group());
      out.met = own.empty();
      out.found = own.empty() ? "no event" : states;
    }
    score.all_met = score.all_met && out.met;
    score.expectations.push_back(std::move(out));
  }
  int verified_events = 0;
  std::string others;
  for (const auto& [id, event] : events) {
    verified_events += event.verified ? 1 : 0;
    if (asked_for.contains(id)) continue;
    ++score.unexpected;
    others += fmt::format("{}{} at {} ({})", others.empty() ? "" : "; ", event.last.state(),
                          event.last.time_first_utc(),
                          event.group.empty() ? "no true group" : event.group);
  }
  score.expectations.push_back({.sentence = "everybody else, civilian traffic included: no event",
                                .met = score.unexpected == 0,
                                .found = others.empty() ? "no event" : others});
  score.all_met = score.all_met && score.unexpected == 0;
  if (verified_events > 0) score.precision = static_cast<double>(verified_found) / verified_events;
  if (verified_expected > 0) score.recall = static_cast<double>(verified_found) / verified_expected;
  if (verified_found > 0) {
    score.mean_delay_s /= verified_found;
    score.mean_count_error /= verified_found;
  }
  return score;
}

}  // namespace trucewatch::tools
