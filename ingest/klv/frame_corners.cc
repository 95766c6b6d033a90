// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/frame_corners.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace trucewatch {
namespace {

// Image points in half picture sizes, in the order of the corners.
constexpr double kCornerX[] = {-1, 1, 1, -1};
constexpr double kCornerY[] = {-1, -1, 1, 1};

CameraPose InHalfSizes(CameraPose pose) {
  pose.width_px = pose.height_px = 2;  // image points (u, v) = (1 + x, 1 + y)
  return pose;
}

// Angle at the sensor between a ray and the vertical plane of a recorded place. The place's height
// does not enter: producers take corners from terrain models and send no height with them.
double BearingMissRad(const Eigen::Vector3d& ray, const Eigen::Vector3d& to_place) {
  const Eigen::Vector2d bearing = to_place.head<2>();
  if (bearing.norm() < 1e-9) return 0;
  const Eigen::Vector2d unit = bearing.normalized();
  const double beside = ray.x() * unit.y() - ray.y() * unit.x();
  if (ray.head<2>().dot(unit) < 0)
    return std::numbers::pi - std::asin(std::min(1.0, std::abs(beside)));
  return std::asin(std::min(1.0, std::abs(beside)));
}

// Root mean square miss of the corners, the boresight turned the shortest way onto the frame
// centre.
double CornerMissRad(const CameraPose& pose, const Eigen::Vector3d& to_center,
                     const std::array<Eigen::Vector3d, 4>& to_corners) {
  const CameraPose unit = InHalfSizes(pose);
  const Eigen::Matrix3d onto_center =
      Eigen::Quaterniond::FromTwoVectors(RayEnu(unit, 1.0, 1.0), to_center).toRotationMatrix();
  double sum = 0;
  for (std::size_t i = 0; i < to_corners.size(); ++i) {
    const Eigen::Vector3d ray = onto_center * RayEnu(unit, 1.0 + kCornerX[i], 1.0 + kCornerY[i]);
    const double miss = BearingMissRad(ray, to_corners[i]);
    sum += miss * miss;
  }
  return std::sqrt(sum / static_cast<double>(to_corners.size()));
}

}  // namespace

std::optional<std::array<Geodetic, 4>> FrameCorners(const UasDatalink& set,
                                                    double geoid_undulation_m) {
  const auto hae = set.Number(78);
  const auto msl = set.Number(25);
  if (!hae && !msl) return std::nullopt;
  const double height_hae_m = hae ? *hae : *msl + geoid_undulation_m;
  const auto latitude = set.Number(23);
  const auto longitude = set.Number(24);
  std::array<Geodetic, 4> corners;
  for (std::uint32_t i = 0; i < corners.size(); ++i) {
    const auto full_latitude = set.Number(82 + 2 * i);
    const auto full_longitude = set.Number(83 + 2 * i);
    const auto north = set.Number(26 + 2 * i);
    const auto east = set.Number(27 + 2 * i);
    if (full_latitude && full_longitude) {
      corners[i] = Geodetic::FromDegrees(*full_latitude, *full_longitude, height_hae_m);
    } else if (latitude && longitude && north && east) {
      corners[i] = Geodetic::FromDegrees(*latitude + *north, *longitude + *east, height_hae_m);
    } else {
      return std::nullopt;
    }
  }
  return corners;
}

Angle LevelRoll(const CameraPose& pose) {
  CameraPose unrolled = InHalfSizes(pose);
  unrolled.sensor_roll = Angle();
  // Right and down in the image, as directions: differences of rays through the middle's
  // neighbours.
  const double right_up = RayEnu(unrolled, 1.001, 1.0).z() - RayEnu(unrolled, 0.999, 1.0).z();
  const double down_up = RayEnu(unrolled, 1.0, 1.001).z() - RayEnu(unrolled, 1.0, 0.999).z();
  // Per half size; the axes are unit vectors per tangent.
  const double right = right_up / std::tan(0.5 * pose.horizontal_fov.rad());
  const double down = down_up / std::tan(0.5 * pose.vertical_fov.rad());
  // Rolled by r, "right" becomes cos r * right + sin r * down; the picture's top stays up.
  return Angle::Radians(std::atan2(right, -down));
}

CornerFit FitCorners(const CameraPose& pose, const Geodetic& frame_center,
                     const std::array<Geodetic, 4>& corners, Angle tolerance) {
  const LocalFrame frame(pose.position);
  const Eigen::Vector3d to_center = frame.EnuFromGeodetic(frame_center).normalized();
  std::array<Eigen::Vector3d, 4> to_corners;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    to_corners[i] = frame.EnuFromGeodetic(corners[i]).normalized();
  }
  CameraPose level = pose;
  level.sensor_roll = LevelRoll(pose);
  const double standard_rad = CornerMissRad(pose, to_center, to_corners);
  const double level_rad = CornerMissRad(level, to_center, to_corners);
  // What levelling explains of the miss; the rest may be another field of view, or relief.
  const double explained_rad =
      std::sqrt(std::max(0.0, standard_rad * standard_rad - level_rad * level_rad));
  if (explained_rad > tolerance.rad()) {
    return {RollReading::kLevel, Angle::Radians(level_rad), level.sensor_roll};
  }
  return {RollReading::kStandard, Angle::Radians(standard_rad), pose.sensor_roll};
}

}  // namespace trucewatch
