// SPDX-License-Identifier: Apache-2.0
#include "core/raster/scene_reader.h"

#include <gdal_priv.h>
#include <ogr_spatialref.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <string_view>

#include "core/base/bytes.h"
#include "core/raster/internal/hardened_gdal.h"

namespace trucewatch {
namespace {

// What is decoded for one image at most, and for one of its blocks (a small file can declare a huge
// one).
constexpr std::int64_t kMaxDecodedBytes = std::int64_t{2} << 30;
constexpr std::int64_t kMaxBlockBytes = std::int64_t{256} << 20;
constexpr std::int64_t kMaxWindowPixels = 64'000'000;

bool StartsWith(const std::string& bytes, std::string_view magic) {
  return std::string_view(bytes).substr(0, magic.size()) == magic;
}

// Why bytes are no GeoTIFF, for what people are likely to hand in.
std::string WhatItIs(const std::string& bytes) {
  using std::literals::string_view_literals::operator""sv;
  if (StartsWith(bytes, "PK\x03\x04")) {
    return "a zip archive (a SAFE product?), which is not opened; hand in its orthorectified image "
           "as GeoTIFF";
  }
  if (StartsWith(bytes, "NITF") || StartsWith(bytes, "NSIF")) {
    return "NITF, which is not read: its sensor geometry (RPC) is not orthorectified yet; hand in "
           "an orthorectified GeoTIFF";
  }
  if (StartsWith(bytes, "\0\0\0\x0CjP  \r\n\x87\n"sv) || StartsWith(bytes, "\xFF\x4F\xFF\x51")) {
    return "JPEG 2000, which is not read; hand in a GeoTIFF";
  }
  if (StartsWith(bytes, "<VRTDataset")) {
    return "a GDAL virtual file that names other files, not an image";
  }
  return fmt::format("no GeoTIFF: it begins with {}",
                     HexEncode(AsBytes(std::string_view(bytes).substr(0, 8))));
}

bool IsTiff(const std::string& bytes) {
  using std::literals::string_view_literals::operator""sv;
  return StartsWith(bytes, "II*\0"sv) || StartsWith(bytes, "MM\0*"sv) ||
         StartsWith(bytes, "II+\0"sv) || StartsWith(bytes, "MM\0+"sv);
}

// "2026:03:01 08:30:00"
std::optional<Instant> TiffTime(const char* text) {
  if (text == nullptr) return std::nullopt;
  std::string time = text;
  if (time.size() != 19) return std::nullopt;
  time[4] = time[7] = '-';
  time[10] = 'T';
  const auto instant = ParseUtc(time + "Z");
  return instant ? std::optional<Instant>(*instant) : std::nullopt;
}

}  // namespace

struct SceneReader::Impl {
  struct DestroyTransform {
    void operator()(OGRCoordinateTransformation* t) const {
      OGRCoordinateTransformation::DestroyCT(t);
    }
  };
  using Transform = std::unique_ptr<OGRCoordinateTransformation, DestroyTransform>;

  // In this order: what is below uses what is above.
  std::string bytes;
  std::unique_ptr<internal::MemoryFile> file;
  GDALDatasetUniquePtr dataset;
  std::array<double, 6> to_crs{}, to_pixel{};
  Transform to_wgs84, from_wgs84;
  SceneInfo info;
  std::mutex mutex;  // neither a dataset nor a transformation may be used by two threads at once

  ~Impl() {
    // Closing decodes nothing, but must not look for sidecars either.
    const internal::HardenedGdal hardened;
    dataset.reset();
    file.reset();
  }

  Result<void> CheckSize(const std::string& name) const;
  Result<void> ReadGeoreference(const std::string& name);
  Result<void> Measure(const std::string& name);

  // The caller holds the mutex.
  std::optional<Geodetic> Ground(double x, double y) const {
    double east = to_crs[0] + x * to_crs[1] + y * to_crs[2];
    double north = to_crs[3] + x * to_crs[4] + y * to_crs[5];
    if (to_wgs84->Transform(1, &east, &north) == FALSE) return std::nullopt;
    if (!std::isfinite(east) || !std::isfinite(north) || std::abs(north) > 90 ||
        std::abs(east) > 360) {
      return std::nullopt;
    }
    return Geodetic::FromDegrees(north, Angle::Degrees(east).NormalisedSigned().deg(), 0);
  }
  std::optional<Eigen::Vector2d> Pixel(const Geodetic& place) const {
    double east = place.longitude.deg();
    double north = place.latitude.deg();
    if (from_wgs84->Transform(1, &east, &north) == FALSE) return std::nullopt;
    const Eigen::Vector2d pixel(to_pixel[0] + east * to_pixel[1] + north * to_pixel[2],
                                to_pixel[3] + east * to_pixel[4] + north * to_pixel[5]);
    return pixel.allFinite() ? std::optional<Eigen::Vector2d>(pixel) : std::nullopt;
  }
};

Result<void> SceneReader::Impl::CheckSize(const std::string& name) const {
  const std::int64_t width = dataset->GetRasterXSize();
  const std::int64_t height = dataset->GetRasterYSize();
  const std::int64_t bands = dataset->GetRasterCount();
  if (bands < 1 || bands > 64) {
    return Fail(ErrorCode::kBadInput, "{}: {} bands; expected 1 to 64", name, bands);
  }
  std::int64_t pixel_bytes = 0;
  for (int i = 1; i <= bands; ++i) {
    GDALRasterBand* band = dataset->GetRasterBand(i);
    const GDALDataType type = band->GetRasterDataType();
    if (GDALDataTypeIsComplex(type) != 0) {
      return Fail(ErrorCode::kBadInput,
                  "{}: complex samples ({}, a SAR image before detection); expected detected, real "
                  "ones",
                  name, GDALGetDataTypeName(type));
    }
    int block_x = 0;
    int block_y = 0;
    band->GetBlockSize(&block_x, &block_y);
    const std::int64_t sample = GDALGetDataTypeSizeBytes(type);
    if (std::int64_t{block_x} * block_y > kMaxBlockBytes / std::max<std::int64_t>(1, sample)) {
      return Fail(ErrorCode::kBadInput, "{}: blocks of {} x {} samples; expected at most {} MiB",
                  name, block_x, block_y, kMaxBlockBytes >> 20);
    }
    pixel_bytes += sample;
  }
  if (width < 2 || height < 2 || width > kMaxDecodedBytes / height / pixel_bytes) {
    return Fail(ErrorCode::kBadInput,
                "{}: {} x {} pixels of {} bytes; expected 2 x 2 to {} MiB in all", name, width,
                height, pixel_bytes, kMaxDecodedBytes >> 20);
  }
  return {};
}

Result<void> SceneReader::Impl::ReadGeoreference(const std::string& name) {
  const bool placed = dataset->GetGeoTransform(to_crs.data()) == CE_None;
  if (!placed && dataset->GetMetadata("RPC") != nullptr) {
    return Fail(ErrorCode::kBadInput,
                "{}: sensor geometry (RPC) is not orthorectified yet; hand in an orthorectified "
                "image",
                name);
  }
  if (!placed && dataset->GetGCPCount() > 0) {
    return Fail(ErrorCode::kBadInput,
                "{}: only ground control points: it is not orthorectified yet; hand in an "
                "orthorectified image",
                name);
  }
  if (!placed || GDALInvGeoTransform(to_crs.data(), to_pixel.data()) == 0) {
    return Fail(ErrorCode::kBadInput, "{}: no georeference inside the file", name);
  }
  const OGRSpatialReference* reference = dataset->GetSpatialRef();
  if (reference == nullptr || reference->IsEmpty()) {
    return Fail(ErrorCode::kBadInput,
                "{}: no coordinate system inside the file: its pixels have no place on earth",
                name);
  }
  OGRSpatialReference own(*reference);
  own.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  OGRSpatialReference wgs84;
  if (wgs84.importFromEPSG(4326) != OGRERR_NONE) {
    return Fail(ErrorCode::kUnavailable, "PROJ's database of coordinate systems is missing");
  }
  wgs84.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  to_wgs84.reset(OGRCreateCoordinateTransformation(&own, &wgs84));
  from_wgs84.reset(OGRCreateCoordinateTransformation(&wgs84, &own));
  if (!to_wgs84 || !from_wgs84) {
    return Fail(ErrorCode::kBadInput, "{}: its coordinate system cannot be related to WGS-84: {}",
                name, internal::GdalMessage());
  }
  const char* crs = own.GetName();
  info.crs = crs == nullptr ? "" : crs;
  const char* authority = own.GetAuthorityName(nullptr);
  const char* code = own.GetAuthorityCode(nullptr);
  if (authority != nullptr && code != nullptr && std::string_view(authority) == "EPSG") {
    info.epsg = std::atoi(code);
  }
  return {};
}

Result<void> SceneReader::Impl::Measure(const std::string& name) {
  const double width = info.width_px;
  const double height = info.height_px;
  for (const auto& [x, y] : {std::pair{0.0, 0.0}, {0.0, height}, {width, height}, {width, 0.0}}) {
    const auto corner = Ground(x, y);
    if (!corner) {
      return Fail(ErrorCode::kBadInput, "{}: its corner at pixel {}, {} is no place on earth", name,
                  x, y);
    }
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
  if (east - west > 180) {
    return Fail(ErrorCode::kBadInput, "{}: lies across the 180 degree meridian, which is not read",
                name);
  }
  if (area < 0) std::reverse(info.footprint.begin(), info.footprint.end());
  const auto middle = Ground(width / 2, height / 2);
  const auto right = Ground(width / 2 + 1, height / 2);
  const auto below = Ground(width / 2, height / 2 + 1);
  if (middle && right && below) {
    info.resolution_m =
        std::sqrt(GeodesicDistanceM(*middle, *right) * GeodesicDistanceM(*middle, *below));
  }
  if (!(info.resolution_m > 1e-3 && info.resolution_m < 1e5) || area == 0) {
    return Fail(ErrorCode::kBadInput, "{}: a pixel of {} m on the ground; expected 1 mm to 100 km",
                name, info.resolution_m);
  }
  return {};
}

SceneReader::SceneReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SceneReader::~SceneReader() = default;

Result<std::unique_ptr<SceneReader>> SceneReader::Open(std::string bytes, const std::string& name) {
  if (!IsTiff(bytes)) return Fail(ErrorCode::kBadInput, "{}: is {}", name, WhatItIs(bytes));
  const internal::HardenedGdal hardened;
  auto impl = std::make_unique<Impl>();
  impl->bytes = std::move(bytes);
  impl->file = std::make_unique<internal::MemoryFile>(AsBytes(impl->bytes));
  static const char* const kDrivers[] = {"GTiff", nullptr};
  impl->dataset.reset(GDALDataset::Open(
      impl->file->path().c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY, kDrivers, nullptr, nullptr));
  if (!impl->dataset) {
    std::string reason = internal::GdalMessage();
    // GDAL quotes its own name of the memory file, which differs from run to run.
    for (std::size_t at = 0; (at = reason.find(impl->file->path())) != std::string::npos;) {
      reason.replace(at, impl->file->path().size(), "file");
    }
    return Fail(ErrorCode::kBadInput, "{}: is a damaged TIFF: {}", name, reason);
  }
  TW_RETURN_IF_ERROR(impl->CheckSize(name));
  impl->info.driver = impl->dataset->GetDriver()->GetDescription();
  impl->info.width_px = impl->dataset->GetRasterXSize();
  impl->info.height_px = impl->dataset->GetRasterYSize();
  impl->info.bands = impl->dataset->GetRasterCount();
  impl->info.data_type = GDALGetDataTypeName(impl->dataset->GetRasterBand(1)->GetRasterDataType());
  impl->info.time = TiffTime(impl->dataset->GetMetadataItem("TIFFTAG_DATETIME"));
  TW_RETURN_IF_ERROR(impl->ReadGeoreference(name));
  TW_RETURN_IF_ERROR(impl->Measure(name));
  return std::unique_ptr<SceneReader>(new SceneReader(std::move(impl)));
}

const SceneInfo& SceneReader::info() const { return impl_->info; }

std::optional<Geodetic> SceneReader::GroundFromPixel(const Eigen::Vector2d& pixel) const {
  const std::lock_guard lock(impl_->mutex);
  const internal::HardenedGdal hardened;
  return impl_->Ground(pixel.x(), pixel.y());
}

std::optional<Eigen::Vector2d> SceneReader::PixelFromGround(const Geodetic& place) const {
  const std::lock_guard lock(impl_->mutex);
  const internal::HardenedGdal hardened;
  return impl_->Pixel(place);
}

Result<GreyPlane> SceneReader::ReadGrey(const PixelWindow& window) const {
  const SceneInfo& info = impl_->info;
  const std::int64_t pixels = std::int64_t{window.width} * window.height;
  if (window.x < 0 || window.y < 0 || window.width < 1 || window.height < 1 ||
      window.width > info.width_px - window.x || window.height > info.height_px - window.y ||
      pixels > kMaxWindowPixels) {
    return Fail(ErrorCode::kBadInput, "window {}, {} of {} x {} pixels in an image of {} x {}",
                window.x, window.y, window.width, window.height, info.width_px, info.height_px);
  }
  const std::lock_guard lock(impl_->mutex);
  const internal::HardenedGdal hardened;
  const auto count = static_cast<std::size_t>(pixels);
  GreyPlane plane{window.width, window.height, std::vector<float>(count),
                  std::vector<std::uint8_t>(count)};
  std::vector<float> values(count);
  std::vector<std::uint8_t> mask(count);
  const int used = info.bands >= 3 ? 3 : 1;
  for (int i = 1; i <= used; ++i) {
    GDALRasterBand* band = impl_->dataset->GetRasterBand(i);
    if (band->RasterIO(GF_Read, window.x, window.y, window.width, window.height, values.data(),
                       window.width, window.height, GDT_Float32, 0, 0, nullptr) != CE_None ||
        band->GetMaskBand()->RasterIO(GF_Read, window.x, window.y, window.width, window.height,
                                      mask.data(), window.width, window.height, GDT_Byte, 0, 0,
                                      nullptr) != CE_None) {
      return Fail(ErrorCode::kBadInput, "the image is damaged at {}, {}: {}", window.x, window.y,
                  internal::GdalMessage());
    }
    for (std::size_t k = 0; k < count; ++k) {
      // A colour pixel is without data when all its bands are: black can be a colour.
      if (mask[k] != 0) plane.valid[k] = 1;
      plane.values[k] += values[k] / static_cast<float>(used);
    }
  }
  for (std::size_t k = 0; k < count; ++k) {
    if (!std::isfinite(plane.values[k])) plane.valid[k] = 0;
    if (plane.valid[k] == 0) plane.values[k] = 0;
  }
  return plane;
}

}  // namespace trucewatch
