// SPDX-License-Identifier: Apache-2.0
#include "detect/satellite/looked_at_area.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "detect/satellite/scene_grid.h"

namespace trucewatch {

void LookedAtArea::Add(const cv::Mat1b& valid, const cv::Point& origin) {
  cells_ += cv::countNonZero(valid);
  std::vector<cv::Point2f> corners = hull_;
  for (int y = 0; y < valid.rows; ++y) {
    const std::uint8_t* row = valid.ptr(y);
    int first = 0;
    int last = valid.cols - 1;
    while (first <= last && row[first] == 0) ++first;
    while (last > first && row[last] == 0) --last;
    if (first > last) continue;
    const auto left = static_cast<float>(origin.x + first);
    const auto right = static_cast<float>(origin.x + last + 1);
    const auto top = static_cast<float>(origin.y + y);
    corners.insert(corners.end(), {{left, top}, {right, top}, {left, top + 1}, {right, top + 1}});
  }
  if (corners.size() > hull_.size()) cv::convexHull(corners, hull_);
}

LookedAtArea::Extent LookedAtArea::Within(const std::vector<cv::Point2f>& footprint) const {
  Extent out;
  const double whole = cv::contourArea(footprint);
  if (cells_ == 0 || whole <= 0) return out;
  out.footprint = footprint;
  out.share = std::min(1.0, static_cast<double>(cells_) / whole);
  if (out.share >= kFullShare) return out;
  // The staircase of cells along a slanted edge is no shape: corners within three cells are one.
  std::vector<cv::Point2f> hull;
  cv::approxPolyDP(hull_, hull, 3, true);
  std::vector<cv::Point2f> drawn_in = IntersectConvex(footprint, hull);
  const double area = drawn_in.size() < 3 ? 0 : cv::contourArea(drawn_in);
  if (area <= 0 || area >= kFullShare * whole) return out;
  out.footprint = std::move(drawn_in);
  out.share = std::min(1.0, static_cast<double>(cells_) / area);
  return out;
}

}  // namespace trucewatch
