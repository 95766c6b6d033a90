// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "detect/appearance/image_detector.h"

namespace trucewatch {

struct ImageReportOptions {
  std::string file = {};                 // as the line names it
  std::optional<double> min_score = {};  // weaker detections are left out; nothing: the card's
  bool evaluate = false;             // single persons as boxes, for scoring on labelled sets only
  std::optional<double> gsd_m = {};  // ground sample distance, where it is known
  std::string draw_file = {};        // picture with boxes (.jpg, .png); empty: none
};

struct ImageReport {
  std::string line;  // JSON, as docs/formats/detect.md has it
  std::size_t detections = 0;
  std::size_t groups = 0;
};

// Detection alone on one still picture (JPEG, PNG, TIFF, BMP, WebP), for `trucewatch detect`.
// 16-bit pictures are stretched over their grey levels. The picture is taken as it is stored: an
// orientation in its metadata is not applied. Fails with kBadInput when it does not decode, with
// kIo when the drawing cannot be written.
Result<ImageReport> ReportImage(Bytes image, const appearance::ImageDetector& detector,
                                const ImageReportOptions& options);

// True when the stored picture is grey: one channel, or three that are alike. Fails as ReportImage.
Result<bool> IsGreyImage(Bytes image);

// The line of a picture that could not be looked at.
std::string ImageErrorLine(const std::string& file, const std::string& reason);

}  // namespace trucewatch
