// SPDX-License-Identifier: Apache-2.0
#include "tests/detect/parked/yard.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace trucewatch::parked::testing {

Yard::Yard(std::uint64_t seed) {
  frame_.middle = {Angle::Degrees(38.5), Angle::Degrees(-61.7), 40};
  frame_.side_cells = 160;
  frame_.cell_m = 0.25;
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  // Blotches of a metre, so that looks can be laid on one another.
  constexpr int kCoarse = 42;
  std::vector<double> coarse(kCoarse * kCoarse);
  for (double& value : coarse) value = 6 * normal(random);
  ground_.resize(frame_.cells());
  for (int y = 0; y < frame_.side_cells; ++y) {
    for (int x = 0; x < frame_.side_cells; ++x) {
      const double u = x / 4.0, v = y / 4.0;
      const int i = static_cast<int>(u), j = static_cast<int>(v);
      const double a = u - i, b = v - j;
      const auto at = [&](int k, int l) {
        return coarse[static_cast<std::size_t>(l) * kCoarse + static_cast<std::size_t>(k)];
      };
      double level = 90 + (1 - a) * (1 - b) * at(i, j) + a * (1 - b) * at(i + 1, j) +
                     (1 - a) * b * at(i, j + 1) + a * b * at(i + 1, j + 1);
      const Eigen::Vector2d en_m = frame_.MetresFromCell({x, y});
      // Bays 3 m wide in two rows, and a kerb.
      const double beside = std::abs(std::remainder(en_m.x() - 1.5, 3.0));
      if (beside < 0.13 && std::abs(std::abs(en_m.y()) - 8) < 2.7) level = 170;
      if (std::abs(en_m.y() - 15) < 0.3) level = 150;
      ground_[static_cast<std::size_t>(y) * static_cast<std::size_t>(frame_.side_cells) +
              static_cast<std::size_t>(x)] = level;
    }
  }
}

GroundPicture Yard::Look(const std::vector<Eigen::Vector2d>& vehicles, std::uint64_t noise_seed,
                         const YardLight& light) const {
  std::mt19937_64 random(noise_seed);
  std::normal_distribution<double> normal;
  GroundPicture look;
  look.seen.assign(frame_.cells(), 255);
  look.seen_share = 1;
  look.grey.reserve(frame_.cells());
  for (int y = 0; y < frame_.side_cells; ++y) {
    for (int x = 0; x < frame_.side_cells; ++x) {
      const Eigen::Vector2d en_m = frame_.MetresFromCell({x, y});
      double level = ground_[look.grey.size()];
      for (const Eigen::Vector2d& vehicle : vehicles) {
        const Eigen::Vector2d off = (en_m - vehicle).cwiseAbs();
        if (off.x() > 0.9 || off.y() > 2.2) continue;
        // A light body with dark glass.
        level = off.y() > 0.7 && off.y() < 1.3 ? 45 : 190;
      }
      if (en_m.x() < light.shadow_to_m) level *= 0.6;
      level = light.gain * level + light.offset + 1.5 * normal(random);
      look.grey.push_back(static_cast<std::uint8_t>(std::clamp(std::lround(level), 0L, 255L)));
    }
  }
  return look;
}

std::vector<SeenVehicle> Yard::Seen(const std::vector<Eigen::Vector2d>& vehicles, double score) {
  std::vector<SeenVehicle> seen;
  for (const Eigen::Vector2d& vehicle : vehicles) seen.push_back({vehicle, score, 4.4, 1.8});
  return seen;
}

Instant Yard::TimeOf(int look) {
  return Instant::FromMicros(1'772'348'400'000'000) + Duration::Seconds(30) * look;
}

}  // namespace trucewatch::parked::testing
