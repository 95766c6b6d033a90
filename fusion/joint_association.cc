// SPDX-License-Identifier: Apache-2.0
#include "fusion/joint_association.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>

namespace trucewatch {
namespace {

using Words = std::vector<std::uint64_t>;

struct Choice {
  std::size_t column;
  double log_ratio;
};

// Partial joint events over the rows taken so far, all of one length. `used` holds, event after
// event, one bit for each column taken and behind them one for each row that caused a report.
struct Events {
  std::vector<double> log_weight;
  std::vector<std::uint32_t> parent;  // event of the row before
  std::vector<std::uint32_t> column;  // the row's; the number of columns: missed
  Words used;

  std::size_t size() const { return log_weight.size(); }
  void Add(double weight, std::size_t from, std::size_t choice) {
    log_weight.push_back(weight);
    parent.push_back(static_cast<std::uint32_t>(from));
    column.push_back(static_cast<std::uint32_t>(choice));
  }
};

bool HasBit(const std::uint64_t* words, std::size_t bit) {
  return (words[bit / 64] >> (bit % 64) & 1) != 0;
}

void SetBit(std::uint64_t* words, std::size_t bit) {
  words[bit / 64] |= std::uint64_t{1} << (bit % 64);
}

// Of the events with the same columns used and the same rows reported the best stays, then the best
// of all, most probable first. Equal ones stand in the order of their bits: it depends on nothing
// but the weights.
Events Reduce(const Events& events, std::size_t words, std::size_t max_events, double log_cut) {
  const auto bits = [&](std::uint32_t i) {
    return std::span<const std::uint64_t>(events.used.data() + i * words, words);
  };
  const auto by_pattern = [&](std::uint32_t a, std::uint32_t b) {
    const auto x = bits(a), y = bits(b);
    return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end());
  };
  const auto same_pattern = [&](std::uint32_t a, std::uint32_t b) {
    return std::equal(bits(a).begin(), bits(a).end(), bits(b).begin());
  };
  const auto better = [&](std::uint32_t a, std::uint32_t b) {
    return events.log_weight[a] > events.log_weight[b];
  };
  std::vector<std::uint32_t> order(events.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), better);
  std::stable_sort(order.begin(), order.end(), by_pattern);
  order.erase(std::unique(order.begin(), order.end(), same_pattern), order.end());
  std::stable_sort(order.begin(), order.end(), better);
  const double floor = events.log_weight[order.front()] - log_cut;
  while (order.size() > max_events || events.log_weight[order.back()] < floor) {
    order.pop_back();
  }
  Events kept;
  for (const std::uint32_t i : order) {
    kept.Add(events.log_weight[i], events.parent[i], events.column[i]);
    kept.used.insert(kept.used.end(), bits(i).begin(), bits(i).end());
  }
  return kept;
}

std::vector<Choice> ChoicesOf(const AssociationWeights& weights, std::size_t row) {
  std::vector<Choice> result;
  for (std::size_t c = 0; c < weights.columns; ++c) {
    if (weights.At(row, c) != kForbidden) result.push_back({c, weights.At(row, c)});
  }
  return result;
}

// One object alone: the sum can be written down.
void AssociateOne(const AssociationWeights& weights, AssociationProbabilities& result) {
  double highest = 0;
  for (const double w : weights.log_ratio) highest = std::max(highest, w);
  double sum = std::exp(-highest);
  result.value.back() = sum;
  for (std::size_t c = 0; c < weights.columns; ++c) {
    result.value[c] = std::exp(weights.log_ratio[c] - highest);
    sum += result.value[c];
  }
  for (double& p : result.value) p /= sum;
}

}  // namespace

AssociationProbabilities Associate(const AssociationWeights& weights,
                                   const AssociationOptions& options) {
  AssociationProbabilities result;
  result.stride = weights.columns + 1;
  result.value.assign(weights.rows * result.stride, 0.0);
  if (weights.rows == 0) return result;
  if (weights.rows == 1) {
    AssociateOne(weights, result);
    return result;
  }
  const std::size_t words = (weights.columns + weights.rows + 63) / 64;
  const std::size_t max_events = std::clamp(options.max_work / weights.rows, options.min_events,
                                            std::max(options.min_events, options.max_events));
  std::vector<Events> levels(1);
  levels[0].Add(0.0, 0, 0);
  levels[0].used.assign(words, 0);
  for (std::size_t row = 0; row < weights.rows; ++row) {
    const std::vector<Choice> choices = ChoicesOf(weights, row);
    const Events& before = levels.back();
    Events next;
    for (std::size_t e = 0; e < before.size(); ++e) {
      const auto extend = [&](std::size_t column, double log_ratio) {
        next.Add(before.log_weight[e] + log_ratio, e, column);
        for (std::size_t k = 0; k < words; ++k) next.used.push_back(before.used[e * words + k]);
        return next.used.data() + (next.size() - 1) * words;
      };
      extend(weights.columns, 0.0);
      for (const Choice& choice : choices) {
        if (HasBit(before.used.data() + e * words, choice.column)) continue;
        std::uint64_t* const bits = extend(choice.column, choice.log_ratio);
        SetBit(bits, choice.column);
        SetBit(bits, weights.columns + row);
      }
    }
    levels.push_back(Reduce(next, words, max_events, options.log_cut));
  }
  // Back through the parents: what the events that were kept to the end chose at each row.
  const Events& last = levels.back();
  double sum = 0;
  std::vector<double> share(last.size());
  for (std::size_t e = 0; e < last.size(); ++e) {
    share[e] = std::exp(last.log_weight[e] - last.log_weight.front());
    sum += share[e];
  }
  std::vector<double> here;
  for (std::size_t row = weights.rows; row-- > 0;) {
    const Events& level = levels[row + 1];
    here.assign(levels[row].size(), 0.0);
    for (std::size_t e = 0; e < level.size(); ++e) {
      if (share[e] == 0) continue;
      result.value[row * result.stride + level.column[e]] += share[e] / sum;
      here[level.parent[e]] += share[e];
    }
    share = here;
  }
  return result;
}

}  // namespace trucewatch
