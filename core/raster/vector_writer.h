// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/geo/geodetic.h"

namespace trucewatch {

enum class VectorGeometry { kPoint, kLine, kPolygon };
enum class VectorFieldType { kText, kInteger, kReal };

struct VectorField {
  std::string name;  // with its unit: "radius_m", "start_utc"
  VectorFieldType type = VectorFieldType::kText;
};

// Nothing: no value (NULL).
using VectorValue = std::variant<std::monostate, std::string, std::int64_t, double>;

struct VectorFeature {
  std::vector<Geodetic> points;     // one; two or more; three or more in order, not closed
  std::vector<VectorValue> values;  // one for each field of the layer, of its type or nothing
};

// Features of one kind, WGS-84 (EPSG:4326), two dimensions.
struct VectorLayer {
  std::string name;  // of the layer: "zones"
  std::string kind;  // of one feature, for GeoJSON: "zone"
  VectorGeometry geometry = VectorGeometry::kPoint;
  std::vector<VectorField> fields;
  std::vector<VectorFeature> features;
};

// The bytes of an OGC GeoPackage with these layers, made by GDAL in memory. The same layers give
// the same bytes with one version of GDAL and SQLite: no time of writing is in it. Fails with
// kBadInput, naming layer and feature, on too few points, places that are none, or values that do
// not fit their field; text that is not UTF-8 is made so.
Result<std::string> GeoPackageBytes(const std::vector<VectorLayer>& layers);

// The same as one GeoJSON FeatureCollection (RFC 7946: longitude before latitude, closed rings),
// `status` beside the features and `kind` first among the properties. Fails as above.
Result<std::string> GeoJsonText(const std::vector<VectorLayer>& layers, const std::string& status);

}  // namespace trucewatch
