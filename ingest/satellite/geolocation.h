// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/base/result.h"
#include "ingest/satellite/sentinel1.h"

namespace trucewatch {

// A north-up grid in a UTM zone that covers an image of which only a grid of places is known.
struct MapGrid {
  int epsg = 0;  // 326zz or 327zz
  double west_m = 0, north_m = 0, pixel_m = 0;
  int width_px = 0, height_px = 0;
};

// Where the pixels of a radar image lie, by the geolocation grid of its annotation: bilinear
// between the points, in UTM metres of the zone of the middle. The places are those of the grid's
// own heights: it is no terrain correction.
class GeolocationGrid {
 public:
  // kBadInput: points in which two coincide, or further than 6 degrees from the middle.
  static Result<GeolocationGrid> Create(const Sentinel1Annotation& annotation);

  const MapGrid& map() const { return map_; }
  // UTM metres of an image position (line, pixel; centre of the first pixel 0, 0).
  Eigen::Vector2d MapFromImage(double line, double pixel) const;
  // (line, pixel) of a place, also beyond the image's edges, as its outermost cells go on; far away
  // (-1e9) where there is none.
  Eigen::Vector2d ImageFromMap(const Eigen::Vector2d& place_m) const;

 private:
  GeolocationGrid() = default;
  Result<void> LayMap(const Sentinel1Annotation& annotation);

  int rows_ = 0, columns_ = 0;
  std::vector<double> lines_, pixels_;
  std::vector<Eigen::Vector2d> places_;  // by row, then column
  double last_line_ = 0, last_pixel_ = 0;
  MapGrid map_;
};

}  // namespace trucewatch
