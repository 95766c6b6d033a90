// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/geo/geodetic.h"
#include "core/time/instant.h"

namespace trucewatch {

struct SceneInfo {
  std::string driver;  // "GTiff"
  int width_px = 0, height_px = 0, bands = 0;
  std::string data_type;    // GDAL's name: "Byte", "UInt16", "Float32", ...
  int epsg = 0;             // 0: a coordinate system without a code
  std::string crs;          // its name
  double resolution_m = 0;  // ground sample distance in the middle: geometric mean of both sides
  std::vector<Geodetic> footprint;  // the four corners on the ellipsoid, counter-clockwise
  // TIFF 6.0 DateTime (tag 306), which names no zone, read as UTC. Software that edits an image
  // writes its own time here: a STAC item's time comes first.
  std::optional<Instant> time;
};

// Part of an image, from its upper left pixel.
struct PixelWindow {
  int x = 0, y = 0, width = 0, height = 0;
};

struct GreyPlane {
  int width = 0, height = 0;
  std::vector<float> values;        // row-major; 0 where not valid
  std::vector<std::uint8_t> valid;  // 1: the image has a value there
};

// A georeferenced image in memory. The bytes are untrusted: GeoTIFF only, only its own
// georeference, no sidecar, no other file, sizes checked before a pixel is decoded.
// Threads: any (calls take turns). Determinism: depends on the bytes alone.
class SceneReader {
 public:
  // `name` is for messages. kBadInput with the reason: no GeoTIFF, too large, complex samples, no
  // coordinate system, sensor geometry that is not orthorectified, places that are not on earth.
  static Result<std::unique_ptr<SceneReader>> Open(std::string bytes, const std::string& name);
  ~SceneReader();
  SceneReader(const SceneReader&) = delete;
  SceneReader& operator=(const SceneReader&) = delete;

  const SceneInfo& info() const;
  // Image points: origin at the upper left corner of the upper left pixel, x right, y down.
  // Nothing where the coordinate system has no place.
  std::optional<Geodetic> GroundFromPixel(const Eigen::Vector2d& pixel) const;
  std::optional<Eigen::Vector2d> PixelFromGround(const Geodetic& place) const;
  // Mean of the first three bands, or the one band (of two: the first). The window lies inside the
  // image and has at most 64 million pixels. kBadInput when its blocks are damaged.
  Result<GreyPlane> ReadGrey(const PixelWindow& window) const;

 private:
  struct Impl;
  explicit SceneReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace trucewatch
