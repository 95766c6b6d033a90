// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <optional>
#include <vector>

#include "detect/motion/image_tracker.h"
#include "detect/motion/moment.h"
#include "detect/motion/patch_motion.h"
#include "detect/motion/trail.h"

namespace trucewatch::motion {

// Where the patches begin, end and lie across the motion: metres from the trail, or stabilised
// pixels carried back to time 0.
struct Extent {
  double rear = 0, front = 0;  // along the motion
  double across = 0;           // of their middle, to the right
  double breadth = 0;          // typical, of one patch
  double length = 0;           // typical, of one patch
};

// How a vehicle's shape fits the pixels that go along.
struct Shape {
  double misfit_m2 = 0;
  double height_m = 0;
  bool sunlit = false;  // a shadow is part of it
};

// A track on its way to a vehicle, with what was found out about it.
struct Candidate {
  ImageTrack track;
  PatchMotion patch;
  LineFit fit;                                         // about the middle hit
  std::size_t middle = 0;                              // its moment
  Eigen::Vector2d place = Eigen::Vector2d::Zero();     // working pixels, then
  Eigen::Matrix2d metres = Eigen::Matrix2d::Zero();    // per stabilised pixel, there
  Eigen::Vector2d velocity = Eigen::Vector2d::Zero();  // m/s
  double speed_sigma = 0;
  std::vector<double> snrs;
  std::optional<Trail> trail;  // when its pixels could be followed
  std::optional<Extent> body;  // then; metres from the trail
  bool seen_body = false;      // pixels that go along were found, not patches only
  std::optional<Shape> shape;  // where it could be fitted
  double area_m2 = 0;          // then: of what goes along, shadow and rim included
  double narrowest_m = 0;      // then: of body and shadow, across any direction, blur included
  // Of it, where it is known and not part of the body: metres along the way and to its right.
  Eigen::Vector2d shadow = Eigen::Vector2d::Zero();
  // From the trail to the middle of the body where one trail speaks for several vehicles.
  Eigen::Vector2d from_trail = Eigen::Vector2d::Zero();
};

// Takes displacements to along the way, and to its right (y points down), as they are or in metres.
Eigen::Matrix2d HeadingFrame(const Eigen::Vector2d& velocity);
Eigen::Matrix2d MetricHeading(const Eigen::Matrix2d& metres, const Eigen::Vector2d& velocity);

// The smallest of the values than which at least `share` are not larger. Needs one value.
double Quantile(std::vector<double> values, double share);

// Of the track's patches along a straight way.
Extent ExtentOf(const ImageTrack& track, const Eigen::Vector2d& velocity,
                const std::vector<Moment>& moments);
// Of the track's patches about a trail. `metres`: per stabilised pixel.
Extent ExtentAbout(const ImageTrack& track, const Trail& trail, const Eigen::Matrix2d& metres,
                   const std::vector<Moment>& moments);

// Whether two are patches of one vehicle: at one velocity, one behind the other, and close. The
// first has a body if it has a trail.
bool SameVehicle(const Candidate& a, const Candidate& b, const std::vector<Moment>& moments,
                 double max_size_m);

// Moments at which differencing saw it.
std::size_t MomentsSeen(const ImageTrack& track);

// By so much blur makes what goes along larger, metres. Pictures of coarse pixels are not smoothed.
double BlurM(const Candidate& c);

// A gap in a column goes along with it, and its bare ground is followed as if it were a vehicle;
// but differencing sees it only where both pictures compared happen to show vehicles there, and
// none of its pixels has been anywhere that is not ground as well. A vehicle that goes its own
// length between the pictures compared is seen in most of them. Needs a body if it has a trail.
// So is a trail that swims, of which differencing sees little and with which little goes along.
bool IsGap(const Candidate& c);

// Whether what goes along with the trail, shadow and all, is narrower than any vehicle across some
// direction: people, whose shadows are as long as the sun is low.
bool NarrowerThanVehicles(const Candidate& c);

// Whether the bodies of two that have trails lie one behind the other, or beside it, without
// touching.
bool LieApart(const Candidate& a, const Candidate& b);

// `other` becomes part of `vehicle`.
void Absorb(const Candidate& other, Candidate& vehicle);

}  // namespace trucewatch::motion
