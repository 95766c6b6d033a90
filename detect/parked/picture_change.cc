// SPDX-License-Identifier: Apache-2.0
#include "detect/parked/picture_change.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace trucewatch::parked {
namespace {

constexpr double kWindowM = 0.75;  // 1-sigma of the window in which a gain and an offset are fitted
constexpr double kVehicleM = 1.75;  // side of the square over which what is left is averaged
constexpr double kStepM = 1;        // 1-sigma of the window in which looks are held against both
constexpr double kEdgesM = 1.5;     // half the side of the square in which edges are compared
constexpr double kAroundM = 5;      // half the side of the square of ground a place is held against
constexpr double kApartM = 2.2;     // peaks nearer than this are one
constexpr float kLeastGain = 0.4F, kMostGain = 2.5F;  // full shadow to full sun and back
// What cannot be told from a change of focus or a tenth of a cell's misregistration, as a share of
// the structure that is there.
constexpr double kSlack = 0.15;
constexpr double kLeastNoise = 0.7;  // grey levels

cv::Mat CellView(const std::vector<std::uint8_t>& cells, int side) {
  return {side, side, CV_8U, const_cast<std::uint8_t*>(cells.data())};  // NOLINT
}

double QuantileIn(const cv::Mat& values, const cv::Mat& mask, double share) {
  std::vector<float> some;
  for (int y = 0; y < values.rows; y += 3) {
    for (int x = 0; x < values.cols; x += 3) {
      if (mask.at<std::uint8_t>(y, x) != 0) some.push_back(values.at<float>(y, x));
    }
  }
  if (some.empty()) return 0;
  const auto middle =
      some.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(some.size()));
  std::nth_element(some.begin(), middle, some.end());
  return *middle;
}

// What of `a` remains when the best gain of `b` is taken away: variances in the window.
cv::Mat Remains(const cv::Mat& variance_a, const cv::Mat& variance_b, const cv::Mat& covariance) {
  cv::Mat gain = covariance / (variance_b + 0.25);
  cv::min(cv::max(gain, kLeastGain), kMostGain, gain);
  cv::Mat left = variance_a - 2 * gain.mul(covariance) + gain.mul(gain).mul(variance_b);
  return cv::max(left, 0.0F);
}

// Cells above a level that hang together with one, within the reach of a lorry and its shadow.
int AreaAbout(const cv::Mat& strength, const cv::Point& at, float level) {
  constexpr int kReach = 40;
  const cv::Rect whole(0, 0, strength.cols, strength.rows);
  const cv::Rect part =
      cv::Rect(at.x - kReach, at.y - kReach, 2 * kReach + 1, 2 * kReach + 1) & whole;
  cv::Mat above = strength(part) > level;
  return cv::floodFill(above, at - part.tl(), cv::Scalar(128));
}

cv::Mat EdgeStrength(const cv::Mat& grey) {
  cv::Mat smooth, dx, dy, magnitude;
  cv::GaussianBlur(grey, smooth, {}, 1);
  cv::Sobel(smooth, dx, CV_32F, 1, 0);
  cv::Sobel(smooth, dy, CV_32F, 0, 1);
  cv::magnitude(dx, dy, magnitude);
  return magnitude;
}

double CorrelationAbout(const cv::Mat& a, const cv::Mat& b, const cv::Point& at, double cell_m) {
  const int half = std::max(2, static_cast<int>(std::lround(kEdgesM / cell_m)));
  const cv::Rect place = cv::Rect(at.x - half, at.y - half, 2 * half + 1, 2 * half + 1) &
                         cv::Rect(0, 0, a.cols, a.rows);
  cv::Mat likeness;
  cv::matchTemplate(a(place), b(place), likeness, cv::TM_CCOEFF_NORMED);
  const auto value = static_cast<double>(likeness.at<float>(0, 0));
  return std::isfinite(value) ? value : 0;
}

// Mean square by which the place differs from the median of the ground about it.
double StandsOut(const cv::Mat& grey, const cv::Point& at, double cell_m) {
  const cv::Rect whole(0, 0, grey.cols, grey.rows);
  const auto about = [&](double half_m) {
    const int half = std::max(1, static_cast<int>(std::lround(half_m / cell_m)));
    return cv::Rect(at.x - half, at.y - half, 2 * half + 1, 2 * half + 1) & whole;
  };
  std::vector<std::uint8_t> ground;
  const cv::Rect around = about(kAroundM);
  for (int y = around.y; y < around.br().y; y += 2) {
    for (int x = around.x; x < around.br().x; x += 2) ground.push_back(grey.at<std::uint8_t>(y, x));
  }
  const auto middle = ground.begin() + static_cast<std::ptrdiff_t>(ground.size() / 2);
  std::nth_element(ground.begin(), middle, ground.end());
  const cv::Rect place = about(kVehicleM / 2);
  double sum = 0;
  for (int y = place.y; y < place.br().y; ++y) {
    for (int x = place.x; x < place.br().x; ++x) {
      const double apart = grey.at<std::uint8_t>(y, x) - static_cast<double>(*middle);
      sum += apart * apart;
    }
  }
  return sum / place.area();
}

}  // namespace

GroundPicture MedianOf(std::span<const GroundPicture* const> looks, int side) {
  cv::Mat seen = CellView(looks[0]->seen, side).clone();
  cv::Mat low = CellView(looks[0]->grey, side).clone(), high = low.clone(), sum;
  low.convertTo(sum, CV_16U);
  for (std::size_t i = 1; i < looks.size(); ++i) {
    const cv::Mat grey = CellView(looks[i]->grey, side);
    cv::min(low, grey, low);
    cv::max(high, grey, high);
    cv::add(sum, grey, sum, cv::noArray(), CV_16U);
    cv::bitwise_and(seen, CellView(looks[i]->seen, side), seen);
  }
  cv::Mat grey;
  if (looks.size() < 3) {
    sum.convertTo(grey, CV_8U, 1.0 / static_cast<double>(looks.size()));
  } else {  // without the lowest and the highest: of three the median, of four the usual one
    cv::subtract(sum, low, sum, cv::noArray(), CV_16U);
    cv::subtract(sum, high, sum, cv::noArray(), CV_16U);
    sum.convertTo(grey, CV_8U, 1.0 / static_cast<double>(looks.size() - 2));
  }
  GroundPicture median;
  median.grey.assign(grey.datastart, grey.dataend);
  median.seen.assign(seen.datastart, seen.dataend);
  median.seen_share =
      static_cast<double>(cv::countNonZero(seen)) / static_cast<double>(seen.total());
  return median;
}

PictureChange ChangeBetween(const GroundPicture& earlier, const GroundPicture& later,
                            const GroundFrame& frame, double least_strength) {
  PictureChange result;
  const int side = frame.side_cells;
  cv::Mat both;
  cv::bitwise_and(CellView(earlier.seen, side), CellView(later.seen, side), both);
  result.shared = static_cast<double>(cv::countNonZero(both)) / static_cast<double>(both.total());
  if (result.shared <= 0) return result;
  const int border = std::max(1, static_cast<int>(std::lround(2 * kWindowM / frame.cell_m)));
  cv::erode(both, both, cv::Mat::ones(2 * border + 1, 2 * border + 1, CV_8U), {-1, -1}, 1,
            cv::BORDER_CONSTANT, 0);

  cv::Mat a, b;
  CellView(later.grey, side).convertTo(a, CV_32F);
  CellView(earlier.grey, side).convertTo(b, CV_32F);
  const auto mean = [&](const cv::Mat& of) {
    cv::Mat result_mean;
    cv::GaussianBlur(of, result_mean, {}, kWindowM / frame.cell_m);
    return result_mean;
  };
  const cv::Mat mean_a = mean(a), mean_b = mean(b);
  const cv::Mat variance_a = cv::max(mean(a.mul(a)) - mean_a.mul(mean_a), 0.0F);
  const cv::Mat variance_b = cv::max(mean(b.mul(b)) - mean_b.mul(mean_b), 0.0F);
  const cv::Mat covariance = mean(a.mul(b)) - mean_a.mul(mean_b);
  const cv::Mat gained = Remains(variance_a, variance_b, covariance);
  const cv::Mat lost = Remains(variance_b, variance_a, covariance);

  const double noise2 =
      std::max(QuantileIn(cv::max(gained, lost), both, 0.5), kLeastNoise * kLeastNoise);
  result.noise = std::sqrt(noise2);
  const cv::Mat expected = noise2 + kSlack * kSlack * (variance_a + variance_b);
  const int box = std::max(1, static_cast<int>(std::lround(kVehicleM / frame.cell_m))) | 1;
  const auto strength = [&](const cv::Mat& left) {
    cv::Mat ratio = left / expected, out;
    cv::sqrt(ratio, out);
    cv::boxFilter(out, out, -1, {box, box});
    return out;
  };
  const cv::Mat s_gained = strength(gained), s_lost = strength(lost);
  cv::Mat s = cv::max(s_gained, s_lost), highest;
  s.setTo(0, both == 0);
  result.unrest = QuantileIn(s, both, 0.95);
  const int reach = std::max(1, static_cast<int>(std::lround(kApartM / frame.cell_m)));
  cv::dilate(s, highest,
             cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * reach + 1, 2 * reach + 1}));
  cv::Mat edges_later, edges_earlier;  // made when first needed
  for (int y = 0; y < side; ++y) {
    const float* value = s.ptr<float>(y);
    const float* top = highest.ptr<float>(y);
    for (int x = 0; x < side; ++x) {
      if (value[x] < least_strength || value[x] < top[x]) continue;
      ChangePeak peak;
      peak.cell = {x, y};
      peak.gained = s_gained.at<float>(y, x);
      peak.lost = s_lost.at<float>(y, x);
      peak.stands_out =
          std::log((StandsOut(CellView(later.grey, side), {x, y}, frame.cell_m) + noise2) /
                   (StandsOut(CellView(earlier.grey, side), {x, y}, frame.cell_m) + noise2));
      if (edges_later.empty()) {
        edges_later = EdgeStrength(CellView(later.grey, side));
        edges_earlier = EdgeStrength(CellView(earlier.grey, side));
      }
      peak.same_edges = CorrelationAbout(edges_later, edges_earlier, {x, y}, frame.cell_m);
      peak.area_m2 = AreaAbout(s, {x, y}, 0.5F * value[x]) * frame.cell_m * frame.cell_m;
      result.peaks.push_back(peak);
    }
  }
  std::stable_sort(
      result.peaks.begin(), result.peaks.end(),
      [](const ChangePeak& p, const ChangePeak& q) { return p.strength() > q.strength(); });
  return result;
}

std::vector<double> ProgressOf(std::span<const GroundPicture* const> looks,
                               const GroundPicture& before, const GroundPicture& after,
                               const GroundFrame& frame, const Eigen::Vector2d& cell) {
  const int side = frame.side_cells;
  const double sigma = kStepM / frame.cell_m;
  const int reach = static_cast<int>(std::ceil(2 * sigma));
  const int x0 = static_cast<int>(std::lround(cell.x())),
            y0 = static_cast<int>(std::lround(cell.y()));
  if (x0 < reach || y0 < reach || x0 + reach >= side || y0 + reach >= side) return {};
  std::vector<double> weight;
  double total = 0;
  for (int dy = -reach; dy <= reach; ++dy) {
    for (int dx = -reach; dx <= reach; ++dx) {
      weight.push_back(std::exp(-0.5 * (dx * dx + dy * dy) / (sigma * sigma)));
      total += weight.back();
    }
  }
  const auto levels = [&](const GroundPicture& picture) {  // without their mean
    std::vector<double> values;
    double mean = 0;
    for (int dy = -reach; dy <= reach; ++dy) {
      const std::uint8_t* row =
          picture.grey.data() + static_cast<std::ptrdiff_t>(y0 + dy) * side + x0 - reach;
      for (int dx = 0; dx <= 2 * reach; ++dx) {
        mean += weight[values.size()] * row[dx];
        values.push_back(row[dx]);
      }
    }
    for (double& value : values) value -= mean / total;
    return values;
  };
  const std::vector<double> from = levels(before), to = levels(after);
  double whole = 0;
  for (std::size_t i = 0; i < weight.size(); ++i) {
    whole += weight[i] * (to[i] - from[i]) * (to[i] - from[i]);
  }
  if (!(whole > total)) return {};  // less than a grey level
  std::vector<double> progress;
  for (const GroundPicture* look : looks) {
    const std::vector<double> now = levels(*look);
    double gone = 0;
    for (std::size_t i = 0; i < weight.size(); ++i) {
      gone += weight[i] * (now[i] - from[i]) * (to[i] - from[i]);
    }
    progress.push_back(gone / whole);
  }
  return progress;
}

}  // namespace trucewatch::parked
