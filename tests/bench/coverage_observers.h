// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "verify/coverage/cells/period_cells.h"

namespace trucewatch::coverage_bench {

// A square zone of 50 by 50 km in cells of 250 m, and who watches it: drones on orbits that are
// moved, rest and lose their link; a radar with a sector and rings of range, in rain and out of
// order at times; an aircraft's radar that comes by every other minute; two satellite passes a day
// with clouds; officers kept from looking; vehicles that move. What the account says of each cell
// follows docs/rules.md. Determinism: a function of the seed.
inline constexpr std::uint32_t kSide = 200;
inline constexpr std::uint32_t kZoneCells = kSide * kSide;

class ZoneObservers {
 public:
  ZoneObservers(std::uint64_t seed, int number);
  // The next minute's cells.
  PeriodCells Next(const std::string& zone, Instant start);
  static constexpr Duration kPeriod = Duration::Seconds(60);

 private:
  struct Drone {
    std::string name;
    double centre_x = 0, centre_y = 0, angle = 0;
    int until_move = 0, until_change = 0;
    bool flies = false, linked = true;
    std::vector<std::uint16_t> looked;  // minutes since it looked at a cell, up to an hour
    std::string last_look = "00:00:00";
    double p_moving = 0.95;
  };
  std::uint16_t Entry(CoverageState state, double p, CoverageReason reason,
                      const std::string& text);
  void Paint(std::size_t coverage_class, int x, int y, std::uint16_t entry);
  void Radar(int minute);
  void Airborne(int minute);
  void Fly(Drone& drone, int minute, const std::string& clock);
  void Satellite(int minute);
  void Vehicles();
  double Uniform() { return std::uniform_real_distribution<double>(0.0, 1.0)(random_); }
  int Below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }

  std::mt19937_64 random_;
  int number_ = 0;
  int minute_ = 0;
  std::vector<Drone> drones_;
  std::vector<std::array<double, 4>> vehicles_;                  // x, y, dx, dy in cells a minute
  std::vector<std::pair<std::uint32_t, std::uint32_t>> sector_;  // cell, ring of range
  double radar_x_ = 0, radar_y_ = 0, radar_bearing_ = 0;
  int rain_left_ = 0, radar_out_left_ = 0, denied_left_ = 0;
  int denied_x_ = 0, denied_y_ = 0;
  std::string radar_last_ = "00:00:00";
  PeriodCells out_;
  std::array<std::vector<std::uint16_t>, kCellClasses> cells_;
};

}  // namespace trucewatch::coverage_bench
