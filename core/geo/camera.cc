// SPDX-License-Identifier: Apache-2.0
#include "core/geo/camera.h"

#include <Eigen/Geometry>
#include <array>
#include <cmath>
#include <functional>

namespace trucewatch {
namespace {

// A ray this close to the horizontal has a position error that explodes.
constexpr double kGrazingSine = 0.0523;  // sin 3 deg
constexpr double kMaxRangeM = 200'000.0;

Eigen::Matrix3d RotationZyx(Angle z, Angle y, Angle x) {
  return (Eigen::AngleAxisd(z.rad(), Eigen::Vector3d::UnitZ()) *
          Eigen::AngleAxisd(y.rad(), Eigen::Vector3d::UnitY()) *
          Eigen::AngleAxisd(x.rad(), Eigen::Vector3d::UnitX()))
      .toRotationMatrix();
}

// Camera axes: x along the boresight, y right in the image, z down in the image; north, east, down
// at the camera.
Eigen::Matrix3d NedFromCamera(const CameraPose& pose) {
  return RotationZyx(pose.platform_heading, pose.platform_pitch, pose.platform_roll) *
         RotationZyx(pose.sensor_azimuth, pose.sensor_elevation, pose.sensor_roll);
}

double FocalPx(int size_px, Angle fov) { return 0.5 * size_px / std::tan(0.5 * fov.rad()); }

// Height of the point at `range` above the ground; nothing where the terrain has no value.
std::optional<double> HeightAboveGround(const LocalFrame& frame, const Eigen::Vector3d& ray,
                                        double range_m, const Terrain& terrain) {
  const Geodetic p = frame.GeodeticFromEnu(ray * range_m);
  const auto ground = terrain.HeightHaeM(p.latitude, p.longitude);
  if (!ground) return std::nullopt;
  return p.height_hae_m - *ground;
}

// Range at which the ray sinks to a height above the ellipsoid; Newton on the exact height.
std::optional<double> RangeToHeight(const LocalFrame& frame, const Eigen::Vector3d& ray,
                                    double height_hae_m) {
  double range_m = (height_hae_m - frame.origin().height_hae_m) / ray.z();
  for (int i = 0; i < 20; ++i) {
    if (!(range_m >= 0.0) || range_m > kMaxRangeM) return std::nullopt;
    const double error_m = frame.GeodeticFromEnu(ray * range_m).height_hae_m - height_hae_m;
    if (std::abs(error_m) < 1e-4) return range_m;
    range_m -= error_m / ray.z();
  }
  return std::nullopt;
}

// Marches from where the ray enters the terrain's height range to the first ground it meets (the
// visible one), then bisects. geo fact sheet section 5.
std::optional<double> RangeToTerrain(const LocalFrame& frame, const Eigen::Vector3d& ray,
                                     const Terrain& terrain) {
  const auto start = RangeToHeight(frame, ray, terrain.MaxHeightHaeM());
  if (!start) return std::nullopt;
  if (terrain.CellM() <= 0.0) return start;  // flat ground
  const double step_m = 0.5 * terrain.CellM() / std::sqrt(1.0 - ray.z() * ray.z() + 1e-12);
  double above_m = *start;
  for (double range_m = *start; range_m < kMaxRangeM; range_m += step_m) {
    const auto height = HeightAboveGround(frame, ray, range_m, terrain);
    if (!height) return std::nullopt;
    if (*height > 0.0) {
      above_m = range_m;
      continue;
    }
    double below_m = range_m;
    while (below_m - above_m > 0.05) {
      const double middle_m = 0.5 * (below_m + above_m);
      const auto middle = HeightAboveGround(frame, ray, middle_m, terrain);
      if (!middle) return std::nullopt;
      (*middle > 0.0 ? above_m : below_m) = middle_m;
    }
    return 0.5 * (below_m + above_m);
  }
  return std::nullopt;
}

// A terrain lifted by a constant, for the derivative by ground height.
class LiftedTerrain final : public Terrain {
 public:
  LiftedTerrain(const Terrain& base, double lift_m) : base_(base), lift_m_(lift_m) {}
  std::optional<double> HeightHaeM(Angle latitude, Angle longitude) const override {
    const auto height = base_.HeightHaeM(latitude, longitude);
    if (!height) return std::nullopt;
    return *height + lift_m_;
  }
  double MaxHeightHaeM() const override { return base_.MaxHeightHaeM() + lift_m_; }
  double SigmaM() const override { return base_.SigmaM(); }
  double CellM() const override { return base_.CellM(); }

 private:
  const Terrain& base_;
  double lift_m_;
};

}  // namespace

Eigen::Vector3d RayEnu(const CameraPose& pose, double u_px, double v_px) {
  const Eigen::Vector3d in_camera(
      1.0, (u_px - 0.5 * pose.width_px) / FocalPx(pose.width_px, pose.horizontal_fov),
      (v_px - 0.5 * pose.height_px) / FocalPx(pose.height_px, pose.vertical_fov));
  const Eigen::Vector3d ned = NedFromCamera(pose) * in_camera.normalized();
  return {ned.y(), ned.x(), -ned.z()};
}

std::optional<Geodetic> GroundFromPixel(const CameraPose& pose, double u_px, double v_px,
                                        const Terrain& terrain) {
  const Eigen::Vector3d ray = RayEnu(pose, u_px, v_px);
  if (!(ray.z() < -kGrazingSine)) return std::nullopt;
  const LocalFrame frame(pose.position);
  const auto range_m = RangeToTerrain(frame, ray, terrain);
  if (!range_m) return std::nullopt;
  return frame.GeodeticFromEnu(ray * *range_m);
}

std::optional<GroundPoint> GroundFromPixelWithCovariance(const CameraPose& pose,
                                                         const CameraPoseSigma& sigma, double u_px,
                                                         double v_px, const Terrain& terrain) {
  const auto ground = GroundFromPixel(pose, u_px, v_px, terrain);
  if (!ground) return std::nullopt;
  const LocalFrame frame(*ground);
  GroundPoint out{.position = *ground, .cov_en_m2 = Eigen::Matrix2d::Zero(), .slant_range_m = 0.0};
  out.slant_range_m = frame.EnuFromGeodetic(pose.position).norm();

  // The local surface is a plane at the height found: cheaper than marching again, and the
  // derivative of a bilinear DEM is not smooth anyway.
  const FlatTerrain plane(ground->height_hae_m, terrain.SigmaM());
  // Adds J J^T sigma^2 for one parameter by central difference with a step of 1 % of its sigma.
  bool ok = true;
  const auto add = [&](double sigma_value,
                       const std::function<std::optional<Geodetic>(double)>& f) {
    if (sigma_value <= 0.0) return;
    const double step = 0.01 * sigma_value;
    const auto plus = f(step);
    const auto minus = f(-step);
    if (!plus || !minus) {
      ok = false;
      return;
    }
    const Eigen::Vector3d change =
        (frame.EnuFromGeodetic(*plus) - frame.EnuFromGeodetic(*minus)) / (2.0 * step);
    const Eigen::Vector2d j = change.head<2>() * sigma_value;
    out.cov_en_m2 += j * j.transpose();
  };
  const auto with_angle = [&](Angle CameraPose::*member) {
    return [&, member](double step) {
      CameraPose moved = pose;
      moved.*member = moved.*member + Angle::Radians(step);
      return GroundFromPixel(moved, u_px, v_px, plane);
    };
  };
  for (const auto member :
       {&CameraPose::platform_heading, &CameraPose::platform_pitch, &CameraPose::platform_roll}) {
    add(sigma.platform_angles.rad(), with_angle(member));
  }
  for (const auto member :
       {&CameraPose::sensor_azimuth, &CameraPose::sensor_elevation, &CameraPose::sensor_roll}) {
    add(sigma.sensor_angles.rad(), with_angle(member));
  }
  add(sigma.pixel_px, [&](double step) { return GroundFromPixel(pose, u_px + step, v_px, plane); });
  add(sigma.pixel_px, [&](double step) { return GroundFromPixel(pose, u_px, v_px + step, plane); });
  add(sigma.position_vertical_m, [&](double step) {
    CameraPose moved = pose;
    moved.position.height_hae_m += step;
    return GroundFromPixel(moved, u_px, v_px, plane);
  });
  add(terrain.SigmaM(),
      [&](double step) { return GroundFromPixel(pose, u_px, v_px, LiftedTerrain(plane, step)); });
  if (!ok) return std::nullopt;
  // A camera that is displaced displaces its ground point by as much.
  out.cov_en_m2 +=
      Eigen::Matrix2d::Identity() * sigma.position_horizontal_m * sigma.position_horizontal_m;
  return out;
}

std::optional<Eigen::Vector2d> PixelFromGround(const CameraPose& pose, const Geodetic& place) {
  const LocalFrame frame(pose.position);
  const Eigen::Vector3d enu = frame.EnuFromGeodetic(place);
  const Eigen::Vector3d ned(enu.y(), enu.x(), -enu.z());
  const Eigen::Vector3d in_camera = NedFromCamera(pose).transpose() * ned;
  if (in_camera.x() <= 0.0) return std::nullopt;
  return Eigen::Vector2d(0.5 * pose.width_px + FocalPx(pose.width_px, pose.horizontal_fov) *
                                                   in_camera.y() / in_camera.x(),
                         0.5 * pose.height_px + FocalPx(pose.height_px, pose.vertical_fov) *
                                                    in_camera.z() / in_camera.x());
}

double GroundSampleDistanceM(const CameraPose& pose, double slant_range_m) {
  const Eigen::Vector3d boresight = RayEnu(pose, 0.5 * pose.width_px, 0.5 * pose.height_px);
  const double across =
      2.0 * slant_range_m * std::tan(0.5 * pose.horizontal_fov.rad()) / pose.width_px;
  const double along = 2.0 * slant_range_m * std::tan(0.5 * pose.vertical_fov.rad()) /
                       pose.height_px / std::max(-boresight.z(), kGrazingSine);
  return std::sqrt(across * along);
}

}  // namespace trucewatch
