// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/clip_flight.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/geo/terrain.h"
#include "ingest/klv/st0601_encoder.h"
#include "tools/simulate/flight.h"

namespace trucewatch::clip {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
constexpr double kGravity = 9.80665;
constexpr double kZoomRampS = 2.5;

double Radians(double degrees) { return degrees * std::numbers::pi / 180; }
Eigen::Vector2d Bearing(double angle) { return {std::sin(angle), std::cos(angle)}; }

}  // namespace

ClipFlight::ClipFlight(const ClipPlan& plan) : plan_(plan), frame_(plan.origin) {
  simulate::Random random(plan.seed, "clip flight");
  distance_m_ = plan.height_m / std::tan(Radians(plan.depression_deg));
  start_bearing_ = random.Uniform(0, kTurn);
  turn_ = random.Below(2) == 0 ? 1 : -1;
  along_ = Bearing(start_bearing_ + turn_ * kTurn / 4);
  for (double& phase : phase_) phase = random.Uniform(0, kTurn);
  simulate::Random errors(plan.seed, "clip metadata bias");
  bias_ = DrawErrors(1 - plan.scene.noise_share(), errors);
  bias_.ground_m = plan.scene.terrain_sigma_m() * errors.Normal();
  bias_.field_of_view = 1 + plan.scene.field_of_view_sigma() * errors.Normal();
}

ClipFlight::Errors ClipFlight::DrawErrors(double share, simulate::Random& random) const {
  const double scale = std::sqrt(std::max(0.0, share));
  const auto& scene = plan_.scene;
  Errors errors;
  for (int i = 0; i < 3; ++i)
    errors.position_m[i] = scale * scene.position_sigma_m() * random.Normal();
  for (Angle* angle : {&errors.heading, &errors.pitch, &errors.roll}) {
    *angle = Angle::Degrees(scale * scene.platform_angle_sigma_deg() * random.Normal());
  }
  for (Angle* angle : {&errors.azimuth, &errors.elevation, &errors.sensor_roll}) {
    *angle = Angle::Degrees(scale * scene.sensor_angle_sigma_deg() * random.Normal());
  }
  return errors;
}

double ClipFlight::SecondsOf(int frame) const {
  if (plan_.is_day()) return frame * plan_.scene.look_period_s();
  return static_cast<double>(frame) / plan_.scene.frames_per_second();
}

Instant ClipFlight::TimeOf(int frame) const {
  if (plan_.is_day()) {
    return plan_.start + Duration::Micros(std::llround(1e6 * SecondsOf(frame)));
  }
  const std::int64_t rate = plan_.scene.frames_per_second();
  return plan_.start + Duration::Micros(frame * std::int64_t{1'000'000} / rate);
}

Eigen::Vector2d ClipFlight::PlatformAt(double t_s) const {
  const Eigen::Vector2d start = distance_m_ * Bearing(start_bearing_);
  if (plan_.passes || plan_.speed_mps <= 0) {
    return start +
           (plan_.speed_mps > 0 ? plan_.speed_mps * (t_s - 0.5 * plan_.duration_s) : 0.0) * along_;
  }
  return distance_m_ * Bearing(start_bearing_ + turn_ * t_s * plan_.speed_mps / distance_m_);
}

Eigen::Vector2d ClipFlight::PlatformVelocity(double t_s) const {
  return (PlatformAt(t_s + 0.05) - PlatformAt(t_s - 0.05)) / 0.1;
}

Eigen::Vector2d ClipFlight::StareAt(double t_s) const {
  Eigen::Vector2d stare(
      std::sin(kTurn * t_s / 23 + phase_[0]) + 0.4 * std::sin(kTurn * t_s / 7.3 + phase_[1]),
      std::sin(kTurn * t_s / 29 + phase_[2]) + 0.4 * std::sin(kTurn * t_s / 8.9 + phase_[3]));
  stare *= plan_.wander_m;
  if (plan_.passes && plan_.speed_mps > 0)
    stare += plan_.speed_mps * (t_s - 0.5 * plan_.duration_s) * along_;
  return stare;
}

double ClipFlight::GsdAt(double t_s) const {
  if (plan_.zoom_ratio <= 1 || plan_.zoom_period_s <= 0) return plan_.gsd_m;
  const double period = std::max(plan_.zoom_period_s, 4 * kZoomRampS);
  const double phase = std::fmod(t_s + phase_[4] / kTurn * period, period);
  const auto smooth = [](double x) {
    x = std::clamp(x, 0.0, 1.0);
    return x * x * (3 - 2 * x);
  };
  const double in = smooth(phase / kZoomRampS) - smooth((phase - 0.5 * period) / kZoomRampS);
  return plan_.gsd_m * std::pow(plan_.zoom_ratio, -in);
}

CameraPose ClipFlight::TruePose(double t_s) const {
  CameraPose pose;
  const Eigen::Vector2d place = PlatformAt(t_s), velocity = PlatformVelocity(t_s),
                        stare = StareAt(t_s);
  pose.position = simulate::GroundPlace(frame_, place);
  pose.position.height_hae_m += plan_.height_m;
  const bool hovers = velocity.norm() < 0.5;
  const double heading = hovers ? start_bearing_ : std::atan2(velocity.x(), velocity.y());
  pose.platform_heading = Angle::Radians(heading).NormalisedPositive();
  pose.platform_pitch = Angle::Degrees(1.5 + 0.4 * std::sin(kTurn * t_s / 13 + phase_[5]));
  const double rate = plan_.passes || hovers ? 0 : turn_ * plan_.speed_mps / distance_m_;
  pose.platform_roll =
      Angle::Radians(std::clamp(std::atan(rate * plan_.speed_mps / kGravity), -0.5, 0.5)) +
      Angle::Degrees(0.5 * std::sin(kTurn * t_s / 7 + phase_[1]));
  pose.width_px = static_cast<int>(plan_.scene.width_px());
  pose.height_px = static_cast<int>(plan_.scene.height_px());
  const Eigen::Vector3d sight_enu =
      LocalFrame(pose.position).EnuFromGeodetic(simulate::GroundPlace(frame_, stare));
  const double slant_m = std::hypot(distance_m_, plan_.height_m);
  const double tangent = 0.5 * GsdAt(t_s) / slant_m;  // half a pixel's
  pose.horizontal_fov = Angle::Radians(2 * std::atan(tangent * pose.width_px));
  pose.vertical_fov = Angle::Radians(2 * std::atan(tangent * pose.height_px));

  const Eigen::Vector3d ned(sight_enu.y(), sight_enu.x(), -sight_enu.z());
  const Eigen::Matrix3d ned_from_platform =
      (Eigen::AngleAxisd(pose.platform_heading.rad(), Eigen::Vector3d::UnitZ()) *
       Eigen::AngleAxisd(pose.platform_pitch.rad(), Eigen::Vector3d::UnitY()) *
       Eigen::AngleAxisd(pose.platform_roll.rad(), Eigen::Vector3d::UnitX()))
          .toRotationMatrix();
  const Eigen::Vector3d sight = ned_from_platform.transpose() * ned.normalized();
  // The shake: engine and wind, faster than the stabiliser follows.
  const double amplitude = plan_.jitter_px * 2 * tangent;
  const auto shake = [&](int axis) {
    const double p = phase_[axis];
    return amplitude *
           (0.8 * std::sin(kTurn * 1.7 * t_s + 3 * p) + 0.8 * std::sin(kTurn * 4.3 * t_s + 5 * p) +
            0.8 * std::sin(kTurn * 11.9 * t_s + 7 * p));
  };
  const double elevation = -std::atan2(sight.z(), std::hypot(sight.x(), sight.y()));
  pose.sensor_azimuth = Angle::Radians(std::atan2(sight.y(), sight.x()) +
                                       shake(0) / std::max(0.1, std::cos(elevation)))
                            .NormalisedPositive();
  pose.sensor_elevation = Angle::Radians(elevation + shake(1));
  pose.sensor_roll = Angle::Radians(0.6 * shake(2)).NormalisedPositive();
  return pose;
}

CameraPose ClipFlight::SensorPose(double t_s) const {
  CameraPose pose = TruePose(t_s);
  pose.width_px = plan_.sensor_width_px();
  pose.height_px = plan_.sensor_height_px();
  return pose;
}

CameraPose ClipFlight::MetadataPose(int frame) const {
  simulate::Random random(plan_.seed, "clip metadata noise", static_cast<std::uint64_t>(frame));
  const Errors noise = DrawErrors(plan_.scene.noise_share(), random);
  CameraPose pose = TruePose(SecondsOf(frame));
  const LocalFrame here(pose.position);
  pose.position = here.GeodeticFromEnu(bias_.position_m + noise.position_m);
  pose.platform_heading =
      (pose.platform_heading + bias_.heading + noise.heading).NormalisedPositive();
  pose.platform_pitch = pose.platform_pitch + bias_.pitch + noise.pitch;
  pose.platform_roll = pose.platform_roll + bias_.roll + noise.roll;
  pose.sensor_azimuth = (pose.sensor_azimuth + bias_.azimuth + noise.azimuth).NormalisedPositive();
  pose.sensor_elevation = pose.sensor_elevation + bias_.elevation + noise.elevation;
  pose.sensor_roll =
      (pose.sensor_roll + bias_.sensor_roll + noise.sensor_roll).NormalisedPositive();
  pose.horizontal_fov = pose.horizontal_fov * bias_.field_of_view;
  pose.vertical_fov = pose.vertical_fov * bias_.field_of_view;
  return pose;
}

std::string ClipFlight::MetadataPacket(int frame) const {
  const CameraPose pose = MetadataPose(frame);
  const FlatTerrain ground(ToldGroundHaeM(), 0);
  St0601Fields fields;
  fields.time = TimeOf(frame);
  fields.mission_id = "EXERCISE";
  fields.platform_designation = "rendered";
  fields.image_source_sensor = plan_.thermal() ? "IR" : "EO";
  fields.image_coordinate_system = "Geodetic WGS84";
  fields.platform_heading = pose.platform_heading;
  fields.platform_pitch = pose.platform_pitch;
  fields.platform_roll = pose.platform_roll;
  fields.sensor = pose.position;
  fields.sensor_altitude_msl_m = pose.position.height_hae_m;  // a geoid on the ellipsoid
  fields.horizontal_fov = pose.horizontal_fov;
  fields.vertical_fov = pose.vertical_fov;
  fields.sensor_azimuth = pose.sensor_azimuth;
  fields.sensor_elevation = pose.sensor_elevation;
  fields.sensor_roll = pose.sensor_roll;
  fields.platform_ground_speed_mps = PlatformVelocity(SecondsOf(frame)).norm();
  fields.operational_mode = OperationalMode::kExercise;  // what is simulated says so everywhere
  const double w = pose.width_px, h = pose.height_px;
  const auto at = [&](double u, double v) { return GroundFromPixel(pose, u, v, ground); };
  if (const auto centre = at(w / 2, h / 2)) {
    fields.frame_center = *centre;
    fields.frame_center_elevation_msl_m = centre->height_hae_m;
    fields.slant_range_m = LocalFrame(pose.position).EnuFromGeodetic(*centre).norm();
  }
  const auto a = at(0, 0), b = at(w, 0), c = at(w, h), d = at(0, h);
  if (a && b && c && d) fields.corners = std::array<Geodetic, 4>{*a, *b, *c, *d};
  return EncodeSt0601(fields);
}

simulate::View ClipFlight::ViewAt(double t_s) const {
  return simulate::View(SensorPose(t_s), frame_, StareAt(t_s));
}

Result<Extent> ClipFlight::Seen() const {
  Extent extent{{1e300, 1e300}, {-1e300, -1e300}};
  const double step_s = plan_.is_day() ? 61 : 0.5;
  for (double t_s = 0; t_s <= plan_.duration_s + step_s; t_s += step_s) {
    const auto footprint = ViewAt(t_s).Footprint();
    if (!footprint) {
      return Fail(ErrorCode::kBadInput,
                  "{}, seed {}: the camera sees the horizon; use a larger depression_deg or a "
                  "smaller gsd_m",
                  plan_.scene.name(), plan_.given_seed);
    }
    for (const Eigen::Vector2d& corner : *footprint) {
      extent.low = extent.low.cwiseMin(corner), extent.high = extent.high.cwiseMax(corner);
    }
  }
  const double margin_m = plan_.is_day() ? 20 : 12;
  extent.low.array() -= margin_m, extent.high.array() += margin_m;
  return extent;
}

}  // namespace trucewatch::clip
