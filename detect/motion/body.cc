// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/body.h"

#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "detect/motion/patch_sample.h"

namespace trucewatch::motion {
namespace {

constexpr double kReachAlong_m = 13, kReachAcross_m = 6;  // about the trail
constexpr double kFarReach_m = 26;  // to all sides, when that cuts it: shadows of a low sun
constexpr int kMostCellsAlong = 50, kMostCellsAcross = 24;  // to either side
constexpr std::size_t kMostLooks = 6;
constexpr double kNearLag_s = 0.15, kFarLag_s = 1.0;
constexpr double kGoodWay_px = 6;  // that lies between two pictures compared
constexpr double kLittleWay_px = 2;
constexpr int kMostGrey = 40;        // grey levels: larger differences say no more
constexpr double kFromNoise = 0.9;   // a cell fits so much better moving, in noise
constexpr double kLeastGain = 1.5;   // grey levels
constexpr double kEdgeShare = 0.3;   // of the upper quartile
constexpr double kGap_m = 0.8;       // inside of a body, without pattern
constexpr double kLeastShare = 0.5;  // of the patches; less is a part of the body only

// A point of the trail, and others before and after it.
struct BodyLook {
  std::size_t point = 0;
  std::array<std::size_t, 2> others = {};
};

// The point on one side that is nearest in time and yet far enough away to tell moving from
// standing, else the farthest.
std::optional<std::size_t> TellingPoint(const Trail& trail, std::size_t i, int side) {
  const auto& points = trail.points;
  std::optional<std::size_t> best;
  double best_way = kLittleWay_px;
  for (auto j = static_cast<std::ptrdiff_t>(i) + side;
       j >= 0 && j < static_cast<std::ptrdiff_t>(points.size()); j += side) {
    const TrailPoint& there = points[static_cast<std::size_t>(j)];
    const double lag = std::abs(there.time_s - points[i].time_s);
    if (lag < kNearLag_s) continue;
    if (lag > kFarLag_s) break;
    const double way = (there.place - points[i].place).norm();
    if (way <= best_way) continue;
    best = static_cast<std::size_t>(j);
    best_way = way;
    if (way >= kGoodWay_px) break;
  }
  return best;
}

// Spread over the trail.
std::vector<BodyLook> BodyLooks(const Trail& trail) {
  std::vector<BodyLook> all;
  for (std::size_t i = 0; i < trail.points.size(); ++i) {
    const auto before = TellingPoint(trail, i, -1);
    const auto after = TellingPoint(trail, i, 1);
    if (before && after) all.push_back({i, {*before, *after}});
  }
  std::vector<BodyLook> some;
  const std::size_t step = std::max<std::size_t>(1, (all.size() + kMostLooks - 1) / kMostLooks);
  for (std::size_t i = (all.size() % step) / 2; i < all.size(); i += step) some.push_back(all[i]);
  return some;
}

// Another picture with a grid of cells laid on the body there, and on the ground where it was.
struct OtherPicture {
  const cv::Mat* image = nullptr;
  FixedPoint moved, still;
  Eigen::Matrix2d step_moved, step_still;  // of a cell, fixed point
  std::int64_t exposure = 0;
};

// Cells about the trail, along the way and to its right.
struct BodyGrid {
  BodyGrid(double along_m, double across_m, double least_cell_m, int most_across)
      : cell_m(std::max({least_cell_m, along_m / kMostCellsAlong, across_m / most_across})),
        reach_x(static_cast<int>(along_m / cell_m)),
        reach_y(static_cast<int>(across_m / cell_m)) {}
  int columns() const { return 2 * reach_x + 1; }
  int rows() const { return 2 * reach_y + 1; }
  Eigen::Vector2d Metres(double x, double y) const {
    return {(x - reach_x) * cell_m, (y - reach_y) * cell_m};
  }

  double cell_m;
  int reach_x, reach_y;
};

FixedPoint Shifted(const FixedPoint& p, const Eigen::Vector2d& d) {
  return {p.x + static_cast<std::int32_t>(d.x()), p.y + static_cast<std::int32_t>(d.y())};
}

// By how much better each cell fits going along than standing, summed over the looks.
cv::Mat GainOf(const Trail& trail, const BodyGrid& grid, const std::vector<BodyLook>& looks,
               const Eigen::Matrix2d& metres, const std::vector<Moment>& moments,
               const std::vector<cv::Mat>& images) {
  cv::Mat gain = cv::Mat::zeros(grid.rows(), grid.columns(), CV_32S);
  for (const BodyLook& look : looks) {
    const TrailPoint& a = trail.points[look.point];
    const Moment& from = moments[a.moment];
    const cv::Mat& image = images[a.moment];
    const double one = 1 << kPointBits;
    const auto stable_from_cell = [&](const TrailPoint& p) -> Eigen::Matrix2d {
      const Eigen::Vector2d velocity = PathAbout(trail, p.time_s).VelocityAt(p.time_s);
      return MetricHeading(metres, velocity).inverse() * grid.cell_m * one;
    };
    const Homography back = from.stable_from_working.inverse();
    const Eigen::Matrix2d step = Linear(back, a.place) * stable_from_cell(a);
    const FixedPoint at = Fixed(Apply(back, a.place));
    std::array<OtherPicture, 2> others;
    for (std::size_t k = 0; k < 2; ++k) {
      const TrailPoint& b = trail.points[look.others[k]];
      const Moment& to = moments[b.moment];
      const Homography there = to.stable_from_working.inverse();
      others[k] = {&images[b.moment],
                   Fixed(Apply(there, b.place)),
                   Fixed(Apply(there, a.place)),
                   Linear(there, b.place) * stable_from_cell(b),
                   Linear(there, a.place) * stable_from_cell(a),
                   std::lround(from.level / std::max(1.0, to.level) * (1 << kExposureBits))};
    }
    constexpr auto kMost = static_cast<std::int32_t>(kMostGrey * kGrey);
    for (int y = 0; y < gain.rows; ++y) {
      auto* row = gain.ptr<std::int32_t>(y);
      for (int x = 0; x < gain.cols; ++x) {
        const Eigen::Vector2d cell(x - grid.reach_x, y - grid.reach_y);
        const std::int32_t here = Sample(image, Shifted(at, step * cell));
        if (here < 0) continue;
        // Ground that the body covers before or after differs from one of the two only.
        std::int32_t moved_sum = 0, least_still = kMost;
        for (const OtherPicture& other : others) {
          const auto apart = [&](std::int32_t there) {
            if (there < 0) return kMost / 2;
            const auto level = static_cast<std::int32_t>(there * other.exposure >> kExposureBits);
            return std::min(std::abs(here - level), kMost);
          };
          moved_sum += apart(Sample(*other.image, Shifted(other.moved, other.step_moved * cell)));
          least_still =
              std::min(least_still,
                       apart(Sample(*other.image, Shifted(other.still, other.step_still * cell))));
        }
        row[x] += least_still - moved_sum / 2;
      }
    }
  }
  return gain;
}

// Whether each connected part of what goes along lies on the patches.
std::vector<bool> PartsOn(const Extent& patches, const cv::Mat& labels, int count,
                          const BodyGrid& grid) {
  std::vector<bool> belongs(static_cast<std::size_t>(count), false);
  for (int y = 0; y < labels.rows; ++y) {
    for (int x = 0; x < labels.cols; ++x) {
      const Eigen::Vector2d at = grid.Metres(x, y);
      if (at.x() >= patches.rear && at.x() <= patches.front &&
          std::abs(at.y() - patches.across) <= patches.breadth / 2) {
        belongs[static_cast<std::size_t>(labels.at<int>(y, x))] = true;
      }
    }
  }
  belongs[0] = false;
  return belongs;
}

Body MeasureWithin(const Trail& trail, const Extent& patches, const BodyGrid& grid, bool* cut,
                   const Eigen::Matrix2d& metres, const std::vector<Moment>& moments,
                   const std::vector<cv::Mat>& images) {
  Body result;
  result.extent = patches;
  *cut = false;
  const std::vector<BodyLook> looks = BodyLooks(trail);
  if (looks.empty()) return result;
  const cv::Mat gain = GainOf(trail, grid, looks, metres, moments, images);
  double noise = 0;
  for (const BodyLook& look : looks) {
    noise += std::max(0.5, moments[trail.points[look.point].moment].noise) /
             static_cast<double>(looks.size());
  }
  const double least = std::max(kLeastGain, kFromNoise * noise) * static_cast<double>(kGrey) *
                       static_cast<double>(looks.size());
  cv::Mat body = gain > least;
  const int gap = static_cast<int>(std::lround(kGap_m / grid.cell_m)) | 1;
  cv::Mat closed;
  cv::morphologyEx(body, closed, cv::MORPH_CLOSE, cv::Mat::ones(gap, gap, CV_8U));
  cv::Mat labels;
  const int count = cv::connectedComponents(closed, labels, 8, CV_32S);
  const std::vector<bool> belongs = PartsOn(patches, labels, count, grid);
  std::vector<std::pair<cv::Point, std::int32_t>> cells;
  for (int y = 0; y < labels.rows; ++y) {
    for (int x = 0; x < labels.cols; ++x) {
      if (belongs[static_cast<std::size_t>(labels.at<int>(y, x))] &&
          body.at<std::uint8_t>(y, x) != 0) {
        cells.push_back({{x, y}, gain.at<std::int32_t>(y, x)});
      }
    }
  }
  // Blur carries the edges of what has much contrast outwards, by a part of it.
  std::vector<std::int32_t> gains;
  for (const auto& [cell, value] : cells) gains.push_back(value);
  std::sort(gains.begin(), gains.end());
  const double edge = gains.empty() ? 0 : kEdgeShare * gains[gains.size() * 3 / 4];
  std::vector<cv::Point> kept;
  for (const auto& [cell, value] : cells) {
    if (value >= edge) kept.push_back(cell);
  }
  if (kept.empty()) return result;
  const cv::Rect box = cv::boundingRect(kept);
  *cut = box.x == 0 || box.y == 0 || box.br().x == labels.cols || box.br().y == labels.rows;
  const double length = box.width * grid.cell_m, breadth = box.height * grid.cell_m;
  if (length < kLeastShare * (patches.front - patches.rear) ||
      breadth < kLeastShare * patches.breadth) {
    return result;
  }
  const Eigen::Vector2d low = grid.Metres(box.x - 0.5, box.y - 0.5);
  result.extent = {low.x(), low.x() + length, low.y() + breadth / 2, breadth, length};
  result.cell_m = grid.cell_m;
  for (const cv::Point& cell : kept) result.cells.push_back(grid.Metres(cell.x, cell.y));
  return result;
}

}  // namespace

Body MeasureBody(const Trail& trail, const Extent& patches, const Eigen::Matrix2d& metres,
                 const std::vector<Moment>& moments, const std::vector<cv::Mat>& images) {
  const double pixel_m = std::sqrt(std::abs(metres.determinant()));
  bool cut = false;
  const BodyGrid near(kReachAlong_m, kReachAcross_m, pixel_m, kMostCellsAcross);
  Body body = MeasureWithin(trail, patches, near, &cut, metres, moments, images);
  if (!cut) return body;
  const BodyGrid far(kFarReach_m, kFarReach_m, pixel_m, kMostCellsAlong);
  return MeasureWithin(trail, patches, far, &cut, metres, moments, images);
}

double NarrowestWidth(const Body& body) {
  if (body.cells.size() < 3) return 0;
  std::vector<cv::Point2f> points;
  for (const Eigen::Vector2d& cell : body.cells) {
    points.emplace_back(static_cast<float>(cell.x()), static_cast<float>(cell.y()));
  }
  const cv::Size2f size = cv::minAreaRect(points).size;
  return std::min(size.width, size.height) + body.cell_m;
}

}  // namespace trucewatch::motion
