// SPDX-License-Identifier: Apache-2.0
#include "core/raster/rpc_model.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <numbers>

namespace trucewatch {
namespace {

constexpr double kPi = std::numbers::pi;

double Polynomial(const std::array<double, 20>& c, const std::array<double, 20>& terms) {
  double sum = 0;
  for (std::size_t i = 0; i < c.size(); ++i) sum += c[i] * terms[i];
  return sum;
}

// In the order of RPC00B (RPC00A differs).
std::array<double, 20> Terms(double p, double l, double h) {
  return {1,         l,         p,         h,         l * p,     l * h,     p * h,
          l * l,     p * p,     h * h,     p * l * h, l * l * l, l * p * p, l * h * h,
          l * l * p, p * p * p, p * h * h, l * l * h, p * p * h, h * h * h};
}

}  // namespace

std::optional<Eigen::Vector2d> RpcModel::PixelFromGround(const Geodetic& place) const {
  const double p = (place.latitude.deg() - latitude_offset_deg) / latitude_scale_deg;
  const double l =
      Angle::Degrees(place.longitude.deg() - longitude_offset_deg).NormalisedSigned().deg() /
      longitude_scale_deg;
  const double h = (place.height_hae_m - height_offset_m) / height_scale_m;
  const auto terms = Terms(p, l, h);
  const double line = Polynomial(line_numerator, terms) / Polynomial(line_denominator, terms);
  const double sample = Polynomial(sample_numerator, terms) / Polynomial(sample_denominator, terms);
  const Eigen::Vector2d pixel(sample * sample_scale + sample_offset + 0.5,
                              line * line_scale + line_offset + 0.5);
  return pixel.allFinite() ? std::optional<Eigen::Vector2d>(pixel) : std::nullopt;
}

std::optional<Geodetic> RpcModel::GroundFromPixel(const Eigen::Vector2d& pixel,
                                                  double height_hae_m) const {
  // Newton's method with numeric slopes, from the middle of the model.
  Eigen::Vector2d at(latitude_offset_deg, longitude_offset_deg);
  const Eigen::Vector2d step(1e-4 * latitude_scale_deg, 1e-4 * longitude_scale_deg);
  const auto look = [&](const Eigen::Vector2d& where) {
    return PixelFromGround(Geodetic::FromDegrees(where.x(), where.y(), height_hae_m));
  };
  for (int round = 0; round < 20; ++round) {
    const auto here = look(at);
    const auto north = look(at + Eigen::Vector2d(step.x(), 0));
    const auto east = look(at + Eigen::Vector2d(0, step.y()));
    if (!here || !north || !east) return std::nullopt;
    const Eigen::Vector2d off = pixel - *here;
    if (off.norm() < 1e-4) {
      if (std::abs(at.x()) > 90) return std::nullopt;
      return Geodetic::FromDegrees(at.x(), Angle::Degrees(at.y()).NormalisedSigned().deg(),
                                   height_hae_m);
    }
    Eigen::Matrix2d slopes;
    slopes.col(0) = (*north - *here) / step.x();
    slopes.col(1) = (*east - *here) / step.y();
    if (std::abs(slopes.determinant()) < 1e-12) return std::nullopt;
    Eigen::Vector2d move = slopes.inverse() * off;
    // Outside its own range a model may do anything: no leap longer than the range.
    move.x() = std::clamp(move.x(), -latitude_scale_deg, latitude_scale_deg);
    move.y() = std::clamp(move.y(), -longitude_scale_deg, longitude_scale_deg);
    at += move;
    if (std::abs(at.x() - latitude_offset_deg) > 4 * latitude_scale_deg ||
        std::abs(at.y() - longitude_offset_deg) > 4 * longitude_scale_deg) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<Geodetic> RpcModel::GroundFromPixel(const Eigen::Vector2d& pixel,
                                                  const Terrain& ground) const {
  double height = height_offset_m;
  for (int round = 0; round < 30; ++round) {
    const auto place = GroundFromPixel(pixel, height);
    if (!place) return std::nullopt;
    const auto there = ground.HeightHaeM(place->latitude, place->longitude);
    if (!there) return std::nullopt;
    if (std::abs(*there - height) < 0.1) {
      return Geodetic{place->latitude, place->longitude, *there};
    }
    // Halfway after some rounds: over steep ground the full step may swing.
    height += (*there - height) * (round < 10 ? 1.0 : 0.5);
  }
  return std::nullopt;
}

std::optional<ViewAngles> ViewFromModel(const RpcModel& model, const Eigen::Vector2d& pixel,
                                        double height_hae_m) {
  const double rise_m = std::min(100.0, model.height_scale_m / 2);
  const auto low = model.GroundFromPixel(pixel, height_hae_m);
  const auto high = model.GroundFromPixel(pixel, height_hae_m + rise_m);
  if (!low || !high) return std::nullopt;
  const Eigen::Vector3d sight = LocalFrame(*low).EnuFromGeodetic(*high);
  ViewAngles view;
  view.incidence_deg = std::atan2(sight.head<2>().norm(), sight.z()) * 180 / kPi;
  view.azimuth_deg = std::atan2(sight.x(), sight.y()) * 180 / kPi;
  if (view.azimuth_deg < 0) view.azimuth_deg += 360;
  return view;
}

Result<void> CheckRpc(const RpcModel& model) {
  const auto between = [](double value, double least, double most) {
    return value >= least && value <= most;  // false for NaN
  };
  if (!between(std::abs(model.line_offset), 0, 1e6) ||
      !between(std::abs(model.sample_offset), 0, 1e6) || !between(model.line_scale, 1, 1e6) ||
      !between(model.sample_scale, 1, 1e6)) {
    return Fail(ErrorCode::kBadInput,
                "RPC with line and sample offsets {} and {}, scales {} and {}; expected at most a "
                "million pixels",
                model.line_offset, model.sample_offset, model.line_scale, model.sample_scale);
  }
  if (!between(model.latitude_offset_deg, -90, 90) ||
      !between(model.longitude_offset_deg, -360, 360) ||
      !between(model.latitude_scale_deg, 1e-6, 90) ||
      !between(model.longitude_scale_deg, 1e-6, 180) ||
      !between(model.height_offset_m, -1000, 10000) || !between(model.height_scale_m, 1, 20000)) {
    return Fail(ErrorCode::kBadInput,
                "RPC around latitude {}, longitude {}, height {} m with scales {}, {} and {} m; "
                "expected a place on earth",
                model.latitude_offset_deg, model.longitude_offset_deg, model.height_offset_m,
                model.latitude_scale_deg, model.longitude_scale_deg, model.height_scale_m);
  }
  for (const auto* c : {&model.line_numerator, &model.line_denominator, &model.sample_numerator,
                        &model.sample_denominator}) {
    if (!std::all_of(c->begin(), c->end(), [](double v) { return std::isfinite(v); }) ||
        std::all_of(c->begin(), c->end(), [](double v) { return v == 0; })) {
      return Fail(ErrorCode::kBadInput, "RPC with a polynomial that is all zero or not finite");
    }
  }
  return {};
}

}  // namespace trucewatch
