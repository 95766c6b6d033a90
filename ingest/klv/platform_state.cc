// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/platform_state.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numbers>
#include <vector>

namespace trucewatch {
namespace {

// Frame centres come from the producer's own terrain model and attitude; what they mean closes well
// within the first. Up to the second the angles still say more than nothing, with a wider sigma.
constexpr double kClosureRad = 1.0 * std::numbers::pi / 180.0;
constexpr double kSmallMissRad = 5.0 * std::numbers::pi / 180.0;
// A miss of up to as many stated sigmas is what they promise.
constexpr double kExplainedSigmas = 3.0;
// What the quantisation of the items explains, whatever is stated.
constexpr double kQuantumRad = 0.05 * std::numbers::pi / 180.0;
// Items 26-33 step by so much.
constexpr double kCornerQuantumM = 0.25;

constexpr AngleConvention kReadings[] = {AngleConvention::kStandard, AngleConvention::kAbsolute,
                                         AngleConvention::kLevelled, AngleConvention::kDepression};

// First of the tags that has a number.
std::optional<double> FirstOf(const UasDatalink& set, std::initializer_list<std::uint32_t> tags) {
  for (const std::uint32_t tag : tags) {
    if (const auto value = set.Number(tag)) return value;
  }
  return std::nullopt;
}

// Height above the ellipsoid from `hae` tags, else from an MSL tag and the undulation.
std::optional<double> Height(const UasDatalink& set, std::initializer_list<std::uint32_t> hae_tags,
                             std::uint32_t msl_tag, double undulation_m) {
  if (const auto hae = FirstOf(set, hae_tags)) return hae;
  const auto msl = set.Number(msl_tag);
  return msl ? std::optional(*msl + undulation_m) : std::nullopt;
}

bool IsExercise(const UasDatalink& set) {
  const auto mode = set.Number(77);
  if (mode && (*mode == 2 || *mode == 3 || *mode == 5)) return true;
  const auto mission = set.Text(3);
  return mission && mission->starts_with("EXERCISE");
}

// Pose by the standard's reading; `missing` names the items that are not there.
CameraPose StandardPose(const UasDatalink& set, double undulation_m, std::string& missing) {
  const auto need = [&](std::optional<double> value, const char* item) {
    if (!value) missing += missing.empty() ? item : std::string(", ") + item;
    return value.value_or(0);
  };
  CameraPose pose;
  pose.position = Geodetic::FromDegrees(
      need(set.Number(13), "latitude (13)"), need(set.Number(14), "longitude (14)"),
      need(Height(set, {104, 75}, 15, undulation_m), "height (104, 75, 15)"));
  pose.platform_heading = Angle::Degrees(need(set.Number(5), "heading (5)"));
  pose.platform_pitch = Angle::Degrees(need(FirstOf(set, {90, 6}), "pitch (90, 6)"));
  pose.platform_roll = Angle::Degrees(need(FirstOf(set, {91, 7}), "roll (91, 7)"));
  pose.sensor_azimuth = Angle::Degrees(need(set.Number(18), "sensor azimuth (18)"));
  pose.sensor_elevation = Angle::Degrees(need(set.Number(19), "sensor elevation (19)"));
  pose.sensor_roll = Angle::Degrees(set.Number(20).value_or(0)).NormalisedSigned();
  pose.horizontal_fov = Angle::Degrees(need(set.Number(16), "horizontal field of view (16)"));
  pose.vertical_fov = Angle::Degrees(need(set.Number(17), "vertical field of view (17)"));
  return pose;
}

// The standard's pose read by another convention.
CameraPose ReadAs(AngleConvention convention, const CameraPose& standard) {
  CameraPose pose = standard;
  switch (convention) {
    case AngleConvention::kAbsolute:
      pose.platform_heading = pose.platform_pitch = pose.platform_roll = Angle();
      break;
    case AngleConvention::kLevelled:
      pose.platform_pitch = pose.platform_roll = Angle();
      break;
    case AngleConvention::kDepression:
      pose.sensor_elevation = -pose.sensor_elevation;
      break;
    case AngleConvention::kUntested:
    case AngleConvention::kStandard:
      break;
  }
  return pose;
}

Eigen::Vector3d Direction(double azimuth_rad, double elevation_rad) {
  return {std::cos(elevation_rad) * std::sin(azimuth_rad),
          std::cos(elevation_rad) * std::cos(azimuth_rad), std::sin(elevation_rad)};
}

// Directions, east-north-up at the sensor, in which the metadata says the frame centre lies.
std::vector<Eigen::Vector3d> TowardsFrameCenter(const UasDatalink& set, const Geodetic& sensor,
                                                double undulation_m) {
  const auto latitude = set.Number(23);
  const auto longitude = set.Number(24);
  std::vector<Eigen::Vector3d> directions;
  if (!latitude || !longitude) return directions;
  const LocalFrame frame(sensor);
  const auto height = Height(set, {78}, 25, undulation_m);
  if (height) {
    const Eigen::Vector3d p =
        frame.EnuFromGeodetic(Geodetic::FromDegrees(*latitude, *longitude, *height));
    if (p.norm() > 1.0) directions.push_back(p.normalized());
  }
  // Without a trustworthy height: from the slant range. The horizontal distance is taken at the
  // sensor's height.
  const auto slant_m = set.Number(21);
  if (slant_m && *slant_m > 1.0) {
    const Eigen::Vector3d p =
        frame.EnuFromGeodetic(Geodetic::FromDegrees(*latitude, *longitude, sensor.height_hae_m));
    const double horizontal_m = std::hypot(p.x(), p.y());
    if (horizontal_m <= *slant_m * 1.001) {
      const double elevation_rad = -std::acos(std::min(1.0, horizontal_m / *slant_m));
      directions.push_back(Direction(std::atan2(p.x(), p.y()), elevation_rad));
    }
  }
  return directions;
}

// Smallest angle between the boresight and one of the directions.
double ClosureRad(CameraPose pose, const std::vector<Eigen::Vector3d>& directions) {
  pose.width_px = pose.height_px = 2;
  const Eigen::Vector3d boresight = RayEnu(pose, 1.0, 1.0);
  double best = std::numbers::pi;
  for (const Eigen::Vector3d& direction : directions) {
    best = std::min(best, std::atan2(boresight.cross(direction).norm(), boresight.dot(direction)));
  }
  return best;
}

bool FieldsOfViewAreUsable(const CameraPose& pose) {
  const auto usable = [](Angle fov) { return fov.rad() > 1e-5 && fov.deg() < 179.0; };
  return usable(pose.horizontal_fov) && usable(pose.vertical_fov);
}

std::string NoReadingCloses(const std::array<double, std::size(kReadings)>& misses_rad) {
  std::string text = "no pose: the boresight misses the frame centre";
  for (std::size_t i = 0; i < misses_rad.size(); ++i) {
    text += fmt::format("{} by {:.1f} degrees read as {}", i == 0 ? "" : ",",
                        Angle::Radians(misses_rad[i]).deg(), Name(kReadings[i]));
  }
  return text + fmt::format("; expected at most {:.1f}", Angle::Radians(kSmallMissRad).deg());
}

// The largest miss that the stated errors and the quantisation of the items explain.
Angle ExplainedMiss(const CameraPoseSigma& stated) {
  const double stated_rad = std::hypot(stated.platform_angles.rad(), stated.sensor_angles.rad());
  return Angle::Radians(std::max(kQuantumRad, kExplainedSigmas * stated_rad));
}

// Chooses among the readings of the angles, and widens their sigma by what the choice leaves over.
void TakeReading(const CameraPose& standard, const std::vector<Eigen::Vector3d>& directions,
                 PlatformState& state) {
  std::array<double, std::size(kReadings)> misses_rad{};
  for (std::size_t i = 0; i < misses_rad.size(); ++i) {
    misses_rad[i] = ClosureRad(ReadAs(kReadings[i], standard), directions);
  }
  const auto* chosen = std::find_if(misses_rad.begin(), misses_rad.end(),
                                    [](double miss_rad) { return miss_rad <= kClosureRad; });
  if (chosen == misses_rad.end()) {
    chosen = std::min_element(misses_rad.begin(), misses_rad.end());
  }
  if (!(*chosen <= kSmallMissRad)) {
    state.problem = NoReadingCloses(misses_rad);
    return;
  }
  state.convention = kReadings[chosen - misses_rad.begin()];
  state.closure = Angle::Radians(*chosen);
  state.pose = ReadAs(state.convention, standard);
  if (*state.closure > ExplainedMiss(state.sigma)) {
    state.sigma_widened = true;
    state.sigma.sensor_angles = std::max(state.sigma.sensor_angles, *state.closure);
  }
}

// Takes the roll that the recorded corners show; `stated` is what the source promises.
void TakeCorners(const UasDatalink& set, double undulation_m, const CameraPoseSigma& stated,
                 PlatformState& state) {
  const auto corners = FrameCorners(set, undulation_m);
  if (!corners || !state.pose || !state.frame_center) return;
  const Angle explained = ExplainedMiss(stated);
  const double range_m =
      LocalFrame(state.pose->position).EnuFromGeodetic(*state.frame_center).norm();
  if (!(range_m > 1.0)) return;
  // A roll that is off by r moves the corners' bearings by r times half the picture's height.
  const double roll_rad = explained.rad() * std::tan(0.5 * state.pose->vertical_fov.rad());
  state.corners = FitCorners(*state.pose, *state.frame_center, *corners,
                             Angle::Radians(std::max(kCornerQuantumM / range_m, roll_rad)));
  state.pose->sensor_roll = state.corners->sensor_roll;
  if (state.corners->miss > explained) {
    state.sigma_widened = true;
    state.sigma.sensor_angles = std::max(state.sigma.sensor_angles, state.corners->miss);
  }
}

// Mission id, fields of view, sensor roll, operational mode.
constexpr std::uint32_t kSlowItems[] = {3, 16, 17, 20, 77};
constexpr Duration kMemory = Duration::Seconds(30);

}  // namespace

const char* Name(AngleConvention convention) {
  switch (convention) {
    case AngleConvention::kUntested:
      return "untested";
    case AngleConvention::kStandard:
      return "standard";
    case AngleConvention::kAbsolute:
      return "true azimuth and elevation";
    case AngleConvention::kLevelled:
      return "relative to a levelled airframe";
    case AngleConvention::kDepression:
      return "elevation positive downwards";
  }
  return "?";
}

UasDatalink SlowItemMemory::Complete(UasDatalink set) {
  if (!set.time) return set;
  for (const std::uint32_t tag : kSlowItems) {
    const KlvItem* item = set.Find(tag);
    if (item != nullptr) {
      if (item->value) items_[tag] = {*set.time, std::string(item->raw)};
      continue;
    }
    const auto known = items_.find(tag);
    if (known == items_.end()) continue;
    const Duration age = *set.time - known->second.time;
    if (age < Duration() || age > kMemory) continue;
    set.items.push_back(DecodeKlvItem(tag, FindSt0601Item(tag), AsBytes(known->second.bytes)));
  }
  return set;
}

PlatformState PlatformStateFromSt0601(const UasDatalink& set, const PlatformStateOptions& options) {
  PlatformState state;
  state.time = set.time;
  state.sigma = options.sigma;
  state.exercise = IsExercise(set);
  const double undulation_m = options.geoid_undulation_m;
  if (const auto latitude = set.Number(23), longitude = set.Number(24),
      height = Height(set, {78}, 25, undulation_m);
      latitude && longitude && height) {
    state.frame_center = Geodetic::FromDegrees(*latitude, *longitude, *height);
  }

  std::string missing;
  const CameraPose standard = StandardPose(set, undulation_m, missing);
  if (!missing.empty()) {
    state.problem = "no pose: without " + missing;
    return state;
  }
  if (!FieldsOfViewAreUsable(standard)) {
    state.problem = fmt::format("no pose: a field of view of {:.3f} x {:.3f} degrees",
                                standard.horizontal_fov.deg(), standard.vertical_fov.deg());
    return state;
  }
  const auto directions = TowardsFrameCenter(set, standard.position, undulation_m);
  if (directions.empty()) {
    state.pose = standard;
    return state;
  }
  TakeReading(standard, directions, state);
  TakeCorners(set, undulation_m, options.sigma, state);
  return state;
}

}  // namespace trucewatch
