// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/geo/camera.h"
#include "core/types/observation.h"
#include "detect/parked/parked_site.h"
#include "detect/parked/screen_symbols.h"

namespace trucewatch::parked {

struct ParkedOptions {
  double side_m = 96;  // of the square piece of ground that makes a site
  double cell_m = 0.25;
  std::size_t max_sites = 4;  // of one source; the one not looked at for longest is forgotten
};

// A network look keeps what is as weak as this: for one place over several looks it is evidence.
inline constexpr double kWeakestScore = 0.05;

// One whole picture of a source, with its pose. Grey levels, rows without gaps.
struct ParkedLook {
  SourceId source;
  Instant time;
  CameraPose pose;
  CameraPoseSigma pose_sigma;
  int width_px = 0, height_px = 0;
  std::vector<std::uint8_t> grey;
  // With places, scores from kWeakestScore on, movers left out; nothing: the network was not asked.
  std::optional<std::vector<Detection>> vehicles;
};

struct ParkedUpdate {
  bool fits = false;                // the look could be laid on its site
  std::vector<SiteChange> changes;  // decided now; they happened a few looks ago
  // The last look that shows the place before the earliest of them, for ObservationSet::baseline.
  std::optional<Instant> baseline;
  std::vector<ParkedEvent> events;  // the same as changes, in the site's frame
  // Pixels of this look from metres east and north of the site's middle, homogeneous.
  std::optional<Eigen::Matrix3d> pixel_from_site;
  const ParkedSite* site = nullptr;  // valid until the next Add
};

// The sites that a mission's cameras look at again and again, each camera's apart: poses of two
// cameras err differently. Looks in ascending time of their source. Threads: one caller.
class ParkedBook {
 public:
  explicit ParkedBook(ParkedOptions options = {}) : options_(options) {}

  // No update where the horizon is in view, or the picture is finer or coarser than vehicles allow
  // (0.02 to 0.4 m a pixel in its middle).
  ParkedUpdate Add(const ParkedLook& look, const Terrain& terrain);

  // Empty while nothing is remembered; a DetectSnapshot with the sites alone. Restore takes any
  // DetectSnapshot, and fails without changing anything.
  std::string Snapshot() const;
  Result<void> Restore(std::string_view snapshot);

 private:
  ParkedSite& SiteOf(const SourceId& source, const Geodetic& middle);

  ParkedOptions options_;
  std::map<SourceId, std::vector<ParkedSite>> sites_;
  std::map<SourceId, ScreenSymbols> screens_;
};

}  // namespace trucewatch::parked
