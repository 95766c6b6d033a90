// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/core.hpp>
#include <vector>

namespace trucewatch::people {

// What is not ground in one registered picture.
struct Foreground {
  // 255: differs from the ground as it was seen at another moment; 128: beside such a pixel, and
  // unlike the ground about it (the inside of somebody who hardly moves); 0: ground, or not seen.
  cv::Mat mask;
};

struct ForegroundOptions {
  double gsd_m = 0.1;
  double local_ground_m = 3.0;  // side of the window whose median is the ground about a pixel
  double reach_m = 0.35;        // how far the inside of somebody lies from his edge
};

struct ForegroundResult {
  std::vector<Foreground> pictures;
  cv::Mat searched;  // 255 where enough pictures show the ground
  double noise = 1;  // 1-sigma of a picture against the ground, grey levels
};

// `pictures` are 8-bit, registered to one plane, levelled here; `valid` is 255 where each shows
// something. At least three. The ground under a pixel is the median over time; where the pixel
// changed, whichever of its darker, middle and brighter values is most like the ground about it, so
// that somebody who covers a pixel most of the time is not taken for ground.
ForegroundResult FindForeground(const std::vector<cv::Mat>& pictures,
                                const std::vector<cv::Mat>& valid,
                                const ForegroundOptions& options);

// Pixels beside strong edges that stay where they are in all unregistered pictures: burnt-in
// symbols, and with a still camera the edges of houses. 255 there.
cv::Mat FindStillEdges(const std::vector<cv::Mat>& pictures);

}  // namespace trucewatch::people
