// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/difference.h"

#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "detect/motion/warp.h"

namespace trucewatch::motion {
namespace {

constexpr int kTile = 48;           // pixels: exposure is levelled on this scale
constexpr double kLevelFrom = 1.0;  // grey levels: smaller differences of exposure are left alone
constexpr int kBlindEdgePx = 7;     // half of this inside the overlap
constexpr double kLeastSpread =
    4;  // grey levels between tiles: with less there is no telling a gain
constexpr double kGainFrom = 0.01;  // smaller changes of gain are left alone
constexpr double kStillRange = 8;   // grey levels: overlays vary no more than this, by coding noise
constexpr double kStrongEdge = 80;  // |dx| + |dy| of Sobel 3x3 at a burnt-in edge
constexpr double kMostSymbols = 0.3;  // of the picture
constexpr double kDenseShare = 0.12;  // of a 9x9 neighbourhood

// Tile means of the pixels in the mask; `shares` (0..255) has the mask's own means.
cv::Mat TileMeans(const cv::Mat& picture, const cv::Mat& mask, const cv::Mat& shares) {
  cv::Mat masked, sums;
  cv::bitwise_and(picture, mask, masked);
  cv::resize(masked, sums, shares.size(), 0, 0, cv::INTER_AREA);
  sums.convertTo(sums, CV_32F, 255.0);
  cv::Mat means;
  cv::divide(sums, cv::max(shares, 1.0F), means);
  return means;
}

// `reference` brought to the exposure of `present`: one gain for the picture (automatic exposure),
// and what is left tile by tile (vignetting, clouds). Only pixels in the mask count.
void LevelExposure(const cv::Mat& present, const cv::Mat& mask, cv::Mat& reference) {
  const cv::Size tiles(std::max(1, present.cols / kTile), std::max(1, present.rows / kTile));
  cv::Mat shares;
  cv::resize(mask, shares, tiles, 0, 0, cv::INTER_AREA);
  shares.convertTo(shares, CV_32F);
  const cv::Mat a = TileMeans(present, mask, shares), b = TileMeans(reference, mask, shares);
  const cv::Mat full = shares > 255.0F * 0.25F;  // tiles that say something
  double gain = 1.0;
  cv::Scalar mean_a, mean_b, sigma_a, sigma_b;
  cv::meanStdDev(a, mean_a, sigma_a, full);
  cv::meanStdDev(b, mean_b, sigma_b, full);
  if (sigma_b[0] > kLeastSpread) {
    const cv::Mat product = (a - mean_a[0]).mul(b - mean_b[0]);
    gain = std::clamp(cv::mean(product, full)[0] / (sigma_b[0] * sigma_b[0]), 0.7, 1.4);
  }
  cv::Mat gap = a - gain * b;
  gap.setTo(mean_a[0] - gain * mean_b[0], ~full);
  cv::medianBlur(gap, gap, 3);  // one bright vehicle must not shift its tile
  double least = 0, most = 0;
  cv::minMaxLoc(gap, &least, &most);
  if (std::max(-least, most) < kLevelFrom && std::abs(gain - 1) < kGainFrom) return;
  cv::Mat gap_full;
  cv::resize(gap, gap_full, present.size(), 0, 0, cv::INTER_LINEAR);
  cv::scaleAdd(cv::Mat_<float>(reference), gain, gap_full, gap_full);
  gap_full.convertTo(reference, CV_8U);
}

// Median absolute difference over every fourth row of the mask, in grey levels with interpolation
// inside a level.
double RobustNoise(const cv::Mat& present, const cv::Mat& reference, const cv::Mat& mask) {
  std::array<double, 256> histogram{};
  double total = 0;
  for (int y = 0; y < present.rows; y += 4) {
    const auto* p = present.ptr<std::uint8_t>(y);
    const auto* r = reference.ptr<std::uint8_t>(y);
    const auto* m = mask.ptr<std::uint8_t>(y);
    for (int x = 0; x < present.cols; ++x) {
      if (m[x] == 0) continue;
      histogram[static_cast<std::size_t>(std::abs(int{p[x]} - int{r[x]}))] += 1;
      total += 1;
    }
  }
  double below = 0;
  for (std::size_t level = 0; level < histogram.size(); ++level) {
    if (below + histogram[level] >= total / 2 && histogram[level] > 0) {
      // Level n holds differences from n - 1/2 to n + 1/2 (and 0 only the upper half).
      const double low = level == 0 ? 0.0 : static_cast<double>(level) - 0.5;
      const double width = level == 0 ? 0.5 : 1.0;
      return 1.4826 * (low + width * (total / 2 - below) / histogram[level]);
    }
    below += histogram[level];
  }
  return 1.0;
}

std::vector<cv::Point2f> Shown(const cv::Size& size, const Homography& reference_from_present) {
  // Corners of the reference in the present picture.
  const Homography back = reference_from_present.inverse();
  const double w = size.width - 1.0, h = size.height - 1.0;
  std::vector<cv::Point2f> corners;
  for (const auto& [x, y] : {std::pair{0.0, 0.0}, {w, 0.0}, {w, h}, {0.0, h}}) {
    const Eigen::Vector2d p = Apply(back, {x, y});
    corners.emplace_back(static_cast<float>(p.x()), static_cast<float>(p.y()));
  }
  return corners;
}

}  // namespace

SharedView ViewOfAll(const cv::Size& size, const Homography& a_from_present,
                     const Homography& b_from_present) {
  SharedView result;
  const float w = static_cast<float>(size.width) - 1.0F;
  const float h = static_cast<float>(size.height) - 1.0F;
  result.polygon = {{0, 0}, {w, 0}, {w, h}, {0, h}};
  for (const Homography* reference : {&a_from_present, &b_from_present}) {
    std::vector<cv::Point2f> both;
    const double area = cv::intersectConvexConvex(result.polygon, Shown(size, *reference), both);
    if (both.size() < 3) return {};
    result.polygon = std::move(both);
    result.share = area / (static_cast<double>(w) * h);
  }
  return result;
}

Difference ThreeFrameDifference(const cv::Mat& present, const cv::Mat& overlay, const Reference& a,
                                const Reference& b) {
  Difference result;
  const SharedView shared =
      ViewOfAll(present.size(), a.reference_from_present, b.reference_from_present);
  result.overlap = shared.polygon;
  result.overlap_share = shared.share;
  if (shared.polygon.empty()) {
    result.change = cv::Mat::zeros(present.size(), CV_8U);
    return result;
  }
  cv::Mat comparable = cv::Mat::zeros(present.size(), CV_8U);
  std::vector<cv::Point> polygon;
  for (const cv::Point2f& p : result.overlap) polygon.emplace_back(cvRound(p.x), cvRound(p.y));
  cv::fillConvexPoly(comparable, polygon, cv::Scalar(255));
  cv::polylines(comparable, polygon, true, cv::Scalar(0), kBlindEdgePx);
  if (!overlay.empty()) comparable.setTo(0, overlay);

  std::array<cv::Mat, 2> seen;
  for (std::size_t i = 0; i < 2; ++i) {
    const Reference& reference = i == 0 ? a : b;
    seen[i] = cv::Mat::zeros(present.size(), CV_8U);
    WarpInto(*reference.picture, reference.reference_from_present, seen[i]);
    if (reference.overlay != nullptr && !reference.overlay->empty()) {
      cv::Mat hidden = cv::Mat::zeros(present.size(), CV_8U);
      WarpInto(*reference.overlay, reference.reference_from_present, hidden);
      comparable.setTo(0, hidden);
    }
  }
  for (cv::Mat& reference : seen) LevelExposure(present, comparable, reference);
  result.noise = RobustNoise(present, seen[0], comparable);

  cv::Mat high, low;
  cv::max(seen[0], seen[1], high);
  cv::min(seen[0], seen[1], low);
  const cv::Mat neighbourhood = cv::getStructuringElement(cv::MORPH_RECT, {3, 3});
  cv::dilate(high, high, neighbourhood);
  cv::erode(low, low, neighbourhood);
  cv::subtract(present, high, high);  // saturates at 0
  cv::subtract(low, present, low);
  cv::max(high, low, result.change);
  cv::bitwise_and(result.change, comparable, result.change);
  return result;
}

cv::Mat FindOverlay(const std::vector<const cv::Mat*>& pictures) {
  if (pictures.size() < 3) return {};
  cv::Mat least = pictures[0]->clone(), most = pictures[0]->clone();
  for (const cv::Mat* picture : pictures) {
    cv::min(least, *picture, least);
    cv::max(most, *picture, most);
  }
  cv::Mat dx, dy, edges, middle, range;
  cv::addWeighted(least, 0.5, most, 0.5, 0, middle);
  cv::Sobel(middle, dx, CV_16S, 1, 0);
  cv::Sobel(middle, dy, CV_16S, 0, 1);
  cv::Mat strength = cv::abs(dx) + cv::abs(dy);
  cv::subtract(most, least, range);
  const cv::Mat strong = strength >= kStrongEdge;
  const cv::Mat still = range <= kStillRange;
  cv::Mat symbols;
  cv::bitwise_and(strong, still, symbols);
  // Isolated pixels are chance; symbols are dense. Then fill their inside, and a rim for coding
  // noise.
  cv::Mat density;
  cv::boxFilter(symbols, density, CV_32F, {9, 9});
  cv::Mat mask = density > 255.0 * kDenseShare;
  if (cv::countNonZero(mask) == 0) return {};
  cv::morphologyEx(mask, mask, cv::MORPH_CLOSE,
                   cv::getStructuringElement(cv::MORPH_RECT, {25, 25}));
  cv::dilate(mask, mask, cv::getStructuringElement(cv::MORPH_RECT, {7, 7}));
  // What a rim encloses belongs to the symbol: flat parts have no edges of their own.
  std::vector<std::vector<cv::Point>> outlines;
  cv::findContours(mask.clone(), outlines, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_SIMPLE);
  cv::drawContours(mask, outlines, -1, cv::Scalar(255), cv::FILLED);
  // Symbols leave most of the ground in view.
  if (cv::countNonZero(mask) > kMostSymbols * static_cast<double>(mask.total())) return {};
  // When the edges outside stand still as well, it is the camera that does, and nothing is burnt
  // in.
  cv::Sobel(*pictures[0], dx, CV_16S, 1, 0);
  cv::Sobel(*pictures[0], dy, CV_16S, 0, 1);
  cv::Mat outside = (cv::abs(dx) + cv::abs(dy)) >= kStrongEdge;
  outside.setTo(0, mask);
  cv::Mat outside_still;
  cv::bitwise_and(outside, still, outside_still);
  if (cv::countNonZero(outside_still) * 2 > cv::countNonZero(outside)) return {};
  return mask;
}

}  // namespace trucewatch::motion
