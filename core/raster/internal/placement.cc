// SPDX-License-Identifier: Apache-2.0
#include "core/raster/internal/placement.h"

#include <gdal_priv.h>
#include <ogr_spatialref.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <sstream>
#include <string_view>
#include <utility>

#include "core/raster/internal/hardened_gdal.h"

namespace trucewatch::internal {
namespace {

struct DestroyTransform {
  void operator()(OGRCoordinateTransformation* t) const {
    OGRCoordinateTransformation::DestroyCT(t);
  }
};
using Transform = std::unique_ptr<OGRCoordinateTransformation, DestroyTransform>;

class MapPlacement final : public Placement {
 public:
  std::array<double, 6> to_crs{}, to_pixel{};
  Transform to_wgs84, from_wgs84;

  std::optional<Geodetic> Ground(const Eigen::Vector2d& pixel) const override {
    double east = to_crs[0] + pixel.x() * to_crs[1] + pixel.y() * to_crs[2];
    double north = to_crs[3] + pixel.x() * to_crs[4] + pixel.y() * to_crs[5];
    if (to_wgs84->Transform(1, &east, &north) == FALSE) return std::nullopt;
    if (!std::isfinite(east) || !std::isfinite(north) || std::abs(north) > 90 ||
        std::abs(east) > 360) {
      return std::nullopt;
    }
    return Geodetic::FromDegrees(north, Angle::Degrees(east).NormalisedSigned().deg(), 0);
  }
  std::optional<Eigen::Vector2d> Pixel(const Geodetic& place) const override {
    double east = place.longitude.deg();
    double north = place.latitude.deg();
    if (from_wgs84->Transform(1, &east, &north) == FALSE) return std::nullopt;
    const Eigen::Vector2d pixel(to_pixel[0] + east * to_pixel[1] + north * to_pixel[2],
                                to_pixel[3] + east * to_pixel[4] + north * to_pixel[5]);
    return pixel.allFinite() ? std::optional<Eigen::Vector2d>(pixel) : std::nullopt;
  }
};

class SensorPlacement final : public Placement {
 public:
  SensorPlacement(RpcModel model, const Terrain* terrain, const Eigen::Vector2d& origin)
      : model_(std::move(model)), terrain_(terrain), origin_(origin) {}

  std::optional<Geodetic> Ground(const Eigen::Vector2d& pixel) const override {
    return terrain_ != nullptr ? model_.GroundFromPixel(pixel + origin_, *terrain_)
                               : model_.GroundFromPixel(pixel + origin_, model_.height_offset_m);
  }
  std::optional<Eigen::Vector2d> Pixel(const Geodetic& place) const override {
    Geodetic on_ground = place;
    const auto height = terrain_ != nullptr ? terrain_->HeightHaeM(place.latitude, place.longitude)
                                            : std::optional<double>(model_.height_offset_m);
    if (!height) return std::nullopt;
    on_ground.height_hae_m = *height;
    // Far outside its range a polynomial may come back into the image.
    constexpr double kRange = 1.5;
    if (std::abs(place.latitude.deg() - model_.latitude_offset_deg) >
            kRange * model_.latitude_scale_deg ||
        std::abs(Angle::Degrees(place.longitude.deg() - model_.longitude_offset_deg)
                     .NormalisedSigned()
                     .deg()) > kRange * model_.longitude_scale_deg) {
      return std::nullopt;
    }
    const auto pixel = model_.PixelFromGround(on_ground);
    if (!pixel) return std::nullopt;
    return *pixel - origin_;
  }

 private:
  RpcModel model_;
  const Terrain* terrain_;
  Eigen::Vector2d origin_;
};

// GDAL's RPC metadata, which it makes from the TIFF tag 50844 and from NITF's RPC00B.
std::string RpcMetadataAsText(GDALDataset& image) {
  std::string text;
  char** metadata = image.GetMetadata("RPC");
  for (int i = 0; metadata != nullptr && metadata[i] != nullptr; ++i) {
    std::string_view line = metadata[i];
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, equals);
    const std::string_view value = line.substr(equals + 1);
    if (!key.ends_with("_COEFF")) {
      text += fmt::format("{}: {}\n", key, value);
      continue;
    }
    std::istringstream numbers{std::string(value)};
    std::string number;
    for (int k = 1; numbers >> number; ++k) text += fmt::format("{}_{}: {}\n", key, k, number);
  }
  return text;
}

// Where a file that was cut from an acquisition says it lies in it: an affine transform in pixels,
// without a coordinate system.
Eigen::Vector2d SensorOrigin(GDALDataset& image, const RpcModel& model) {
  std::array<double, 6> t{};
  const OGRSpatialReference* reference = image.GetSpatialRef();
  if ((reference != nullptr && !reference->IsEmpty()) || image.GetGeoTransform(t.data()) != CE_None)
    return Eigen::Vector2d::Zero();
  const Eigen::Vector2d origin(t[0], t[3]);
  const bool pixels = t[1] == 1 && t[2] == 0 && t[4] == 0 && t[5] == 1;
  const bool inside = std::abs(origin.x() - model.sample_offset) <= 1.5 * model.sample_scale &&
                      std::abs(origin.y() - model.line_offset) <= 1.5 * model.line_scale;
  return pixels && inside ? origin : Eigen::Vector2d::Zero();
}

std::string NotPlaced(GDALDataset& image) {
  if (image.GetGCPCount() > 0) {
    return "only ground control points: it is not orthorectified yet; hand in an orthorectified "
           "image";
  }
  std::array<double, 6> t{};
  if (image.GetGeoTransform(t.data()) != CE_None) return "no georeference inside the file";
  return "no coordinate system inside the file: its pixels have no place on earth";
}

// Null with the reason in info.not_placed.
std::unique_ptr<Placement> PlaceOnMap(GDALDataset& image, SceneInfo& info) {
  auto map = std::make_unique<MapPlacement>();
  const OGRSpatialReference* reference = image.GetSpatialRef();
  if (image.GetGeoTransform(map->to_crs.data()) != CE_None || reference == nullptr ||
      reference->IsEmpty()) {
    info.not_placed = NotPlaced(image);
    return nullptr;
  }
  if (GDALInvGeoTransform(map->to_crs.data(), map->to_pixel.data()) == 0) {
    info.not_placed = "a georeference that cannot be inverted";
    return nullptr;
  }
  OGRSpatialReference own(*reference);
  own.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  OGRSpatialReference wgs84;
  if (wgs84.importFromEPSG(4326) != OGRERR_NONE) {
    info.not_placed = "PROJ's database of coordinate systems is missing";
    return nullptr;
  }
  wgs84.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  map->to_wgs84.reset(OGRCreateCoordinateTransformation(&own, &wgs84));
  map->from_wgs84.reset(OGRCreateCoordinateTransformation(&wgs84, &own));
  if (!map->to_wgs84 || !map->from_wgs84) {
    info.not_placed = "its coordinate system cannot be related to WGS-84: " + GdalMessage();
    return nullptr;
  }
  info.to_map = map->to_crs;
  const char* crs = own.GetName();
  info.crs = crs == nullptr ? "" : crs;
  const char* authority = own.GetAuthorityName(nullptr);
  const char* code = own.GetAuthorityCode(nullptr);
  if (authority != nullptr && code != nullptr && std::string_view(authority) == "EPSG") {
    info.epsg = std::atoi(code);
  }
  info.placement = ScenePlacement::kMap;
  return map;
}

// Fills footprint and resolution; the reason when there is none.
std::string Measure(const Placement& placement, SceneInfo& info) {
  const double width = info.width_px;
  const double height = info.height_px;
  for (const auto& [x, y] : {std::pair{0.0, 0.0}, {0.0, height}, {width, height}, {width, 0.0}}) {
    const auto corner = placement.Ground({x, y});
    if (!corner) return fmt::format("its corner at pixel {}, {} is no place on earth", x, y);
    info.footprint.push_back(*corner);
  }
  double area = 0;
  double west = 180;
  double east = -180;
  for (std::size_t i = 0; i < info.footprint.size(); ++i) {
    const Geodetic& a = info.footprint[i];
    const Geodetic& b = info.footprint[(i + 1) % info.footprint.size()];
    area += a.longitude.deg() * b.latitude.deg() - b.longitude.deg() * a.latitude.deg();
    west = std::min(west, a.longitude.deg());
    east = std::max(east, a.longitude.deg());
  }
  if (east - west > 180) return "lies across the 180 degree meridian, which is not read";
  if (area < 0) std::reverse(info.footprint.begin(), info.footprint.end());
  const auto middle = placement.Ground({width / 2, height / 2});
  const auto right = placement.Ground({width / 2 + 1, height / 2});
  const auto below = placement.Ground({width / 2, height / 2 + 1});
  if (middle && right && below) {
    info.resolution_m =
        std::sqrt(GeodesicDistanceM(*middle, *right) * GeodesicDistanceM(*middle, *below));
  }
  if (!(info.resolution_m > 1e-3 && info.resolution_m < 1e5) || area == 0) {
    return fmt::format("a pixel of {} m on the ground; expected 1 mm to 100 km", info.resolution_m);
  }
  return {};
}

double Tangent(double degrees) { return std::tan(degrees * std::numbers::pi / 180); }

// View and errors of a sensor model, of a map without a word on either.
void Judge(const SceneOptions& options, SceneInfo& info) {
  const Terrain* terrain = options.terrain;
  double height_sigma_m = terrain != nullptr ? terrain->SigmaM() : kHeightSigmaM;
  if (!info.rpc) {
    info.position_sigma_m = height_sigma_m * Tangent(kUnknownViewDeg);
    return;
  }
  const RpcModel& rpc = *info.rpc;
  // Without a terrain the ground may be anywhere in the model's range of heights.
  if (terrain == nullptr) height_sigma_m = rpc.height_scale_m / std::sqrt(3.0);
  const Eigen::Vector2d middle =
      info.sensor_origin_px + Eigen::Vector2d(info.width_px, info.height_px) / 2;
  const auto view = ViewFromModel(rpc, middle, rpc.height_offset_m);
  info.view_known = view.has_value();
  info.view = view.value_or(ViewAngles{});
  info.position_sigma_stated = rpc.bias_error_m && rpc.random_error_m;
  const double model_m =
      info.position_sigma_stated ? std::hypot(*rpc.bias_error_m, *rpc.random_error_m) : kRpcSigmaM;
  const double incidence_deg = info.view_known ? info.view.incidence_deg : kUnknownViewDeg;
  info.position_sigma_m = std::hypot(model_m, height_sigma_m * Tangent(incidence_deg));
}

}  // namespace

Result<std::unique_ptr<Placement>> PlaceImage(GDALDataset& image, const SceneOptions& options,
                                              SceneInfo& info) {
  std::unique_ptr<Placement> placement;
  const std::string text = options.rpc_text.empty() ? RpcMetadataAsText(image) : options.rpc_text;
  if (options.rpc_text.empty()) placement = PlaceOnMap(image, info);
  if (!placement && !text.empty()) {
    auto model = ParseRpcText(text);
    if (!model && !options.rpc_text.empty()) return Prefix(options.name, model.error());
    if (model) {
      info.sensor_origin_px = SensorOrigin(image, *model);
      placement = std::make_unique<SensorPlacement>(*model, options.terrain, info.sensor_origin_px);
      info.placement = ScenePlacement::kSensorModel;
      info.crs = "RPC";
      info.rpc = *std::move(model);
      info.not_placed.clear();
    } else {
      info.not_placed = "a sensor model that is not sound: " + model.error().message;
    }
  }
  if (!placement) return placement;
  info.not_placed = Measure(*placement, info);
  if (!info.not_placed.empty()) {
    info.placement = ScenePlacement::kNone;
    info.footprint.clear();
    info.resolution_m = 0;
    return std::unique_ptr<Placement>();
  }
  Judge(options, info);
  return placement;
}

}  // namespace trucewatch::internal
