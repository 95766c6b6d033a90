// SPDX-License-Identifier: Apache-2.0
#include "coverage_observers.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace trucewatch::coverage_bench {
namespace {

constexpr auto kNothing = CoverageState::kObservedNothing;
constexpr auto kActivity = CoverageState::kObservedActivity;
constexpr auto kDegraded = CoverageState::kDegraded;
constexpr auto kNotObserved = CoverageState::kNotObserved;

}  // namespace

ZoneObservers::ZoneObservers(std::uint64_t seed, int number) : random_(seed), number_(number) {
  for (int i = 0; i < 2; ++i) {
    Drone drone;
    drone.name = fmt::format("drone{}", 2 * number + i + 1);
    drone.looked.assign(kZoneCells, 0);
    drones_.push_back(std::move(drone));
  }
  for (int i = 0; i < 40; ++i)
    vehicles_.push_back(
        {Uniform() * kSide, Uniform() * kSide, Uniform() * 4 - 2, Uniform() * 4 - 2});
  radar_x_ = 40 + Uniform() * 120;
  radar_y_ = 40 + Uniform() * 120;
  radar_bearing_ = Uniform() * 2 * std::numbers::pi;
  for (std::uint32_t cell = 0; cell < kZoneCells; ++cell) {
    const double east = cell % kSide - radar_x_, north = cell / kSide - radar_y_;
    const double range = std::hypot(east, north);
    const double off =
        std::remainder(std::atan2(east, north) - radar_bearing_, 2 * std::numbers::pi);
    if (range <= 100 && std::abs(off) <= std::numbers::pi / 3)
      sector_.push_back({cell, static_cast<std::uint32_t>(range / 20.01)});
  }
}

std::uint16_t ZoneObservers::Entry(CoverageState state, double p, CoverageReason reason,
                                   const std::string& text) {
  const std::uint8_t level = DetectionLevel(p);
  for (std::size_t i = 0; i < out_.entries.size(); ++i) {
    const CellEntry& entry = out_.entries[i];
    if (entry.state == state && entry.level == level && entry.reason == reason &&
        out_.texts[entry.text] == text)
      return static_cast<std::uint16_t>(i);
  }
  std::uint32_t number = 0;
  while (number < out_.texts.size() && out_.texts[number] != text) ++number;
  if (number == out_.texts.size()) out_.texts.push_back(text);
  out_.entries.push_back({state, level, reason, number});
  return static_cast<std::uint16_t>(out_.entries.size() - 1);
}

void ZoneObservers::Paint(std::size_t coverage_class, int x, int y, std::uint16_t entry) {
  if (x < 0 || y < 0 || x >= static_cast<int>(kSide) || y >= static_cast<int>(kSide)) return;
  std::uint16_t& cell =
      cells_[coverage_class][static_cast<std::uint32_t>(y) * kSide + static_cast<std::uint32_t>(x)];
  // What is surer stands.
  if (out_.entries[cell].level > out_.entries[entry].level) return;
  cell = entry;
}

// 25 km, a sector of 120 degrees, surer the nearer; it sees what moves.
void ZoneObservers::Radar(int minute) {
  if (rain_left_ > 0) --rain_left_;
  if (rain_left_ == 0 && Below(1440 * 3) == 0) rain_left_ = 60 + Below(600);
  if (radar_out_left_ > 0) --radar_out_left_;
  if (radar_out_left_ == 0 && Below(600) == 0) radar_out_left_ = 1 + Below(40);
  const bool out = radar_out_left_ > 0;
  const std::string text =
      out ? fmt::format("gsr{} gave no look since {}", number_ + 1, radar_last_) : "";
  if (!out) radar_last_ = fmt::format("{:02}:{:02}:57", minute / 60 % 24, minute % 60);
  const double rings[] = {0.99, 0.97, 0.93, 0.85, 0.7};
  std::array<std::uint16_t, 5> entries{};
  for (std::size_t ring = 0; ring < entries.size(); ++ring) {
    const double p = rings[ring] * (rain_left_ > 0 ? 0.7 : 1.0);
    entries[ring] = out        ? Entry(kNotObserved, 0, CoverageReason::kSourceSilent, text)
                    : p >= 0.9 ? Entry(kNothing, p, CoverageReason::kNone, "")
                    : rain_left_ > 0
                        ? Entry(kDegraded, p, CoverageReason::kWeather, "rain clutter")
                        : Entry(kDegraded, p, CoverageReason::kPartOfPeriod, "partial");
  }
  const std::uint16_t only =
      Entry(kNotObserved, 0, CoverageReason::kOnlyMoving, "who looked sees only what moves");
  for (const auto& [cell, ring] : sector_) {
    cells_[0][cell] = entries[ring];
    if (out) continue;
    cells_[1][cell] = only;
    cells_[2][cell] = only;
  }
}

// Eight hours a day a strip of 20 km, every other minute.
void ZoneObservers::Airborne(int minute) {
  const int of_day = minute % 1440;
  if (of_day < 480 || of_day >= 960 || minute % 2 != 0) return;
  const int south = 20 + (minute / 1440 * 37) % 100;
  const std::uint16_t entry = Entry(kDegraded, 0.8, CoverageReason::kPartOfPeriod, "partial");
  for (int y = south; y < south + 80; ++y) {
    for (int x = 0; x < static_cast<int>(kSide); ++x) Paint(0, x, y, entry);
  }
}

void ZoneObservers::Fly(Drone& drone, int minute, const std::string& clock) {
  if (drone.until_change-- <= 0) {
    drone.flies = !drone.flies;
    drone.until_change = drone.flies ? 240 + Below(360) : 120 + Below(300);
    drone.p_moving = 0.9 + 0.08 * Uniform();
  }
  if (drone.until_move-- <= 0) {
    drone.centre_x = 20 + Uniform() * 160;
    drone.centre_y = 20 + Uniform() * 160;
    drone.until_move = 60 + Below(240);
  }
  if (Below(drone.linked ? 240 : 8) == 0) drone.linked = !drone.linked;
  const bool looks = drone.flies && drone.linked;
  for (std::uint16_t& minutes : drone.looked) {
    if (minutes > 0) --minutes;
  }
  if (!looks) {
    const std::string text =
        fmt::format("{} gave no look since {}{}", drone.name, drone.last_look,
                    drone.linked ? "" : ": station fs1: line broken: no route to host");
    const std::uint16_t entry =
        Entry(kNotObserved, 0,
              drone.linked ? CoverageReason::kSourceSilent : CoverageReason::kLinkDown, text);
    for (std::uint32_t cell = 0; cell < kZoneCells; ++cell) {
      if (drone.looked[cell] == 0) continue;
      for (std::size_t c = 0; c < kCellClasses; ++c) {
        if (out_.entries[cells_[c][cell]].level == 0) cells_[c][cell] = entry;
      }
    }
    return;
  }
  drone.last_look = clock;
  drone.angle += 0.36;  // 30 m/s on a circle of 5 km
  const int x = static_cast<int>(drone.centre_x + 20 * std::cos(drone.angle));
  const int y = static_cast<int>(drone.centre_y + 20 * std::sin(drone.angle));
  const double p[] = {drone.p_moving, 0.92, 0.6};
  const bool overload = minute / 30 % 40 == 7;
  const std::string skipped =
      fmt::format("overload: {} skipped {} frames", drone.name, 100 + 10 * Below(40));
  const std::uint16_t edge = Entry(kDegraded, 0, CoverageReason::kPartOfCell,
                                   fmt::format("partial: {} saw part of the cell", drone.name));
  for (std::size_t c = 0; c < kCellClasses; ++c) {
    const std::uint16_t part =
        Entry(kDegraded, p[c] * 0.8, CoverageReason::kPartOfPeriod, "partial");
    const std::uint16_t middle =
        overload      ? Entry(kDegraded, p[c] * 0.7, CoverageReason::kOverload, skipped)
        : p[c] >= 0.9 ? Entry(kNothing, p[c], CoverageReason::kNone, "")
                      : part;
    for (int dy = -9; dy <= 9; ++dy) {
      for (int dx = -9; dx <= 9; ++dx) {
        const int from_edge = 9 - std::max(std::abs(dx), std::abs(dy));
        Paint(c, x + dx, y + dy, from_edge == 0 ? edge : from_edge < 4 ? part : middle);
      }
    }
  }
  for (int dy = -9; dy <= 9; ++dy) {
    for (int dx = -9; dx <= 9; ++dx) {
      const int at_x = x + dx, at_y = y + dy;
      if (at_x < 0 || at_y < 0 || at_x >= static_cast<int>(kSide) ||
          at_y >= static_cast<int>(kSide))
        continue;
      drone.looked[static_cast<std::uint32_t>(at_y) * kSide + static_cast<std::uint32_t>(at_x)] =
          60;
    }
  }
}

// One minute twice a day, with clouds of some kilometres.
void ZoneObservers::Satellite(int minute) {
  const int of_day = minute % 1440;
  if (of_day != 630 + number_ && of_day != 820 + number_) return;
  const std::uint16_t seen = Entry(kDegraded, 0.7, CoverageReason::kPartOfPeriod, "partial");
  for (int y = 0; y < static_cast<int>(kSide); ++y) {
    for (int x = 0; x < static_cast<int>(kSide); ++x) Paint(1, x, y, seen);
  }
  const std::uint16_t cloud = Entry(kNotObserved, 0, CoverageReason::kWithoutData,
                                    "partial: 31 % of the footprint is without data");
  for (int i = 0; i < 12; ++i) {
    const int x = Below(kSide), y = Below(kSide), r = 4 + Below(14);
    for (int dy = -r; dy <= r; ++dy) {
      for (int dx = -r; dx <= r; ++dx) {
        const int at_x = x + dx, at_y = y + dy;
        if (dx * dx + dy * dy > r * r || at_x < 0 || at_y < 0 || at_x >= static_cast<int>(kSide) ||
            at_y >= static_cast<int>(kSide))
          continue;
        cells_[1][static_cast<std::uint32_t>(at_y) * kSide + static_cast<std::uint32_t>(at_x)] =
            cloud;
      }
    }
  }
}

void ZoneObservers::Vehicles() {
  for (auto& [x, y, dx, dy] : vehicles_) {
    x += dx;
    y += dy;
    if (x < 0 || x >= kSide) dx = -dx;
    if (y < 0 || y >= kSide) dy = -dy;
    x = std::clamp(x, 0.0, kSide - 1.0);
    y = std::clamp(y, 0.0, kSide - 1.0);
    const std::uint32_t cell =
        static_cast<std::uint32_t>(y) * kSide + static_cast<std::uint32_t>(x);
    const CellEntry under = out_.entries[cells_[0][cell]];
    if (under.probability() < 0.5) continue;
    cells_[0][cell] = Entry(kActivity, under.probability(), CoverageReason::kNone, "");
  }
}

PeriodCells ZoneObservers::Next(const std::string& zone, Instant start) {
  out_ = PeriodCells{.zone = zone,
                     .start = start,
                     .end = start + kPeriod,
                     .cells = kZoneCells,
                     .texts = {""},
                     .entries = {},
                     .classes = {}};
  const std::uint16_t nobody =
      Entry(kNotObserved, 0, CoverageReason::kNobodyLooked, "no source looked here");
  for (auto& of_class : cells_) of_class.assign(kZoneCells, nobody);
  const int minute = minute_++;
  const std::string clock = fmt::format("{:02}:{:02}:58", minute / 60 % 24, minute % 60);
  Radar(minute);
  Airborne(minute);
  for (Drone& drone : drones_) Fly(drone, minute, clock);
  Satellite(minute);
  Vehicles();
  if (denied_left_ > 0) --denied_left_;
  if (denied_left_ == 0 && Below(1440) == 0) {
    denied_left_ = 180;
    denied_x_ = Below(kSide);
    denied_y_ = Below(kSide);
  }
  if (denied_left_ > 0) {
    const std::uint16_t denied =
        Entry(kNotObserved, 0, CoverageReason::kAccessDenied, "impediment: denied");
    for (int dy = -12; dy <= 12; ++dy) {
      for (int dx = -12; dx <= 12; ++dx) {
        for (std::size_t c = 0; c < kCellClasses; ++c)
          Paint(c, denied_x_ + dx, denied_y_ + dy, denied);
      }
    }
  }
  // Runs, with entries and texts in the order of their first use.
  PeriodCells period{.zone = zone,
                     .start = out_.start,
                     .end = out_.end,
                     .cells = kZoneCells,
                     .texts = {""},
                     .entries = {},
                     .classes = {}};
  std::vector<std::int32_t> number(out_.entries.size(), -1);
  for (std::size_t c = 0; c < kCellClasses; ++c) {
    const std::vector<std::uint16_t>& cells = cells_[c];
    for (std::uint32_t cell = 0; cell < kZoneCells;) {
      std::uint32_t end = cell + 1;
      while (end < kZoneCells && cells[end] == cells[cell]) ++end;
      std::int32_t& entry = number[cells[cell]];
      if (entry < 0) {
        entry = static_cast<std::int32_t>(period.entries.size());
        CellEntry here = out_.entries[cells[cell]];
        const std::string& text = out_.texts[here.text];
        here.text = 0;
        while (here.text < period.texts.size() && period.texts[here.text] != text) ++here.text;
        if (here.text == period.texts.size()) period.texts.push_back(text);
        period.entries.push_back(here);
      }
      period.classes[c].push_back({static_cast<std::uint32_t>(entry), end - cell});
      cell = end;
    }
  }
  return period;
}

}  // namespace trucewatch::coverage_bench
