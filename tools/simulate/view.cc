// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/view.h"

#include <Eigen/LU>
#include <cmath>

#include "tools/simulate/flight.h"

namespace trucewatch::simulate {

View::View(const CameraPose& pose, const LocalFrame& frame, const Eigen::Vector2d& stare)
    : width_px_(pose.width_px),
      height_px_(pose.height_px),
      camera_enu_m_(frame.EnuFromGeodetic(pose.position)) {
  // Camera axes from three rays of core/geo, so that the pictures follow its conventions whatever
  // they are.
  const Eigen::Matrix3d enu_from_camera_enu =
      frame.enu_from_ecef() * LocalFrame(pose.position).enu_from_ecef().transpose();
  const double half_width = 0.5 * width_px_;
  const double half_height = 0.5 * height_px_;
  const double tan_x = std::tan(0.5 * pose.horizontal_fov.rad());
  const double tan_y = std::tan(0.5 * pose.vertical_fov.rad());
  const auto ray = [&](double u, double v) -> Eigen::Vector3d {
    return enu_from_camera_enu * RayEnu(pose, u, v);
  };
  const Eigen::Vector3d forward = ray(half_width, half_height);
  const auto axis = [&](const Eigen::Vector3d& towards, double tangent) -> Eigen::Vector3d {
    return (towards / towards.dot(forward) - forward) / tangent;
  };
  const Eigen::Vector3d right = axis(ray(2 * half_width, half_height), tan_x);
  const Eigen::Vector3d down = axis(ray(half_width, 2 * half_height), tan_y);
  Eigen::Matrix3d image_from_camera;
  image_from_camera << half_width / tan_x, 0, half_width,  //
      0, half_height / tan_y, half_height,                 //
      0, 0, 1;
  Eigen::Matrix3d camera_from_enu;
  camera_from_enu << right.transpose(), down.transpose(), forward.transpose();
  image_from_enu_.leftCols<3>() = image_from_camera * camera_from_enu;
  image_from_enu_.col(3) = -image_from_enu_.leftCols<3>() * camera_enu_m_;

  // Tangent plane of the ground at the stare point, by central differences over 100 m.
  const auto up = [&](double east, double north) {
    return frame.EnuFromGeodetic(GroundPlace(frame, {east, north})).z();
  };
  const double slope_east = (up(stare.x() + 100, stare.y()) - up(stare.x() - 100, stare.y())) / 200;
  const double slope_north =
      (up(stare.x(), stare.y() + 100) - up(stare.x(), stare.y() - 100)) / 200;
  plane_ = {slope_east, slope_north,
            up(stare.x(), stare.y()) - slope_east * stare.x() - slope_north * stare.y()};
  Eigen::Matrix<double, 4, 3> enu_from_ground;
  enu_from_ground << 1, 0, 0,  //
      0, 1, 0,                 //
      plane_.transpose(),      //
      0, 0, 1;
  image_from_ground_ = image_from_enu_ * enu_from_ground;
}

View::View(const Orthorectified& picture)
    : width_px_(picture.width_px), height_px_(picture.height_px), parallel_(true) {
  // Somewhere on the ray through the centre, far enough for its direction to be the same all over.
  constexpr double kRangeM = 1e7;
  camera_enu_m_ << picture.centre - kRangeM * picture.lean, kRangeM;
  plane_.setZero();
  image_from_enu_.setZero();
  image_from_enu_.topLeftCorner<2, 2>() = picture.image_from_ground.leftCols<2>();
  image_from_enu_.col(2).head<2>() = picture.image_from_ground.leftCols<2>() * picture.lean;
  image_from_enu_.col(3).head<2>() = picture.image_from_ground.col(2);
  image_from_enu_(2, 3) = 1;
  image_from_ground_.setZero();
  image_from_ground_.topRows<2>() = picture.image_from_ground;
  image_from_ground_(2, 2) = 1;
}

bool View::InFront(const Eigen::Vector2d& place) const {
  // The third row of the projection is the distance along the boresight.
  const Eigen::Vector3d ground(place.x(), place.y(), 1);
  if (parallel_) return true;
  const double range_m =
      (Eigen::Vector3d(place.x(), place.y(), plane_.dot(ground)) - camera_enu_m_).norm();
  return image_from_ground_.row(2).dot(ground) > 0.1 * range_m;
}

Eigen::Vector3d View::Homogeneous(const Eigen::Vector2d& place, double height_m) const {
  const double up = plane_.dot(Eigen::Vector3d(place.x(), place.y(), 1)) + height_m;
  return image_from_enu_ * Eigen::Vector4d(place.x(), place.y(), up, 1);
}

Eigen::Vector2d View::Project(const Eigen::Vector2d& place, double height_m) const {
  const Eigen::Vector3d image = Homogeneous(place, height_m);
  return {image.x() / image.z(), image.y() / image.z()};
}

std::optional<std::array<Eigen::Vector2d, 4>> View::Footprint() const {
  const Eigen::Matrix3d ground_from_image = image_from_ground_.inverse();
  const double w = width_px_;
  const double h = height_px_;
  const std::array<Eigen::Vector3d, 4> corners{{{0, 0, 1}, {w, 0, 1}, {w, h, 1}, {0, h, 1}}};
  std::array<Eigen::Vector2d, 4> footprint;
  for (std::size_t i = 0; i < 4; ++i) {
    const Eigen::Vector3d ground = ground_from_image * corners[i];
    footprint[i] = {ground.x() / ground.z(), ground.y() / ground.z()};
    // The point must lie in front of the camera, and not at the horizon.
    const Eigen::Vector3d image =
        image_from_ground_ * Eigen::Vector3d(footprint[i].x(), footprint[i].y(), 1);
    const double range_m = (footprint[i] - camera_enu_m_.head<2>()).norm();
    if (!parallel_ && (!(image.z() > 0) || range_m > 50'000)) {
      return std::nullopt;
    }
  }
  return footprint;
}

}  // namespace trucewatch::simulate
