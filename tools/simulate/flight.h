// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include "core/geo/camera.h"
#include "core/geo/geodetic.h"
#include "tools/simulate/scenario.h"
#include "tools/simulate/world.h"

namespace trucewatch::simulate {

// Place on the flat ground at east, north.
Geodetic GroundPlace(const LocalFrame& frame, const Eigen::Vector2d& place);

// A drone: an orbit with a coordinated turn, or one that hovers; its camera on what the operator
// watches.
// A pure function of scenario, seed and time; true poses, and as the metadata tells them.
class Flight {
 public:
  Flight(const Scenario& scenario, const World& world, int drone = 0);

  const v1::config::DroneConfig& drone() const { return drone_; }
  int index() const { return index_; }

  CameraPose TruePose(double t_s) const;
  // With this flight's bias and this frame's noise.
  CameraPose MetadataPose(const CameraPose& truth, int frame) const;
  // Where the boresight meets the ground.
  Eigen::Vector2d StarePoint(double t_s) const;
  const LocalFrame& frame() const { return frame_; }

 private:
  struct Errors {  // metres and degrees
    Eigen::Vector3d position_m;
    double heading_deg, pitch_deg, roll_deg, azimuth_deg, elevation_deg;
  };
  Errors DrawErrors(double position_sigma_m, double angle_sigma_deg, class Random& random) const;
  Eigen::Vector2d Target(int stare, double t_s) const;

  const Scenario& scenario_;
  const World& world_;
  const int index_;
  const v1::config::DroneConfig& drone_;
  LocalFrame frame_;
  double wander_phase_rad_[4];
  Errors bias_;
};

}  // namespace trucewatch::simulate
