// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <string>

#include "core/geo/camera.h"
#include "tools/simulate/clip/clip_plan.h"
#include "tools/simulate/clip/land.h"
#include "tools/simulate/random.h"
#include "tools/simulate/view.h"

namespace trucewatch::clip {

// The platform and its camera in one clip: circling a place, flying past it, or hovering.
// A pure function of plan and time. Frame: east, north, up of the plan's origin.
class ClipFlight {
 public:
  explicit ClipFlight(const ClipPlan& plan);

  // As it really was. Pixels are those of the encoded picture.
  CameraPose TruePose(double t_s) const;
  // The same for the sensor's own pixels.
  CameraPose SensorPose(double t_s) const;
  // As the metadata has it: with the clip's bias and this picture's noise.
  CameraPose MetadataPose(int frame) const;
  // The ground's height above the ellipsoid as the metadata has it.
  double ToldGroundHaeM() const { return plan_.origin.height_hae_m + bias_.ground_m; }
  // MISB ST 0601 packet of a picture.
  std::string MetadataPacket(int frame) const;

  simulate::View ViewAt(double t_s) const;
  Instant TimeOf(int frame) const;
  double SecondsOf(int frame) const;

  Eigen::Vector2d PlatformAt(double t_s) const;
  // Over the ground, metres a second.
  Eigen::Vector2d PlatformVelocity(double t_s) const;
  Eigen::Vector2d StareAt(double t_s) const;
  // Ground sample distance in the middle of the encoded picture, with the zoom at this time.
  double GsdAt(double t_s) const;
  const LocalFrame& frame() const { return frame_; }

  // What the camera sees in the whole clip, with a margin. Fails when it sees the horizon.
  Result<Extent> Seen() const;
  double finest_gsd_m() const { return plan_.gsd_m / std::max(1.0, plan_.zoom_ratio); }

 private:
  struct Errors {
    Eigen::Vector3d position_m;
    Angle heading, pitch, roll, azimuth, elevation, sensor_roll;
    double field_of_view = 1;
    double ground_m = 0;
  };
  Errors DrawErrors(double share, simulate::Random& random) const;

  const ClipPlan& plan_;
  LocalFrame frame_;
  double distance_m_;      // over the ground to the place looked at
  double start_bearing_;   // radians, from the place looked at to the platform
  double turn_;            // +1 clockwise
  Eigen::Vector2d along_;  // of a straight flight
  double phase_[6];
  Errors bias_;
};

}  // namespace trucewatch::clip
