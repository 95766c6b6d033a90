// SPDX-License-Identifier: Apache-2.0
#include "fusion/count_filter.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace trucewatch {
namespace {

constexpr int kMostFalse = 3;  // among the counted
constexpr double kNegligibleRow = 1e-9;

double LogFactorial(int n) { return std::lgamma(static_cast<double>(n) + 1.0); }

// Probability to count so many of `there`, with few others among them.
double CountProbability(int counted, int there, double detectability, double false_members) {
  double sum = 0, poisson = std::exp(-false_members);
  for (int others = 0; others <= std::min(kMostFalse, counted); ++others) {
    if (others > 0) poisson *= false_members / others;
    const int seen = counted - others;
    if (seen > there) continue;
    sum += poisson *
           std::exp(LogFactorial(there) - LogFactorial(seen) - LogFactorial(there - seen) +
                    seen * std::log(detectability) + (there - seen) * std::log1p(-detectability));
  }
  return sum;
}

// What one count alone leaves open: few more than were counted are likelier than many.
struct Prior {
  int first = 0;
  std::vector<double> weights;  // sum 1
};

Prior PriorFor(int counted) {
  Prior prior;
  prior.first = std::max(counted - 1, 1);
  const int last = std::min(counted + 8 + counted / 2, prior.first + CountFilter::kMaxRows / 2);
  const double scale = std::max(1.0, counted / 8.0);
  double sum = 0;
  for (int n = prior.first; n <= std::max(last, prior.first); ++n) {
    prior.weights.push_back(std::pow(0.6, std::max(n - counted, 0) / scale));
    sum += prior.weights.back();
  }
  for (double& w : prior.weights) w /= sum;
  return prior;
}

}  // namespace

void CountFilter::Add(Instant time, int counted, const CountFilterOptions& options) {
  counted = std::max(counted, 0);
  if (!rows_.empty() && time < counted_ + Duration::FromSeconds(options.period_s)) return;
  counted_ = time;
  const Prior prior = PriorFor(counted);
  const double renewal = rows_.empty() ? 1.0 : options.renewal;
  // The grid holds what was believed and what is open again.
  const int prior_last = prior.first + static_cast<int>(prior.weights.size()) - 1;
  int first = prior.first, last = prior_last;
  if (!rows_.empty()) {
    first = std::min(first, first_);
    last = std::max(last, first_ + static_cast<int>(rows_.size()) - 1);
  }
  if (last - first >= kMaxRows) {  // nothing of the old can be true any more
    first = prior.first;
    last = prior_last;
  }
  std::vector<Row> next(static_cast<std::size_t>(last - first + 1), Row{});
  double sum = 0;
  for (int n = first; n <= last; ++n) {
    Row& row = next[static_cast<std::size_t>(n - first)];
    const int old = n - first_, open = n - prior.first;
    if (old >= 0 && old < static_cast<int>(rows_.size())) {
      const Row& before = rows_[static_cast<std::size_t>(old)];
      double whole = 0;
      for (const double p : before) whole += p;
      for (std::size_t q = 0; q < row.size(); ++q) {
        row[q] = (1.0 - renewal) * ((1.0 - options.detectability_change) * before[q] +
                                    options.detectability_change * whole * kDetectabilityPrior[q]);
      }
    }
    const bool is_open = open >= 0 && open < static_cast<int>(prior.weights.size());
    for (std::size_t q = 0; q < row.size(); ++q) {
      if (is_open) {
        row[q] += renewal * prior.weights[static_cast<std::size_t>(open)] * kDetectabilityPrior[q];
      }
      if (row[q] <= 0) continue;
      row[q] *= std::pow(CountProbability(counted, n, kDetectability[q], options.false_members),
                         options.weight);
      sum += row[q];
    }
  }
  const auto negligible = [&](const Row& row) {
    double whole = 0;
    for (const double p : row) whole += p;
    return whole <= kNegligibleRow * sum;
  };
  auto begin = next.begin(), end = next.end();
  while (begin + 1 < end && negligible(*begin)) ++begin;
  while (end - 1 > begin && negligible(*(end - 1))) --end;
  first_ = first + static_cast<int>(begin - next.begin());
  rows_.assign(begin, end);
  for (Row& row : rows_) {
    for (double& p : row) p /= sum;
  }
}

void CountFilter::Shift(int by) {
  if (rows_.empty()) return;
  // There is at least one: what would lie below it is believed of one.
  const int down = std::min(std::max(1 - (first_ + by), 0), static_cast<int>(rows_.size()) - 1);
  for (int k = 0; k < down; ++k) {
    for (std::size_t q = 0; q < rows_[0].size(); ++q) {
      rows_[static_cast<std::size_t>(k) + 1][q] += rows_[static_cast<std::size_t>(k)][q];
    }
  }
  rows_.erase(rows_.begin(), rows_.begin() + down);
  first_ = std::max(first_ + by + down, 1);
}

std::optional<CountFilter::Estimate> CountFilter::Current() const {
  if (rows_.empty()) return std::nullopt;
  Estimate estimate;
  double sum = 0, whole = 0, below = 0;
  bool low = false, high = false;
  for (std::size_t k = 0; k < rows_.size(); ++k) {
    double p = 0;
    for (const double x : rows_[k]) p += x;
    whole += p;
    sum += p * (first_ + static_cast<int>(k));
  }
  for (std::size_t k = 0; k < rows_.size() && !high; ++k) {
    for (const double x : rows_[k]) below += x / whole;
    const int n = first_ + static_cast<int>(k);
    if (!low && below >= 0.025) {
      estimate.min = n;
      low = true;
    }
    if (below >= 0.975 || k + 1 == rows_.size()) {
      estimate.max = n;
      high = true;
    }
  }
  estimate.expected = sum / whole;
  return estimate;
}

void CountFilter::Restore(int first, std::vector<Row> rows, Instant counted) {
  first_ = first;
  rows_ = std::move(rows);
  counted_ = counted;
}

}  // namespace trucewatch
