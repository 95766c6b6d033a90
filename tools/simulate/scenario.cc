// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/scenario.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <set>

#include "core/config/text_config.h"
#include "tools/simulate/scenario_check.h"

namespace trucewatch::simulate {
namespace {

namespace config = v1::config;

void CheckExpected(const config::Scenario& s, const std::set<std::string>& groups,
                   ConfigProblems& problems) {
  using config::ExpectedEvent;
  for (int i = 0; i < s.expected_size(); ++i) {
    const auto& expected = s.expected(i);
    const std::string item = Item("expected", i);
    switch (expected.expect()) {
      case ExpectedEvent::VERIFIED:
      case ExpectedEvent::NOTIFIED:
      case ExpectedEvent::CANDIDATE:
      case ExpectedEvent::PERMITTED:
        if (!groups.contains(expected.group())) {
          problems.Add(item + ".group", "nothing has the id \"" + expected.group() + "\"");
        }
        break;
      case ExpectedEvent::NOT_OBSERVED:
        problems.Required(item + ".zone", expected.zone());
        problems.Range(item + ".min_share", expected.min_share(), 0.01, 1);
        break;
      case ExpectedEvent::COVERAGE_LOST:
        if (expected.source() != s.radar().source_id() || s.radar().outage().empty()) {
          problems.Add(item + ".source", "must be the radar, which needs an outage");
        }
        break;
      case ExpectedEvent::CASE:
        if (std::none_of(s.human().note().begin(), s.human().note().end(),
                         [&](const auto& n) { return n.record_id() == expected.record(); })) {
          problems.Add(item + ".record", "no note has the id \"" + expected.record() + "\"");
        }
        break;
      default:
        problems.Add(item + ".expect", "is missing");
    }
  }
}

Result<void> Check(const config::Scenario& s, const std::string& path, const FieldLines& lines) {
  ConfigProblems problems(path, lines);
  problems.Range("duration_s", s.duration_s(), 1, 3600);
  problems.Range("half_extent_m", s.half_extent_m(), 100, 50'000);
  problems.Range("look.sun_azimuth_deg", s.look().sun_azimuth_deg(), 0, 360);
  problems.Range("look.sun_elevation_deg", s.look().sun_elevation_deg(), 5, 85);
  problems.Range("look.texel_m", s.look().texel_m(), 0.1, 10);
  if (s.mission().status() != config::EXERCISE) {
    problems.Add("mission.status", "must be EXERCISE: what is simulated is marked everywhere");
  }
  if (!ParseUtc(s.mission().start_utc())) {
    problems.Add("mission.start_utc", "must be a UTC time such as 2026-03-01T12:00:00Z");
  }
  problems.Range("mission.origin_lat_deg", s.mission().origin_lat_deg(), -80, 80);
  problems.Range("mission.origin_lon_deg", s.mission().origin_lon_deg(), -180, 180);
  problems.Range("mission.origin_height_hae_m", s.mission().origin_height_hae_m(), -400, 8000);
  std::set<std::string> groups;
  const std::set<std::string> convoys = CheckThings(s, groups, problems);
  CheckSensors(s, convoys, problems);
  CheckExpected(s, groups, problems);
  return problems.ToResult();
}

}  // namespace

std::optional<UdpAddress> ParseUdp(const std::string& text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  std::array<std::uint32_t, 5> numbers{};  // four bytes of the address, the port
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto [rest, error] = std::from_chars(at, end, numbers[i]);
    if (error != std::errc() || numbers[i] > (i < 4 ? 255U : 65'535U)) return std::nullopt;
    at = rest;
    if (i == 4) break;
    if (at == end || *at != (i < 3 ? '.' : ':')) return std::nullopt;
    ++at;
  }
  if (at != end || numbers[4] == 0) return std::nullopt;
  return UdpAddress{numbers[0] << 24 | numbers[1] << 16 | numbers[2] << 8 | numbers[3],
                    static_cast<std::uint16_t>(numbers[4])};
}

Result<Scenario> LoadScenario(const std::string& path, std::optional<std::uint64_t> seed) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  Scenario scenario;
  FieldLines lines;
  TW_RETURN_IF_ERROR(ParseTextConfig(text, path, &scenario.config, &lines));
  TW_RETURN_IF_ERROR(Check(scenario.config, path, lines));
  if (!scenario.config.agreement_file().empty()) {
    const auto agreement =
        std::filesystem::path(path).parent_path() / scenario.config.agreement_file();
    TW_ASSIGN_OR_RETURN(scenario.agreement_text, ReadTextFile(agreement.string()));
  }
  scenario.seed = seed.value_or(scenario.config.seed());
  scenario.start = *ParseUtc(scenario.config.mission().start_utc());
  const auto& mission = scenario.config.mission();
  scenario.origin = Geodetic::FromDegrees(mission.origin_lat_deg(), mission.origin_lon_deg(),
                                          mission.origin_height_hae_m());
  return scenario;
}

}  // namespace trucewatch::simulate
