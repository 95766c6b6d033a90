// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/geo/terrain.h"
#include "core/media/decoder.h"
#include "core/types/observation.h"
#include "detect/appearance/image_detector.h"
#include "detect/motion/motion_detector.h"
#include "detect/people/people_detector.h"

namespace trucewatch {

// What a network sees in one picture of a video.
struct AppearanceLook {
  appearance::Look look;                 // boxes in encoded pixels; lives inside detect only
  std::vector<Detection> vehicles;       // those of the look; with a place where there is a pose
  std::vector<GroupObservation> groups;  // of people; only with a pose
  bool georeferenced = false;
  std::optional<double> gsd_m;  // at the middle of the picture
};

struct AppearanceLookOptions {
  std::optional<double> min_score = {};  // of vehicles; nothing: the card's
  int min_people = 5;
  double group_radius_m = 6;
};

// The decoded picture as the network of that card wants it: grey levels, or blue, green, red in
// turn (BT.601, video range). A card that wants colour needs the decoder to give chroma.
bool WantsColour(const v1::config::ModelCard& card);
std::vector<std::uint8_t> PixelsFor(const v1::config::ModelCard& card,
                                    const DecodedPicture& picture);

// Looks at a whole picture. Position of a vehicle: where the ray through the middle of its box
// meets the ground raised by half a vehicle's height, put down to the ground; of a group of people
// the same at half a person's. Fails as ImageDetector::LookAt.
Result<AppearanceLook> LookByAppearance(const DecodedPicture& picture, const MotionPicture& pose,
                                        const appearance::ImageDetector& detector,
                                        const Terrain& terrain,
                                        const AppearanceLookOptions& options);

// The class shares of the vehicle whose box a mover's box shows, or nothing: the one with the
// nearest middle, within half of the larger one's longer side.
const Detection* VehicleOfMover(const Detection& mover, const std::vector<Detection>& vehicles);

// Asks the network for the classes of at most `chips` movers, the surest first, in parts of the
// picture about them. The number of movers that it knew.
Result<int> ClassifyMovers(const DecodedPicture& picture, const MotionPicture& pose,
                           const appearance::ImageDetector& detector, const Terrain& terrain,
                           std::size_t chips, std::vector<Detection>& movers);

}  // namespace trucewatch
