// SPDX-License-Identifier: Apache-2.0
#include "detect/people/foreground.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <opencv2/imgproc.hpp>

namespace trucewatch::people {
namespace {

constexpr std::size_t kMostPictures = 64;
constexpr double kLeastShare = 0.6;     // of the pictures must show a pixel
constexpr double kNoiseSigmas = 4.5;    // of a difference that is no noise
constexpr int kLeastDifference = 12;    // grey levels: coding noise stays under it
constexpr int kLeastSpatial = 18;       // grey levels against the ground about it
constexpr double kTextureSigmas = 2.2;  // of the ground's own texture
constexpr double kEdgeErrorM = 0.3;
constexpr int kStillRange = 10;
constexpr int kStrongEdge = 160;

// Median of a - b over every fourth row where both masks are set, and its robust sigma.
struct Offset {
  int median = 0;
  double sigma = 1;
};
Offset OffsetOf(const cv::Mat& a, const cv::Mat& b, const cv::Mat& mask) {
  std::array<int, 511> histogram{};
  int total = 0;
  for (int y = 0; y < a.rows; y += 4) {
    const auto *p = a.ptr<std::uint8_t>(y), *q = b.ptr<std::uint8_t>(y),
               *m = mask.ptr<std::uint8_t>(y);
    for (int x = 0; x < a.cols; ++x) {
      if (m[x] == 0) continue;
      ++histogram[static_cast<std::size_t>(int{p[x]} - int{q[x]} + 255)];
      ++total;
    }
  }
  if (total == 0) return {};
  const auto quantile = [&](double share) {
    double below = 0;
    for (std::size_t i = 0; i < histogram.size(); ++i) {
      if (histogram[i] == 0) continue;
      if (below + histogram[i] >= share * total) {
        return static_cast<double>(i) - 255.5 + (share * total - below) / histogram[i];
      }
      below += histogram[i];
    }
    return 255.0;
  };
  const double median = quantile(0.5);
  return {.median = static_cast<int>(std::lround(median)),
          .sigma = std::max((quantile(0.75) - quantile(0.25)) / 1.349, 0.5)};
}

cv::Mat Ellipse(double radius_m, double gsd_m, int most) {
  const int side = 2 * std::clamp(static_cast<int>(std::lround(radius_m / gsd_m)), 1, most) + 1;
  return cv::getStructuringElement(cv::MORPH_ELLIPSE, {side, side});
}

struct Ground {
  cv::Mat median, low, high;  // over time; low and high without the one outermost value
  cv::Mat seen;               // 255 where enough pictures show it
};

Ground GroundOverTime(const std::vector<cv::Mat>& pictures, const std::vector<cv::Mat>& valid) {
  const cv::Size size = pictures[0].size();
  Ground ground{cv::Mat::zeros(size, CV_8U), cv::Mat::zeros(size, CV_8U),
                cv::Mat::zeros(size, CV_8U), cv::Mat::zeros(size, CV_8U)};
  const std::size_t count = std::min(pictures.size(), kMostPictures);
  const auto least = std::max<std::size_t>(
      3, static_cast<std::size_t>(std::ceil(kLeastShare * static_cast<double>(count))));
  std::array<const std::uint8_t*, kMostPictures> row{}, mask{};
  std::array<std::uint8_t, kMostPictures> values{};
  for (int y = 0; y < size.height; ++y) {
    for (std::size_t k = 0; k < count; ++k) {
      row[k] = pictures[k].ptr<std::uint8_t>(y);
      mask[k] = valid[k].ptr<std::uint8_t>(y);
    }
    for (int x = 0; x < size.width; ++x) {
      std::size_t n = 0;
      for (std::size_t k = 0; k < count; ++k) {
        if (mask[k][x] == 0) continue;
        const std::uint8_t v = row[k][x];
        std::size_t at = n++;
        for (; at > 0 && values[at - 1] > v; --at) values[at] = values[at - 1];
        values[at] = v;
      }
      if (n < least) continue;
      const std::size_t skip = n >= 5 ? 1 : 0;
      ground.median.at<std::uint8_t>(y, x) = values[n / 2];
      ground.low.at<std::uint8_t>(y, x) = values[skip];
      ground.high.at<std::uint8_t>(y, x) = values[n - 1 - skip];
      ground.seen.at<std::uint8_t>(y, x) = 255;
    }
  }
  return ground;
}

// Where a pixel changed: the value most like the ground about it. The median has the say when it is
// about as good.
cv::Mat ChooseGround(const Ground& ground, const cv::Mat& about, int threshold) {
  cv::Mat chosen = ground.median.clone();
  for (int y = 0; y < chosen.rows; ++y) {
    auto* out = chosen.ptr<std::uint8_t>(y);
    const auto *low = ground.low.ptr<std::uint8_t>(y), *high = ground.high.ptr<std::uint8_t>(y),
               *g = about.ptr<std::uint8_t>(y);
    for (int x = 0; x < chosen.cols; ++x) {
      if (high[x] - low[x] <= threshold) continue;
      int best = std::abs(int{out[x]} - g[x]) - threshold / 2;
      for (const int v : {int{low[x]}, int{high[x]}}) {
        if (std::abs(v - g[x]) < best) {
          best = std::abs(v - g[x]);
          out[x] = static_cast<std::uint8_t>(v);
        }
      }
    }
  }
  return chosen;
}

}  // namespace

ForegroundResult FindForeground(const std::vector<cv::Mat>& pictures,
                                const std::vector<cv::Mat>& valid,
                                const ForegroundOptions& options) {
  ForegroundResult result;
  // One exposure: the middle picture's.
  const cv::Mat& reference = pictures[pictures.size() / 2];
  std::vector<cv::Mat> level;
  for (std::size_t k = 0; k < pictures.size(); ++k) {
    cv::Mat both;
    cv::bitwise_and(valid[k], valid[pictures.size() / 2], both);
    cv::Mat even;
    pictures[k].convertTo(even, CV_8U, 1.0, -OffsetOf(pictures[k], reference, both).median);
    level.push_back(std::move(even));
  }
  const Ground over_time = GroundOverTime(level, valid);
  result.searched = over_time.seen;
  std::vector<double> noises;
  for (std::size_t k = 0; k < level.size(); ++k) {
    cv::Mat both;
    cv::bitwise_and(valid[k], over_time.seen, both);
    noises.push_back(OffsetOf(level[k], over_time.median, both).sigma);
  }
  std::nth_element(noises.begin(), noises.begin() + static_cast<std::ptrdiff_t>(noises.size() / 2),
                   noises.end());
  result.noise = noises[noises.size() / 2];
  const int threshold =
      std::max(kLeastDifference, static_cast<int>(std::lround(kNoiseSigmas * result.noise)));

  cv::Mat about;
  const int window =
      std::clamp(static_cast<int>(std::lround(options.local_ground_m / options.gsd_m)) | 1, 5, 61);
  cv::medianBlur(over_time.median, about, window);
  const double texture = OffsetOf(over_time.median, about, over_time.seen).sigma;
  const int spatial =
      std::max(kLeastSpatial, static_cast<int>(std::lround(kTextureSigmas * texture)));
  const cv::Mat ground = ChooseGround(over_time, about, threshold);

  // Brighter or darker than all the ground about it within a foot, too: edges of houses at the rim
  // of the picture are registered no better. The ground about a pixel has those edges and nobody
  // who stands there.
  cv::Mat brightest, darkest;
  const cv::Mat neighbours = Ellipse(kEdgeErrorM, options.gsd_m, 4);
  cv::dilate(about, brightest, neighbours);
  cv::erode(about, darkest, neighbours);
  const cv::Mat reach = Ellipse(options.reach_m, options.gsd_m, 9);
  for (std::size_t k = 0; k < level.size(); ++k) {
    cv::Mat seen, difference, darker, near, inside;
    cv::bitwise_and(valid[k], over_time.seen, seen);
    cv::absdiff(level[k], ground, difference);
    cv::Mat changed = difference > threshold;
    cv::subtract(level[k], brightest, difference);  // saturates at 0
    cv::subtract(darkest, level[k], darker);
    cv::max(difference, darker, difference);
    cv::bitwise_and(changed, difference > threshold, changed);
    cv::bitwise_and(changed, seen, changed);
    cv::dilate(changed, near, reach);
    cv::absdiff(level[k], about, difference);
    inside = difference > spatial;
    cv::bitwise_and(inside, near, inside);
    cv::bitwise_and(inside, seen, inside);
    Foreground out{cv::Mat::zeros(level[k].size(), CV_8U)};
    out.mask.setTo(128, inside);
    out.mask.setTo(255, changed);
    result.pictures.push_back(std::move(out));
  }
  return result;
}

cv::Mat FindStillEdges(const std::vector<cv::Mat>& pictures) {
  cv::Mat least = pictures[0].clone(), most = pictures[0].clone();
  for (const cv::Mat& picture : pictures) {
    cv::min(least, picture, least);
    cv::max(most, picture, most);
  }
  cv::Mat middle, dx, dy, range;
  cv::addWeighted(least, 0.5, most, 0.5, 0, middle);
  cv::Sobel(middle, dx, CV_16S, 1, 0);
  cv::Sobel(middle, dy, CV_16S, 0, 1);
  cv::subtract(most, least, range);
  cv::Mat edges = (cv::abs(dx) + cv::abs(dy)) >= kStrongEdge;
  const cv::Mat still = range <= kStillRange;
  cv::bitwise_and(edges, still, edges);
  cv::dilate(edges, edges, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
  return edges;
}

}  // namespace trucewatch::people
