// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/geo/camera.h"
#include "core/geo/geodetic.h"
#include "core/time/instant.h"
#include "ingest/klv/frame_corners.h"
#include "ingest/klv/st0601.h"

namespace trucewatch {

// What the stream itself does not say; from the mission config.
struct PlatformStateOptions {
  double geoid_undulation_m = 0;  // added to MSL heights (EGM96 height above the ellipsoid)
  CameraPoseSigma sigma;          // 1-sigma errors stated for the source
};

// How the producer meant items 18 and 19.
enum class AngleConvention {
  kUntested,    // no frame centre to test against; read as the standard says
  kStandard,    // relative to the airframe
  kAbsolute,    // true azimuth and elevation above the horizon; items 5-7, 90, 91 do not enter
  kLevelled,    // relative to a levelled airframe: heading (5) enters, pitch and roll do not
  kDepression,  // relative to the airframe, item 19 positive downwards
};
// "standard", "true azimuth and elevation", ...: for people.
const char* Name(AngleConvention convention);

// Platform and camera of one metadata packet.
struct PlatformState {
  std::optional<Instant> time;
  // width_px and height_px are 0: the picture is the video's. Nothing when an item it needs is
  // missing, or when the angles contradict the frame centre; `problem` says why.
  std::optional<CameraPose> pose;
  // As stated for the source; sensor angles widened to `closure` where it is more than the stated
  // errors explain.
  CameraPoseSigma sigma;
  bool sigma_widened = false;
  std::string problem;
  AngleConvention convention = AngleConvention::kUntested;
  // Angle between the boresight and the direction to the frame centre (items 23, 24, 25 or 78), in
  // the convention chosen; nothing when untested.
  std::optional<Angle> closure;
  std::optional<Geodetic> frame_center;
  // What the recorded corners (26-33, 82-89) say about the picture's roll; nothing without them.
  // The pose has the roll of this reading.
  std::optional<CornerFit> corners;
  // Item 77 says training, exercise or test, or the mission id (item 3) begins with "EXERCISE".
  bool exercise = false;
};

// Full-range items are preferred: 90 and 91 over 6 and 7, 104 and 75 over 15 plus the geoid
// undulation, 78 over 25 plus the undulation. A missing sensor roll (20) counts as 0; every other
// item of a pose must be there.
//
// The closure test: producers exist that write other angles than the standard's into items 18 and
// 19. The boresight of each reading (AngleConvention) is compared with the direction from the
// sensor to the frame centre (its elevation from the heights or from the slant range, item 21,
// whichever fits better). The first reading that closes within 1 degree is taken, in the order of
// AngleConvention. When none does, the nearest one is kept up to 5 degrees; beyond that the angles
// are not usable: no pose. A miss of more than three times the stated errors widens the sigma of
// the sensor angles to the miss.
// The same with the corners, where they are given: a picture that is level in spite of what items
// 5-7 and 18-20 say is recognised by them, and corners that no reading explains widen the sigma.
PlatformState PlatformStateFromSt0601(const UasDatalink& set, const PlatformStateOptions& options);

// Streams send what changes slowly (fields of view, mode, mission) less often than the rest.
// Remembers those items and adds them to sets that lack them, for at most 30 s of stream time.
class SlowItemMemory {
 public:
  // The set with what it lacks; items added stand last and live until the next call.
  UasDatalink Complete(UasDatalink set);

 private:
  struct Remembered {
    Instant time;
    std::string bytes;
  };
  std::map<std::uint32_t, Remembered> items_;
};

}  // namespace trucewatch
