// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

#include "core/geo/camera.h"
#include "core/geo/terrain.h"
#include "detect/motion/motion_detector.h"

namespace trucewatch::motion {

// Terrain under the middle of objects: so much higher, and that much less certain.
class RaisedTerrain final : public Terrain {
 public:
  RaisedTerrain(const Terrain& ground, double raise_m) : ground_(ground), raise_m_(raise_m) {}
  std::optional<double> HeightHaeM(Angle latitude, Angle longitude) const override;
  double MaxHeightHaeM() const override { return ground_.MaxHeightHaeM() + raise_m_; }
  double SigmaM() const override;
  double CellM() const override { return ground_.CellM(); }
  double raise_m() const { return raise_m_; }

 private:
  const Terrain& ground_;
  double raise_m_;
};

// From the pixels of one picture, at working scale, to the ground. Without a pose: a constant
// scale.
class GroundView {
 public:
  // `working_scale`: working pixels = scale * encoded pixels. `terrain` must outlive the view.
  GroundView(const MotionPicture& picture, double working_scale, const RaisedTerrain& terrain,
             double assumed_gsd_m);

  bool georeferenced() const { return picture_->pose.has_value(); }

  // Encoded image point, origin at the corner of the picture, of a working point (pixel centres at
  // integers).
  Eigen::Vector2d Encoded(const Eigen::Vector2d& working) const;

  // Metres east and north per working pixel right and down. Without a pose "east" is right and
  // "north" up. Nothing where the ground is not in view.
  std::optional<Eigen::Matrix2d> MetresPerPixel(const Eigen::Vector2d& working) const;

  // Where an object is whose patch is centred at the point, `sigma_px` working pixels uncertain.
  // Needs a pose.
  std::optional<GroundPoint> Locate(const Eigen::Vector2d& working, double sigma_px) const;

  // The polygon on the ground, counter-clockwise seen from above; empty if a corner does not meet
  // it.
  std::vector<Geodetic> Project(const std::vector<Eigen::Vector2d>& polygon) const;

 private:
  const MotionPicture* picture_;
  double scale_;
  const RaisedTerrain* terrain_;
  double assumed_gsd_m_;
};

}  // namespace trucewatch::motion
