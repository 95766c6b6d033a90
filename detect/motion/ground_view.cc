// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/ground_view.h"

#include <algorithm>
#include <cmath>

namespace trucewatch::motion {

std::optional<double> RaisedTerrain::HeightHaeM(Angle latitude, Angle longitude) const {
  const auto height = ground_.HeightHaeM(latitude, longitude);
  if (!height) return std::nullopt;
  return *height + raise_m_;
}

double RaisedTerrain::SigmaM() const { return std::hypot(ground_.SigmaM(), raise_m_); }

GroundView::GroundView(const MotionPicture& picture, double working_scale,
                       const RaisedTerrain& terrain, double assumed_gsd_m)
    : picture_(&picture),
      scale_(working_scale),
      terrain_(&terrain),
      assumed_gsd_m_(assumed_gsd_m) {}

Eigen::Vector2d GroundView::Encoded(const Eigen::Vector2d& working) const {
  return (working + Eigen::Vector2d::Constant(0.5)) / scale_;
}

std::optional<Eigen::Matrix2d> GroundView::MetresPerPixel(const Eigen::Vector2d& working) const {
  if (!georeferenced()) {
    const double gsd = assumed_gsd_m_ / scale_;
    return Eigen::Matrix2d{{gsd, 0.0}, {0.0, -gsd}};
  }
  const CameraPose& pose = *picture_->pose;
  const Eigen::Vector2d uv = Encoded(working);
  const auto middle = GroundFromPixel(pose, uv.x(), uv.y(), *terrain_);
  if (!middle) return std::nullopt;
  const LocalFrame frame(*middle);
  Eigen::Matrix2d jacobian;
  const double step = 1.0 / scale_;  // one working pixel
  for (int axis = 0; axis < 2; ++axis) {
    const double du = axis == 0 ? step : 0.0, dv = axis == 1 ? step : 0.0;
    const auto a = GroundFromPixel(pose, uv.x() - du, uv.y() - dv, *terrain_);
    const auto b = GroundFromPixel(pose, uv.x() + du, uv.y() + dv, *terrain_);
    if (!a || !b) return std::nullopt;
    jacobian.col(axis) = (frame.EnuFromGeodetic(*b) - frame.EnuFromGeodetic(*a)).head<2>() / 2.0;
  }
  return jacobian;
}

std::optional<GroundPoint> GroundView::Locate(const Eigen::Vector2d& working,
                                              double sigma_px) const {
  if (!georeferenced()) return std::nullopt;
  CameraPoseSigma sigma = picture_->pose_sigma;
  sigma.pixel_px = std::hypot(sigma.pixel_px, sigma_px / scale_);
  const Eigen::Vector2d uv = Encoded(working);
  auto point = GroundFromPixelWithCovariance(*picture_->pose, sigma, uv.x(), uv.y(), *terrain_);
  if (point) point->position.height_hae_m -= terrain_->raise_m();
  return point;
}

std::vector<Geodetic> GroundView::Project(const std::vector<Eigen::Vector2d>& polygon) const {
  std::vector<Geodetic> result;
  if (!georeferenced() || polygon.size() < 3) return result;
  for (const Eigen::Vector2d& corner : polygon) {
    const Eigen::Vector2d uv = Encoded(corner);
    auto place = GroundFromPixel(*picture_->pose, uv.x(), uv.y(), *terrain_);
    if (!place) return {};
    place->height_hae_m -= terrain_->raise_m();
    result.push_back(*place);
  }
  // Sign of the area in the plane of the first corner decides the sense.
  const LocalFrame frame(result.front());
  double twice_area = 0;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const Eigen::Vector3d a = frame.EnuFromGeodetic(result[i]);
    const Eigen::Vector3d b = frame.EnuFromGeodetic(result[(i + 1) % result.size()]);
    twice_area += a.x() * b.y() - b.x() * a.y();
  }
  if (twice_area < 0) std::reverse(result.begin(), result.end());
  return result;
}

}  // namespace trucewatch::motion
