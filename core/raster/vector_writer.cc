// SPDX-License-Identifier: Apache-2.0
#include "core/raster/vector_writer.h"

#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <atomic>
#include <cmath>
#include <memory>

#include "core/json/json_writer.h"
#include "core/raster/internal/hardened_gdal.h"

namespace trucewatch {
namespace {

// About 1 cm: RFC 7946 section 11.2 asks not to pretend more.
double Rounded(double degrees) { return std::round(degrees * 1e7) / 1e7; }

Result<void> CheckValue(const VectorField& field, const VectorValue& value) {
  const bool fits =
      std::holds_alternative<std::monostate>(value) ||
      (field.type == VectorFieldType::kText ? std::holds_alternative<std::string>(value)
       : field.type == VectorFieldType::kInteger
           ? std::holds_alternative<std::int64_t>(value)
           : std::holds_alternative<double>(value) && std::isfinite(std::get<double>(value)));
  if (fits) return {};
  return Fail(ErrorCode::kBadInput, "field {}: a value of another type, or no finite number",
              field.name);
}

Result<void> CheckFeature(const VectorLayer& layer, const VectorFeature& feature) {
  const std::size_t least = layer.geometry == VectorGeometry::kPoint  ? 1
                            : layer.geometry == VectorGeometry::kLine ? 2
                                                                      : 3;
  if (feature.points.size() < least ||
      (layer.geometry == VectorGeometry::kPoint && feature.points.size() != 1)) {
    return Fail(ErrorCode::kBadInput, "{} points; expected {}", feature.points.size(), least);
  }
  for (const Geodetic& place : feature.points) {
    const double lat = place.latitude.deg(), lon = place.longitude.deg();
    if (!(std::abs(lat) <= 90) || !(std::abs(lon) <= 360)) {
      return Fail(ErrorCode::kBadInput, "latitude {}, longitude {}: is no place", lat, lon);
    }
  }
  if (feature.values.size() != layer.fields.size()) {
    return Fail(ErrorCode::kBadInput, "{} values for {} fields", feature.values.size(),
                layer.fields.size());
  }
  for (std::size_t i = 0; i < layer.fields.size(); ++i) {
    TW_RETURN_IF_ERROR(CheckValue(layer.fields[i], feature.values[i]));
  }
  return {};
}

Result<void> CheckLayers(const std::vector<VectorLayer>& layers) {
  for (const VectorLayer& layer : layers) {
    for (std::size_t i = 0; i < layer.features.size(); ++i) {
      const auto checked = CheckFeature(layer, layer.features[i]);
      if (!checked) {
        return Prefix(fmt::format("layer {}, feature {}", layer.name, i + 1), checked.error());
      }
    }
  }
  return {};
}

// GDAL hardened and without a clock, on this thread, as long as the object lives.
class TimelessGdal {
 public:
  TimelessGdal() { CPLSetThreadLocalConfigOption(kDate, "1970-01-01T00:00:00.000Z"); }
  ~TimelessGdal() { CPLSetThreadLocalConfigOption(kDate, nullptr); }
  TimelessGdal(const TimelessGdal&) = delete;
  TimelessGdal& operator=(const TimelessGdal&) = delete;

 private:
  static constexpr const char* kDate = "OGR_CURRENT_DATE";  // gpkg_contents.last_change
  internal::HardenedGdal hardened_;
};

// A file of GDAL's memory that goes away with the object.
class GeoPackageInMemory {
 public:
  GeoPackageInMemory() {
    static std::atomic<unsigned> number = 0;
    path_ = fmt::format("/vsimem/trucewatch-{}.gpkg", number++);
  }
  ~GeoPackageInMemory() { VSIUnlink(path_.c_str()); }
  GeoPackageInMemory(const GeoPackageInMemory&) = delete;
  GeoPackageInMemory& operator=(const GeoPackageInMemory&) = delete;
  const std::string& path() const { return path_; }

  Result<std::string> Bytes() const {
    vsi_l_offset size = 0;
    const GByte* data = VSIGetMemFileBuffer(path_.c_str(), &size, FALSE);
    if (data == nullptr) return Fail(ErrorCode::kIo, "GDAL gave no GeoPackage");
    return std::string(reinterpret_cast<const char*>(data), size);
  }

 private:
  std::string path_;
};

Error GdalError(const std::string& what) {
  return {ErrorCode::kIo, fmt::format("{}: GDAL: {}", what, CPLGetLastErrorMsg())};
}

OGRwkbGeometryType TypeOf(VectorGeometry geometry) {
  return geometry == VectorGeometry::kPoint  ? wkbPoint
         : geometry == VectorGeometry::kLine ? wkbLineString
                                             : wkbPolygon;
}

std::unique_ptr<OGRGeometry> GeometryOf(const VectorLayer& layer, const VectorFeature& feature) {
  const auto lon = [](const Geodetic& g) { return Rounded(g.longitude.deg()); };
  const auto lat = [](const Geodetic& g) { return Rounded(g.latitude.deg()); };
  if (layer.geometry == VectorGeometry::kPoint) {
    return std::make_unique<OGRPoint>(lon(feature.points[0]), lat(feature.points[0]));
  }
  if (layer.geometry == VectorGeometry::kLine) {
    auto line = std::make_unique<OGRLineString>();
    for (const Geodetic& place : feature.points) line->addPoint(lon(place), lat(place));
    return line;
  }
  OGRLinearRing ring;
  for (const Geodetic& place : feature.points) ring.addPoint(lon(place), lat(place));
  ring.closeRings();
  auto polygon = std::make_unique<OGRPolygon>();
  polygon->addRing(&ring);
  return polygon;
}

void SetValue(OGRFeature& feature, int field, const VectorValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    char* utf8 = CPLIsUTF8(text->data(), static_cast<int>(text->size()))
                     ? nullptr
                     : CPLForceToASCII(text->data(), static_cast<int>(text->size()), '?');
    feature.SetField(field, utf8 != nullptr ? utf8 : text->c_str());
    CPLFree(utf8);
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    feature.SetField(field, static_cast<GIntBig>(*integer));
  } else if (const auto* real = std::get_if<double>(&value)) {
    feature.SetField(field, *real);
  } else {
    feature.SetFieldNull(field);
  }
}

Result<void> WriteLayer(GDALDataset& dataset, const VectorLayer& layer,
                        const OGRSpatialReference& wgs84) {
  OGRLayer* out = dataset.CreateLayer(layer.name.c_str(), const_cast<OGRSpatialReference*>(&wgs84),
                                      TypeOf(layer.geometry), nullptr);
  if (out == nullptr) return tl::unexpected<Error>(GdalError("layer " + layer.name));
  for (const VectorField& field : layer.fields) {
    const OGRFieldDefn definition(field.name.c_str(),
                                  field.type == VectorFieldType::kText      ? OFTString
                                  : field.type == VectorFieldType::kInteger ? OFTInteger64
                                                                            : OFTReal);
    if (out->CreateField(const_cast<OGRFieldDefn*>(&definition)) != OGRERR_NONE) {
      return tl::unexpected<Error>(GdalError("field " + field.name));
    }
  }
  for (const VectorFeature& feature : layer.features) {
    OGRFeature row(out->GetLayerDefn());
    row.SetGeometryDirectly(GeometryOf(layer, feature).release());
    for (std::size_t i = 0; i < feature.values.size(); ++i) {
      SetValue(row, static_cast<int>(i), feature.values[i]);
    }
    if (out->CreateFeature(&row) != OGRERR_NONE) {
      return tl::unexpected<Error>(GdalError("layer " + layer.name));
    }
  }
  return {};
}

void Coordinates(const VectorLayer& layer, const VectorFeature& feature, JsonWriter* json) {
  const auto position = [&](const Geodetic& place) {
    json->BeginArray().Number(Rounded(place.longitude.deg()));
    json->Number(Rounded(place.latitude.deg())).EndArray();
  };
  if (layer.geometry == VectorGeometry::kPoint) {
    position(feature.points[0]);
    return;
  }
  json->BeginArray();
  if (layer.geometry == VectorGeometry::kPolygon) json->BeginArray();
  for (const Geodetic& place : feature.points) position(place);
  if (layer.geometry == VectorGeometry::kPolygon) {
    position(feature.points[0]);  // rings are closed
    json->EndArray();
  }
  json->EndArray();
}

void WriteFeature(const VectorLayer& layer, const VectorFeature& feature, JsonWriter* json) {
  json->BeginObject().Field("type", "Feature").Key("geometry").BeginObject();
  json->Field("type", layer.geometry == VectorGeometry::kPoint  ? "Point"
                      : layer.geometry == VectorGeometry::kLine ? "LineString"
                                                                : "Polygon");
  json->Key("coordinates");
  Coordinates(layer, feature, json);
  json->EndObject().Key("properties").BeginObject().Field("kind", layer.kind);
  for (std::size_t i = 0; i < layer.fields.size(); ++i) {
    const VectorValue& value = feature.values[i];
    if (const auto* text = std::get_if<std::string>(&value)) {
      json->Field(layer.fields[i].name, *text);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      json->Field(layer.fields[i].name, *integer);
    } else if (const auto* real = std::get_if<double>(&value)) {
      json->Field(layer.fields[i].name, *real);
    } else {
      json->Key(layer.fields[i].name).Null();
    }
  }
  json->EndObject().EndObject();
}

}  // namespace

Result<std::string> GeoPackageBytes(const std::vector<VectorLayer>& layers) {
  TW_RETURN_IF_ERROR(CheckLayers(layers));
  const TimelessGdal timeless;
  GDALDriver* driver = GetGDALDriverManager()->GetDriverByName("GPKG");
  if (driver == nullptr) return Fail(ErrorCode::kUnavailable, "this GDAL has no GeoPackage driver");
  OGRSpatialReference wgs84;
  if (wgs84.importFromEPSG(4326) != OGRERR_NONE) {
    return tl::unexpected<Error>(GdalError("EPSG:4326"));
  }
  wgs84.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  const GeoPackageInMemory file;
  {
    const GDALDatasetUniquePtr dataset(
        driver->Create(file.path().c_str(), 0, 0, 0, GDT_Unknown, nullptr));
    if (!dataset) return tl::unexpected<Error>(GdalError("GeoPackage"));
    for (const VectorLayer& layer : layers) {
      TW_RETURN_IF_ERROR(WriteLayer(*dataset, layer, wgs84));
    }
  }  // closing writes the rest
  return file.Bytes();
}

Result<std::string> GeoJsonText(const std::vector<VectorLayer>& layers, const std::string& status) {
  TW_RETURN_IF_ERROR(CheckLayers(layers));
  JsonWriter json;
  json.BeginObject().Field("type", "FeatureCollection").Field("status", status);
  json.Key("features").BeginArray();
  for (const VectorLayer& layer : layers) {
    for (const VectorFeature& feature : layer.features) WriteFeature(layer, feature, &json);
  }
  json.EndArray().EndObject();
  return json.text() + "\n";
}

}  // namespace trucewatch
