// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/geo/geodetic.h"
#include "core/geo/terrain.h"
#include "core/raster/rpc_model.h"
#include "core/storage/storage.h"
#include "core/time/instant.h"

namespace trucewatch {

struct BandInfo {
  std::string data_type;  // GDAL's name: "Byte", "UInt16", "Float32", "CFloat32", ...
  std::string meaning;    // "gray", "red", "alpha", ...; "" when the file does not say
  std::optional<double> nodata;
  double scale = 1, offset = 0;  // physical value = sample * scale + offset
  std::string unit;
  int block_width_px = 0, block_height_px = 0;  // what is decoded at once
};

enum class ScenePlacement {
  kNone,         // its pixels have no place on earth; SceneInfo.not_placed says why
  kMap,          // a coordinate system and an affine transform: orthorectified
  kSensorModel,  // RPC: as the sensor saw it; the height of the ground decides the place
};

struct SceneInfo {
  std::string driver;  // "GTiff", "JP2OpenJPEG", "NITF"
  int width_px = 0, height_px = 0, bands = 0;
  std::string data_type;  // of the first band
  std::vector<BandInfo> band;
  bool complex = false;  // SAR before detection; values are read as intensity |z|^2
  bool masked = false;   // some validity is said by a mask or an alpha band

  ScenePlacement placement = ScenePlacement::kNone;
  std::string not_placed;  // why, when kNone
  int epsg = 0;            // 0: none, or a coordinate system without a code
  std::string crs;         // its name; "RPC" with a sensor model
  // Map coordinates from pixels, GDAL's order: x0, dx/col, dx/row, y0, dy/col, dy/row.
  std::optional<std::array<double, 6>> to_map;
  double resolution_m = 0;          // ground sample distance in the middle: geometric mean of both
                                    // sides; 0 when not placed
  std::vector<Geodetic> footprint;  // the four corners, counter-clockwise; on the ellipsoid, or on
                                    // the ground for a sensor model

  // From where the scene was looked at. Not known for a map without a word on it: nadir then, and
  // position_sigma_m is wider.
  ViewAngles view;
  bool view_known = false;
  // 1-sigma of a pixel's place on the ground, each of east and north, of what the file and the
  // height of the ground are responsible for. Sensor model: its error terms (else kRpcSigmaM) and
  // the height's error laid on the ground by the view. Map: only the error of heights under an
  // unknown view of up to kUnknownViewDeg; that of the georeference itself is not in any file.
  double position_sigma_m = 0;
  bool position_sigma_stated = false;  // the file had error terms
  std::optional<RpcModel> rpc;
  // A sensor model is for the whole acquisition; a file that is cut from it says where.
  Eigen::Vector2d sensor_origin_px = Eigen::Vector2d::Zero();

  std::optional<Instant> time;  // acquisition
  std::string time_from;        // "given", "TIFF tag 306", "NITF IDATIM"; "" without time
};

// What RPCs without error terms are good for: 5 m circular error (90 %), per axis.
inline constexpr double kRpcSigmaM = 5.0 / 2.146;
// 1-sigma of heights when there is no terrain for a map.
inline constexpr double kHeightSigmaM = 5.0;
// Very high resolution satellites are tasked up to about this incidence.
inline constexpr double kUnknownViewDeg = 30.0;

struct SceneOptions {
  std::string name;  // for messages
  // Acquisition, when the caller knows it: comes before what the file says.
  std::optional<Instant> time;
  // A sensor model given beside the image (ParseRpcText); comes before one in the file. The caller
  // keeps its digest.
  std::string rpc_text;
  // Ground under a sensor model; outlives the reader. Null: the model's middle height.
  const Terrain* terrain = nullptr;
  // What has no place on earth is refused. False: it may still be read, for a look at the file.
  bool placed = true;
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

// What of an image is read.
struct ReadRequest {
  std::vector<int> bands = {1};  // counted from 1
  PixelWindow window;
  int width = 0, height = 0;  // of the result; 0: as the window. Smaller: from overviews, nearest
  bool physical = false;      // scale and offset of the band applied
};

// An image in a file, read in windows: no more than the blocks of a window are ever in memory, 64
// MiB of them in the whole process. GeoTIFF, BigTIFF and COG, JPEG 2000, NITF.
//
// The file is untrusted. GDAL sees it through a door that shows this one file and nothing else, so
// there is no sidecar, no virtual file, no network; it is given the one driver that the first bytes
// name, and only georeference inside the file counts. Declared sizes are held against the size of
// the file, and block sizes against memory, before a pixel is decoded.
// Threads: any (calls take turns). Determinism: depends on bytes and options alone.
class SceneReader {
 public:
  // kBadInput with the reason: another format, too large, damaged, or not placed (options.placed).
  static Result<std::unique_ptr<SceneReader>> Open(std::shared_ptr<const File> file,
                                                   SceneOptions options);
  // A regular file; options.name is its path unless given. kNotFound when there is none.
  static Result<std::unique_ptr<SceneReader>> OpenFile(const std::string& path,
                                                       SceneOptions options = {});
  // An image that is in memory anyway.
  static Result<std::unique_ptr<SceneReader>> Open(std::string bytes, const std::string& name);
  // For a process that is about to shut itself in: loads what reading takes. Files that are opened
  // later all the same lie below the folders named: PROJ's coordinate systems.
  static std::vector<std::string> Prepare();
  ~SceneReader();
  SceneReader(const SceneReader&) = delete;
  SceneReader& operator=(const SceneReader&) = delete;

  const SceneInfo& info() const;
  // Image points: origin at the upper left corner of the upper left pixel, x right, y down.
  // Nothing where the image is not placed or the coordinate system has no place. On a map heights
  // are 0 and without meaning; with a sensor model the ground of SceneOptions.terrain counts both
  // ways, whatever height `place` has.
  std::optional<Geodetic> GroundFromPixel(const Eigen::Vector2d& pixel) const;
  std::optional<Eigen::Vector2d> PixelFromGround(const Geodetic& place) const;

  // Fills `values` and `valid`, band after band, each row-major, with what is asked for; both have
  // exactly bands x width x height elements. `valid`: 1 where there is a value: not the band's
  // nodata, not masked, not transparent, finite; values are 0 elsewhere. kBadInput when the window
  // is not in the image, has more than 64 million pixels, or its blocks are damaged: never half a
  // picture.
  Result<void> Read(const ReadRequest& request, std::span<float> values,
                    std::span<std::uint8_t> valid) const;
  // Mean of the first three bands, or the one band (of two: the first). A colour pixel is without
  // data when all its bands are: black can be a colour. Fails as Read.
  Result<GreyPlane> ReadGrey(const PixelWindow& window) const;

 private:
  struct Impl;
  explicit SceneReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace trucewatch
