// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/geo/camera.h"
#include "core/media/decoder.h"
#include "core/types/observation.h"

namespace trucewatch {

// One picture of a segment, decoded, in colour where it has any. Fails with kBadInput when it does
// not decode.
Result<DecodedPicture> PictureOf(const VideoSegment& segment, std::size_t frame);

// For officers: the picture as it was, with boxes about what the look says was seen in it; groups
// of people as a whole, with their count. PNG, the same size.
Result<std::string> DrawLook(const DecodedPicture& picture, const ObservationSet& look);

// What of a picture parties may be shown.
struct RedrawTerms {
  Geodetic about;         // the group that the event is about, when it was last seen
  int most_vehicles = 0;  // those nearest to it; more were not stated
};
inline constexpr double kRedrawBlockM = 0.6;         // wider than a person's shoulders
inline constexpr double kRedrawNearM = 500;          // of `about`
inline constexpr double kRedrawLeastVehicleM = 2.5;  // what is shorter may be a person
inline constexpr int kRedrawGreys = 8;
// A block is no smaller than this share of the picture's height: symbols burnt in, which may lie
// across a vehicle, are a fortieth of it high or less, and cannot be read in three rows of blocks.
inline constexpr double kRedrawBlockShare = 1.0 / 90;

// For parties: a drawing made anew, in which each vehicle is its own pixels averaged over blocks of
// kRedrawBlockM or more, in kRedrawGreys shades, on empty ground. Not in it: all that lies outside
// the vehicles' boxes (ground by which the place would be known, people, burnt-in symbols),
// everything within the box of a group of people, a metre about it included, where in the picture
// anything was, and any word. Of a person who stands in a vehicle's box, unseen by the detectors,
// at most a block or a few are left: not enough to tell one from another. Nothing when no scale is
// known (no pose), or no vehicle is left. PNG. Determinism: of pixels within the
// boxes kept, the boxes, and the pose's scale alone.
std::optional<std::string> RedrawVehicles(const DecodedPicture& picture, const ObservationSet& look,
                                          const std::optional<CameraPose>& pose,
                                          const RedrawTerms& terms);

}  // namespace trucewatch
