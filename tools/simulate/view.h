// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <array>
#include <optional>

#include "core/geo/camera.h"

namespace trucewatch::simulate {

// The projection of one frame over the flat ground around the boresight, taken from core/geo's
// rays. The ground (a surface of constant height above the ellipsoid) is its tangent plane where
// the camera looks: 2 cm off at 500 m.
class View {
 public:
  // `stare`: where the boresight meets the ground, east and north in `frame`, whose origin is on
  // the ground.
  View(const CameraPose& pose, const LocalFrame& frame, const Eigen::Vector2d& stare);

  // A picture taken from so far away that all rays are parallel, laid on the ground: image points
  // of ground points by an affine map, and what stands leans by `lean` (east, north) a metre of its
  // height. Satellite scenes. `centre`: in the middle of the picture.
  struct Orthorectified {
    int width_px = 0, height_px = 0;
    Eigen::Matrix<double, 2, 3> image_from_ground;  // of (east, north, 1)
    Eigen::Vector2d lean = Eigen::Vector2d::Zero();
    Eigen::Vector2d centre = Eigen::Vector2d::Zero();
  };
  explicit View(const Orthorectified& picture);

  // Whether a place on the ground lies well in front of the camera: what is behind it has an image
  // point, too.
  bool InFront(const Eigen::Vector2d& place) const;
  // Image point of east, north, and the height above the ground there. Only for what lies in front
  // of the camera.
  Eigen::Vector2d Project(const Eigen::Vector2d& place, double height_m) const;
  // The same before the division: linear in place and height, so planes of walls and roofs have
  // exact homographies.
  Eigen::Vector3d Homogeneous(const Eigen::Vector2d& place, double height_m) const;
  const Eigen::Matrix3d& image_from_ground() const { return image_from_ground_; }
  // Ground points of the four corners of the image; nothing when one looks above the horizon.
  std::optional<std::array<Eigen::Vector2d, 4>> Footprint() const;
  // Where the camera stands: the direction from a place to it, for what hides what.
  const Eigen::Vector3d& camera_enu_m() const { return camera_enu_m_; }
  int width_px() const { return width_px_; }
  int height_px() const { return height_px_; }

 private:
  int width_px_, height_px_;
  bool parallel_ = false;  // all rays are; nothing is behind the camera
  Eigen::Vector3d camera_enu_m_;
  Eigen::Matrix<double, 3, 4> image_from_enu_;
  Eigen::Vector3d plane_;  // up = plane . (east, north, 1)
  Eigen::Matrix3d image_from_ground_;
};

}  // namespace trucewatch::simulate
