// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/geo/geodetic.h"
#include "core/raster/vector_writer.h"

namespace trucewatch {

// One thing that was drawn in a map program.
struct DrawnShape {
  std::string layer;
  std::string id;           // value of its attribute "id"; empty when it has none
  std::int64_t number = 0;  // of the feature in its layer, as map programs show it (fid)
  VectorGeometry geometry = VectorGeometry::kPoint;
  // WGS-84, height 0; of a polygon the outer boundary, not closed. Between them run geodesics:
  // where a straight line of the file's coordinates bends away from one by more than `straight_m`,
  // points are put in between.
  std::vector<Geodetic> points;
  std::string
      problem;  // why it is not usable (two parts, a hole, no points); then points are empty
};

struct VectorReadOptions {
  double straight_m = 0.1;
};

// What an OGC GeoPackage or a GeoJSON file holds, told by its bytes, whatever its name. Coordinates
// may be in any system that PROJ knows how to bring to WGS-84 with 2 m or better; a file without a
// system is refused, as is one that asks for something outside itself. Nothing beside the file is
// read. kBadInput names layer and what is wrong; at most 64 MiB, 10,000 features, 100,000 points.
Result<std::vector<DrawnShape>> ReadVectors(const std::string& bytes, const std::string& name,
                                            const VectorReadOptions& options = {});

}  // namespace trucewatch
