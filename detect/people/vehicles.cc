// SPDX-License-Identifier: Apache-2.0
#include "detect/people/vehicles.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <opencv2/imgproc.hpp>

#include "detect/motion/blobs.h"

namespace trucewatch::people {
namespace {

using motion::Blob;

constexpr double kLeastAreaM2 = 6.0;  // a car without its shadow; two people with theirs
constexpr double kLeastLengthM = 3.0;
constexpr double kMostSpeedMps = 25.0;
constexpr double kWalkMps = 2.3;   // people together are slower
constexpr double kCreepMps = 1.7;  // a solid body this fast is a vehicle
constexpr double kSolid = 0.75;    // share of its rectangle that it fills
constexpr std::size_t kLeastSightings = 4;
constexpr double kGapM = 0.5;
constexpr double kRimM = 0.8;
constexpr double kStrayM = 1.0;  // from its straight way

struct Large {
  Blob blob;
  double length_px = 0, width_px = 0;
  std::size_t body = 0;  // which chain it belongs to
};

// One large thing through the pictures.
struct Body {
  std::vector<std::pair<std::size_t, std::size_t>> seen;  // (picture, index)
};

std::vector<Large> LargeBlobs(const cv::Mat& mask, double metres_per_px) {
  motion::BlobThresholds thresholds;
  thresholds.low = 100;
  thresholds.high = 200;
  thresholds.min_strong = 10;
  const double px2 = metres_per_px * metres_per_px;
  thresholds.min_area = std::max(4, static_cast<int>(kLeastAreaM2 / px2));
  thresholds.close_px = std::clamp(static_cast<int>(std::lround(kGapM / metres_per_px)) | 1, 3, 15);
  thresholds.max_blobs = 100;
  std::vector<Large> result;
  for (const Blob& blob : motion::FindBlobs(mask, thresholds)) {
    const double half = 0.5 * blob.spread.trace();
    const double root = std::sqrt(std::max(half * half - blob.spread.determinant(), 0.0));
    // A rectangle of length l has a variance of l^2/12.
    Large large{.blob = blob,
                .length_px = std::sqrt(12 * (half + root)),
                .width_px = std::sqrt(12 * std::max(half - root, 0.0))};
    if (large.length_px * metres_per_px >= kLeastLengthM) result.push_back(large);
  }
  return result;
}

}  // namespace

void RemoveVehicles(std::vector<cv::Mat>& masks, const std::vector<double>& times_s,
                    double metres_per_px) {
  std::vector<std::vector<Large>> large;
  for (const cv::Mat& mask : masks) large.push_back(LargeBlobs(mask, metres_per_px));
  // Chains by rising distance from where it was to be expected, each blob in one.
  std::vector<Body> bodies;
  for (std::size_t k = 0; k < large.size(); ++k) {
    struct Link {
      double distance;
      std::size_t body, index;
    };
    std::vector<Link> links;
    for (std::size_t b = 0; b < bodies.size() && k > 0; ++b) {
      const auto [picture, index] = bodies[b].seen.back();
      if (k - picture > 2) continue;
      const Large& last = large[picture][index];
      Eigen::Vector2d expected = last.blob.centroid;
      const double dt = times_s[k] - times_s[picture];
      double reach = kMostSpeedMps * dt / metres_per_px;
      if (bodies[b].seen.size() > 1) {
        const auto [before, was] = bodies[b].seen[bodies[b].seen.size() - 2];
        const Eigen::Vector2d step = last.blob.centroid - large[before][was].blob.centroid;
        const double took = times_s[picture] - times_s[before];
        expected += step * (dt / took);
        reach = (1.5 + 4.0 * dt) / metres_per_px;
      }
      for (std::size_t i = 0; i < large[k].size(); ++i) {
        const double ratio =
            static_cast<double>(large[k][i].blob.area) / std::max(last.blob.area, 1);
        const double distance = (large[k][i].blob.centroid - expected).norm();
        if (ratio < 0.5 || ratio > 2.0 || distance > reach) continue;
        links.push_back({distance, b, i});
      }
    }
    std::stable_sort(links.begin(), links.end(),
                     [](const Link& a, const Link& b) { return a.distance < b.distance; });
    std::vector<char> body_taken(bodies.size(), 0), taken(large[k].size(), 0);
    for (const Link& link : links) {
      if (body_taken[link.body] || taken[link.index]) continue;
      body_taken[link.body] = taken[link.index] = 1;
      bodies[link.body].seen.emplace_back(k, link.index);
    }
    for (std::size_t i = 0; i < large[k].size(); ++i) {
      if (!taken[i]) bodies.push_back({{{k, i}}});
    }
  }
  const int rim = 2 * std::max(1, static_cast<int>(std::lround(kRimM / metres_per_px))) + 1;
  for (const Body& body : bodies) {
    if (body.seen.size() < kLeastSightings) continue;
    const auto [first, a] = body.seen.front();
    const auto [last, b] = body.seen.back();
    const Eigen::Vector2d velocity =
        (large[last][b].blob.centroid - large[first][a].blob.centroid) * metres_per_px /
        (times_s[last] - times_s[first]);
    double fill = 0;
    bool steady = true;  // a crowd's patches join and part, a vehicle goes its way
    for (const auto& [k, i] : body.seen) {
      const Large& l = large[k][i];
      fill += l.blob.area / std::max(l.length_px * l.width_px, 1.0);
      const Eigen::Vector2d expected =
          large[first][a].blob.centroid * metres_per_px + velocity * (times_s[k] - times_s[first]);
      steady = steady && (l.blob.centroid * metres_per_px - expected).norm() < kStrayM;
    }
    const bool solid = fill / static_cast<double>(body.seen.size()) >= kSolid;
    if (!steady || !(velocity.norm() > (solid ? kCreepMps : kWalkMps))) continue;
    for (const auto& [k, i] : body.seen) {
      const Blob& blob = large[k][i].blob;
      const cv::Rect box =
          cv::Rect(blob.x - rim / 2, blob.y - rim / 2, blob.width + rim, blob.height + rim) &
          cv::Rect(0, 0, masks[k].cols, masks[k].rows);
      masks[k](box).setTo(0);
    }
  }
}

}  // namespace trucewatch::people
