// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <opencv2/core.hpp>
#include <vector>

namespace trucewatch {

// How far each cell stands out from what surrounds it.
struct LocalContrast {
  cv::Mat1f contrast;  // grey minus the background, 0 where not valid; slightly smoothed
  cv::Mat1f sigma;     // robust 1-sigma of `contrast` around each cell, never 0

  cv::Mat1f InSigmas() const;
};
// Background and sigma are medians over squares of `window_cells`, so that things smaller than half
// of one do not count and edges of fields stay sharp. `smooth_cells` is the sigma of a Gaussian.
LocalContrast MeasureContrast(const cv::Mat1f& grey, const cv::Mat1b& valid, int window_cells,
                              double smooth_cells);

struct BlobLimits {
  double cell_m = 0;
  double min_length_m = 0, max_length_m = 0;
  double min_width_m = 0, max_width_m = 0;
  double first_level = 0;  // sigmas
  // A thing may be part dark, part faint (a roof as grey as the ground beside its own shadow):
  // where the cells above half of the peak make no vehicle, those above a quarter of it are tried.
  bool faint_parts = false;
  double least_peak = 0;  // sigmas; what stays below is nothing
};

struct VehicleBlob {
  Eigen::Vector2d centre = Eigen::Vector2d::Zero();  // cells, centres at half-integers
  Eigen::Vector2d axis = Eigen::Vector2d::UnitX();   // along its length, in cells (y down)
  double length_m = 0, width_m = 0;
  double fill = 0;      // share of its rectangle
  double strength = 0;  // mean sigmas
  double peak = 0;      // sigmas that a tenth of its component exceeds
  std::vector<cv::Point> cells;
};

// Compact things of vehicle size in a map of sigmas: connected where they are above a level, on
// rising levels, so that things which touch at a low level come apart at a higher one. Each cell is
// used once. What is only the peak of something larger is left out. In order of level, then top to
// bottom, left to right.
std::vector<VehicleBlob> FindVehicleBlobs(const cv::Mat1f& sigmas, const BlobLimits& limits);

}  // namespace trucewatch
