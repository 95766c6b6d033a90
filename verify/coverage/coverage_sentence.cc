// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "core/types/words.h"
#include "verify/coverage/coverage_book.h"

namespace trucewatch {
std::vector<int> WholePercentages(std::span<const int> counts) {
  std::vector<int> out(counts.size(), 0);
  std::int64_t total = 0;
  for (const int count : counts) total += count;
  if (total <= 0) return out;
  std::vector<std::size_t> order(counts.size());
  int given = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    order[i] = i;
    out[i] = static_cast<int>(std::int64_t{100} * counts[i] / total);
    given += out[i];
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::int64_t{100} * counts[a] % total > std::int64_t{100} * counts[b] % total;
  });
  for (std::size_t i = 0; given < 100; ++i, ++given) ++out[order[i]];
  return out;
}

std::string CoverageSentence(const CoverageAccount& account, const std::string& zone_name) {
  std::string out =
      fmt::format("{}zone '{}' from {} to {}, {} cells of {:.0f} m: ",
                  account.amended ? "Amended account of " : "Account of ", zone_name,
                  FormatUtc(account.start), FormatUtc(account.end), account.cells, account.cell_m);
  for (std::size_t c = 0; c < account.classes.size(); ++c) {
    const ClassCoverage& of_class = account.classes[c];
    std::vector<int> counts;
    for (const CoverageShare& share : of_class.shares) counts.push_back(share.cells);
    const std::vector<int> percentages = WholePercentages(counts);
    out += fmt::format("{}{}: ", c > 0 ? "; " : "", CoverageClassWords(of_class.coverage_class));
    for (std::size_t i = 0; i < of_class.shares.size(); ++i) {
      const CoverageShare& share = of_class.shares[i];
      out += fmt::format("{}{} % {}{}", i > 0 ? ", " : "", percentages[i],
                         CoverageStateWords(share.state),
                         share.reason.empty() ? "" : fmt::format(" ({})", share.reason));
    }
  }
  return out + ".";
}

}  // namespace trucewatch
