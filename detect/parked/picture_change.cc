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
constexpr double kApartM = 2.2;     // peaks nearer than this are one
constexpr float kLeastGain = 0.4F, kMostGain = 2.5F;  // full shadow to full sun and back
// What cannot be told from a change of focus or a tenth of a cell's misregistration, as a share of
// the structure that is there.
constexpr double kSlack = 0.15;
constexpr double kLeastNoise = 0.7;     // grey levels
constexpr std::size_t kLeastShown = 3;  // looks that show a cell, for a median
constexpr double kLeastShare = 0.6;     // of a window, for a look to be held against it
constexpr int kMostUnseen = 2;          // looks that do not show the place

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

}  // namespace

GroundPicture MedianOf(std::span<const GroundPicture* const> looks, int side) {
  const auto cells = static_cast<std::size_t>(side) * static_cast<std::size_t>(side);
  const std::size_t least = std::min(looks.size(), kLeastShown);
  GroundPicture median;
  median.grey.resize(cells);
  median.seen.resize(cells);
  std::size_t seen = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    std::size_t shown = 0;
    int sum = 0, low = 255, high = 0;
    for (const GroundPicture* look : looks) {
      if (look->seen[i] == 0) continue;
      const int grey = look->grey[i];
      ++shown;
      sum += grey;
      low = std::min(low, grey);
      high = std::max(high, grey);
    }
    if (shown < least) continue;
    ++seen;
    median.seen[i] = 255;
    // Without the lowest and the highest: of three the median, of four the usual one.
    const int of = static_cast<int>(shown < 3 ? shown : shown - 2);
    if (shown >= 3) sum -= low + high;
    median.grey[i] = static_cast<std::uint8_t>((2 * sum + of) / (2 * of));
  }
  median.seen_share = static_cast<double>(seen) / static_cast<double>(cells);
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

  cv::Mat a, b, weight;
  CellView(later.grey, side).convertTo(a, CV_32F);
  CellView(earlier.grey, side).convertTo(b, CV_32F);
  // What only one of them shows, or neither, is in no mean: at its rim it would look like a change.
  a.setTo(0, both == 0);
  b.setTo(0, both == 0);
  both.convertTo(weight, CV_32F, 1 / 255.0);
  cv::GaussianBlur(weight, weight, {}, kWindowM / frame.cell_m);
  weight = cv::max(weight, 1e-3F);
  const auto mean = [&](const cv::Mat& of) {
    cv::Mat result_mean;
    cv::GaussianBlur(of, result_mean, {}, kWindowM / frame.cell_m);
    return cv::Mat(result_mean / weight);
  };
  const cv::Mat mean_a = mean(a), mean_b = mean(b);
  const cv::Mat variance_a = cv::max(mean(a.mul(a)) - mean_a.mul(mean_a), 0.0F);
  const cv::Mat variance_b = cv::max(mean(b.mul(b)) - mean_b.mul(mean_b), 0.0F);
  const cv::Mat covariance = mean(a.mul(b)) - mean_a.mul(mean_b);
  const int border = std::max(1, static_cast<int>(std::lround(2 * kWindowM / frame.cell_m)));
  cv::erode(both, both, cv::Mat::ones(2 * border + 1, 2 * border + 1, CV_8U), {-1, -1}, 1,
            cv::BORDER_CONSTANT, 0);
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
  // Cells that both sides show; a look counts by those that it shows, too.
  struct Cell {
    std::size_t at;
    double weight;
  };
  std::vector<Cell> window;
  double total = 0, whole_window = 0;
  for (int dy = -reach; dy <= reach; ++dy) {
    for (int dx = -reach; dx <= reach; ++dx) {
      const std::size_t at = static_cast<std::size_t>(y0 + dy) * static_cast<std::size_t>(side) +
                             static_cast<std::size_t>(x0 + dx);
      const double weight = std::exp(-0.5 * (dx * dx + dy * dy) / (sigma * sigma));
      whole_window += weight;
      if (before.seen[at] == 0 || after.seen[at] == 0) continue;
      window.push_back({at, weight});
      total += weight;
    }
  }
  if (total < kLeastShare * whole_window) return {};
  std::vector<double> progress;
  int unseen = 0;
  for (std::size_t k = 0; k < looks.size(); ++k) {
    const GroundPicture& look = *looks[k];
    double shown = 0, from_mean = 0, to_mean = 0, now_mean = 0;
    for (const Cell& c : window) {
      if (look.seen[c.at] == 0) continue;
      shown += c.weight;
      from_mean += c.weight * before.grey[c.at];
      to_mean += c.weight * after.grey[c.at];
      now_mean += c.weight * look.grey[c.at];
    }
    if (shown < kLeastShare * total) {  // says nothing: taken for its side's
      if (++unseen > kMostUnseen) return {};
      progress.push_back(2 * k < looks.size() ? 0 : 1);
      continue;
    }
    from_mean /= shown;
    to_mean /= shown;
    now_mean /= shown;
    double gone = 0, whole = 0;
    for (const Cell& c : window) {
      if (look.seen[c.at] == 0) continue;
      const double from = before.grey[c.at] - from_mean, to = after.grey[c.at] - to_mean,
                   now = look.grey[c.at] - now_mean;
      gone += c.weight * (now - from) * (to - from);
      whole += c.weight * (to - from) * (to - from);
    }
    if (!(whole > shown)) return {};  // less than a grey level
    progress.push_back(gone / whole);
  }
  return progress;
}

}  // namespace trucewatch::parked
