// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "core/time/instant.h"

namespace trucewatch {

struct CountFilterOptions {
  // Who has no track now had none a moment ago either: counts are looked at this often, and each
  // counts for this much of an independent one (together: independent once in 25 s).
  double period_s = 5.0;
  double weight = 0.2;
  // Expected others among the counted: passers-by, vehicles torn in two.
  double false_members = 0.1;
  // Probability, each time, that the group has become another and all is open again, and that it is
  // seen differently well from now on.
  double renewal = 0.01;
  double detectability_change = 0.05;
};

// How many there are in a group, from how many of them have tracks. Some stand so close that the
// sensor does not tell them apart, some are hidden or too slow: the count seen is binomial in the
// true one. Neither that nor the probability to be counted is known; what tells them apart is how
// the counts differ from time to time (N-mixture model: Royle 2004, Biometrics 60, 108), here as a
// filter over both on a grid. Determinism: a function of what was added. Threads:
// thread-compatible.
class CountFilter {
 public:
  // Probabilities that a vehicle of the group has a track, and the belief in each beforehand.
  static constexpr std::array<double, 5> kDetectability = {0.6, 0.75, 0.85, 0.93, 0.985};
  static constexpr std::array<double, 5> kDetectabilityPrior = {0.1, 0.2, 0.2, 0.25, 0.25};
  static constexpr int kMaxRows = 400;
  using Row = std::array<double, 5>;

  struct Estimate {
    double expected = 0;
    int min = 0, max = 0;  // 95 % interval
  };

  // So many were counted. Taken in once a period; times do not go back.
  void Add(Instant time, int counted, const CountFilterOptions& options);
  // So many have joined it as a group of their own, or left it as one.
  void Shift(int by);
  // Nothing before the first count.
  std::optional<Estimate> Current() const;

  // State, for snapshots: belief in `first` + k vehicles and each detectability, sum 1.
  int first() const { return first_; }
  const std::vector<Row>& rows() const { return rows_; }
  Instant counted() const { return counted_; }
  // `rows`: at most kMaxRows, first >= 0, no negative belief, some above 0.
  void Restore(int first, std::vector<Row> rows, Instant counted);

 private:
  int first_ = 0;
  std::vector<Row> rows_;
  Instant counted_;  // last time a count was taken in
};

}  // namespace trucewatch
