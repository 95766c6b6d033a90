// SPDX-License-Identifier: Apache-2.0
#include "detect/satellite/vehicle_blobs.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <optional>

namespace trucewatch {
namespace {

constexpr int kLevels = 16;
constexpr double kLevelStep = 1.3;
constexpr double kMinFill = 0.6;    // a rectangle seen at any angle on a grid fills more
constexpr double kMaxAspect = 6.0;  // longer ones are fences, ditches, rows of bushes
constexpr double kRingShare = 0.5;  // of its strength that may surround a thing
constexpr int kMinCells = 6;        // fewer have no shape
constexpr int kMedianCells = 41;    // of the reduced picture in which medians are taken
constexpr double kWindowMadToSigma = 1.4826;

// Median over squares of `window` cells, through a reduced 8-bit copy (the only depth for which
// OpenCV has large medians). `average`: reduce by mean, else by picking cells.
cv::Mat1f WindowMedian(const cv::Mat1f& values, int window, float low, float high, bool average) {
  const double reduce = std::max(1.0, static_cast<double>(window) / kMedianCells);
  const cv::Size size(std::max(1, static_cast<int>(std::lround(values.cols / reduce))),
                      std::max(1, static_cast<int>(std::lround(values.rows / reduce))));
  cv::Mat1f reduced;
  cv::resize(values, reduced, size, 0, 0, average ? cv::INTER_AREA : cv::INTER_NEAREST);
  const double scale = 255.0 / std::max(1e-6F, high - low);
  cv::Mat1b bytes;
  reduced.convertTo(bytes, CV_8U, scale, -low * scale);
  const int side = std::min(kMedianCells, window) | 1;
  cv::medianBlur(bytes, bytes, side);
  cv::Mat1f median;
  bytes.convertTo(median, CV_32F, 1 / scale, low);
  cv::resize(median, median, values.size(), 0, 0, cv::INTER_LINEAR);
  return median;
}

// Value that `share` of the sampled valid cells stay below.
float Quantile(std::vector<float>& sample, double share) {
  if (sample.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(sample.size() - 1));
  std::nth_element(sample.begin(), sample.begin() + at, sample.end());
  return sample[static_cast<std::size_t>(at)];
}

std::vector<float> SampleValid(const cv::Mat1f& values, const cv::Mat1b& valid) {
  std::vector<float> sample;
  const int step = std::max(1, values.rows * values.cols / 100'000);
  int i = 0;
  for (int y = 0; y < values.rows; ++y) {
    for (int x = 0; x < values.cols; ++x) {
      if (valid(y, x) != 0 && i++ % step == 0) sample.push_back(values(y, x));
    }
  }
  return sample;
}

// Gives cells that are not valid the mean of the valid ones around them: a hole or the edge of the
// image must neither look like a thing nor like silence.
void FillHoles(const cv::Mat1b& valid, int window, float otherwise, cv::Mat1f& values) {
  cv::Mat1b holes;
  cv::bitwise_not(valid, holes);
  if (cv::countNonZero(holes) == 0) return;
  values.setTo(0, holes);
  cv::Mat1f sum, share;
  valid.convertTo(share, CV_32F, 1.0 / 255);
  const cv::Size size(window, window);
  cv::boxFilter(values, sum, CV_32F, size, {-1, -1}, false, cv::BORDER_CONSTANT);
  cv::boxFilter(share, share, CV_32F, size, {-1, -1}, false, cv::BORDER_CONSTANT);
  for (int y = 0; y < values.rows; ++y) {
    for (int x = 0; x < values.cols; ++x) {
      if (valid(y, x) != 0) continue;
      values(y, x) = share(y, x) >= 1 ? sum(y, x) / share(y, x) : otherwise;
    }
  }
}

// Rectangle of the cells above so much of their peak: blurred edges do not make a thing larger.
std::optional<VehicleBlob> Measure(const std::vector<cv::Point>& cells, const cv::Mat1f& sigmas,
                                   const BlobLimits& limits, float share_of_peak) {
  std::vector<float> values;
  for (const cv::Point& cell : cells) values.push_back(sigmas(cell));
  VehicleBlob blob;
  blob.peak = static_cast<double>(Quantile(values, 0.9));
  if (blob.peak < limits.least_peak) return std::nullopt;
  const float least = share_of_peak * static_cast<float>(blob.peak);
  std::vector<cv::Point2f> corners;
  Eigen::Vector2d sum = Eigen::Vector2d::Zero();
  double strength = 0;
  for (const cv::Point& cell : cells) {
    const float value = sigmas(cell);
    if (value < least) continue;
    blob.cells.push_back(cell);
    strength += static_cast<double>(value);
    sum += Eigen::Vector2d(cell.x + 0.5, cell.y + 0.5);
    const auto x = static_cast<float>(cell.x);
    const auto y = static_cast<float>(cell.y);
    corners.insert(corners.end(), {{x, y}, {x + 1, y}, {x, y + 1}, {x + 1, y + 1}});
  }
  const auto count = static_cast<double>(blob.cells.size());
  if (blob.cells.size() < kMinCells) return std::nullopt;
  blob.centre = sum / count;
  blob.strength = strength / count;
  const cv::RotatedRect box = cv::minAreaRect(corners);
  const bool wide = box.size.width >= box.size.height;
  const double length = wide ? box.size.width : box.size.height;
  const double width = wide ? box.size.height : box.size.width;
  const double angle = (static_cast<double>(box.angle) + (wide ? 0 : 90)) * CV_PI / 180;
  blob.axis = {std::cos(angle), std::sin(angle)};
  blob.length_m = length * limits.cell_m;
  blob.width_m = width * limits.cell_m;
  blob.fill = count / std::max(1.0, length * width);
  // A slanted rectangle of few cells is measured up to a cell too large.
  const double slack_m = limits.cell_m;
  if (blob.length_m < limits.min_length_m || blob.length_m > limits.max_length_m + slack_m ||
      blob.width_m < limits.min_width_m || blob.width_m > limits.max_width_m + slack_m ||
      blob.length_m > kMaxAspect * blob.width_m || blob.fill < kMinFill) {
    return std::nullopt;
  }
  return blob;
}

// Whether the cells two to three away from a thing are mostly weaker: else it is a part of
// something larger.
bool StandsAlone(const VehicleBlob& blob, const cv::Mat1f& sigmas) {
  constexpr int kReach = 3;
  cv::Rect box = cv::boundingRect(blob.cells);
  box = cv::Rect(box.x - kReach, box.y - kReach, box.width + 2 * kReach, box.height + 2 * kReach) &
        cv::Rect(0, 0, sigmas.cols, sigmas.rows);
  cv::Mat1b inside(box.size(), std::uint8_t{0});
  for (const cv::Point& cell : blob.cells) inside(cell - box.tl()) = 255;
  cv::Mat1b near, far;
  cv::dilate(inside, near, cv::Mat::ones(3, 3, CV_8U));
  cv::dilate(inside, far, cv::Mat::ones(2 * kReach + 1, 2 * kReach + 1, CV_8U));
  int ring = 0;
  int weak = 0;
  for (int y = 0; y < box.height; ++y) {
    for (int x = 0; x < box.width; ++x) {
      if (far(y, x) == 0 || near(y, x) != 0) continue;
      ++ring;
      weak += static_cast<double>(sigmas(box.y + y, box.x + x)) <= kRingShare * blob.strength;
    }
  }
  return ring > 0 && weak * 2 >= ring;
}

}  // namespace

cv::Mat1f LocalContrast::InSigmas() const {
  cv::Mat1f z;
  cv::divide(contrast, sigma, z);
  return z;
}

LocalContrast MeasureContrast(const cv::Mat1f& grey, const cv::Mat1b& valid, int window_cells,
                              double smooth_cells) {
  LocalContrast out;
  std::vector<float> sample = SampleValid(grey, valid);
  const float low = Quantile(sample, 0.001);
  const float high = std::max(Quantile(sample, 0.999), low + 1e-3F);
  cv::Mat1f filled = grey.clone();
  // The edge's own surroundings, not the mean of a wide window, continue it.
  FillHoles(valid, std::max(3, window_cells / 4 | 1), Quantile(sample, 0.5), filled);
  cv::GaussianBlur(filled, filled, cv::Size(), smooth_cells, smooth_cells, cv::BORDER_REPLICATE);
  const float margin = 0.1F * (high - low);
  cv::subtract(filled, WindowMedian(filled, window_cells, low - margin, high + margin, true),
               out.contrast);
  // Cells beside a hole are made of what fills it.
  cv::Mat1b sound;
  cv::erode(valid, sound, cv::Mat::ones(5, 5, CV_8U));
  cv::Mat1b holes;
  cv::bitwise_not(sound, holes);
  out.contrast.setTo(0, holes);

  cv::Mat1f magnitude;
  cv::absdiff(out.contrast, 0, magnitude);
  std::vector<float> magnitudes = SampleValid(magnitude, sound);
  const float top = std::max(Quantile(magnitudes, 0.98), 1e-6F);
  FillHoles(sound, window_cells, Quantile(magnitudes, 0.5), magnitude);
  cv::multiply(WindowMedian(magnitude, window_cells, 0, top, false), kWindowMadToSigma, out.sigma);
  // Nothing is less noisy than a quarter of what is usual here, or than the grey levels are fine.
  const double usual = kWindowMadToSigma * static_cast<double>(Quantile(magnitudes, 0.5));
  const double least = std::max({usual / 4, static_cast<double>(high - low) / 1000, 1e-6});
  cv::max(out.sigma, least, out.sigma);
  return out;
}

std::vector<VehicleBlob> FindVehicleBlobs(const cv::Mat1f& sigmas, const BlobLimits& limits) {
  std::vector<VehicleBlob> found;
  cv::Mat1b taken(sigmas.size(), std::uint8_t{0});
  cv::Mat1i labels;
  cv::Mat stats, centroids;
  const auto max_cells = static_cast<int>(4 * limits.max_length_m * limits.max_width_m /
                                          (limits.cell_m * limits.cell_m)) +
                         kMinCells;
  double level = limits.first_level;
  for (int step = 0; step < kLevels; ++step, level *= kLevelStep) {
    cv::Mat1b mask;
    cv::compare(sigmas, level, mask, cv::CMP_GT);
    if (cv::countNonZero(mask) == 0) break;
    const int count = cv::connectedComponentsWithStats(mask, labels, stats, centroids, 8, CV_32S);
    for (int i = 1; i < count; ++i) {
      const int size = stats.at<int>(i, cv::CC_STAT_AREA);
      if (size < kMinCells || size > max_cells) continue;
      const cv::Rect box(stats.at<int>(i, cv::CC_STAT_LEFT), stats.at<int>(i, cv::CC_STAT_TOP),
                         stats.at<int>(i, cv::CC_STAT_WIDTH), stats.at<int>(i, cv::CC_STAT_HEIGHT));
      std::vector<cv::Point> cells;
      bool used = false;
      for (int y = box.y; y < box.br().y; ++y) {
        for (int x = box.x; x < box.br().x; ++x) {
          if (labels(y, x) != i) continue;
          used = used || taken(y, x) != 0;
          cells.emplace_back(x, y);
        }
      }
      if (used) continue;
      auto blob = Measure(cells, sigmas, limits, 0.5F);
      if (!blob && limits.faint_parts) blob = Measure(cells, sigmas, limits, 0.25F);
      if (!blob || !StandsAlone(*blob, sigmas)) continue;
      for (const cv::Point& cell : cells) taken(cell) = 255;
      found.push_back(std::move(*blob));
    }
  }
  return found;
}

}  // namespace trucewatch
