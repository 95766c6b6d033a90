// SPDX-License-Identifier: Apache-2.0
#include "tests/verify/scenario_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

namespace trucewatch::testing {
namespace {

// Terms that every scenario's agreement has; the demo's, with patrols.
constexpr const char* kCommonTerms = R"(
title: "Scenario" edition: "1"
party { side: A name: "North" }
party { side: B name: "South" }
phase { id: "ceasefire" start_utc: "2026-02-20T00:00:00Z" end_utc: "2026-03-22T00:00:00Z" }
map_sigma_m: 5
min_group_size: 4
corroboration {
  breaking_ancestor: SENSOR breaking_ancestor: PLATFORM breaking_ancestor: STATION
  breaking_ancestor: CLOCK breaking_ancestor: GEOREFERENCE breaking_ancestor: MODEL
  breaking_ancestor: DERIVED_FROM
  human_radius_m: 300 human_recent_s: 600
  min_updates: 3 recent_s: 10 member_share_ratio: 0.5
}
event_identity { distance_m: 500 velocity_mps: 5 acceleration_mps2: 0.2 reopen_s: 300 }
notification { min_probability: 0.7 recognise_s: 5 leave_s: 10 }
)";

std::vector<std::string> Words(const std::string& line) {
  std::vector<std::string> out;
  std::istringstream in(line);
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

std::string PointText(const char* field, const Eigen::Vector2d& en_m) {
  const Geodetic place = Place(en_m.x(), en_m.y());
  return fmt::format("{} {{ lat_deg: {:.9f} lon_deg: {:.9f} }}", field, place.latitude.deg(),
                     place.longitude.deg());
}

std::optional<double> Number(const std::string& word) {
  double value = 0.0;
  const char* end = word.data() + word.size();
  const auto [rest, failed] = std::from_chars(word.data(), end, value);
  if (failed != std::errc() || rest != end) return std::nullopt;
  return value;
}

// "12:01:30" or "2d12:01:30", as for At().
std::optional<double> Seconds(std::string word) {
  double days = 0.0;
  if (const auto d = word.find('d'); d != std::string::npos) {
    const auto number = Number(word.substr(0, d));
    if (!number) return std::nullopt;
    days = *number;
    word.erase(0, d + 1);
  }
  if (word.size() != 8 || word[2] != ':' || word[5] != ':') return std::nullopt;
  const auto h = Number(word.substr(0, 2));
  const auto m = Number(word.substr(3, 2));
  const auto s = Number(word.substr(6, 2));
  if (!h || !m || !s) return std::nullopt;
  return 86'400.0 * days + 3600.0 * (*h - 12.0) + 60.0 * *m + *s;
}

class Reader {
 public:
  Result<ScenarioText> Read(const std::string& text);

 private:
  using Step = Result<void>;
  Step ReadMap(const std::vector<std::string>& rows);
  Step ReadLine(const std::string& line);
  Step ReadMover(const std::string& line, std::size_t colon);
  Step ReadSensor(const std::vector<std::string>& words);
  Step ReadPass(const std::string& line, std::size_t colon);
  Step ReadExpectation(const std::string& line, const std::vector<std::string>& words);
  std::optional<Eigen::Vector2d> PlaceOf(const std::string& word) const;
  // Replaces "@a" by the place's latitude and longitude.
  Result<std::string> WithPlaces(const std::string& text) const;
  Result<void> Bad(const std::string& expected) const {
    return Fail(ErrorCode::kBadInput, "line {}: expected {}", line_, expected);
  }

  ScenarioText out_;
  std::vector<std::string> rules_;
  std::string thresholds_ =
      "candidate { min_probability: 0.8 min_duration_s: 3 } "
      "verified { min_probability: 0.95 min_duration_s: 10 }";
  int line_ = 0;
};

std::optional<Eigen::Vector2d> Reader::PlaceOf(const std::string& word) const {
  if (word.empty() || !out_.places.contains(word[0])) return std::nullopt;
  Eigen::Vector2d place = out_.places.at(word[0]);
  if (word.size() == 1) return place;
  const auto comma = word.find(',');
  if (comma == std::string::npos) return std::nullopt;
  const std::size_t begin = word[1] == '+' ? 2 : 1;
  const auto east = Number(word.substr(begin, comma - begin));
  const auto north = Number(word.substr(comma + 1));
  if (!east || !north) return std::nullopt;
  return Eigen::Vector2d(place + Eigen::Vector2d(*east, *north));
}

Result<std::string> Reader::WithPlaces(const std::string& text) const {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '@') {
      out += text[i];
      continue;
    }
    const std::size_t end = std::min(text.find_first_of(" }", i), text.size());
    const auto place = PlaceOf(text.substr(i + 1, end - i - 1));
    if (!place)
      return Fail(ErrorCode::kBadInput, "line {}: there is no place {}", line_,
                  text.substr(i, end - i));
    const Geodetic there = Place(place->x(), place->y());
    out += fmt::format("{{ lat_deg: {:.9f} lon_deg: {:.9f} }}", there.latitude.deg(),
                       there.longitude.deg());
    i = end - 1;
  }
  return out;
}

Result<void> Reader::ReadMap(const std::vector<std::string>& rows) {
  std::size_t columns = 0;
  for (const std::string& row : rows) columns = std::max(columns, Words(row).size());
  std::map<std::size_t, Eigen::Vector2d> line;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto letters = Words(rows[r]);
    for (std::size_t c = 0; c < letters.size(); ++c) {
      if (letters[c].size() != 1) return Bad("letters with spaces between them in the map");
      const char letter = letters[c][0];
      const Eigen::Vector2d middle(
          (static_cast<double>(c) - 0.5 * static_cast<double>(columns - 1)) * out_.cell_m,
          (0.5 * static_cast<double>(rows.size() - 1) - static_cast<double>(r)) * out_.cell_m);
      const Eigen::Vector2d half = Eigen::Vector2d::Constant(0.5 * out_.cell_m);
      if (letter >= 'A' && letter <= 'Z') {
        auto [at, fresh] = out_.zones.try_emplace(letter, ScenarioText::Box{middle, middle});
        ScenarioText::Box& box = at->second;
        if (fresh) box = {middle - half, middle + half};
        box.low_en_m = box.low_en_m.cwiseMin(middle - half);
        box.high_en_m = box.high_en_m.cwiseMax(middle + half);
      } else if (letter >= 'a' && letter <= 'z') {
        out_.places[letter] = middle;
      } else if (letter == '=') {
        line[c] = middle;
      } else if (letter != '.') {
        return Bad("'.', '=', capitals and small letters in the map");
      }
    }
  }
  for (const auto& [column, place] : line) out_.line.push_back(place);
  return {};
}

Result<void> Reader::ReadMover(const std::string& line, std::size_t colon) {
  const auto words = Words(line.substr(0, colon));
  ScenarioText::Mover mover;
  const auto count = words.size() >= 3 ? Number(words[1]) : std::nullopt;
  if (!count) return Bad("a name, a number and what it is, as in \"convoy 8 tracked: ...\"");
  mover.name = words[0];
  mover.count = static_cast<int>(*count);
  const std::map<std::string, ObjectClass> classes = {{"vehicles", ObjectClass::kUnknownVehicle},
                                                      {"light", ObjectClass::kLightVehicle},
                                                      {"trucks", ObjectClass::kTruck},
                                                      {"tracked", ObjectClass::kTrackedVehicle},
                                                      {"people", ObjectClass::kPersonGroup}};
  if (!classes.contains(words[2])) return Bad("vehicles, light, trucks, tracked or people");
  mover.object_class = classes.at(words[2]);
  mover.whole = mover.object_class == ObjectClass::kPersonGroup;
  for (std::size_t i = 3; i < words.size(); ++i) {
    if (words[i] == "parked") {
      mover.whole = true;
    } else if (words[i] == "spacing" && i + 1 < words.size() && Number(words[i + 1])) {
      mover.spacing_m = *Number(words[++i]);
    } else {
      return Bad("\"parked\" or \"spacing METRES\"");
    }
  }
  std::string rest = line.substr(colon + 1);
  for (std::size_t from = 0; from < rest.size();) {
    // Stops are separated by ", ", so that a place may have a comma of its own.
    const std::size_t comma = std::min(rest.find(", ", from), rest.size());
    const auto stop = Words(rest.substr(from, comma - from));
    const auto time = stop.size() == 2 ? Seconds(stop[0]) : std::nullopt;
    const auto place = stop.size() == 2 ? PlaceOf(stop[1]) : std::nullopt;
    if (!time || !place) return Bad("a time and a place, as in \"12:00:00 a\"");
    if (!mover.stops.empty() && *time <= mover.stops.back().time_s) return Bad("a later time");
    mover.stops.push_back({*time, *place});
    from = comma + 1;
  }
  if (mover.stops.size() < 2) return Bad("at least two stops");
  out_.movers.push_back(std::move(mover));
  return {};
}

Result<void> Reader::ReadSensor(const std::vector<std::string>& words) {
  if (words[0] == "copy") {
    if (words.size() != 4 || words[2] != "as" || !out_.sensors.contains(words[1]))
      return Bad("\"copy SENSOR as NAME\"");
    ScenarioText::Sensor copy = out_.sensors.at(words[1]);
    copy.eye.source.value = words[3];
    copy.copy_of = words[1];
    out_.sensors[words[3]] = std::move(copy);
    return {};
  }
  const std::string& name = words[0];
  const std::map<std::string, Eye> known = {
      {"drone", Drone()}, {"drone2", SecondDrone()}, {"radar", Radar()}};
  if (!known.contains(name)) return Bad("a statement or one of drone, drone2, radar");
  ScenarioText::Sensor& sensor = out_.sensors[name];
  sensor.eye.source = known.at(name).source;
  if (sensor.eye.lineage.sensor.empty()) sensor.eye.lineage = known.at(name).lineage;
  if (words.size() == 3 && words[1] == "sees") {
    if (words[2] == "all") return {};
    if (words[2].size() != 1 || !out_.zones.contains(words[2][0])) return Bad("a zone or \"all\"");
    sensor.sees = out_.zones.at(words[2][0]);
    return {};
  }
  if (words.size() == 4 && words[1] == "out" && Seconds(words[2]) && Seconds(words[3])) {
    sensor.out_s.push_back({*Seconds(words[2]), *Seconds(words[3])});
    return {};
  }
  if (words.size() == 4 && words[1] == "clock" && Number(words[2]) && words[3] == "slow") {
    sensor.slow_s = *Number(words[2]);
    return {};
  }
  if (words.size() == 4 && words[1] == "shares" && out_.sensors.contains(words[3])) {
    const Lineage& other = out_.sensors.at(words[3]).eye.lineage;
    Lineage& own = out_.sensors[name].eye.lineage;
    if (words[2] == "platform") own.platform = other.platform;
    if (words[2] == "station") own.station = other.station;
    if (words[2] == "clock") own.clock = other.clock;
    if (words[2] == "georeference") own.georeference = other.georeference;
    return {};
  }
  return Bad(
      "\"sees ZONE\", \"out FROM TO\", \"clock SECONDS slow\" or \"shares ANCESTOR SENSOR\"");
}

Result<void> Reader::ReadPass(const std::string& line, std::size_t colon) {
  const auto words = Words(line.substr(0, colon));
  const auto from = words.size() == 3 ? Seconds(words[1]) : std::nullopt;
  const auto to = words.size() == 3 ? Seconds(words[2]) : std::nullopt;
  if (!from || !to) return Bad("\"pass FROM TO: PLACE vanished PROBABILITY\"");
  std::vector<SiteChange> changes;
  const auto rest = Words(line.substr(colon + 1));
  for (std::size_t i = 0; i + 2 < rest.size(); i += 3) {
    const auto place = PlaceOf(rest[i]);
    const bool known = rest[i + 1] == "vanished" || rest[i + 1] == "appeared";
    const auto probability = Number(rest[i + 2].substr(0, rest[i + 2].find(',')));
    if (!place || !known || !probability) return Bad("\"PLACE vanished|appeared PROBABILITY\"");
    changes.push_back(
        Change(rest[i + 1] == "vanished" ? ChangeKind::kVanished : ChangeKind::kAppeared, *place,
               *probability));
  }
  out_.looks.push_back(Pass(*from, *to, changes));
  return {};
}

Result<void> Reader::ReadExpectation(const std::string& line,
                                     const std::vector<std::string>& words) {
  const auto quoted = [&]() -> std::string {
    const auto open = line.find('"');
    const auto close = line.rfind('"');
    return open < close ? line.substr(open + 1, close - open - 1) : "";
  };
  const std::map<std::string, EventState> states = {{"candidate", EventState::kCandidate},
                                                    {"corroborated", EventState::kCorroborated},
                                                    {"verified", EventState::kVerified}};
  if (words.size() < 2) return Bad("what is expected");
  if (words[1] == "nothing") return {};
  if (words[1] == "says" && !quoted().empty()) {
    out_.expected_words.push_back(quoted());
  } else if (words[1] == "heartbeat" && !quoted().empty()) {
    out_.expected_heartbeats.push_back(quoted());
  } else if (words[1] == "notified" && words.size() == 3) {
    out_.expected_notified.push_back(words[2]);
  } else {
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (!states.contains(words[i]))
        return Bad("nothing, says, heartbeat, notified, or states of an event");
      out_.expected.push_back(states.at(words[i]));
    }
  }
  return {};
}

Result<void> Reader::ReadLine(const std::string& line) {
  const auto words = Words(line);
  const auto colon = line.find(": ");
  const auto after = [&](const std::string& word) {
    return line.substr(line.find(word) + word.size());
  };
  if (words[0] == "zone") {
    const auto open = line.find('"');
    if (words.size() < 3 || words[1].size() != 1 || !out_.zones.contains(words[1][0]) ||
        open == std::string::npos)
      return Bad("a letter of the map and a name in quotation marks");
    const ScenarioText::Box& box = out_.zones.at(words[1][0]);
    out_.agreement_text +=
        fmt::format("zone {{ id: \"{}\" name: {} side: NEITHER", words[1], line.substr(open));
    for (const Eigen::Vector2d& corner :
         {box.low_en_m, Eigen::Vector2d(box.high_en_m.x(), box.low_en_m.y()), box.high_en_m,
          Eigen::Vector2d(box.low_en_m.x(), box.high_en_m.y())})
      out_.agreement_text += " " + PointText("vertex", corner);
    out_.agreement_text += " }\n";
    return {};
  }
  if (words[0] == "line") {
    const auto open = line.find('"');
    const auto close = line.rfind('"');
    if (open >= close || out_.line.size() < 2 ||
        (words.back() != "north" && words.back() != "south"))
      return Bad("a name and \"behind north\" or \"behind south\", and a line in the map");
    out_.agreement_text += fmt::format("line {{ id: \"line\" name: {} side: NEITHER behind: {}",
                                       line.substr(open, close - open + 1),
                                       words.back() == "north" ? "LEFT" : "RIGHT");
    for (const Eigen::Vector2d& point : out_.line)
      out_.agreement_text += " " + PointText("point", point);
    out_.agreement_text += " }\n";
    return {};
  }
  if (words[0] == "agreement" || words[0] == "rule") {
    TW_ASSIGN_OR_RETURN(const std::string text, WithPlaces(after(words[0])));
    if (words[0] == "agreement") {
      out_.agreement_text += text + "\n";
    } else {
      rules_.push_back(text);
    }
    return {};
  }
  if (words[0] == "thresholds") {
    if (words.size() != 5) return Bad("four numbers");
    thresholds_ = fmt::format(
        "candidate {{ min_probability: {} min_duration_s: {} }} verified {{ min_probability: {} "
        "min_duration_s: {} }}",
        words[1], words[2], words[3], words[4]);
    return {};
  }
  if (words[0] == "expect") return ReadExpectation(line, words);
  if (words[0] == "pass" && colon != std::string::npos) return ReadPass(line, colon);
  if (words[0] == "run") {
    const auto from = words.size() >= 3 ? Seconds(words[1]) : std::nullopt;
    const auto to = words.size() >= 3 ? Seconds(words[2]) : std::nullopt;
    if (!from || !to) return Bad("\"run FROM TO\" or \"run FROM TO every SECONDS\"");
    out_.from_s = *from;
    out_.to_s = *to;
    if (words.size() == 5 && Number(words[4])) out_.step_s = *Number(words[4]);
    return {};
  }
  if (words[0] == "errors" && words.size() == 2 && Number(words[1])) {
    out_.sigma_m = *Number(words[1]);
    return {};
  }
  if (words[0] == "look" || words[0] == "look2") {
    const auto time = words.size() == 4 ? Seconds(words[1]) : std::nullopt;
    const auto seen = words.size() == 4 ? Number(words[3]) : std::nullopt;
    if (!time || !seen || !out_.zones.contains(words[2][0])) return Bad("\"look TIME ZONE P\"");
    const ScenarioText::Box& box = out_.zones.at(words[2][0]);
    SettledLook look = Pass(*time - 1.0, *time, {});
    look.baseline.reset();
    look.standing_vehicle_probability = *seen;
    if (words[0] == "look2") {
      look.source.value = "sat2";
      look.lineage = {
          Modality::kSatelliteSar, "sat2", "EX-SAT-2", "station5", "gps-sat2", "rpc-sat2", "", ""};
    }
    look.footprint = {Place(box.low_en_m.x() - 50, box.low_en_m.y() - 50),
                      Place(box.high_en_m.x() + 50, box.low_en_m.y() - 50),
                      Place(box.high_en_m.x() + 50, box.high_en_m.y() + 50),
                      Place(box.low_en_m.x() - 50, box.high_en_m.y() + 50)};
    out_.looks.push_back(std::move(look));
    return {};
  }
  if (words[0] == "record") {
    const auto time = words.size() == 4 ? Seconds(words[1]) : std::nullopt;
    const auto place = words.size() == 4 ? PlaceOf(words[2]) : std::nullopt;
    const auto count = words.size() == 4 ? Number(words[3]) : std::nullopt;
    if (!time || !place || !count) return Bad("\"record TIME PLACE COUNT\"");
    out_.records.push_back(Observation(fmt::format("r{}", out_.records.size() + 1), *time, *place,
                                       static_cast<int>(*count)));
    return {};
  }
  if (colon != std::string::npos) return ReadMover(line, colon);
  return ReadSensor(words);
}

Result<ScenarioText> Reader::Read(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> rows;
  bool in_map = false;
  for (std::string line; std::getline(in, line);) {
    ++line_;
    if (const auto comment = line.find("//"); comment != std::string::npos) line.erase(comment);
    const auto words = Words(line);
    if (in_map && !words.empty()) {
      rows.push_back(line);
      continue;
    }
    if (in_map) {
      TW_RETURN_IF_ERROR(ReadMap(rows));
      in_map = false;
    }
    if (words.empty()) continue;
    if (words[0] == "map") {
      const auto cell = words.size() == 3 ? Number(words[1]) : std::nullopt;
      if (!cell || *cell <= 0.0)
        return Fail(ErrorCode::kBadInput, "line {}: expected \"map METRES m\"", line_);
      out_.cell_m = *cell;
      in_map = true;
      continue;
    }
    // A line may hold several statements about sensors.
    std::istringstream parts(line.substr(line.find_first_not_of(' ')));
    const bool several =
        line.find("; ") != std::string::npos && line.find_first_of("{\"") == std::string::npos;
    for (std::string part; several ? static_cast<bool>(std::getline(parts, part, ';'))
                                   : static_cast<bool>(std::getline(parts, part));)
      TW_RETURN_IF_ERROR(ReadLine(part.substr(part.find_first_not_of(' '))));
  }
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    // "KIND fields"
    const auto words = Words(rules_[i]);
    const std::string fields = rules_[i].substr(rules_[i].find(words[0]) + words[0].size());
    out_.agreement_text +=
        fmt::format("rule {{ id: \"r{}\" clause: \"Clause {}\" kind: {}{} {} }}\n", i + 1, i + 1,
                    words[0], fields, thresholds_);
  }
  out_.agreement_text += kCommonTerms;
  std::stable_sort(out_.looks.begin(), out_.looks.end(),
                   [](const SettledLook& a, const SettledLook& b) { return a.time < b.time; });
  return std::move(out_);
}

}  // namespace

Result<ScenarioText> ParseScenario(const std::string& text) { return Reader().Read(text); }

}  // namespace trucewatch::testing
