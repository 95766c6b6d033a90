// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/satellite_recording.h"

#include <Eigen/LU>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "core/crypto/sha256.h"
#include "core/json/json_writer.h"
#include "core/raster/raster_writer.h"
#include "tools/simulate/flight.h"
#include "tools/simulate/random.h"
#include "tools/simulate/scene_renderer.h"

namespace trucewatch::simulate {
namespace {

namespace config = v1::config;

constexpr double kScanDegree = std::numbers::pi / 180.0;
constexpr double kOffNadirDeg = 9;  // the satellite stands in the west-north-west
constexpr double kTowardsSatelliteDeg = 285;
constexpr double kBlurPx = 0.6;
constexpr int kMarkMargin = 60;  // rows from below that may hold the mark

// Where the picture lies on the UTM grid: whole pixels from the grid's origin.
struct Grid {
  Utm corner;  // north-west
  int columns = 0, rows = 0;
  double pixel_m = 0.5;

  // Of pixel coordinates (0,0: the north-west corner of the first pixel).
  Result<Geodetic> Place(double u, double v, double height_m) const {
    Utm at = corner;
    at.easting_m += u * pixel_m;
    at.northing_m -= v * pixel_m;
    return GeodeticFromUtm(at, height_m);
  }
  int Epsg() const { return (corner.north ? 32600 : 32700) + corner.zone; }
};

Result<Grid> GridOf(const Scenario& scenario) {
  const auto& satellite = scenario.config.satellite();
  const LocalFrame frame(scenario.origin);
  TW_ASSIGN_OR_RETURN(const Utm centre,
                      UtmFromGeodetic(GroundPlace(frame, ToVector(satellite.centre()))));
  Grid grid;
  grid.pixel_m = satellite.resolution_m();
  // Even, as the painting's half planes need.
  grid.columns = 2 * static_cast<int>(std::lround(0.5 * satellite.width_m() / grid.pixel_m));
  grid.rows = 2 * static_cast<int>(std::lround(0.5 * satellite.height_m() / grid.pixel_m));
  grid.corner = centre;
  const auto whole = [&](double metres) {
    return std::round(metres / grid.pixel_m) * grid.pixel_m;
  };
  grid.corner.easting_m = whole(centre.easting_m - 0.5 * grid.columns * grid.pixel_m);
  grid.corner.northing_m = whole(centre.northing_m + 0.5 * grid.rows * grid.pixel_m);
  return grid;
}

// Image points of ground points: an affine map through three corners. Over the few kilometres of a
// picture it misses the fourth by centimetres.
Result<Eigen::Matrix<double, 2, 3>> ImageFromGround(const Scenario& scenario, const Grid& grid) {
  const LocalFrame frame(scenario.origin);
  Eigen::Matrix3d pixels, ground;
  const double w = grid.columns, h = grid.rows;
  pixels << 0, w, 0,  //
      0, 0, h,        //
      1, 1, 1;
  for (int i = 0; i < 3; ++i) {
    TW_ASSIGN_OR_RETURN(const Geodetic place,
                        grid.Place(pixels(0, i), pixels(1, i), scenario.ground_hae_m()));
    ground.col(i) << frame.EnuFromGeodetic(place).head<2>(), 1;
  }
  const Eigen::Matrix3d map = pixels * ground.inverse();
  return Eigen::Matrix<double, 2, 3>(map.topRows<2>());
}

Scenario InTheLightOf(const Scenario& scenario, const config::SatellitePass& pass) {
  Scenario lit = scenario;
  lit.config.mutable_look()->set_sun_azimuth_deg(pass.sun_azimuth_deg());
  lit.config.mutable_look()->set_sun_elevation_deg(pass.sun_elevation_deg());
  return lit;
}

// The optics, the light of the day, the sensor and the mark.
void Finish(const Scenario& scenario, int index, YuvPicture& picture) {
  const auto& satellite = scenario.config.satellite();
  cv::Mat luma(picture.height_px, picture.width_px, CV_8UC1, picture.y.data());
  cv::GaussianBlur(luma, luma, cv::Size(5, 5), kBlurPx);
  Random random(scenario.seed, "satellite noise", static_cast<std::uint64_t>(index));
  const double gain = satellite.pass(index).gain();
  for (std::uint8_t& sample : picture.y) {
    const double value = gain * sample + satellite.noise() * random.Normal();
    sample = static_cast<std::uint8_t>(std::clamp(std::lround(value), 1L, 255L));
  }
  const cv::Mat mark = ExerciseMark(picture.width_px, picture.height_px);
  for (int row = std::max(0, picture.height_px - kMarkMargin); row < picture.height_px; ++row) {
    for (int column = 0; column < picture.width_px; ++column) {
      const auto kind = mark.at<std::uint8_t>(row, column);
      if (kind != 0) luma.at<std::uint8_t>(row, column) = kind == 2 ? 225 : 30;
    }
  }
}

Result<YuvPicture> Render(const Scenario& scenario, const World& world, const Grid& grid, int index,
                          unsigned threads) {
  const auto& satellite = scenario.config.satellite();
  const auto& pass = satellite.pass(index);
  const Scenario lit = InTheLightOf(scenario, pass);
  // The file says where the picture should lie; its content lies a little beside it.
  Random random(scenario.seed, "satellite place", static_cast<std::uint64_t>(index));
  View::Orthorectified camera;
  camera.width_px = grid.columns, camera.height_px = grid.rows;
  TW_ASSIGN_OR_RETURN(camera.image_from_ground, ImageFromGround(scenario, grid));
  const double sigma_px = satellite.georeference_sigma_m() / grid.pixel_m;
  camera.image_from_ground.col(2) += sigma_px * Eigen::Vector2d(random.Normal(), random.Normal());
  camera.centre = ToVector(satellite.centre());
  const double towards = kTowardsSatelliteDeg * kScanDegree;
  camera.lean =
      -std::tan(kOffNadirDeg * kScanDegree) * Eigen::Vector2d(std::sin(towards), std::cos(towards));
  const View view(camera);
  const auto footprint = view.Footprint();
  if (!footprint) return Fail(ErrorCode::kBadInput, "satellite: the picture is too large");
  Eigen::Vector2d low(1e300, 1e300), high(-1e300, -1e300);
  for (const Eigen::Vector2d& corner : *footprint) {
    low = low.cwiseMin(corner), high = high.cwiseMax(corner);
  }
  TW_ASSIGN_OR_RETURN(const auto texture,
                      GroundTexture::Create(lit, world, low, high, grid.pixel_m));
  texture->Want(*footprint);
  texture->Paint(threads);
  YuvPicture picture(grid.columns, grid.rows);
  DrawGround(*texture, view, picture);
  // Before the start nothing is known of what moves.
  DrawObjects(lit, world, view, pass.acquired_s(), pass.acquired_s() >= 0, picture);
  Finish(scenario, index, picture);
  return picture;
}

// RFC 3339 to the second, as STAC has it.
std::string UtcText(const Scenario& scenario, double t_s) {
  return FormatUtc(scenario.start + Duration::FromSeconds(std::round(t_s)));
}

Result<std::string> ItemJson(const Scenario& scenario, const Grid& grid, int index,
                             const std::string& tiff_name, const std::string& tiff) {
  const auto& satellite = scenario.config.satellite();
  const auto& pass = satellite.pass(index);
  const double w = grid.columns, h = grid.rows;
  // Counter-clockwise from the south-west (RFC 7946).
  const double corners[5][2] = {{0, h}, {w, h}, {w, 0}, {0, 0}, {0, h}};
  JsonWriter json;
  json.BeginObject().Field("type", "Feature").Field("stac_version", "1.0.0");
  json.Key("stac_extensions").BeginArray();
  for (const char* extension :
       {"file/v2.1.0", "projection/v1.1.0", "timestamps/v1.1.0", "view/v1.0.0"}) {
    json.String(fmt::format("https://stac-extensions.github.io/{}/schema.json", extension));
  }
  json.EndArray().Field("id", pass.id()).Key("geometry").BeginObject();
  json.Field("type", "Polygon").Key("coordinates").BeginArray().BeginArray();
  double west = 180, east = -180, south = 90, north = -90;
  for (const auto& corner : corners) {
    TW_ASSIGN_OR_RETURN(const Geodetic place,
                        grid.Place(corner[0], corner[1], scenario.ground_hae_m()));
    const double lon = std::round(place.longitude.deg() * 1e7) / 1e7;
    const double lat = std::round(place.latitude.deg() * 1e7) / 1e7;
    west = std::min(west, lon), east = std::max(east, lon);
    south = std::min(south, lat), north = std::max(north, lat);
    json.BeginArray().Number(lon).Number(lat).EndArray();
  }
  json.EndArray().EndArray().EndObject().Key("bbox").BeginArray();
  json.Number(west).Number(south).Number(east).Number(north).EndArray();
  json.Key("properties").BeginObject().Field("datetime", UtcText(scenario, pass.acquired_s()));
  json.Field("published", UtcText(scenario, pass.delivered_s()));
  json.Field("platform", satellite.platform()).Field("gsd", grid.pixel_m);
  json.Field("title", "EXERCISE - simulated picture, no real place");
  json.Field("trucewatch:status", "EXERCISE").Field("proj:epsg", grid.Epsg());
  json.Key("proj:shape").BeginArray().Signed(grid.rows).Signed(grid.columns).EndArray();
  json.Key("proj:transform").BeginArray().Number(grid.pixel_m).Number(0);
  json.Number(grid.corner.easting_m).Number(0).Number(-grid.pixel_m);
  json.Number(grid.corner.northing_m).EndArray();
  json.Field("view:off_nadir", kOffNadirDeg).Field("view:azimuth", kTowardsSatelliteDeg);
  json.Field("view:sun_azimuth", pass.sun_azimuth_deg());
  json.Field("view:sun_elevation", pass.sun_elevation_deg()).EndObject();
  json.Key("links").BeginArray();
  for (const char* relation : {"root", "parent"}) {
    json.BeginObject().Field("rel", relation).Field("href", "./catalog.json");
    json.Field("type", "application/json").EndObject();
  }
  json.EndArray().Key("assets").BeginObject().Key("image").BeginObject();
  json.Field("href", "./" + tiff_name);
  json.Field("type", "image/tiff; application=geotiff; profile=cloud-optimized");
  json.Key("roles").BeginArray().String("data").EndArray();
  // Multihash: 12 is SHA-256, 20 its length.
  json.Field("file:checksum", "1220" + HexEncode(Sha256(tiff)));
  json.Field("file:size", std::uint64_t{tiff.size()}).EndObject().EndObject().EndObject();
  return json.text() + "\n";
}

std::string CatalogJson(const Scenario& scenario) {
  JsonWriter json;
  json.BeginObject().Field("type", "Catalog").Field("stac_version", "1.0.0");
  json.Field("id", "EXERCISE-" + scenario.config.mission().name());
  json.Field("description", "EXERCISE: simulated satellite pictures, no real place");
  json.Key("links").BeginArray().BeginObject().Field("rel", "root");
  json.Field("href", "./catalog.json").Field("type", "application/json").EndObject();
  for (const auto& pass : scenario.config.satellite().pass()) {
    json.BeginObject().Field("rel", "item").Field("href", "./" + pass.id() + ".json");
    json.Field("type", "application/geo+json").EndObject();
  }
  json.EndArray().EndObject();
  return json.text() + "\n";
}

// "YYYY:MM:DD HH:MM:SS", as TIFF has it.
std::string TiffTime(std::string utc) {
  utc[4] = utc[7] = ':';
  utc[10] = ' ';
  return utc.substr(0, 19);
}

}  // namespace

Result<std::vector<SceneFile>> RenderPasses(const Scenario& scenario, const World& world,
                                            unsigned threads) {
  TW_ASSIGN_OR_RETURN(const Grid grid, GridOf(scenario));
  std::vector<SceneFile> files{{"catalog.json", CatalogJson(scenario)}};
  for (int i = 0; i < scenario.config.satellite().pass_size(); ++i) {
    const auto& pass = scenario.config.satellite().pass(i);
    TW_ASSIGN_OR_RETURN(YuvPicture picture, Render(scenario, world, grid, i, threads));
    RasterToWrite raster;
    raster.width_px = grid.columns, raster.height_px = grid.rows, raster.bands = 1;
    raster.pixels = std::move(picture.y);
    raster.epsg = grid.Epsg();
    raster.geotransform = {grid.corner.easting_m, grid.pixel_m, 0, grid.corner.northing_m, 0,
                           -grid.pixel_m};
    raster.datetime = TiffTime(UtcText(scenario, pass.acquired_s()));
    TW_ASSIGN_OR_RETURN(std::string tiff, EncodeCog(raster));
    const std::string name = pass.id() + ".tif";
    TW_ASSIGN_OR_RETURN(std::string item, ItemJson(scenario, grid, i, name, tiff));
    files.push_back({pass.id() + ".json", std::move(item)});
    files.push_back({name, std::move(tiff)});
  }
  return files;
}

}  // namespace trucewatch::simulate
