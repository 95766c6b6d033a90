// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/build_up.h"

#include <algorithm>

namespace trucewatch {

BuildUp AssessBuildUp(std::span<const double> now, std::span<const DayKnown> days, int today,
                      int at_most_days, int rise, double floor) {
  BuildUp out;
  const std::vector<double> nothing = {1.0};
  std::span<const double> base;
  double least = 0.0;
  if (days.empty()) return out;
  auto at = days.begin();
  for (int d = std::max(days.front().day, today - at_most_days); d < today; ++d) {
    while (at != days.end() && at->day < d) ++at;
    if (at == days.end() || at->day != d || at->watched < floor) {
      out.left_out.push_back(d);
      continue;
    }
    const std::span<const double> count = at->count.empty() ? std::span(nothing) : at->count;
    double mean = 0.0;
    for (std::size_t k = 0; k < count.size(); ++k) mean += static_cast<double>(k) * count[k];
    if (out.base_day && mean >= least) continue;
    out.base_day = d;
    out.base = Interval95(count);
    base = count;
    least = mean;
  }
  for (std::size_t k = 0; k < base.size(); ++k)
    out.probability += base[k] * AtLeast(now, static_cast<int>(k) + rise);
  return out;
}

}  // namespace trucewatch
