// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/truth.h"

#include <algorithm>

#include "tools/simulate/flight.h"

namespace trucewatch::simulate {
namespace {

namespace config = v1::config;

// Somebody who strays a little out of the circle is still of the gathering.
constexpr double kCircleMarginM = 3.0;

Instant At(const Scenario& scenario, double t_s) {
  return scenario.start + Duration::FromSeconds(t_s);
}

// Ids and names of ours hold no control characters; quotes and backslashes are escaped.
std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "\"";
}

const config::StorageSite* SiteOf(const Scenario& scenario, const std::string& id) {
  for (const auto& site : scenario.config.storage_site()) {
    if (site.id() == id) return &site;
  }
  return nullptr;
}

const config::Convoy* ConvoyOf(const Scenario& scenario, const std::string& id) {
  for (const auto& convoy : scenario.config.convoy()) {
    if (convoy.id() == id) return &convoy;
  }
  return nullptr;
}

bool IsInside(const config::ExpectedEvent& expected, const Eigen::Vector2d& place) {
  return (place.array() >= ToVector(expected.zone_min()).array()).all() &&
         (place.array() <= ToVector(expected.zone_max()).array()).all();
}

// How many of a mover's objects are inside the zone, and where the first is. Of a gathering: those
// who have come within its circle.
int CountInside(const World& world, const Mover& mover, const config::ExpectedEvent& expected,
                double t_s, Eigen::Vector2d* where) {
  if (mover.kind == MoverKind::kGathering) {
    int inside = 0;
    for (const PersonPath& path : mover.paths) {
      const Eigen::Vector2d place = StateOfPerson(path, t_s).position;
      const double reach_m = 0.5 * mover.length_m + kCircleMarginM;
      inside += (place - mover.start).norm() <= reach_m && IsInside(expected, place) ? 1 : 0;
    }
    *where = mover.start;
    return inside;
  }
  const auto state = world.StateOf(mover, t_s);
  if (!state || !IsInside(expected, state->position)) return 0;
  *where = state->position;
  return 1;
}

void CsvRow(const Scenario& scenario, const LocalFrame& frame, int second, const Mover& mover,
            const MoverState& state, std::string& csv) {
  const Geodetic place = GroundPlace(frame, state.position);
  csv +=
      fmt::format("{},{},{},{},{:.8f},{:.8f},{:.3f},{:.3f},{:.2f},{:.2f},{}\n",
                  At(scenario, second).micros(), mover.id, MoverKindName(mover.kind), mover.group,
                  place.latitude.deg(), place.longitude.deg(), state.velocity_mps.x(),
                  state.velocity_mps.y(), mover.length_m, mover.width_m, CountOf(mover));
}

// What belongs to an expectation besides the stay in its zone.
std::string OtherKeys(const config::ExpectedEvent& e) {
  std::string json;
  const auto text = [&](const char* key, const std::string& value) {
    if (!value.empty()) json += fmt::format(", \"{}\": {}", key, Quoted(value));
  };
  text("title", e.title());
  text("corridor", e.corridor());
  text("source", e.source());
  text("record", e.record());
  if (e.count_tolerance() > 0)
    json += fmt::format(", \"count_tolerance\": {}", e.count_tolerance());
  if (e.min_share() > 0) json += fmt::format(", \"min_share\": {}", e.min_share());
  return json;
}

// COVERAGE_LOST: the radar's first outage.
std::string OutageKeys(const Scenario& scenario) {
  const auto& outages = scenario.config.radar().outage();
  if (outages.empty()) return {};
  return fmt::format(", \"time_first_utc\": \"{}\", \"time_last_utc\": \"{}\"",
                     FormatUtc(At(scenario, outages[0].start_s())),
                     FormatUtc(At(scenario, outages[0].end_s())));
}

bool IsAboutAGroup(const config::ExpectedEvent& e) {
  return e.expect() != config::ExpectedEvent::NOT_OBSERVED &&
         e.expect() != config::ExpectedEvent::COVERAGE_LOST &&
         e.expect() != config::ExpectedEvent::CASE;
}

}  // namespace

std::string TruthCsv(const Scenario& scenario, const World& world) {
  const LocalFrame frame(scenario.origin);
  std::string csv =
      "time_us,object_id,kind,group,lat_deg,lon_deg,velocity_east_mps,velocity_north_mps,length_m,"
      "width_m,count\n";
  for (int second = 0; second <= static_cast<int>(scenario.duration_s()); ++second) {
    for (const Mover& mover : world.movers) {
      const auto state = world.StateOf(mover, second);
      if (state) CsvRow(scenario, frame, second, mover, *state, csv);
    }
    for (const ParkedVehicle& parked : world.parked) {
      if (!parked.IsThere(second)) continue;
      CsvRow(scenario, frame, second, parked.vehicle, parked.state, csv);
    }
  }
  return csv;
}

std::optional<ZoneStay> StayOf(const Scenario& scenario, const World& world,
                               const config::ExpectedEvent& expected) {
  std::optional<ZoneStay> stay;
  if (const config::StorageSite* site = SiteOf(scenario, expected.group())) {
    // What there is to find is what left.
    int left = 0;
    for (const ParkedVehicle& parked : world.parked) {
      if (parked.vehicle.group != site->id() || parked.left_s > 1e299) continue;
      if (++left == 1) stay = ZoneStay{.entry = parked.state.position};
    }
    if (!stay) return stay;
    stay->first_s = stay->last_s = site->left_s();
    stay->count_max = left;
    return stay;
  }
  int all = 0;
  for (const Mover& mover : world.movers) {
    if (mover.group == expected.group()) all += CountOf(mover);
  }
  for (int tick = 0; tick <= static_cast<int>(scenario.duration_s() * 10); ++tick) {
    const double t_s = 0.1 * tick;
    int inside = 0;
    for (const Mover& mover : world.movers) {
      if (mover.group != expected.group()) continue;
      Eigen::Vector2d where = Eigen::Vector2d::Zero();
      const int count = CountInside(world, mover, expected, t_s, &where);
      if (count > 0 && !stay) stay = ZoneStay{.first_s = t_s, .entry = where};
      inside += count;
    }
    if (inside == 0) continue;
    stay->last_s = t_s;
    stay->count_max = std::max(stay->count_max, inside);
    if (inside == all) {
      if (stay->full_first_s < 0) stay->full_first_s = t_s;
      stay->full_last_s = t_s;
    }
  }
  return stay;
}

std::string TruthJson(const Scenario& scenario, const World& world) {
  const LocalFrame frame(scenario.origin);
  std::string json = fmt::format(
      "{{\n  \"scenario\": {},\n  \"seed\": {},\n  \"status\": \"EXERCISE\",\n"
      "  \"start_utc\": \"{}\",\n  \"end_utc\": \"{}\",\n  \"expected\": [",
      Quoted(scenario.config.mission().name()), scenario.seed, FormatUtc(scenario.start),
      FormatUtc(At(scenario, scenario.duration_s())));
  const char* separator = "\n";
  for (const auto& expected : scenario.config.expected()) {
    const bool group = IsAboutAGroup(expected);
    const auto stay = group ? StayOf(scenario, world, expected) : std::nullopt;
    // A convoy that never came into the zone gives nothing to expect.
    const std::string expect =
        stay || !group ? config::ExpectedEvent::Expect_Name(expected.expect()) : "NONE";
    const config::Convoy* convoy = ConvoyOf(scenario, expected.group());
    json += fmt::format(
        "{}    {{\"expect\": \"{}\", \"rule\": {}, \"zone\": {}, \"group\": {}, "
        "\"notification\": {}, \"count\": {}{}",
        separator, expect, Quoted(expected.rule()), Quoted(expected.zone()),
        Quoted(expected.group()), Quoted(convoy != nullptr ? convoy->notification() : ""),
        stay ? stay->count_max : 0, OtherKeys(expected));
    if (stay) {
      const Geodetic entry = GroundPlace(frame, stay->entry);
      json += fmt::format(
          ", \"time_first_utc\": \"{}\", \"time_last_utc\": \"{}\", \"entry_lat_deg\": {:.7f}, "
          "\"entry_lon_deg\": {:.7f}",
          FormatUtc(At(scenario, stay->first_s)), FormatUtc(At(scenario, stay->last_s)),
          entry.latitude.deg(), entry.longitude.deg());
    }
    if (expected.expect() == config::ExpectedEvent::COVERAGE_LOST) json += OutageKeys(scenario);
    json += "}";
    separator = ",\n";
  }
  return json + "\n  ]\n}\n";
}

}  // namespace trucewatch::simulate
