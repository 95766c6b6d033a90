// SPDX-License-Identifier: Apache-2.0
#include "fusion/count_filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/fusion/simulation.h"

namespace trucewatch {
namespace {

using testing::At;

TEST(CountFilter, AllSeenAllTheTimeAreSoMany) {
  CountFilter filter;
  EXPECT_FALSE(filter.Current());
  for (int t = 0; t < 300; ++t) filter.Add(At(t), 8, {});
  const auto count = filter.Current();
  ASSERT_TRUE(count);
  EXPECT_NEAR(count->expected, 8, 0.5);
  EXPECT_LE(count->min, 8);
  EXPECT_GE(count->max, 8);
  EXPECT_LE(count->max - count->min, 2);
}

TEST(CountFilter, AtFirstMoreThanAreSeenMayBeThere) {
  CountFilter filter;
  filter.Add(At(0), 6, {});
  const auto count = filter.Current();
  ASSERT_TRUE(count);
  EXPECT_GE(count->expected, 6);
  EXPECT_LT(count->expected, 8);
  EXPECT_GE(count->max, 8);
}

// Convoys of which each vehicle is lost for half a minute now and then: its mean must be nearer the
// truth than the count of the moment, and the interval hold it as often as it says.
TEST(CountFilter, ThoseWithoutATrackAreCountedAndTheIntervalHolds) {
  std::mt19937_64 random(41);
  std::uniform_real_distribution<double> uniform(0, 1);
  double error = 0, raw = 0, inside = 0, n = 0;
  for (int convoy = 0; convoy < 60; ++convoy) {
    const int there = 4 + static_cast<int>(random() % 9);
    const double seen = 0.75 + 0.24 * uniform(random);
    std::vector<char> tracked(static_cast<std::size_t>(there), 1);
    CountFilter filter;
    for (int t = 0; t < 240; t += 5) {
      for (char& vehicle : tracked) {
        if (uniform(random) < 5.0 / 25.0) vehicle = uniform(random) < seen ? 1 : 0;
      }
      const int counted = static_cast<int>(std::count(tracked.begin(), tracked.end(), 1)) +
                          (uniform(random) < 0.05 ? 1 : 0);
      filter.Add(At(t), counted, {});
      if (t < 30) continue;
      const auto count = filter.Current();
      error += std::abs(count->expected - there) / there;
      raw += std::abs(1.0 * counted - there) / there;
      inside += count->min <= there && there <= count->max ? 1 : 0;
      n += 1;
    }
  }
  RecordProperty("count_error", fmt::format("{:.3f}, of the moment {:.3f}", error / n, raw / n));
  EXPECT_LT(error / n, 0.8 * raw / n);
  EXPECT_LT(error / n, 0.10);
  EXPECT_GT(inside / n, 0.93);
}

TEST(CountFilter, ASplitThatIsSeenMovesTheCountAtOnceAndOneThatIsNotInAWhile) {
  CountFilter seen, unseen;
  for (int t = 0; t < 120; ++t) {
    seen.Add(At(t), 8, {});
    unseen.Add(At(t), 8, {});
  }
  seen.Shift(-3);
  EXPECT_NEAR(seen.Current()->expected, 5, 0.6);
  for (int t = 120; t < 420; ++t) unseen.Add(At(t), 5, {});
  EXPECT_LT(unseen.Current()->expected, 7);
  EXPECT_LE(unseen.Current()->min, 5);
  seen.Shift(-30);
  EXPECT_NEAR(seen.Current()->expected, 1, 1e-6);
}

TEST(CountFilter, AnyCountsGiveAnInterval) {
  std::mt19937_64 random(42);
  CountFilter filter;
  for (int t = 0; t < 2000; t += 5) {
    filter.Add(At(t), static_cast<int>(random() % 3 == 0 ? random() % 900 : random() % 9), {});
    if (random() % 7 == 0) filter.Shift(static_cast<int>(random() % 41) - 20);
    const auto count = filter.Current();
    ASSERT_TRUE(count);
    ASSERT_TRUE(std::isfinite(count->expected)) << t;
    EXPECT_LE(count->min, count->max);
    EXPECT_GE(count->expected, count->min - 1);
    EXPECT_LE(filter.rows().size(), static_cast<std::size_t>(CountFilter::kMaxRows));
  }
}

}  // namespace
}  // namespace trucewatch
