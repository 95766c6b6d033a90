// SPDX-License-Identifier: Apache-2.0
#include "detect/satellite/coregistration.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "detect/satellite/vehicle_blobs.h"

namespace trucewatch {
namespace {

constexpr int kPatchCells = 1024;
constexpr float kClipSigmas = 4.0F;  // one bright roof must not decide
// How far the peak stands above the rest of the surface, in its standard deviations. Over a
// million cells of noise the highest is about 5.
constexpr double kMinPeak = 8.0;
constexpr double kLeastResidualCells = 0.2;

struct Peak {
  Eigen::Vector2d shift = Eigen::Vector2d::Zero();
  double height = 0;
};

cv::Mat1f Normalised(const GridTile& tile, int window_cells) {
  const LocalContrast local = MeasureContrast(tile.grey, tile.valid, window_cells, 0.7);
  cv::Mat1f z = local.InSigmas();
  cv::min(z, kClipSigmas, z);
  cv::max(z, -kClipSigmas, z);
  return z;
}

// Vertex of the parabola through three heights, -0.5..0.5.
double Vertex(float left, float middle, float right) {
  const double curvature = static_cast<double>(left) - 2.0 * middle + right;
  return curvature >= 0
             ? 0
             : std::clamp(0.5 * static_cast<double>(left - right) / curvature, -0.5, 0.5);
}

// Shift s for which b(x + s) looks like a(x), within `reach` cells.
Peak Correlate(const cv::Mat1f& a, const cv::Mat1f& b, int reach) {
  cv::Mat window;
  cv::createHanningWindow(window, a.size(), CV_32F);
  const cv::Size size(cv::getOptimalDFTSize(a.cols), cv::getOptimalDFTSize(a.rows));
  const auto spectrum = [&](const cv::Mat1f& image) {
    cv::Mat1f padded(size, 0.0F);
    cv::multiply(image, window, padded(cv::Rect(0, 0, a.cols, a.rows)));
    cv::Mat2f out;
    cv::dft(padded, out, cv::DFT_COMPLEX_OUTPUT);
    return out;
  };
  cv::Mat2f cross;
  cv::mulSpectrums(spectrum(b), spectrum(a), cross, 0, true);
  // Whitened, but not where there is nothing but noise: divided by the magnitude plus its mean.
  double mean = 0;
  for (const cv::Vec2f& v : cross) mean += std::hypot(v[0], v[1]);
  mean /= static_cast<double>(cross.total());
  for (cv::Vec2f& v : cross) {
    v *= static_cast<float>(1.0 / (std::hypot(v[0], v[1]) + mean + 1e-12));
  }
  cv::Mat1f surface;
  cv::dft(cross, surface, cv::DFT_INVERSE | cv::DFT_REAL_OUTPUT | cv::DFT_SCALE);
  const auto at = [&](int dx, int dy) {
    return surface((dy + size.height) % size.height, (dx + size.width) % size.width);
  };
  int best_x = 0;
  int best_y = 0;
  for (int dy = -reach; dy <= reach; ++dy) {
    for (int dx = -reach; dx <= reach; ++dx) {
      if (at(dx, dy) > at(best_x, best_y)) best_x = dx, best_y = dy;
    }
  }
  cv::Scalar average, deviation;
  cv::meanStdDev(surface, average, deviation);
  Peak peak;
  peak.height =
      (static_cast<double>(at(best_x, best_y)) - average[0]) / std::max(1e-12, deviation[0]);
  peak.shift = {
      best_x + Vertex(at(best_x - 1, best_y), at(best_x, best_y), at(best_x + 1, best_y)),
      best_y + Vertex(at(best_x, best_y - 1), at(best_x, best_y), at(best_x, best_y + 1))};
  return peak;
}

// The middle of the overlap, and where it is large four more.
std::vector<cv::Rect> Patches(const std::vector<cv::Point2f>& overlap) {
  const cv::Rect box = cv::boundingRect(overlap);
  const int width = std::min(kPatchCells, box.width);
  const int height = std::min(kPatchCells, box.height);
  std::vector<cv::Rect> patches;
  const auto add = [&](double fx, double fy) {
    patches.emplace_back(box.x + static_cast<int>((box.width - width) * fx),
                         box.y + static_cast<int>((box.height - height) * fy), width, height);
  };
  add(0.5, 0.5);
  if (box.width > 2 * kPatchCells || box.height > 2 * kPatchCells) {
    for (const double fx : {0.2, 0.8}) {
      for (const double fy : {0.2, 0.8}) add(fx, fy);
    }
  }
  return patches;
}

struct PatchShift {
  Peak peak;
  double residual_cells = 0;
};

}  // namespace

Result<std::optional<Coregistration>> Coregister(const SceneReader& later,
                                                 const SceneReader& earlier, const SceneGrid& grid,
                                                 const std::vector<cv::Point2f>& overlap,
                                                 int window_cells, double max_shift_cells) {
  std::vector<PatchShift> shifts;
  for (const cv::Rect& patch : Patches(overlap)) {
    if (patch.width < 32 || patch.height < 32) continue;
    TW_ASSIGN_OR_RETURN(const GridTile now, SampleGrid(later, grid, patch, {0, 0}));
    if (cv::countNonZero(now.valid) * 2 < patch.area()) continue;
    const cv::Mat1f a = Normalised(now, window_cells);
    const int reach =
        std::min({static_cast<int>(std::ceil(max_shift_cells)), patch.width / 4, patch.height / 4});
    // Twice: the second round sees the same ground and only refines.
    Peak total;
    Eigen::Vector2d last = Eigen::Vector2d::Zero();
    for (int round = 0; round < 2; ++round) {
      TW_ASSIGN_OR_RETURN(const GridTile then, SampleGrid(earlier, grid, patch, total.shift));
      if (cv::countNonZero(then.valid) * 2 < patch.area()) break;
      const Peak peak = Correlate(a, Normalised(then, window_cells), round == 0 ? reach : 2);
      last = peak.shift;
      total.shift += peak.shift;
      total.height = peak.height;
    }
    if (total.height < kMinPeak || total.shift.norm() > max_shift_cells) continue;
    shifts.push_back({total, last.norm()});
  }
  if (shifts.empty()) return std::optional<Coregistration>();
  std::sort(shifts.begin(), shifts.end(),
            [](const PatchShift& a, const PatchShift& b) { return a.peak.height > b.peak.height; });
  // The surest patch, and those that agree with it.
  Coregistration out;
  double weight = 0;
  double spread = 0;
  for (const PatchShift& s : shifts) {
    const double off = (s.peak.shift - shifts.front().peak.shift).norm();
    if (off > 3) continue;
    out.shift += s.peak.height * s.peak.shift;
    weight += s.peak.height;
    spread = std::max({spread, off / std::sqrt(2.0), s.residual_cells / 2});
  }
  out.shift /= weight;
  out.residual_cells = std::max(kLeastResidualCells, spread);
  return std::optional<Coregistration>(out);
}

}  // namespace trucewatch
