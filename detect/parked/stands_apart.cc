// SPDX-License-Identifier: Apache-2.0
#include "detect/parked/stands_apart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace trucewatch::parked {
namespace {

constexpr double kReachM = 10;                    // half the side of the part looked at
constexpr double kFarFromM = 4.5, kFarToM = 8.5;  // ground that a vehicle there leaves alone
constexpr double kPlaceReachM = 6.5;              // a place reaches no farther from its middle
constexpr double kNearPeakM = 1.1;                // what changed lies as near to the peak
constexpr double kUnknownM = 2;           // radius of the place where nothing hangs together
constexpr double kGapM = 0.5, kRimM = 2;  // ground about a place begins and ends so far from it
constexpr double kOverNoise = 3.0;        // of a cell that changed
constexpr double kLeastApart = 2.0, kLeastSpread = 3.0;  // grey levels
constexpr double kMostSpreads = 6.0;  // a cell is no farther off: one lamp is no vehicle
constexpr int kLevels = 24;           // bins of a histogram
constexpr double kLeastShownRim = 0.7, kLeastShownPlace = 0.9;  // shares of the cells
constexpr std::size_t kLeastCells = 12;

// Fitted to 473 arrivals and departures of twelve rendered days (seeds 1 to 12).
constexpr double kUnlikeWeight = 1.4, kForeignWeight = 7.8, kEdgesWeight = 1.6, kDarkWeight = 1.55;

int CellsIn(double metres, double cell_m) {
  return std::max(1, static_cast<int>(std::lround(metres / cell_m)));
}

double MiddleValue(std::vector<float>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::vector<float> ValuesIn(const cv::Mat& values, const cv::Mat& mask) {
  std::vector<float> in;
  for (int y = 0; y < values.rows; ++y) {
    for (int x = 0; x < values.cols; ++x) {
      if (mask.at<std::uint8_t>(y, x) != 0) in.push_back(values.at<float>(y, x));
    }
  }
  return in;
}

double SpreadAbout(std::vector<float> values, double middle) {
  for (float& value : values) value = std::abs(value - static_cast<float>(middle));
  return 1.4826 * MiddleValue(values);
}

// Cells that changed and hang together at the peak; all about it where none do.
cv::Mat PlaceAt(const cv::Mat& earlier, const cv::Mat& later, const cv::Mat& shown,
                const cv::Mat& from_peak, double cell_m) {
  const cv::Mat far = (from_peak > kFarFromM / cell_m) & (from_peak < kFarToM / cell_m) & shown;
  cv::Mat apart = later - earlier;
  std::vector<float> ground = ValuesIn(apart, far);
  if (ground.size() < kLeastCells) return {};
  const double offset = MiddleValue(ground);
  const double noise = std::max(kLeastApart, SpreadAbout(ground, offset));
  apart = cv::abs(apart - offset);
  cv::GaussianBlur(apart, apart, {}, 0.25 / cell_m);
  cv::Mat labels;
  const cv::Mat changed = (apart > kOverNoise * noise) & shown;
  const int count = cv::connectedComponents(changed, labels, 4, CV_32S);
  std::vector<int> near(static_cast<std::size_t>(count));
  const int middle = labels.rows / 2, reach = CellsIn(kNearPeakM, cell_m);
  for (int y = middle - reach; y <= middle + reach; ++y) {
    for (int x = middle - reach; x <= middle + reach; ++x) {
      ++near[static_cast<std::size_t>(labels.at<int>(y, x))];
    }
  }
  near[0] = 0;
  const auto most = std::max_element(near.begin(), near.end());
  cv::Mat place = *most > 0 ? cv::Mat(labels == static_cast<int>(most - near.begin()))
                            : cv::Mat(from_peak < kUnknownM / cell_m);
  place &= cv::Mat(from_peak < kPlaceReachM / cell_m);
  // Without its holes: what shines through a vehicle's outline belongs to it.
  cv::morphologyEx(place, place, cv::MORPH_CLOSE,
                   cv::getStructuringElement(cv::MORPH_CROSS, {3, 3}));
  std::vector<std::vector<cv::Point>> outlines;
  cv::findContours(place.clone(), outlines, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_NONE);
  cv::drawContours(place, outlines, -1, cv::Scalar(255), cv::FILLED);
  return place;
}

std::array<double, kLevels> HistogramOf(const std::vector<float>& values) {
  std::array<double, kLevels> bins{}, smooth{};
  for (const float value : values) {
    const int bin = std::clamp(static_cast<int>(value * kLevels / 256), 0, kLevels - 1);
    bins[static_cast<std::size_t>(bin)] += 1.0 / static_cast<double>(values.size());
  }
  for (std::size_t i = 0; i < kLevels; ++i) {
    smooth[i] = 0.5 * bins[i] + 0.25 * (i > 0 ? bins[i - 1] : 0) +
                0.25 * (i + 1 < kLevels ? bins[i + 1] : 0);
  }
  return smooth;
}

struct Look {
  double unlike = 0, common = 0, edges = 0, dark = 0;
};

Look LookOf(const cv::Mat& grey, const cv::Mat& place, const cv::Mat& rim, double cell_m) {
  const std::vector<float> in = ValuesIn(grey, place);
  std::vector<float> about = ValuesIn(grey, rim);
  const auto a = HistogramOf(in), b = HistogramOf(about);
  const double middle = MiddleValue(about);
  const double spread = std::max(kLeastSpread, SpreadAbout(about, middle));
  Look look;
  for (const float value : in) {
    look.unlike += std::min(std::abs(value - middle) / spread, kMostSpreads);
    look.dark += std::max(middle - value, 0.0);
  }
  look.unlike /= static_cast<double>(in.size());
  look.dark /= static_cast<double>(in.size());
  for (std::size_t i = 0; i < kLevels; ++i) look.common += std::sqrt(a[i] * b[i]);
  cv::Mat smooth, dx, dy, strength;
  cv::GaussianBlur(grey, smooth, {}, 0.25 / cell_m);
  cv::Sobel(smooth, dx, CV_32F, 1, 0, 3, 0.125);
  cv::Sobel(smooth, dy, CV_32F, 0, 1, 3, 0.125);
  cv::magnitude(dx, dy, strength);
  look.edges = cv::mean(strength, place)[0];
  return look;
}

}  // namespace

double StandsApart::Came() const {
  return kUnlikeWeight * unlike + kForeignWeight * foreign + kEdgesWeight * edges +
         kDarkWeight * dark;
}

StandsApart StandsApartAt(const GroundPicture& earlier, const GroundPicture& later,
                          const GroundFrame& frame, const Eigen::Vector2d& cell) {
  StandsApart result;
  const int side = frame.side_cells, reach = CellsIn(kReachM, frame.cell_m);
  const int x0 = static_cast<int>(std::lround(cell.x())),
            y0 = static_cast<int>(std::lround(cell.y()));
  const cv::Size size(2 * reach + 1, 2 * reach + 1);
  cv::Mat a(size, CV_32F, cv::Scalar(0)), b(size, CV_32F, cv::Scalar(0)),
      shown(size, CV_8U, cv::Scalar(0)), from_peak(size, CV_32F);
  for (int y = -reach; y <= reach; ++y) {
    for (int x = -reach; x <= reach; ++x) {
      from_peak.at<float>(y + reach, x + reach) =
          std::hypot(static_cast<float>(x), static_cast<float>(y));
      if (x0 + x < 0 || y0 + y < 0 || x0 + x >= side || y0 + y >= side) continue;
      const std::size_t i = static_cast<std::size_t>(y0 + y) * static_cast<std::size_t>(side) +
                            static_cast<std::size_t>(x0 + x);
      if (earlier.seen[i] == 0 || later.seen[i] == 0) continue;
      shown.at<std::uint8_t>(y + reach, x + reach) = 255;
      b.at<float>(y + reach, x + reach) = earlier.grey[i];
      a.at<float>(y + reach, x + reach) = later.grey[i];
    }
  }
  const cv::Mat place = PlaceAt(b, a, shown, from_peak, frame.cell_m);
  if (place.empty()) return result;
  const cv::Mat cross = cv::getStructuringElement(cv::MORPH_CROSS, {3, 3});
  cv::Mat gap, rim;
  cv::dilate(place, gap, cross, {-1, -1}, CellsIn(kGapM, frame.cell_m));
  cv::dilate(gap, rim, cross, {-1, -1}, CellsIn(kRimM - kGapM, frame.cell_m));
  rim.setTo(0, gap);
  const auto cells_of = [](const cv::Mat& mask) {
    return static_cast<double>(cv::countNonZero(mask));
  };
  const cv::Mat place_shown = place & shown, rim_shown = rim & shown;
  const cv::Moments moments = cv::moments(place, true);
  if (moments.m00 > 0) {
    result.middle_cell = {x0 - reach + moments.m10 / moments.m00,
                          y0 - reach + moments.m01 / moments.m00};
  }
  result.area_m2 = cells_of(place) * frame.cell_m * frame.cell_m;
  const auto least = static_cast<double>(kLeastCells);
  if (cells_of(place_shown) < std::max(least, kLeastShownPlace * cells_of(place)) ||
      cells_of(rim_shown) < std::max(least, kLeastShownRim * cells_of(rim))) {
    return result;
  }
  const Look before = LookOf(b, place_shown, rim_shown, frame.cell_m),
             after = LookOf(a, place_shown, rim_shown, frame.cell_m);
  const auto ratio = [](double later_value, double earlier_value, double slack) {
    return std::log((later_value + slack) / (earlier_value + slack));
  };
  result.unlike = ratio(after.unlike, before.unlike, 0.3);
  result.foreign = before.common - after.common;
  result.edges = ratio(after.edges, before.edges, 1);
  result.dark = ratio(after.dark, before.dark, 2);
  result.judged = true;
  return result;
}

}  // namespace trucewatch::parked
