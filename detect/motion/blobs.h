// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <opencv2/core.hpp>
#include <vector>

namespace trucewatch::motion {

// A connected patch of change in one picture. Pixel centres at integers.
struct Blob {
  Eigen::Vector2d centroid = Eigen::Vector2d::Zero();
  Eigen::Matrix2d spread = Eigen::Matrix2d::Zero();  // second central moments of its area, px^2
  int x = 0, y = 0, width = 0, height = 0;           // bounding box
  int area = 0;                                      // pixels
  int strong = 0;                                    // pixels over the high threshold
  bool near_symbol = false;                          // burnt-in symbols lie beside it
  bool symbol = false;                               // it is a stroke of one
  double contrast = 0;  // mean change over the changed pixels, grey levels
};

struct BlobThresholds {
  int low = 8;    // a changed pixel
  int high = 12;  // a patch needs `min_strong` pixels with this
  int min_strong = 2;
  int min_area = 4;
  int close_px = 3;     // gaps up to this wide are closed; odd
  int max_blobs = 400;  // the strongest are kept
};

// Patches in the order of their first pixel, row by row.
std::vector<Blob> FindBlobs(const cv::Mat& change, const BlobThresholds& thresholds);

}  // namespace trucewatch::motion
