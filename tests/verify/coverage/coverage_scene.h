// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "verify/coverage/coverage_book.h"

// A flat zone, looks at it and what the account of it says, in one line.
namespace trucewatch::coverage_scene {

using Given = CoverageBook::Given;

inline Instant At(double seconds) {
  return *ParseUtc("2026-03-01T12:00:00Z") + Duration::FromSeconds(seconds);
}

inline Geodetic Place(double east_m, double north_m) {
  static const LocalFrame frame(Geodetic::FromDegrees(30.0, -40.0, 0.0));
  return frame.GeodeticFromEnu({east_m, north_m, 0.0});
}

inline std::vector<Geodetic> Box(double west_m, double south_m, double east_m, double north_m) {
  return {Place(west_m, south_m), Place(east_m, south_m), Place(east_m, north_m),
          Place(west_m, north_m)};
}

// 2 km by 1 km: eight cells of 500 m, aligned to the middle.
inline Zone Flat() {
  return {"flat", "Flat zone", Side::kA, PolygonShape(Box(-1000, -500, 1000, 500)), {}};
}

inline CoverageTerms Terms() {
  return {.cell_m = 500,
          .period = Duration::Seconds(60),
          .observed_probability = 0.9,
          .degraded_probability = 0.1,
          .full_share = 0.8};
}

inline CoverageBook Book(const Zone& zone = Flat()) {
  auto book = CoverageBook::Make(Terms(), {zone}, 4);
  EXPECT_TRUE(book) << book.error().message;
  return std::move(*book);
}

inline SettledLook Look(const char* source, double time_s, double moving,
                        std::vector<Geodetic> footprint) {
  SettledLook look;
  look.source = {source};
  look.time = At(time_s);
  look.moving_vehicle_probability = moving;
  look.footprint = std::move(footprint);
  return look;
}

inline const std::vector<Geodetic> kAll = Box(-1100, -600, 1100, 600);

inline void Add(CoverageBook& book, const SettledLook& look) {
  const auto added = book.AddLook(look);
  EXPECT_TRUE(added) << added.error().message;
}

inline std::vector<Given> Pictures(CoverageBook& book, int from, int to,
                                   const std::function<void(int)>& look) {
  std::vector<Given> out;
  for (int t = from; t < to; ++t) {
    look(t);
    for (Given& given : book.Advance(At(t))) out.push_back(std::move(given));
  }
  return out;
}

// "nothing 6, degraded 2 (partial)" of a class.
inline std::string OfClass(const CoverageAccount& account, std::size_t coverage_class) {
  std::string out;
  for (const CoverageShare& share : account.classes.at(coverage_class).shares) {
    const char* names[] = {"?", "nothing", "activity", "degraded", "not"};
    out += fmt::format("{}{} {}{}", out.empty() ? "" : ", ", names[static_cast<int>(share.state)],
                       share.cells, share.reason.empty() ? "" : " (" + share.reason + ")");
  }
  return out;
}

inline std::string Moving(const CoverageAccount& account) { return OfClass(account, 0); }

inline void ExpectAddsUp(const CoverageAccount& account) {
  ASSERT_THAT(account.classes, ::testing::SizeIs(3));
  for (const ClassCoverage& of_class : account.classes) {
    int cells = 0;
    std::vector<int> counts;
    for (const CoverageShare& share : of_class.shares) {
      EXPECT_GT(share.cells, 0);
      EXPECT_NE(share.state, CoverageState::kUnspecified);
      const bool reasoned =
          share.state == CoverageState::kDegraded || share.state == CoverageState::kNotObserved;
      EXPECT_EQ(!share.reason.empty(), reasoned);
      cells += share.cells;
      counts.push_back(share.cells);
    }
    EXPECT_EQ(cells, account.cells);
    const std::vector<int> percentages = WholePercentages(counts);
    int total = 0;
    for (const int percentage : percentages) total += percentage;
    EXPECT_EQ(total, 100);
  }
}

}  // namespace trucewatch::coverage_scene
