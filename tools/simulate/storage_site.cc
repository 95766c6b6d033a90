// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/storage_site.h"

#include <cmath>
#include <numbers>

#include "tools/simulate/random.h"
#include "tools/simulate/vehicle_kinds.h"

namespace trucewatch::simulate {
namespace {

constexpr double kHeadingDegree = std::numbers::pi / 180.0;

// Nobody parks to the centimetre.
ParkedVehicle Park(const v1::config::StorageSite& site, unsigned row, unsigned column,
                   Random& random) {
  const auto kind = static_cast<int>(random.Below(static_cast<std::uint64_t>(site.kind_size())));
  ParkedVehicle parked;
  parked.vehicle = MakeVehicle(KindOf(site.kind(kind)), random);
  parked.vehicle.group = site.id();
  const double heading = site.row_heading_deg() * kHeadingDegree;
  const Eigen::Vector2d along(std::sin(heading), std::cos(heading));
  const Eigen::Vector2d across(along.y(), -along.x());
  const double along_m = (column - 0.5 * (site.vehicles_per_row() - 1)) * site.vehicle_spacing_m();
  const double across_m = (row - 0.5 * (site.rows() - 1)) * site.row_spacing_m();
  parked.state.position = ToVector(site.centre()) +
                          along * (along_m + 0.4 * random.Uniform(-1, 1)) +
                          across * (across_m + 0.4 * random.Uniform(-1, 1));
  const double turn = 3 * kHeadingDegree * random.Uniform(-1, 1);
  parked.state.direction = std::cos(turn) * across + std::sin(turn) * along;
  parked.state.velocity_mps = Eigen::Vector2d::Zero();
  return parked;
}

}  // namespace

void AddStorageSites(const Scenario& scenario, World& world) {
  for (int i = 0; i < scenario.config.storage_site_size(); ++i) {
    const auto& site = scenario.config.storage_site(i);
    Random random(scenario.seed, "storage site", static_cast<std::uint64_t>(i));
    const std::size_t first = world.parked.size();
    for (unsigned row = 0; row < site.rows(); ++row) {
      for (unsigned column = 0; column < site.vehicles_per_row(); ++column) {
        world.parked.push_back(Park(site, row, column, random));
      }
    }
    const std::size_t count = world.parked.size() - first;
    for (unsigned left = 0; left < site.leaving();) {
      ParkedVehicle& parked = world.parked[first + random.Below(count)];
      if (parked.left_s < 1e299) continue;
      parked.left_s = site.left_s();
      ++left;
    }
  }
}

}  // namespace trucewatch::simulate
