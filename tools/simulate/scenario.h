// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/geo/geodetic.h"
#include "core/time/instant.h"
#include "trucewatch/v1/config/scenario.pb.h"

namespace trucewatch::simulate {

// A scenario that has passed every check, with its seed.
struct Scenario {
  v1::config::Scenario config;
  std::string agreement_text;  // exact bytes; empty when there is none
  std::uint64_t seed = 0;
  Instant start;
  Geodetic origin;

  double duration_s() const { return config.duration_s(); }
  double ground_hae_m() const { return origin.height_hae_m; }
};

// Loads and checks the scenario and reads the agreement it names. Fails with every bad value, its
// file, line and what was expected.
Result<Scenario> LoadScenario(const std::string& path, std::optional<std::uint64_t> seed);

struct UdpAddress {
  std::uint32_t ip = 0;  // 239.1.1.1 is 0xEF010101
  std::uint16_t port = 0;
};
// "239.1.1.1:8600"; nothing when it is none.
std::optional<UdpAddress> ParseUdp(const std::string& text);

inline Eigen::Vector2d ToVector(const v1::config::PointEn& point) {
  return {point.east_m(), point.north_m()};
}

}  // namespace trucewatch::simulate
