// SPDX-License-Identifier: Apache-2.0
// One zone of 10,000 km2 in cells of 250 m, watched by drones and ground radars, through the
// coverage account with its cells: processor time a mission minute, and memory
// (docs/benchmarks.md). A program of its own: coverage_book_benchmark [MINUTES].
#include <fmt/format.h>
#include <sys/resource.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "verify/coverage/coverage_book.h"

namespace trucewatch {
namespace {

constexpr int kDrones = 8;
constexpr int kRadars = 4;

std::vector<Geodetic> Ring(const LocalFrame& frame, double east_m, double north_m, double half_m) {
  std::vector<Geodetic> out;
  for (const auto& [x, y] : {std::pair{-1, -1}, {1, -1}, {1, 1}, {-1, 1}})
    out.push_back(frame.GeodeticFromEnu({east_m + x * half_m, north_m + y * half_m, 0.0}));
  return out;
}

std::vector<Geodetic> Sector(const LocalFrame& frame, double east_m, double north_m) {
  std::vector<Geodetic> out = {frame.GeodeticFromEnu({east_m, north_m, 0.0})};
  for (int i = 0; i <= 24; ++i) {
    const double bearing = i * 5.0 * M_PI / 180.0;
    out.push_back(frame.GeodeticFromEnu(
        {east_m + 25e3 * std::sin(bearing), north_m + 25e3 * std::cos(bearing), 0.0}));
  }
  return out;
}

int Run(int minutes) {
  const LocalFrame frame(Geodetic::FromDegrees(30.0, -40.0, 0.0));
  const Zone zone{"all", "All of it", Side::kA, PolygonShape(Ring(frame, 0, 0, 50e3)), {}};
  auto book = CoverageBook::Make({.cell_m = 250,
                                  .period = Duration::Seconds(60),
                                  .observed_probability = 0.9,
                                  .degraded_probability = 0.1,
                                  .full_share = 0.8},
                                 {zone}, 4);
  if (!book) {
    std::fprintf(stderr, "%s\n", book.error().message.c_str());
    return 1;
  }
  book->GiveCells();
  const Instant start = *ParseUtc("2026-03-01T00:00:00Z");
  book->Begin(start);
  std::vector<std::vector<Geodetic>> sectors;
  for (int r = 0; r < kRadars; ++r)
    sectors.push_back(Sector(frame, r % 2 == 0 ? -25e3 : 20e3, r < 2 ? -25e3 : 20e3));
  const std::clock_t begin = std::clock();
  std::clock_t last_hour = begin;
  std::size_t bytes = 0;
  int given = 0;
  for (int second = 0; second <= minutes * 60; ++second) {
    const Instant now = start + Duration::Seconds(second);
    if (minutes > 60 && second == (minutes - 10) * 60) last_hour = std::clock();
    for (int d = 0; d < kDrones && second % 2 == 0; ++d) {
      const double angle = second * 0.006 + d;
      SettledLook look;
      look.source = {fmt::format("drone{}", d + 1)};
      look.time = now;
      look.moving_vehicle_probability = 0.9;
      look.standing_vehicle_probability = 0.85;
      look.group_probability = 0.4;
      look.footprint = Ring(frame, -35e3 + 10e3 * d + 5e3 * std::cos(angle),
                            -30e3 + 9e3 * (d % 5) + 5e3 * std::sin(angle), 2400);
      if (!book->AddLook(look)) return 1;
    }
    for (std::size_t r = 0; r < sectors.size() && second % 10 == 0; ++r) {
      SettledLook look;
      look.source = {fmt::format("gsr{}", r + 1)};
      look.time = now;
      look.moving_vehicle_probability = 0.8;
      look.footprint = sectors[r];
      if (!book->AddLook(look)) return 1;
    }
    for (const auto& one : book->Advance(now)) {
      bytes += one.cells.size();
      ++given;
    }
  }
  const std::clock_t end = std::clock();
  const auto seconds = [](std::clock_t a, std::clock_t b) {
    return static_cast<double>(b - a) / CLOCKS_PER_SEC;
  };
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "%d minutes of one zone of 160,000 cells, %d drones and %d radars: %.3f s of processor "
      "time a mission minute (the last ten: %.3f), %.1f kB a record, %.0f MB at most\n",
      minutes, kDrones, kRadars, seconds(begin, end) / minutes,
      minutes > 60 ? seconds(last_hour, end) / 10 : 0.0, static_cast<double>(bytes) / 1e3 / given,
      static_cast<double>(usage.ru_maxrss) / 1024);
  return 0;
}

}  // namespace
}  // namespace trucewatch

int main(int argc, char** argv) { return trucewatch::Run(argc > 1 ? std::atoi(argv[1]) : 75); }
