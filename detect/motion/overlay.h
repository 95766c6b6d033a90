// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "detect/motion/homography.h"

namespace trucewatch::motion {

// Burnt-in symbols, found in two steps, because the ground can be followed only where they are not
// and they can be told from the ground only when it is followed.

// Pixels with strong edges that stay the same in all the pictures although the picture as a whole
// moves (255); empty when there are none or when the camera stands still. Symbols, and ground whose
// edges run along the camera's motion: a road that is flown along.
cv::Mat StillEdges(const std::vector<const cv::Mat*>& pictures);

// 255 where symbols with such edges may lie, grown and closed; empty when there are none.
cv::Mat OverlayOfEdges(const cv::Mat& edges);

// Those of them about which the ground moves on the screen: where it rests (a camera that turns
// about what it looks at, the middle of a zoom), nothing differs for a symbol to be taken for, and
// vehicles would be hidden for the edges of the ground. `from_first` carries the ground from the
// first picture to others; nothing is left out without.
cv::Mat EdgesWhereGroundMoves(const cv::Mat& edges, const std::vector<Homography>& from_first);

// A picture, and another one to be carried to it with the ground.
struct CarriedPicture {
  const cv::Mat* picture = nullptr;
  const cv::Mat* other = nullptr;
  Homography other_from_picture = Homography::Identity();
};

// Of those the ones that are no ground: carried along with the ground, pictures differ there.
cv::Mat ConfirmOverlay(const cv::Mat& still_edges, const std::vector<CarriedPicture>& pairs);

}  // namespace trucewatch::motion
