// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/paint_order.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <queue>
#include <utility>

namespace trucewatch::clip {
namespace {

constexpr double kTouchM = 0.02;  // footprints that touch do not meet

// +1: `b` lies outside one of `a`'s sides and the camera inside it: `a` is in front. -1: the camera
// is outside, too. 0: no side of `a` parts them.
int ByFence(const Prism& a, const Prism& b, const Eigen::Vector2d& camera) {
  for (std::size_t i = 0; i < 4; ++i) {
    const Eigen::Vector2d& p = a.footprint[i];
    const Eigen::Vector2d edge = a.footprint[(i + 1) % 4] - p;
    const Eigen::Vector2d outward(edge.y(), -edge.x());
    const double slack = kTouchM * edge.norm();
    const bool parted =
        std::all_of(b.footprint.begin(), b.footprint.end(),
                    [&](const Eigen::Vector2d& q) { return outward.dot(q - p) > -slack; });
    if (parted) return outward.dot(camera - p) > 0 ? -1 : 1;
  }
  return 0;
}

}  // namespace

std::array<Eigen::Vector2d, 4> Rectangle(const Eigen::Vector2d& centre,
                                         const Eigen::Vector2d& along, double half_length_m,
                                         double half_width_m) {
  const Eigen::Vector2d a = along * half_length_m;
  const Eigen::Vector2d b = Eigen::Vector2d(-along.y(), along.x()) * half_width_m;
  return {centre + a + b, centre - a + b, centre - a - b, centre + a - b};
}

int InFront(const Prism& a, const Prism& b, const Eigen::Vector2d& camera) {
  if (const int by_a = ByFence(a, b, camera); by_a != 0) return by_a;
  if (const int by_b = ByFence(b, a, camera); by_b != 0) return -by_b;
  if (a.overhangs != b.overhangs) return a.overhangs ? 1 : -1;
  if (a.bottom_m >= b.top_m) return 1;
  if (b.bottom_m >= a.top_m) return -1;
  return (a.middle() - camera).squaredNorm() <= (b.middle() - camera).squaredNorm() ? 1 : -1;
}

std::vector<std::size_t> PaintOrder(std::span<const Prism> prisms, const Eigen::Vector2d& camera) {
  const std::size_t n = prisms.size();
  std::vector<double> distance(n);
  for (std::size_t i = 0; i < n; ++i) distance[i] = (prisms[i].middle() - camera).squaredNorm();
  std::vector<std::size_t> by_left(n);
  std::iota(by_left.begin(), by_left.end(), std::size_t{0});
  std::sort(by_left.begin(), by_left.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(prisms[a].image_low.x(), a) < std::pair(prisms[b].image_low.x(), b);
  });
  // Edges from what is hidden to what hides it.
  std::vector<std::vector<std::size_t>> hiders(n);
  std::vector<int> waits(n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const Prism& a = prisms[by_left[i]];
    for (std::size_t j = i + 1; j < n; ++j) {
      const Prism& b = prisms[by_left[j]];
      if (b.image_low.x() > a.image_high.x()) break;
      if (b.image_low.y() > a.image_high.y() || b.image_high.y() < a.image_low.y()) continue;
      const bool a_hides = InFront(a, b, camera) > 0;
      const std::size_t front = a_hides ? by_left[i] : by_left[j],
                        back = a_hides ? by_left[j] : by_left[i];
      hiders[back].push_back(front);
      ++waits[front];
    }
  }
  // The farthest of those that nothing is left behind; in a ring, the farthest of all.
  using Entry = std::pair<double, std::size_t>;
  std::priority_queue<Entry> ready;
  std::vector<std::uint8_t> done(n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    if (waits[i] == 0) ready.emplace(distance[i], i);
  }
  std::vector<std::size_t> far_first(n), order;
  std::iota(far_first.begin(), far_first.end(), std::size_t{0});
  std::sort(far_first.begin(), far_first.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(distance[a], a) > std::pair(distance[b], b);
  });
  std::size_t next_far = 0;
  while (order.size() < n) {
    if (ready.empty()) {
      while (done[far_first[next_far]] != 0) ++next_far;
      ready.emplace(distance[far_first[next_far]], far_first[next_far]);
    }
    const std::size_t i = ready.top().second;
    ready.pop();
    if (done[i] != 0) continue;
    done[i] = 1;
    order.push_back(i);
    for (const std::size_t front : hiders[i]) {
      if (--waits[front] == 0 && done[front] == 0) ready.emplace(distance[front], front);
    }
  }
  return order;
}

}  // namespace trucewatch::clip
