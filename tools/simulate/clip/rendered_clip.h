// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "core/base/result.h"
#include "tools/simulate/clip/clip_flight.h"
#include "tools/simulate/clip/clip_ground.h"
#include "tools/simulate/clip/clip_lens.h"
#include "tools/simulate/clip/land.h"
#include "tools/simulate/clip/paint_order.h"
#include "tools/simulate/clip/traffic.h"

namespace trucewatch::clip {

// What is true about one vehicle in one picture. Pixels are those of the encoded picture.
struct VehicleTruth {
  int id = 0;
  const char* kind = "";
  bool parked = false;                     // for the whole clip
  double box_px[4] = {0, 0, 0, 0};         // x, y, width, height of its body, cut off by nothing
  double shadow_box_px[4] = {0, 0, 0, 0};  // the same with the shadow it throws on the ground
  Eigen::Vector2d centre_px;               // of its body's middle
  double visible = 0;                      // share of its samples that the picture shows
  double size_px = 0;                      // the farthest two of its corners are apart
  double gsd_m = 0;                        // here, across the line of sight
  Eigen::Vector2d position_en_m;           // of its middle, on the ground
  Eigen::Vector2d velocity_en_mps;
  // Cosine between its velocity and the way a raised point at rest seems to move over the ground:
  // against the platform's own motion. 0 when either stands.
  double parallax_cosine = 0;
};

// One clip ready to be drawn: land, traffic, flight, sensor. Pure functions of plan and frame.
class RenderedClip {
 public:
  // Fails when the camera would see the horizon.
  static Result<std::unique_ptr<RenderedClip>> Create(const ClipPlan& plan);

  // Draws a frame; `truth` receives every vehicle that the picture touches, those hidden by
  // something else too.
  void Render(int frame, simulate::YuvPicture& picture, std::vector<VehicleTruth>* truth);

  const ClipPlan& plan() const { return plan_; }
  const ClipFlight& flight() const { return flight_; }
  const Land& land() const { return land_; }
  const Traffic& traffic() const { return traffic_; }

 private:
  explicit RenderedClip(const ClipPlan& plan);
  void Draw(const simulate::View& view, double t_s, Canvas& canvas,
            std::vector<VehicleTruth>* truth) const;
  bool InHouseShadow(const Eigen::Vector2d& place) const;
  // Of a look of a day: who drives past just then.
  std::vector<std::pair<simulate::Mover, simulate::MoverState>> PassingAt(double t_s) const;
  VehicleTruth TruthOf(const simulate::Mover& body, const simulate::MoverState& state,
                       const simulate::View& view, double t_s) const;

  ClipPlan plan_;
  ClipFlight flight_;
  Land land_;
  Traffic traffic_;
  Daylight sun_;  // of the frame being drawn
  std::unique_ptr<ClipGround> ground_;
  std::unique_ptr<ClipLens> lens_;
  std::unique_ptr<Canvas> canvas_;
};

// Cosine between a velocity over the ground and the way a raised point at rest seems to move when
// pictures are laid on one another by the ground: against the platform. 0 when either stands.
double ParallaxCosine(const Eigen::Vector2d& platform_mps, const Eigen::Vector2d& vehicle_mps);

// The share of a body's outline in the picture that is made up of samples that show `number`.
double VisibleShare(const Prism& body, const simulate::View& view, const Canvas& canvas,
                    std::uint16_t number);

// Angle between a vehicle's way and the parallax line below which its motion counts as along it.
inline constexpr double kEpipolarDegrees = 10;

}  // namespace trucewatch::clip
