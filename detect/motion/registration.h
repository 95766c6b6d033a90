// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <opencv2/core.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "detect/motion/homography.h"

namespace trucewatch::motion {

// Finds how the ground moves through the pictures of one segment: corners are followed from picture
// to picture and any two pictures are related by one homography from the corners both have seen.
// Nothing is chained as long as enough corners survive, so errors do not add up with time.
// Determinism: the result depends on the pictures alone (RANSAC with OpenCV's fixed seed).
class Registration {
 public:
  // Pictures are shrunk so that their longer side is at most this before corners are sought.
  static constexpr int kMaxSide = 480;

  // The next picture, 8-bit grey; all of one size. `mask` (same size or empty) is 0 where nothing
  // must be followed.
  void Add(const cv::Mat& picture, const cv::Mat& mask);

  // Maps points of picture `from` to picture `to`. Nothing if the two cannot be related reliably.
  std::optional<Homography> Relate(int from, int to);

  int size() const { return static_cast<int>(pyramids_.size()); }

 private:
  struct Trail {
    int first = 0;                    // picture of points.front()
    std::vector<cv::Point2f> points;  // one for each picture from `first` on, in small pixels
  };

  cv::Size Window() const;  // what is followed about a corner
  void Follow();
  void Refresh(const cv::Mat& small, const cv::Mat& small_mask);
  std::optional<Homography> Direct(int from, int to) const;  // small pixels
  std::optional<Homography> RelateSmall(int from, int to, int depth);

  double scale_ = 1.0;  // small = scale * picture
  bool faint_ = false;  // the first picture had little contrast
  std::vector<std::vector<cv::Mat>> pyramids_;
  std::vector<Trail> alive_;
  std::vector<Trail> ended_;
  int last_refresh_ = 0;
  std::size_t alive_after_refresh_ = 0;
  std::optional<Homography> last_step_;
  std::optional<double> usual_misfit_;  // of the coarse pictures when the motion was as expected
  std::map<std::pair<int, int>, std::optional<Homography>> cache_;
};

}  // namespace trucewatch::motion
