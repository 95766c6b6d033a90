// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/geo/geodetic.h"
#include "detect/appearance/image_detector.h"

namespace trucewatch {

// Where on the ground an image point lies, with the 1-sigma error of east and of north.
struct ImagePlace {
  Geodetic position;
  double sigma_m = 0;
};

struct ImageReportOptions {
  std::string file = {};                 // as the line names it
  std::optional<double> min_score = {};  // weaker detections are left out; nothing: the card's
  bool evaluate = false;             // single persons as boxes, for scoring on labelled sets only
  std::optional<double> gsd_m = {};  // ground sample distance, where it is known
  // Of pictures with a place on earth: from an image point, origin at the top-left corner.
  std::function<std::optional<ImagePlace>(double x_px, double y_px)> place = {};
  bool draw = false;  // a picture with boxes, too
};

struct ImageReport {
  std::string line;  // JSON, as docs/formats/detect.md has it
  std::size_t detections = 0;
  std::size_t groups = 0;
  std::string drawing;  // JPEG; empty: none was asked for
};

// Detection alone on one still picture (JPEG, PNG, TIFF, BMP, WebP), for `trucewatch detect`.
// 16-bit pictures are stretched over their grey levels. The picture is taken as it is stored: an
// orientation in its metadata is not applied. Fails with kBadInput when it does not decode.
Result<ImageReport> ReportImage(Bytes image, const appearance::ImageDetector& detector,
                                const ImageReportOptions& options);

// True when the stored picture is grey: one channel, or three that are alike. Fails as ReportImage.
Result<bool> IsGreyImage(Bytes image);

// The line of a picture that could not be looked at.
std::string ImageErrorLine(const std::string& file, const std::string& reason);

}  // namespace trucewatch
