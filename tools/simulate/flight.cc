// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/flight.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "tools/simulate/random.h"

namespace trucewatch::simulate {
namespace {

constexpr double kTwoPi = 2.0 * std::numbers::pi;
constexpr double kGravityMps2 = 9.80665;

}  // namespace

Geodetic GroundPlace(const LocalFrame& frame, const Eigen::Vector2d& place) {
  Geodetic ground = frame.GeodeticFromEnu({place.x(), place.y(), 0});
  ground.height_hae_m = frame.origin().height_hae_m;
  return ground;
}

Flight::Flight(const Scenario& scenario, const World& world, int drone)
    : scenario_(scenario),
      world_(world),
      index_(drone),
      drone_(scenario.config.drone(drone)),
      frame_(scenario.origin) {
  Random random(scenario.seed, "flight", static_cast<std::uint64_t>(drone));
  for (double& phase : wander_phase_rad_) phase = random.Uniform(0, kTwoPi);
  bias_ = DrawErrors(drone_.position_bias_m(), drone_.angle_bias_deg(), random);
}

Flight::Errors Flight::DrawErrors(double position_sigma_m, double angle_sigma_deg,
                                  Random& random) const {
  Errors errors;
  for (int i = 0; i < 3; ++i) errors.position_m[i] = position_sigma_m * random.Normal();
  errors.heading_deg = angle_sigma_deg * random.Normal();
  errors.pitch_deg = angle_sigma_deg * random.Normal();
  errors.roll_deg = angle_sigma_deg * random.Normal();
  errors.azimuth_deg = angle_sigma_deg * random.Normal();
  errors.elevation_deg = angle_sigma_deg * random.Normal();
  return errors;
}

Eigen::Vector2d Flight::Target(int stare, double t_s) const {
  const auto& config = drone_.stare(stare);
  if (!config.follow().empty()) {
    if (const auto middle = world_.MiddleOf(config.follow(), t_s)) return *middle;
  }
  return ToVector(config.point());
}

Eigen::Vector2d Flight::StarePoint(double t_s) const {
  const auto& drone = drone_;
  int stare = 0;
  while (stare + 1 < drone.stare_size() && drone.stare(stare + 1).time_s() <= t_s) ++stare;
  Eigen::Vector2d target = Target(stare, t_s);
  const double since = t_s - drone.stare(stare).time_s();
  if (stare > 0 && since < drone.slew_s()) {
    const double x = since / drone.slew_s();
    const double blend = x * x * (3 - 2 * x);
    target = Target(stare - 1, t_s) * (1 - blend) + target * blend;
  }
  target.x() +=
      drone.operator_wander_m() * (std::sin(kTwoPi * t_s / 11 + wander_phase_rad_[0]) +
                                   0.4 * std::sin(kTwoPi * t_s / 4.3 + wander_phase_rad_[1]));
  target.y() +=
      drone.operator_wander_m() * (std::sin(kTwoPi * t_s / 13 + wander_phase_rad_[2]) +
                                   0.4 * std::sin(kTwoPi * t_s / 5.1 + wander_phase_rad_[3]));
  return target;
}

CameraPose Flight::TruePose(double t_s) const {
  const auto& drone = drone_;
  const double turn = drone.clockwise() ? 1.0 : -1.0;
  // Radians a second; nothing turns that hovers.
  const bool circles = drone.speed_mps() > 0 && drone.orbit_radius_m() > 0;
  const double rate = circles ? drone.speed_mps() / drone.orbit_radius_m() : 0.0;
  const double bearing = drone.orbit_start_deg() * std::numbers::pi / 180.0 + turn * t_s * rate;
  const Eigen::Vector2d place =
      ToVector(drone.orbit_centre()) +
      drone.orbit_radius_m() * Eigen::Vector2d(std::sin(bearing), std::cos(bearing));
  CameraPose pose;
  pose.position = GroundPlace(frame_, place);
  pose.position.height_hae_m += drone.height_above_ground_m();
  pose.platform_heading = Angle::Radians(bearing + turn * kTwoPi / 4).NormalisedPositive();
  pose.platform_pitch = Angle::Degrees(2.0 + 0.3 * std::sin(kTwoPi * t_s / 17));
  // Coordinated turn: tan(bank) = v^2 / (g r), right wing down in a clockwise one.
  pose.platform_roll = Angle::Radians(turn * std::atan(rate * drone.speed_mps() / kGravityMps2)) +
                       Angle::Degrees(0.4 * std::sin(kTwoPi * t_s / 9));
  pose.width_px = static_cast<int>(drone.width_px());
  pose.height_px = static_cast<int>(drone.height_px());
  pose.horizontal_fov = Angle::Degrees(drone.horizontal_fov_deg());
  pose.vertical_fov = Angle::Radians(2 * std::atan(std::tan(0.5 * pose.horizontal_fov.rad()) *
                                                   drone.height_px() / drone.width_px()));

  // The gimbal: azimuth and elevation, in the platform's axes (x nose, y right wing, z down), of
  // the line of sight.
  const Eigen::Vector3d enu =
      LocalFrame(pose.position).EnuFromGeodetic(GroundPlace(frame_, StarePoint(t_s))).normalized();
  const Eigen::Vector3d ned(enu.y(), enu.x(), -enu.z());
  const Eigen::Matrix3d ned_from_platform =
      (Eigen::AngleAxisd(pose.platform_heading.rad(), Eigen::Vector3d::UnitZ()) *
       Eigen::AngleAxisd(pose.platform_pitch.rad(), Eigen::Vector3d::UnitY()) *
       Eigen::AngleAxisd(pose.platform_roll.rad(), Eigen::Vector3d::UnitX()))
          .toRotationMatrix();
  const Eigen::Vector3d sight = ned_from_platform.transpose() * ned;
  pose.sensor_azimuth = Angle::Radians(std::atan2(sight.y(), sight.x())).NormalisedPositive();
  pose.sensor_elevation = Angle::Radians(-std::atan2(sight.z(), std::hypot(sight.x(), sight.y())));
  return pose;
}

CameraPose Flight::MetadataPose(const CameraPose& truth, int frame) const {
  const auto& drone = drone_;
  Random random(scenario_.seed, "metadata", FrameKey(index_, frame));
  const Errors noise = DrawErrors(drone.position_noise_m(), drone.angle_noise_deg(), random);
  const auto degrees = [](double bias, double jitter) { return Angle::Degrees(bias + jitter); };
  CameraPose pose = truth;
  pose.position = LocalFrame(truth.position).GeodeticFromEnu(bias_.position_m + noise.position_m);
  pose.platform_heading =
      (truth.platform_heading + degrees(bias_.heading_deg, noise.heading_deg)).NormalisedPositive();
  pose.platform_pitch = truth.platform_pitch + degrees(bias_.pitch_deg, noise.pitch_deg);
  pose.platform_roll = truth.platform_roll + degrees(bias_.roll_deg, noise.roll_deg);
  pose.sensor_azimuth =
      (truth.sensor_azimuth + degrees(bias_.azimuth_deg, noise.azimuth_deg)).NormalisedPositive();
  pose.sensor_elevation =
      truth.sensor_elevation + degrees(bias_.elevation_deg, noise.elevation_deg);
  return pose;
}

}  // namespace trucewatch::simulate
