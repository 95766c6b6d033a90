// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "detect/motion/homography.h"

namespace trucewatch::motion {

// A picture of another moment and the map from the present picture to it.
struct Reference {
  const cv::Mat* picture = nullptr;
  const cv::Mat* overlay = nullptr;  // 255 where burnt-in symbols hide the ground; may be empty
  Homography reference_from_present = Homography::Identity();
};

// The part of the present picture that two references show as well.
struct SharedView {
  std::vector<cv::Point2f> polygon;  // convex; empty when there is none
  double share = 0;                  // of the picture's area
};
SharedView ViewOfAll(const cv::Size& size, const Homography& a_from_present,
                     const Homography& b_from_present);

struct Difference {
  cv::Mat change;  // 8-bit: grey levels by which the present leaves the range of both references
  double noise = 1.0;  // robust 1-sigma of the present against one reference, grey levels
  std::vector<cv::Point2f>
      overlap;               // convex polygon of the present picture that both references show
  double overlap_share = 0;  // of the picture's area
};

// Symmetric three-frame differencing. A pixel has changed when it is brighter than the 3x3
// neighbourhood of the same ground in both references, or darker than it in both: what was there
// neither before nor after. The neighbourhood forgives registration errors of a pixel. Slow changes
// of exposure are levelled out first. `overlay` is the present picture's own mask (may be empty).
// One pass over the pictures, row by row; exposure and noise come from every eighth row.
Difference ThreeFrameDifference(const cv::Mat& present, const cv::Mat& overlay, const Reference& a,
                                const Reference& b);

}  // namespace trucewatch::motion
