// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/blobs.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "detect/motion/bit_image.h"

namespace trucewatch::motion {
namespace {

struct Run {
  int y = 0, x0 = 0, x1 = 0;  // pixels x0 .. x1-1
  int parent = 0;
};

int Root(std::vector<Run>& runs, int i) {
  while (runs[static_cast<std::size_t>(i)].parent != i) {
    Run& run = runs[static_cast<std::size_t>(i)];
    run.parent = runs[static_cast<std::size_t>(run.parent)].parent;
    i = run.parent;
  }
  return i;
}

// Runs of set pixels, joined over rows where they touch (8-neighbourhood). Changed pixels are rare,
// so this is far cheaper than labelling every pixel.
std::vector<Run> JoinedRuns(const BitImage& mask) {
  std::vector<Run> runs;
  std::size_t above = 0;  // first run of the row above
  for (int y = 0; y < mask.height(); ++y) {
    const std::size_t begin = runs.size();
    std::size_t candidate = above;
    const auto add = [&](int x0, int x1) {
      const int index = static_cast<int>(runs.size());
      runs.push_back({y, x0, x1, index});
      while (candidate < begin && runs[candidate].x1 < x0) ++candidate;
      for (std::size_t i = candidate; i < begin && runs[i].x0 <= x1; ++i) {
        const int a = Root(runs, static_cast<int>(i)), b = Root(runs, index);
        runs[static_cast<std::size_t>(std::max(a, b))].parent = std::min(a, b);
      }
    };
    int open = -1;  // where a run began that reaches the end of the word before
    const auto* row = mask.row(y);
    for (int i = 0; mask.any(y) && i < mask.words(); ++i) {
      std::uint64_t word = row[i];
      const int x = i * 64;
      if (open >= 0) {
        const int more = std::countr_one(word);
        if (more == 64) continue;
        add(open, x + more);
        open = -1;
        word &= more == 0 ? word : ~std::uint64_t{0} << more;
      }
      while (word != 0) {
        const int from = std::countr_zero(word);
        const int length = std::countr_one(word >> from);
        if (from + length == 64) {
          open = x + from;
          break;
        }
        add(x + from, x + from + length);
        word &= ~std::uint64_t{0} << (from + length);
      }
    }
    if (open >= 0) add(open, mask.width());
    above = begin;
  }
  return runs;
}

}  // namespace

std::vector<Blob> FindBlobs(const cv::Mat& change, const BlobThresholds& thresholds) {
  BitImage mask = AtLeast(change, thresholds.low);
  if (thresholds.close_px > 1) mask = Close(mask, thresholds.close_px);
  std::vector<Run> runs = JoinedRuns(mask);
  struct Sum {
    double n = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0, change = 0;
    int changed = 0, strong = 0, x0 = 0, x1 = 0, y0 = 0, y1 = 0;
  };
  std::vector<int> slot(runs.size(), -1);
  std::vector<Sum> sums;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto root = static_cast<std::size_t>(Root(runs, static_cast<int>(i)));
    const Run& run = runs[i];
    if (slot[root] < 0) {
      slot[root] = static_cast<int>(sums.size());
      sums.push_back({.x0 = run.x0, .x1 = run.x1, .y0 = run.y, .y1 = run.y});
    }
    Sum& sum = sums[static_cast<std::size_t>(slot[root])];
    sum.x0 = std::min(sum.x0, run.x0);
    sum.x1 = std::max(sum.x1, run.x1);
    sum.y1 = run.y;
    const auto* row = change.ptr<std::uint8_t>(run.y);
    for (int x = run.x0; x < run.x1; ++x) {
      sum.n += 1;
      sum.x += x;
      sum.y += run.y;
      sum.xx += static_cast<double>(x) * x;
      sum.xy += static_cast<double>(x) * run.y;
      sum.yy += static_cast<double>(run.y) * run.y;
      if (row[x] < thresholds.low) continue;  // closed gap
      sum.change += row[x];
      ++sum.changed;
      if (row[x] >= thresholds.high) ++sum.strong;
    }
  }
  std::vector<Blob> blobs;
  for (const Sum& sum : sums) {
    if (sum.n < thresholds.min_area || sum.strong < thresholds.min_strong) continue;
    Blob blob;
    blob.centroid = {sum.x / sum.n, sum.y / sum.n};
    const double xy = sum.xy / sum.n - blob.centroid.x() * blob.centroid.y();
    // A pixel is a square with a variance of 1/12 of its own.
    blob.spread << sum.xx / sum.n - blob.centroid.x() * blob.centroid.x() + 1.0 / 12, xy, xy,
        sum.yy / sum.n - blob.centroid.y() * blob.centroid.y() + 1.0 / 12;
    blob.x = sum.x0;
    blob.y = sum.y0;
    blob.width = sum.x1 - sum.x0;
    blob.height = sum.y1 - sum.y0 + 1;
    blob.area = static_cast<int>(sum.n);
    blob.strong = sum.strong;
    blob.contrast = sum.changed > 0 ? sum.change / sum.changed : 0;
    blobs.push_back(blob);
  }
  if (static_cast<int>(blobs.size()) > thresholds.max_blobs) {
    std::vector<std::size_t> order(blobs.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return blobs[a].contrast * blobs[a].area > blobs[b].contrast * blobs[b].area;
    });
    order.resize(static_cast<std::size_t>(thresholds.max_blobs));
    std::sort(order.begin(), order.end());
    std::vector<Blob> kept;
    for (const std::size_t i : order) kept.push_back(blobs[i]);
    blobs = std::move(kept);
  }
  return blobs;
}

}  // namespace trucewatch::motion
