// SPDX-License-Identifier: Apache-2.0
#include "core/raster/vector_reader.h"

#include <cpl_json.h>
#include <gdal_priv.h>
#include <ogr_spatialref.h>
#include <ogrsf_frmts.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <optional>

#include "core/geo/geodesic_edges.h"
#include "core/raster/internal/hardened_gdal.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxBytes = 64u << 20;
constexpr std::size_t kMaxFeatures = 10'000;
constexpr std::size_t kMaxPoints = 100'000;
constexpr double kTransformationM = 2.0;
constexpr int kMaxHalvings = 8;  // 256 pieces of an edge

struct VectorFormat {
  const char* driver;
  const char* extension;
};

// A GeoJSON file may point to a document on the network for its coordinate system, and OGR would
// fetch it. Only a system that is named is taken (the way of the 2008 specification).
Result<void> CheckCrsMember(const std::string& bytes, const std::string& name) {
  CPLJSONDocument document;
  if (!document.LoadMemory(bytes)) {
    return Fail(ErrorCode::kBadInput, "{}: is no JSON: {}", name, internal::GdalMessage());
  }
  const CPLJSONObject crs = document.GetRoot().GetObj("crs");
  if (!crs.IsValid()) return {};
  const std::string type = crs.GetString("type");
  const std::string system = crs.GetString("properties/name");
  const bool named =
      type == "name" && (system.starts_with("urn:ogc:def:crs:") || system.starts_with("EPSG:"));
  if (named && system.find("//") == std::string::npos) return {};
  return Fail(ErrorCode::kBadInput,
              "{}: its \"crs\" is of type '{}' and named '{}'; expected none, or a name like "
              "urn:ogc:def:crs:EPSG::32633",
              name, type, system);
}

Result<VectorFormat> RecogniseVectors(const std::string& bytes, const std::string& name) {
  if (bytes.size() > kMaxBytes) {
    return Fail(ErrorCode::kBadInput, "{}: has {} bytes; expected at most {}", name, bytes.size(),
                kMaxBytes);
  }
  if (bytes.starts_with("SQLite format 3")) return VectorFormat{"GPKG", "gpkg"};
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || bytes[first] != '{') {
    return Fail(ErrorCode::kBadInput, "{}: is neither a GeoPackage nor GeoJSON", name);
  }
  TW_RETURN_IF_ERROR(CheckCrsMember(bytes, name));
  return VectorFormat{"GeoJSON", "geojson"};
}

// Bytes of ours under a name in GDAL's memory, with nothing beside it.
class BytesInMemory {
 public:
  BytesInMemory(const std::string& bytes, const char* extension) {
    static std::atomic<unsigned> number = 0;
    path_ = fmt::format("/vsimem/trucewatch-drawn-{}/drawn.{}", number++, extension);
    // GDAL only reads it; the dataset goes before the bytes do.
    auto* data = const_cast<GByte*>(reinterpret_cast<const GByte*>(bytes.data()));
    VSIFCloseL(VSIFileFromMemBuffer(path_.c_str(), data, bytes.size(), FALSE));
  }
  ~BytesInMemory() { VSIUnlink(path_.c_str()); }
  BytesInMemory(const BytesInMemory&) = delete;
  BytesInMemory& operator=(const BytesInMemory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

using Transformation = std::unique_ptr<OGRCoordinateTransformation>;

Result<Transformation> ToWgs84(const OGRLayer& layer) {
  const OGRSpatialReference* given = const_cast<OGRLayer&>(layer).GetSpatialRef();
  const std::string known = given == nullptr || given->GetName() == nullptr ? "" : given->GetName();
  // What a GeoPackage gives for "unknown" (OGC 12-128r18, clause 1.1.2.1.2) is no system either.
  if (given == nullptr || given->IsLocal() || known.starts_with("Undefined")) {
    return Fail(ErrorCode::kBadInput,
                "has no coordinate system; set it in the map program, so that its numbers mean "
                "places");
  }
  OGRSpatialReference source(*given), wgs84;
  source.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  if (wgs84.importFromEPSG(4326) != OGRERR_NONE) {
    return Fail(ErrorCode::kUnavailable, "PROJ's database is not there: {}",
                internal::GdalMessage());
  }
  wgs84.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  OGRCoordinateTransformationOptions options;
  // No guess where PROJ has no real transformation: it may be hundreds of metres off.
  options.SetBallparkAllowed(false);
  options.SetDesiredAccuracy(kTransformationM);
  Transformation out(OGRCreateCoordinateTransformation(&source, &wgs84, options));
  if (out) return out;
  return Fail(ErrorCode::kBadInput,
              "PROJ knows no way from its coordinate system '{}' to WGS-84 with {} m or better",
              known, kTransformationM);
}

struct MapPoint {
  double x = 0, y = 0;
};

// The places of a feature, one after the other, with points put in where needed.
class Tracer {
 public:
  Tracer(OGRCoordinateTransformation& to_wgs84, double straight_m)
      : to_wgs84_(to_wgs84), straight_m_(straight_m) {}

  std::optional<Geodetic> Place(const MapPoint& point) {
    double lon = point.x, lat = point.y;
    if (!to_wgs84_.Transform(1, &lon, &lat)) return std::nullopt;
    if (!(std::abs(lat) <= 90.0) || !(std::abs(lon) <= 360.0)) return std::nullopt;
    return Geodetic::FromDegrees(lat, std::remainder(lon, 360.0), 0.0);
  }

  // Appends what is needed between a and b, without either.
  bool Between(const MapPoint& a, const Geodetic& place_a, const MapPoint& b,
               const Geodetic& place_b, int halvings, std::vector<Geodetic>* out) {
    const GeodesicEdges geodesic({place_a, place_b}, false);
    double off_m = 0.0;
    std::optional<Geodetic> middle;
    // An edge may cross its geodesic in the middle, so the quarters are looked at too.
    for (const double share : {0.25, 0.5, 0.75}) {
      const auto place = Place({a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)});
      if (!place) return false;
      off_m = std::max(off_m, geodesic.Nearest(*place).distance_m);
      if (share == 0.5) middle = place;
    }
    if (off_m <= straight_m_ || halvings >= kMaxHalvings) return true;
    const MapPoint half{(a.x + b.x) / 2.0, (a.y + b.y) / 2.0};
    if (!Between(a, place_a, half, *middle, halvings + 1, out)) return false;
    out->push_back(*middle);
    return Between(half, *middle, b, place_b, halvings + 1, out);
  }

 private:
  OGRCoordinateTransformation& to_wgs84_;
  double straight_m_;
};

// Fills points, or says in `problem` why there are none.
void Trace(const OGRSimpleCurve& curve, bool closed, Tracer& tracer, DrawnShape* shape) {
  std::vector<MapPoint> given;
  for (int i = 0; i < curve.getNumPoints(); ++i) {
    const MapPoint point{curve.getX(i), curve.getY(i)};
    if (!given.empty() && given.back().x == point.x && given.back().y == point.y) continue;
    given.push_back(point);
  }
  if (closed && given.size() > 1 && given.front().x == given.back().x &&
      given.front().y == given.back().y)
    given.pop_back();
  if (given.size() < (closed ? 3u : 2u)) {
    shape->problem = fmt::format("has {} different points", given.size());
    return;
  }
  std::vector<Geodetic> places;
  for (const MapPoint& point : given) {
    const auto place = tracer.Place(point);
    if (!place) {
      shape->problem =
          fmt::format("has a point ({}, {}) that is no place on the earth", point.x, point.y);
      return;
    }
    places.push_back(*place);
  }
  const std::size_t edges = closed ? given.size() : given.size() - 1;
  for (std::size_t i = 0; i < edges; ++i) {
    const std::size_t k = (i + 1) % given.size();
    shape->points.push_back(places[i]);
    if (tracer.Between(given[i], places[i], given[k], places[k], 0, &shape->points)) continue;
    shape->problem = "has an edge that leaves the area of its coordinate system";
    shape->points.clear();
    return;
  }
  if (!closed) shape->points.push_back(places.back());
}

void ReadGeometry(const OGRGeometry* geometry, Tracer& tracer, DrawnShape* shape) {
  if (geometry == nullptr || geometry->IsEmpty()) {
    shape->problem = "has no geometry";
    return;
  }
  const OGRwkbGeometryType type = wkbFlatten(geometry->getGeometryType());
  if (OGR_GT_IsSubClassOf(type, wkbGeometryCollection)) {
    const auto* parts = geometry->toGeometryCollection();
    if (parts->getNumGeometries() == 1) {
      ReadGeometry(parts->getGeometryRef(0), tracer, shape);
    } else {
      shape->problem = fmt::format("has {} parts; expected one", parts->getNumGeometries());
    }
  } else if (type == wkbPoint) {
    const auto* point = geometry->toPoint();
    if (const auto place = tracer.Place({point->getX(), point->getY()})) {
      shape->points.push_back(*place);
    } else {
      shape->problem = "is no place on the earth";
    }
  } else if (type == wkbLineString) {
    shape->geometry = VectorGeometry::kLine;
    Trace(*geometry->toLineString(), false, tracer, shape);
  } else if (type == wkbPolygon) {
    shape->geometry = VectorGeometry::kPolygon;
    const auto* polygon = geometry->toPolygon();
    if (polygon->getNumInteriorRings() > 0) {
      shape->problem = fmt::format("has {} holes; a zone is all that lies within its boundary",
                                   polygon->getNumInteriorRings());
    } else {
      Trace(*polygon->getExteriorRing(), true, tracer, shape);
    }
  } else {
    shape->problem =
        fmt::format("is a {}; expected a point, a line or a polygon", geometry->getGeometryName());
  }
}

Result<void> ReadLayer(OGRLayer& layer, double straight_m, std::vector<DrawnShape>* out,
                       std::size_t* points) {
  if (layer.GetGeomType() == wkbNone) return {};  // a table
  TW_ASSIGN_OR_RETURN(const Transformation to_wgs84, ToWgs84(layer));
  Tracer tracer(*to_wgs84, straight_m);
  const int id_field = layer.GetLayerDefn()->GetFieldIndex("id");
  layer.ResetReading();
  while (OGRFeatureUniquePtr feature{layer.GetNextFeature()}) {
    if (out->size() >= kMaxFeatures) {
      return Fail(ErrorCode::kBadInput, "more than {} features", kMaxFeatures);
    }
    DrawnShape shape;
    shape.layer = layer.GetName();
    shape.number = feature->GetFID();
    if (id_field >= 0 && feature->IsFieldSetAndNotNull(id_field))
      shape.id = feature->GetFieldAsString(id_field);
    // Arcs become chords, a degree each, before they are brought to the ground.
    const OGRGeometry* given = feature->GetGeometryRef();
    const std::unique_ptr<OGRGeometry> linear(given == nullptr ? nullptr
                                                               : given->getLinearGeometry(1.0));
    ReadGeometry(linear.get(), tracer, &shape);
    *points += shape.points.size();
    if (*points > kMaxPoints) return Fail(ErrorCode::kBadInput, "more than {} points", kMaxPoints);
    out->push_back(std::move(shape));
  }
  if (CPLGetLastErrorType() >= CE_Failure) {
    return Fail(ErrorCode::kBadInput, "{}", internal::GdalMessage());
  }
  return {};
}

// Doors of the two drivers that are not those of images.
class VectorDoorsShut {
 public:
  VectorDoorsShut() {
    for (const char* key : kKeys) CPLSetThreadLocalConfigOption(key, "NO");
  }
  ~VectorDoorsShut() {
    for (const char* key : kKeys) CPLSetThreadLocalConfigOption(key, nullptr);
  }
  VectorDoorsShut(const VectorDoorsShut&) = delete;
  VectorDoorsShut& operator=(const VectorDoorsShut&) = delete;

 private:
  // Tables that stand for other files; extensions of SQLite; grids from the network.
  static constexpr const char* kKeys[] = {"OGR_SQLITE_STATIC_VIRTUAL_OGR",
                                          "OGR_SQLITE_LOAD_EXTENSIONS", "PROJ_NETWORK"};
  internal::HardenedGdal hardened_;
};

}  // namespace

Result<std::vector<DrawnShape>> ReadVectors(const std::string& bytes, const std::string& name,
                                            const VectorReadOptions& options) {
  const VectorDoorsShut shut;
  TW_ASSIGN_OR_RETURN(const VectorFormat format, RecogniseVectors(bytes, name));
  const BytesInMemory file(bytes, format.extension);
  const char* const drivers[] = {format.driver, nullptr};
  CPLErrorReset();
  const GDALDatasetUniquePtr dataset(
      GDALDataset::Open(file.path().c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY, drivers));
  if (!dataset) {
    return Fail(ErrorCode::kBadInput, "{}: cannot be read as {}: {}", name, format.driver,
                internal::GdalMessage());
  }
  std::vector<DrawnShape> out;
  std::size_t points = 0;
  for (OGRLayer* layer : dataset->GetLayers()) {
    CPLErrorReset();
    const auto read = ReadLayer(*layer, options.straight_m, &out, &points);
    if (!read) return Prefix(fmt::format("{}: layer {}", name, layer->GetName()), read.error());
  }
  return out;
}

}  // namespace trucewatch
