// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/geo/terrain.h"
#include "detect/appearance/image_detector.h"
#include "detect/parked/parked_book.h"

namespace trucewatch {

// One still picture of a site, with what its metadata says.
struct StillLook {
  Bytes image;  // JPEG, PNG, BMP, WebP
  Instant time;
  CameraPose pose;
  CameraPoseSigma pose_sigma;
  bool ask_network = true;
};

struct ParkedTally {
  std::size_t looks = 0, poor = 0, arrivals = 0, departures = 0;
};

// Decodes it and asks the network. Fails with kBadInput when it does not decode, or the network
// does not run. Pure function of its arguments.
Result<parked::ParkedLook> LookAtStill(const StillLook& look,
                                       const appearance::ImageDetector& detector,
                                       const Terrain& terrain);

// What is parked at the sites that a folder of still pictures shows, for `trucewatch detect
// --parked`: a JSON line a look (docs/formats/detect.md).
class ParkedReport {
 public:
  // Outlives the report.
  explicit ParkedReport(const Terrain& terrain) : terrain_(terrain) {}

  // `file`: as the line names it.
  std::string Add(const std::string& file, const parked::ParkedLook& look);
  // The list of what stands there after the last look.
  std::string ListLine() const;
  const ParkedTally& tally() const { return tally_; }

 private:
  const Terrain& terrain_;
  parked::ParkedBook book_;
  const parked::ParkedSite* site_ = nullptr;  // of the last look
  ParkedTally tally_;
};

}  // namespace trucewatch
