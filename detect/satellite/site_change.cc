// SPDX-License-Identifier: Apache-2.0
#include "detect/satellite/site_change.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace trucewatch {
namespace {

constexpr double kVehicleHeightM = 2.5;
constexpr double kUnknownShadowM = 3.0;
constexpr double kMaxShadowM = 6.0;
constexpr double kMadToSigma = 1.4826;
// The pass that has the thing must show it so much stronger than the other.
constexpr double kContrastRatio = 1.5;
constexpr double kMinContrastSigmas = 3.5;
// Share of the surroundings that may have changed too.
constexpr double kMaxBusyShare = 0.12;
constexpr double kBusySigmas = 4.0;
// A sun that moved less casts the same shadows.
constexpr double kSameSunDeg = 8.0;

double AngleBetween(const SunAngles& a, const SunAngles& b) {
  const double azimuth = std::abs(std::remainder(a.azimuth_deg - b.azimuth_deg, 360.0));
  return std::max(azimuth, std::abs(a.elevation_deg - b.elevation_deg));
}

// Factor for the earlier pass: median ratio where both passes show the same strong contrast.
float Gain(const TilePair& pair) {
  std::vector<float> ratios;
  for (int y = 0; y < pair.valid.rows; ++y) {
    for (int x = 0; x < pair.valid.cols; ++x) {
      const float later = pair.later.contrast(y, x);
      const float earlier = pair.earlier.contrast(y, x);
      if (pair.valid(y, x) == 0 || std::abs(later) < 4 * pair.later.sigma(y, x) ||
          std::abs(earlier) < 4 * pair.earlier.sigma(y, x) || later * earlier < 0) {
        continue;
      }
      ratios.push_back(later / earlier);
    }
  }
  constexpr std::size_t kEnough = 200;
  if (ratios.size() < kEnough) return 1.0F;
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  return std::clamp(*middle, 0.5F, 2.0F);
}

// The part of a - b that moving b by so much of a cell (0..1) cannot explain.
cv::Mat1f Unexplained(const cv::Mat1f& a, const cv::Mat1f& b, double cells) {
  const cv::Mat square = cv::Mat::ones(3, 3, CV_8U);
  cv::Mat1f highest, lowest;
  cv::dilate(b, highest, square);
  cv::erode(b, lowest, square);
  // Between the cells values are taken to run straight.
  cv::addWeighted(highest, cells, b, 1 - cells, 0, highest);
  cv::addWeighted(lowest, cells, b, 1 - cells, 0, lowest);
  cv::Mat1f above, below;
  cv::subtract(a, highest, above);
  cv::subtract(lowest, a, below);
  cv::max(above, 0, above);
  cv::max(below, 0, below);
  cv::add(above, below, above);
  return above;
}

double MeanOver(const std::vector<cv::Point>& cells, const cv::Mat1f& values) {
  double sum = 0;
  for (const cv::Point& cell : cells) sum += static_cast<double>(values(cell));
  return sum / static_cast<double>(cells.size());
}

// Whether a dark thing is the shadow of something that stands in both passes: what it touches
// towards the sun has not changed. A thing that reaches further than a vehicle's shadow may be a
// vehicle with its shadow beside another: then it must be something larger that stands there.
bool IsWanderedShadow(const VehicleBlob& blob, const TilePair& pair, const SunAngles& sun) {
  const Eigen::Vector2d to_sun = sun.TowardsSun();
  double first = 1e9;
  double last = -1e9;
  for (const cv::Point& cell : blob.cells) {
    const double along = Eigen::Vector2d(cell.x + 0.5, cell.y + 0.5).dot(to_sun);
    first = std::min(first, along);
    last = std::max(last, along);
  }
  const double extent_m = (last - first + 1) * pair.cell_m;
  const bool low = extent_m <= sun.ShadowM() + 1.5;
  // From the sunward edge on, over two metres, or over what no vehicle is wide.
  const double look_m = low ? 2.0 : 7.0;
  const double enough = low ? 0.5 : 0.8;
  int stands = 0;
  int looked = 0;
  const double edge = last - blob.centre.dot(to_sun);
  for (double step_m = pair.cell_m; step_m <= look_m + pair.cell_m; step_m += pair.cell_m) {
    const Eigen::Vector2d at = blob.centre + (edge + step_m / pair.cell_m) * to_sun;
    const cv::Point cell(static_cast<int>(std::floor(at.x())),
                         static_cast<int>(std::floor(at.y())));
    if (!cv::Rect(0, 0, pair.valid.cols, pair.valid.rows).contains(cell)) continue;
    ++looked;
    const float later = pair.later.contrast(cell) / pair.later.sigma(cell);
    const float earlier = pair.earlier.contrast(cell) / pair.earlier.sigma(cell);
    stands += later * earlier > 0 && std::min(std::abs(later), std::abs(earlier)) > 4;
  }
  return looked > 0 && stands >= enough * looked;
}

}  // namespace

double SunAngles::ShadowM() const {
  if (!known()) return kUnknownShadowM;
  const double slope = std::tan(std::max(5.0, elevation_deg) * CV_PI / 180);
  return std::min(kMaxShadowM, kVehicleHeightM / slope);
}

Eigen::Vector2d SunAngles::TowardsSun() const {
  if (!known()) return Eigen::Vector2d::Zero();
  const double azimuth = azimuth_deg * CV_PI / 180;
  return {std::sin(azimuth), -std::cos(azimuth)};
}

std::vector<ChangeBlob> FindSiteChanges(const TilePair& pair, const BlobLimits& limits) {
  const double gain = static_cast<double>(Gain(pair));
  cv::Mat1b holes;
  cv::bitwise_not(pair.valid, holes);
  cv::Mat1f earlier, difference;
  cv::multiply(pair.earlier.contrast, gain, earlier);
  cv::absdiff(pair.later.contrast, earlier, difference);
  difference.setTo(0, holes);
  // Both ways round: whatever movement within three sigma explains in either is no change.
  const double moved = std::clamp(3 * pair.residual_cells, 0.3, 1.0);
  cv::Mat1f change;
  const cv::Mat1f forth = Unexplained(pair.later.contrast, earlier, moved);
  const cv::Mat1f back = Unexplained(earlier, pair.later.contrast, moved);
  // (Of one type, the arguments would be taken for std::min's.)
  cv::min(static_cast<const cv::Mat&>(forth), back, change);
  cv::dilate(holes, holes, cv::Mat::ones(5, 5, CV_8U));
  change.setTo(0, holes);

  // Noise of the difference: from its median, which MeasureContrast takes away as background, and
  // no less than that of its parts.
  constexpr double kSmooth = 0.5;
  const LocalContrast noise = MeasureContrast(difference, pair.valid, pair.window_cells, kSmooth);
  cv::Mat1f sigma, parts;
  cv::GaussianBlur(difference, sigma, cv::Size(), kSmooth, kSmooth, cv::BORDER_REPLICATE);
  cv::subtract(sigma, noise.contrast, sigma);
  cv::multiply(sigma, kMadToSigma, sigma);
  cv::multiply(pair.earlier.sigma, gain, parts);
  cv::magnitude(pair.later.sigma, parts, parts);
  cv::multiply(parts, 0.7, parts);
  cv::max(static_cast<const cv::Mat&>(sigma), parts, sigma);

  cv::Mat1f sigmas, busy_map;
  cv::divide(change, sigma, sigmas);
  // Moving by a whole cell erodes a thing by one cell on every side: given back by a maximum.
  if (moved > 0.7) {
    cv::dilate(sigmas, sigmas, cv::getStructuringElement(cv::MORPH_CROSS, {3, 3}));
  }
  cv::divide(difference, sigma, busy_map);
  cv::Mat1b busy_cells;
  cv::compare(busy_map, kBusySigmas, busy_cells, cv::CMP_GT);
  cv::Mat1f later_sigmas, earlier_sigmas;
  cv::absdiff(pair.later.InSigmas(), 0, later_sigmas);
  cv::absdiff(pair.earlier.InSigmas(), 0, earlier_sigmas);

  std::vector<ChangeBlob> changes;
  const bool sun_moved = pair.later_sun.known() && pair.earlier_sun.known() &&
                         AngleBetween(pair.later_sun, pair.earlier_sun) > kSameSunDeg;
  for (VehicleBlob& blob : FindVehicleBlobs(sigmas, limits)) {
    const double now = MeanOver(blob.cells, later_sigmas);
    const double then = MeanOver(blob.cells, earlier_sigmas);
    ChangeBlob out;
    if (now > kContrastRatio * then && now > kMinContrastSigmas) {
      out.kind = ChangeKind::kAppeared;
    } else if (then > kContrastRatio * now && then > kMinContrastSigmas) {
      out.kind = ChangeKind::kVanished;
    } else {
      continue;  // something there in both: of another shade, but not come or gone
    }
    const bool appeared = out.kind == ChangeKind::kAppeared;
    out.dark = MeanOver(blob.cells, appeared ? pair.later.contrast : pair.earlier.contrast) < 0;
    if (sun_moved && out.dark &&
        IsWanderedShadow(blob, pair, appeared ? pair.later_sun : pair.earlier_sun)) {
      continue;
    }
    // Ground that changed all around: harvest, cloud, water, snow.
    const int reach = std::max(8, pair.window_cells / 2);
    const cv::Rect box = cv::boundingRect(blob.cells);
    const cv::Rect around =
        cv::Rect(box.x - reach, box.y - reach, box.width + 2 * reach, box.height + 2 * reach) &
        cv::Rect(0, 0, sigmas.cols, sigmas.rows);
    const int busy = cv::countNonZero(busy_cells(around)) - static_cast<int>(blob.cells.size());
    if (busy > kMaxBusyShare * around.area()) continue;
    // From contrast to noise; not calibrated.
    out.probability = 1 - std::exp(-(std::max(0.0, blob.peak - 2) / 3));
    out.blob = std::move(blob);
    changes.push_back(std::move(out));
  }
  return changes;
}

}  // namespace trucewatch
