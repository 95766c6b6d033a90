// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <opencv2/core.hpp>
#include <vector>

#include "tools/simulate/clip/canvas.h"
#include "tools/simulate/clip/clip_plan.h"
#include "tools/simulate/clip/land.h"
#include "tools/simulate/view.h"

namespace trucewatch::clip {

// The sun as the things in a clip see it; no sun at night.
struct Daylight {
  bool day = true;
  double direct = 1;                       // 0..1, of the sun's light that comes through clouds
  Eigen::Vector2d towards{0, 1};           // unit, over the ground
  double sine = 0.6;                       // of its elevation
  Eigen::Vector2d shadow_per_metre{0, 0};  // ground offset of the shadow of one metre of height
};
Daylight DaylightOf(const ClipPlan& plan, double t_s = 0);
// What a shadow leaves of the light, given what it leaves in full sun.
inline float ShadowFactor(const Daylight& sun, double in_sun) {
  return static_cast<float>(1 - sun.direct * (1 - in_sun));
}

// The ground of a clip as one picture from above: plots, streets, markings, the shadows of houses.
// Painted once; three sizes of it, so that a zoom neither flickers nor blurs.
class ClipGround {
 public:
  // Texels of about `gsd_m`; coarser where the extent would need more than 48 million.
  ClipGround(const ClipPlan& plan, const Land& land, double gsd_m);

  // Lights it anew, for the next look of a day: the shadows of houses move, wet ground is darker.
  void Light(const Land& land, const Daylight& sun, double wet);

  // Draws it as the view sees it, at a ground sample distance of `gsd_m` in the middle.
  void Draw(const simulate::View& view, double gsd_m, Canvas& canvas) const;
  double texel_m() const { return texel_m_; }
  // Grey level and chroma planes, finest first.
  const cv::Mat& luma(std::size_t level = 0) const { return luma_[level]; }

 private:
  Eigen::Matrix3d TexelFromEn(double texel_m) const;

  Eigen::Vector2d north_west_;
  double texel_m_;
  bool colour_;
  bool snow_;
  cv::Mat bare_;               // without the shadows of houses
  std::vector<cv::Mat> luma_;  // CV_8UC1
  cv::Mat chroma_;             // CV_8UC2, half of the finest
};

}  // namespace trucewatch::clip
