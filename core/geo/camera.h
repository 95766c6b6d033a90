// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <optional>

#include "core/geo/geodetic.h"
#include "core/geo/terrain.h"

namespace trucewatch {

// Where an airborne camera is and looks (MISB ST 0601 items 5, 13-20, 75, 90, 91, 104).
// Angles: platform heading clockwise from true north, pitch nose up, roll right wing down;
// sensor azimuth from the nose clockwise seen from above, elevation up positive, roll clockwise
// seen from behind.
struct CameraPose {
  Geodetic position;
  Angle platform_heading, platform_pitch, platform_roll;
  Angle sensor_azimuth, sensor_elevation, sensor_roll;
  Angle horizontal_fov, vertical_fov;  // full angles of the whole encoded frame
  int width_px = 0;
  int height_px = 0;
};

// 1-sigma errors of a pose, independent of one another.
struct CameraPoseSigma {
  double position_horizontal_m = 0.0;  // each of east and north
  double position_vertical_m = 0.0;
  Angle platform_angles;  // each of heading, pitch, roll
  Angle sensor_angles;    // each of azimuth, elevation, roll
  double pixel_px = 0.5;  // each of u, v
};

struct GroundPoint {
  Geodetic position;
  Eigen::Matrix2d cov_en_m2 = Eigen::Matrix2d::Zero();  // east, north, 1-sigma squared
  double slant_range_m = 0.0;
};

// Unit direction, in east-north-up at the camera, of the image point (u right, v down, origin at
// the top-left corner of the top-left pixel).  R = Rz(heading) Ry(pitch) Rx(roll) Rz(azimuth)
// Ry(elevation) Rx(roll).
Eigen::Vector3d RayEnu(const CameraPose& pose, double u_px, double v_px);

// First point where the ray of (u, v) meets the ground. Nothing if it never does: above the
// horizon, outside the terrain, or grazing at less than 3 degrees, where the error explodes.
std::optional<Geodetic> GroundFromPixel(const CameraPose& pose, double u_px, double v_px,
                                        const Terrain& terrain);

// The same with its covariance: numeric Jacobian over the pose, the pixel and the ground height.
std::optional<GroundPoint> GroundFromPixelWithCovariance(const CameraPose& pose,
                                                         const CameraPoseSigma& sigma, double u_px,
                                                         double v_px, const Terrain& terrain);

// Image point of a place, or nothing if it is behind the camera. May lie outside the frame.
std::optional<Eigen::Vector2d> PixelFromGround(const CameraPose& pose, const Geodetic& place);

// Geometric mean ground sample distance, metres a pixel, at a slant range along the boresight.
double GroundSampleDistanceM(const CameraPose& pose, double slant_range_m);

}  // namespace trucewatch
