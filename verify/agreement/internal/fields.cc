// SPDX-License-Identifier: Apache-2.0
#include "verify/agreement/internal/fields.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/time/leap_seconds.h"

namespace trucewatch::internal {
namespace {

namespace config = v1::config;

constexpr int kMaxVertices = 2000;
constexpr double kMaxRadiusM = 100'000.0;

// "D+3 21:00:00" or "D-1 18:30:00": the time from D on.
std::optional<Duration> ReadDays(std::string_view text) {
  int days = 0;
  if (text.size() < 2 || (text[1] != '+' && text[1] != '-')) return std::nullopt;
  const char* const end = text.data() + text.size();
  const auto [rest, failed] = std::from_chars(text.data() + 2, end, days);
  if (failed != std::errc() || days < 0 || days > 36'500 || rest == end || *rest != ' ')
    return std::nullopt;
  const auto clock = ParseUtc(
      fmt::format("1970-01-01T{}Z", text.substr(static_cast<std::size_t>(rest + 1 - text.data()))));
  if (!clock) return std::nullopt;
  return Duration::Seconds(std::int64_t{text[1] == '-' ? -days : days} * 86'400) +
         (*clock - Instant());
}

// The midnight that follows on 23:59:60 of a day.
std::optional<Instant> MidnightAfter(const std::string& text) {
  const std::size_t at = text.find("T23:59:60Z");
  if (at == std::string::npos) return std::nullopt;
  const auto before = ParseUtc(text.substr(0, at) + "T23:59:59Z");
  if (!before) return std::nullopt;
  return *before + Duration::Seconds(1);
}

// 23:59:60 of a day that had it. In the POSIX count of core/time it is the same instant as the
// midnight that follows, so a phase that begins with it begins with the new day.
std::optional<Instant> LeapSecond(const std::string& text) {
  const auto midnight = MidnightAfter(text);
  if (!midnight ||
      TaiMinusUtcSeconds(*midnight) == TaiMinusUtcSeconds(*midnight - Duration::Seconds(1)))
    return std::nullopt;
  return midnight;
}

}  // namespace

bool Findings::Range(const std::string& path, double value, double low, double high) {
  if (std::isfinite(value) && value >= low && value <= high) return true;
  Error(path, fmt::format("{} is out of range; expected {} to {}", value, low, high));
  return false;
}

bool Findings::Required(const std::string& path, const std::string& value) {
  if (!value.empty()) return true;
  Error(path, "is missing; it is required");
  return false;
}

std::string At(const char* list, int index) { return fmt::format("{}[{}]", list, index); }

Side SideOf(config::Party::Side side) {
  return side == config::Party::A ? Side::kA : side == config::Party::B ? Side::kB : Side::kNeither;
}

// An id is written into findings and compared, never shown to officers as a name.
void CheckId(const std::string& path, const std::string& id, std::set<std::string>& taken,
             Findings& findings) {
  if (!findings.Required(path, id)) return;
  const bool plain = id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
                     });
  if (!plain) {
    findings.Error(
        path,
        fmt::format("\"{}\" is no id; expected 1 to 64 letters, digits, '.', '-' or '_'", id));
  } else if (!taken.insert(id).second) {
    findings.Error(path, fmt::format("the id \"{}\" is used twice; every id may be used once", id));
  }
}

std::optional<Instant> Time(const std::string& path, const std::string& text, Findings& findings) {
  static constexpr const char* kForms =
      "the form 2026-03-01T21:00:00Z, or D+3 21:00:00 when the agreement says what day D is";
  if (text.empty()) {
    findings.Error(path, fmt::format("is missing; expected a date and time in UTC of {}", kForms));
    return std::nullopt;
  }
  if (text[0] == 'D') {
    const auto days = ReadDays(text);
    if (!days) {
      findings.Error(path, fmt::format("\"{}\" is no day and time; expected {}", text, kForms));
      return std::nullopt;
    }
    if (!findings.day_zero) {
      findings.Error(path, fmt::format("\"{}\" counts from day D, but the agreement does not say "
                                       "which day that is; expected day_zero_utc",
                                       text));
      return std::nullopt;
    }
    return *findings.day_zero + *days;
  }
  if (const auto leap = LeapSecond(text)) return leap;
  const auto time = ParseUtc(text);
  const auto midnight = MidnightAfter(text);
  if (!time && midnight) {
    findings.Error(path, fmt::format("\"{}\" is no time in UTC", text),
                   "No leap second is known to fall on that day.",
                   fmt::format("Write {}.", FormatUtc(*midnight)));
    return std::nullopt;
  }
  if (!time) {
    findings.Error(path,
                   fmt::format("\"{}\" is no date and time in UTC; expected {}", text, kForms));
    return std::nullopt;
  }
  return *time;
}

std::optional<std::vector<Geodetic>> Places(
    const std::string& path, const google::protobuf::RepeatedPtrField<config::Point>& points,
    bool drawn, int least, Findings& findings) {
  if (points.empty() && drawn) {
    findings.Error(path,
                   "its points are still in the file they were drawn in; `trucewatch agreement "
                   "freeze` writes them into the agreement, which both sides then sign");
    return std::nullopt;
  }
  if (points.size() < least || points.size() > kMaxVertices) {
    findings.Error(
        path, fmt::format("has {} points; expected {} to {}", points.size(), least, kMaxVertices));
    return std::nullopt;
  }
  std::vector<Geodetic> places;
  bool good = true;
  for (int i = 0; i < points.size(); ++i) {
    const std::string here = fmt::format("{}[{}]", path, i);
    good &= findings.Range(here + ".lat_deg", points[i].lat_deg(), -90.0, 90.0);
    good &= findings.Range(here + ".lon_deg", points[i].lon_deg(), -180.0, 180.0);
    places.push_back(Geodetic::FromDegrees(points[i].lat_deg(), points[i].lon_deg(), 0.0));
  }
  if (!good) return std::nullopt;
  // What is larger was never drawn on one map, and the figures of accuracy do not hold for it.
  for (std::size_t i = 1; i < places.size(); ++i) {
    const double distance = GeodesicDistanceM(places.front(), places[i]);
    if (distance <= 2.0 * kMaxRadiusM) continue;
    findings.Error(
        fmt::format("{}[{}]", path, i),
        fmt::format("lies {:.0f} km from the first point; expected an area less than 200 km "
                    "across (are latitude and longitude in the right order?)",
                    distance / 1000.0));
    return std::nullopt;
  }
  return places;
}

std::vector<std::string> PhaseIds(const std::string& path,
                                  const google::protobuf::RepeatedPtrField<std::string>& ids,
                                  const std::vector<Phase>& phases, Findings& findings) {
  std::vector<std::string> out;
  for (int i = 0; i < ids.size(); ++i) {
    const bool known = std::any_of(phases.begin(), phases.end(),
                                   [&](const Phase& phase) { return phase.id == ids[i]; });
    if (known) {
      out.push_back(ids[i]);
      continue;
    }
    std::string names;
    for (const Phase& phase : phases) names += (names.empty() ? "" : ", ") + phase.id;
    findings.Error(fmt::format("{}[{}]", path, i),
                   fmt::format("there is no phase \"{}\"; expected one of: {}", ids[i], names));
  }
  return out;
}

std::vector<ObjectClass> Classes(const std::string& path,
                                 const google::protobuf::RepeatedField<int>& kinds, bool people,
                                 Findings& findings) {
  const char* known = people ? "ANY_VEHICLE, LIGHT_VEHICLE, TRUCK, TRACKED_VEHICLE, PEOPLE"
                             : "ANY_VEHICLE, LIGHT_VEHICLE, TRUCK, TRACKED_VEHICLE";
  if (kinds.empty())
    findings.Error(path, fmt::format("names no class; expected at least one of {}", known));
  std::set<ObjectClass> out;
  for (int i = 0; i < kinds.size(); ++i) {
    switch (kinds[i]) {
      case config::VehicleClass::ANY_VEHICLE:
        out.insert(ObjectClass::kUnknownVehicle);
        break;
      case config::VehicleClass::LIGHT_VEHICLE:
        out.insert(ObjectClass::kLightVehicle);
        break;
      case config::VehicleClass::TRUCK:
        out.insert(ObjectClass::kTruck);
        break;
      case config::VehicleClass::TRACKED_VEHICLE:
        out.insert(ObjectClass::kTrackedVehicle);
        break;
      case config::VehicleClass::PEOPLE:
        if (people) {
          out.insert(ObjectClass::kPersonGroup);
        } else {
          findings.Error(fmt::format("{}[{}]", path, i),
                         fmt::format("PEOPLE has a meaning for CONCENTRATION rules only; expected "
                                     "one of {}",
                                     known));
        }
        break;
      default:
        findings.Error(fmt::format("{}[{}]", path, i),
                       fmt::format("is no class; expected one of {}", known));
    }
  }
  if (out.contains(ObjectClass::kPersonGroup) && out.size() > 1)
    findings.Error(
        path,
        "names PEOPLE beside vehicles; people and vehicles are counted apart, so expected "
        "a rule for each");
  return {out.begin(), out.end()};
}

void BuildDayZero(const config::Agreement& message, Findings& findings) {
  if (message.day_zero_utc().empty()) return;
  const auto day = ParseUtc(message.day_zero_utc());
  if (!day || (*day - Instant()).micros() % Duration::Seconds(86'400).micros() != 0) {
    findings.Error("day_zero_utc",
                   fmt::format("\"{}\" is no midnight in UTC; day D begins at one, so expected the "
                               "form 2026-02-20T00:00:00Z",
                               message.day_zero_utc()));
    return;
  }
  findings.day_zero = *day;
}

}  // namespace trucewatch::internal
