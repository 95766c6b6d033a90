// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/verify/coverage/coverage_scene.h"
#include "verify/coverage/coverage_book.h"

namespace trucewatch {
namespace {

using namespace coverage_scene;

struct Outage {
  int start = 0, end = 0;  // seconds
  int told = -1;           // end of the first account that does not say "nothing" because of it
};

// One radar that looks every two seconds, and falls silent a thousand times for half a minute to
// half an hour.
std::vector<Outage> ThousandOutages() {
  std::mt19937_64 random(29);
  std::vector<Outage> out;
  int t = 200;
  for (int i = 0; i < 1'000; ++i) {
    const int length = i % 10 == 0 ? 600 + static_cast<int>(random() % 1'200)
                                   : 30 + static_cast<int>(random() % 150);
    out.push_back({t, t + length});
    t += length + 120 + static_cast<int>(random() % 300);
  }
  return out;
}

// Longest stretch of [from, to) without a look.
int LongestGap(const std::vector<Outage>& outages, int from, int to) {
  int gap = 2;
  for (const Outage& outage : outages)
    gap = std::max(gap, std::min(outage.end, to) - std::max(outage.start, from));
  return gap;
}

TEST(CoverageOutages, NoneOfAThousandIsToldAsNothingAndEachIsToldWithinAMinute) {
  std::vector<Outage> outages = ThousandOutages();
  const int end = outages.back().end + 400;
  CoverageBook book = Book();
  book.Begin(At(0));
  std::size_t next = 0;
  int minutes = 0, minutes_as_nothing = 0, minutes_without = 0, minutes_without_as_nothing = 0;
  for (int t = 0; t <= end; t += 2) {
    for (const Given& one : book.Advance(At(t))) {
      ExpectAddsUp(one.account);
      const int from = static_cast<int>((one.account.start - At(0)).seconds());
      const int to = static_cast<int>((one.account.end - At(0)).seconds());
      const auto& shares = one.account.classes[0].shares;
      const bool nothing =
          std::any_of(shares.begin(), shares.end(), [](const CoverageShare& share) {
            return share.state == CoverageState::kObservedNothing;
          });
      // A fifth of the minute lost is what the terms call an outage.
      const bool lost = LongestGap(outages, from, to) > 12 + 2;
      (lost ? minutes : minutes_without) += 1;
      if (nothing) (lost ? minutes_as_nothing : minutes_without_as_nothing) += 1;
      if (nothing) continue;
      for (Outage& outage : outages) {
        if (outage.told < 0 && outage.start < to && outage.end > from) outage.told = to;
      }
    }
    while (next < outages.size() && outages[next].end <= t) ++next;
    if (next == outages.size() || t < outages[next].start) Add(book, Look("radar1", t, 0.8, kAll));
  }
  EXPECT_GT(minutes, 2'000);
  EXPECT_EQ(minutes_as_nothing, 0);
  // And it is no blanket: minutes without an outage are told as observed.
  EXPECT_GT(minutes_without_as_nothing, minutes_without * 9 / 10);
  for (const Outage& outage : outages) {
    ASSERT_GE(outage.told, 0) << outage.start;
    EXPECT_LE(outage.told - (outage.start + 12), 60) << outage.start;
  }
}

}  // namespace
}  // namespace trucewatch
