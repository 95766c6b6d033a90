// SPDX-License-Identifier: Apache-2.0
#include "detect/parked/ground_picture.h"

#include <algorithm>
#include <cmath>
#include <opencv2/calib3d.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>

namespace trucewatch::parked {
namespace {

constexpr double kLeastLikeness = 0.15;  // correlation of edges; of other ground it is below 0.1
constexpr int kCorners = 200, kLeastCorners = 12;
constexpr double kAgreeCells = 0.7;
constexpr double kMostDistortion = 0.05;  // of an alignment: pose errors turn and stretch less
constexpr double kLeastShared = 0.08;     // of the cells

cv::Mat View(const std::vector<std::uint8_t>& cells, int side) {
  // OpenCV has no view of constant data.
  return {side, side, CV_8U, const_cast<std::uint8_t*>(cells.data())};  // NOLINT
}

std::vector<std::uint8_t> CellsOf(const cv::Mat& picture) {
  return {picture.datastart, picture.dataend};
}

double ShareSeen(const cv::Mat& seen) {
  return static_cast<double>(cv::countNonZero(seen)) / static_cast<double>(seen.total());
}

// What of a picture neither light nor noise changes much: its edges, of bounded strength, faded out
// towards what is not seen.
cv::Mat EdgesOf(const cv::Mat& grey, const cv::Mat& inside) {
  cv::Mat weight, smooth, dx, dy, magnitude;
  inside.convertTo(weight, CV_32F, 1 / 255.0);
  cv::GaussianBlur(weight, weight, {}, 4);
  cv::GaussianBlur(grey, smooth, {}, 1.2);
  cv::Sobel(smooth, dx, CV_32F, 1, 0);
  cv::Sobel(smooth, dy, CV_32F, 0, 1);
  cv::magnitude(dx, dy, magnitude);
  const double mean = std::max(cv::mean(magnitude, inside)[0], 1.0);
  cv::min(magnitude, 4 * mean, magnitude);
  magnitude -= mean;
  return magnitude.mul(weight);
}

}  // namespace

Eigen::Vector2d GroundFrame::MetresFromCell(const Eigen::Vector2d& column_row) const {
  const double half = (side_cells - 1) / 2.0;
  return {(column_row.x() - half) * cell_m, (half - column_row.y()) * cell_m};
}

Eigen::Vector2d GroundFrame::CellFromMetres(const Eigen::Vector2d& en_m) const {
  const double half = (side_cells - 1) / 2.0;
  return {half + en_m.x() / cell_m, half - en_m.y() / cell_m};
}

std::optional<GroundPicture> LayOnGround(const GreyView& picture, const CameraPose& pose,
                                         const Terrain& terrain, const GroundFrame& frame,
                                         const HiddenPixels& hidden) {
  CameraPose of = pose;
  of.width_px = picture.width_px;
  of.height_px = picture.height_px;
  const LocalFrame local(frame.middle);
  const double w = picture.width_px, h = picture.height_px;
  const double corners[4][2] = {{0, 0}, {w, 0}, {w, h}, {0, h}};
  cv::Point2f from[4], to[4];
  for (int i = 0; i < 4; ++i) {
    const auto ground = GroundFromPixel(of, corners[i][0], corners[i][1], terrain);
    if (!ground) return std::nullopt;
    const Eigen::Vector2d cell = frame.CellFromMetres(local.EnuFromGeodetic(*ground).head<2>());
    // A pixel's centre is at an integer for OpenCV.
    from[i] = {static_cast<float>(corners[i][0] - 0.5), static_cast<float>(corners[i][1] - 0.5)};
    to[i] = {static_cast<float>(cell.x()), static_cast<float>(cell.y())};
  }
  const double area_cells =
      std::abs(cv::contourArea(std::vector<cv::Point2f>(std::begin(to), std::end(to))));
  if (!(area_cells > 1)) return std::nullopt;
  const double pixels_a_cell = std::sqrt(w * h / area_cells);
  const cv::Mat source(picture.height_px, picture.width_px, CV_8U,
                       const_cast<std::uint8_t*>(picture.data),  // NOLINT
                       static_cast<std::size_t>(picture.stride));
  cv::Mat smooth = source;
  if (pixels_a_cell > 1.2) cv::GaussianBlur(source, smooth, {}, 0.45 * pixels_a_cell);
  const cv::Mat cells_from_pixels = cv::getPerspectiveTransform(from, to);
  const cv::Size size(frame.side_cells, frame.side_cells);
  cv::Mat grey, seen;
  cv::warpPerspective(smooth, grey, cells_from_pixels, size, cv::INTER_LINEAR, cv::BORDER_CONSTANT,
                      0);
  cv::warpPerspective(cv::Mat(source.size(), CV_8U, cv::Scalar(255)), seen, cells_from_pixels, size,
                      cv::INTER_LINEAR, cv::BORDER_CONSTANT, 0);
  cv::threshold(seen, seen, 254, 255, cv::THRESH_BINARY);
  if (!hidden.hidden.empty()) {
    const cv::Mat mask(hidden.height_px, hidden.width_px, CV_8U,
                       const_cast<std::uint8_t*>(hidden.hidden.data()));  // NOLINT: only read
    const double wider = w / hidden.width_px, higher = h / hidden.height_px;
    const cv::Matx33d pixels_from_mask(wider, 0, (wider - 1) / 2, 0, higher, (higher - 1) / 2, 0, 0,
                                       1);
    const cv::Mat cells_from_mask = cells_from_pixels * cv::Mat(pixels_from_mask);
    cv::Mat under;
    cv::warpPerspective(mask, under, cells_from_mask, size, cv::INTER_LINEAR, cv::BORDER_CONSTANT,
                        0);
    seen.setTo(0, under > 0);
  }
  return GroundPicture{CellsOf(grey), CellsOf(seen), ShareSeen(seen)};
}

std::optional<GroundAlignment> Align(const GroundPicture& earlier, const GroundPicture& later,
                                     int side_cells, int max_cells) {
  cv::Mat both;
  cv::bitwise_and(View(earlier.seen, side_cells), View(later.seen, side_cells), both);
  const cv::Rect middle(max_cells, max_cells, side_cells - 2 * max_cells,
                        side_cells - 2 * max_cells);
  if (ShareSeen(both) < kLeastShared || middle.width < 8) return std::nullopt;
  const auto inside = [&](const GroundPicture& picture) {
    cv::Mat result;
    cv::erode(View(picture.seen, side_cells), result, cv::Mat::ones(9, 9, CV_8U), {-1, -1}, 1,
              cv::BORDER_CONSTANT, 0);
    return result;
  };
  const cv::Mat inside_earlier = inside(earlier), inside_later = inside(later);
  const cv::Mat a = EdgesOf(View(earlier.grey, side_cells), inside_earlier),
                b = EdgesOf(View(later.grey, side_cells), inside_later);
  cv::Mat likeness;
  cv::matchTemplate(b, a(middle), likeness, cv::TM_CCORR_NORMED);
  cv::Point best;
  double coarse = 0;
  cv::minMaxLoc(likeness, nullptr, &coarse, nullptr, &best);
  if (!(coarse >= kLeastLikeness)) return std::nullopt;
  // Corners of the edges, followed from where the coarse search has them; what moves, shadows among
  // it, is outvoted.
  const auto levels = [](const cv::Mat& edges) {
    cv::Mat result;
    double high = 0;
    cv::minMaxLoc(edges, nullptr, &high);
    edges.convertTo(result, CV_8U, high > 0 ? 200 / high : 0, 40);
    return result;
  };
  const cv::Mat a8 = levels(a), b8 = levels(b);
  std::vector<cv::Point2f> from, to;
  cv::goodFeaturesToTrack(a8, from, kCorners, 0.02, 6, inside_earlier, 5);
  if (static_cast<int>(from.size()) < kLeastCorners) return std::nullopt;
  for (const cv::Point2f& p : from) {
    to.emplace_back(p.x + static_cast<float>(best.x - max_cells),
                    p.y + static_cast<float>(best.y - max_cells));
  }
  std::vector<std::uint8_t> found, agrees;
  std::vector<float> error;
  cv::calcOpticalFlowPyrLK(a8, b8, from, to, found, error, {15, 15}, 1,
                           {cv::TermCriteria::COUNT | cv::TermCriteria::EPS, 20, 0.02},
                           cv::OPTFLOW_USE_INITIAL_FLOW);
  std::vector<cv::Point2f> from_found, to_found;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (found[i] == 0) continue;
    from_found.push_back(from[i]);
    to_found.push_back(to[i]);
  }
  if (static_cast<int>(from_found.size()) < kLeastCorners) return std::nullopt;
  const cv::Mat later_from_earlier = cv::estimateAffinePartial2D(
      from_found, to_found, agrees, cv::RANSAC, kAgreeCells, 500, 0.995, 10);
  if (later_from_earlier.empty() || cv::countNonZero(agrees) < kLeastCorners) return std::nullopt;
  GroundAlignment result;
  result.likeness = cv::countNonZero(agrees) / static_cast<double>(from.size());
  for (int row = 0; row < 2; ++row) {
    for (int column = 0; column < 2; ++column) {
      result.linear(row, column) = later_from_earlier.at<double>(row, column);
    }
    result.shift[row] = later_from_earlier.at<double>(row, 2);
  }
  const Eigen::Vector2d centre(side_cells / 2.0, side_cells / 2.0);
  if (!((result.Later(centre) - centre).norm() <= 1.5 * max_cells) ||
      !((result.linear - Eigen::Matrix2d::Identity()).norm() < kMostDistortion)) {
    return std::nullopt;
  }
  return result;
}

GroundPicture Aligned(const GroundPicture& later, int side_cells,
                      const GroundAlignment& alignment) {
  const cv::Matx23d there(alignment.linear(0, 0), alignment.linear(0, 1), alignment.shift.x(),
                          alignment.linear(1, 0), alignment.linear(1, 1), alignment.shift.y());
  const cv::Size size(side_cells, side_cells);
  cv::Mat grey, seen;
  cv::warpAffine(View(later.grey, side_cells), grey, there, size,
                 cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_CONSTANT, 0);
  cv::warpAffine(View(later.seen, side_cells), seen, there, size,
                 cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_CONSTANT, 0);
  cv::threshold(seen, seen, 254, 255, cv::THRESH_BINARY);
  return {CellsOf(grey), CellsOf(seen), ShareSeen(seen)};
}

}  // namespace trucewatch::parked
