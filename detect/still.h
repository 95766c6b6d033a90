// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/media/decoder.h"
#include "core/types/observation.h"

namespace trucewatch {

// One picture of a segment, decoded, in colour where it has any. Fails with kBadInput when it does
// not decode.
Result<DecodedPicture> PictureOf(const VideoSegment& segment, std::size_t frame);

// For officers: the picture as it was, with boxes about what the look says was seen in it; groups
// of people as a whole, with their count. PNG, the same size.
Result<std::string> DrawLook(const DecodedPicture& picture, const ObservationSet& look);

}  // namespace trucewatch
