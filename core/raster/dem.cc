// SPDX-License-Identifier: Apache-2.0
#include "core/raster/dem.h"

#include <gdal_priv.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <optional>
#include <vector>

#include "core/raster/internal/hardened_gdal.h"

namespace trucewatch {
namespace {

constexpr std::int64_t kMaxCells = 64'000'000;

class DemTerrain final : public Terrain {
 public:
  DemTerrain(const DemOptions& options, int columns, int rows, std::array<double, 6> transform,
             std::vector<float> heights, std::optional<double> nodata)
      : options_(options),
        columns_(columns),
        rows_(rows),
        transform_(transform),
        heights_(std::move(heights)),
        nodata_(nodata) {
    max_m_ = -1000.0;
    for (const float h : heights_) {
      if (Valid(h)) max_m_ = std::max(max_m_, static_cast<double>(h));
    }
  }

  std::optional<double> HeightHaeM(Angle latitude, Angle longitude) const override {
    // Cell centres stand at half-integers of the affine transform.
    const double x = (longitude.deg() - transform_[0]) / transform_[1] - 0.5;
    const double y = (latitude.deg() - transform_[3]) / transform_[5] - 0.5;
    const double column = std::floor(x);
    const double row = std::floor(y);
    if (!(column >= 0 && row >= 0 && column + 1 < columns_ && row + 1 < rows_)) return std::nullopt;
    const auto at = [&](int dx, int dy) {
      return heights_[(static_cast<std::size_t>(row) + static_cast<std::size_t>(dy)) *
                          static_cast<std::size_t>(columns_) +
                      static_cast<std::size_t>(column) + static_cast<std::size_t>(dx)];
    };
    const float h00 = at(0, 0), h10 = at(1, 0), h01 = at(0, 1), h11 = at(1, 1);
    if (!Valid(h00) || !Valid(h10) || !Valid(h01) || !Valid(h11)) return std::nullopt;
    const double fx = x - column;
    const double fy = y - row;
    return h00 * (1 - fx) * (1 - fy) + h10 * fx * (1 - fy) + h01 * (1 - fx) * fy + h11 * fx * fy +
           options_.geoid_undulation_m;
  }
  double MaxHeightHaeM() const override { return max_m_ + options_.geoid_undulation_m; }
  double SigmaM() const override { return options_.sigma_m; }
  double CellM() const override {
    constexpr double kMetresPerDegree = 111'000.0;
    return std::abs(transform_[5]) * kMetresPerDegree;
  }

 private:
  bool Valid(float height) const {
    return std::isfinite(height) && !(nodata_ && static_cast<double>(height) == *nodata_);
  }

  DemOptions options_;
  int columns_;
  int rows_;
  std::array<double, 6> transform_;
  std::vector<float> heights_;
  std::optional<double> nodata_;
  double max_m_;
};

Result<std::unique_ptr<Terrain>> Load(const DemOptions& options, GDALDataset& dataset) {
  const int columns = dataset.GetRasterXSize();
  const int rows = dataset.GetRasterYSize();
  if (columns < 2 || rows < 2 || static_cast<std::int64_t>(columns) * rows > kMaxCells) {
    return Fail(ErrorCode::kBadInput, "{}: {} x {} cells; expected 2 x 2 to {} million in all",
                options.path, columns, rows, kMaxCells / 1'000'000);
  }
  std::array<double, 6> transform{};
  const auto* reference = dataset.GetSpatialRef();
  if (dataset.GetGeoTransform(transform.data()) != CE_None || reference == nullptr ||
      !reference->IsGeographic() || transform[2] != 0 || transform[4] != 0 || transform[1] <= 0 ||
      transform[5] >= 0) {
    return Fail(ErrorCode::kBadInput,
                "{}: no north-up georeference in degrees inside the file; convert it with gdalwarp "
                "-t_srs EPSG:4326",
                options.path);
  }
  GDALRasterBand* band = dataset.GetRasterBand(1);
  std::vector<float> heights(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows));
  if (band == nullptr || band->RasterIO(GF_Read, 0, 0, columns, rows, heights.data(), columns, rows,
                                        GDT_Float32, 0, 0, nullptr) != CE_None) {
    return Fail(ErrorCode::kBadInput, "{}: its heights cannot be read: {}", options.path,
                CPLGetLastErrorMsg());
  }
  int has_nodata = 0;
  const double nodata = band->GetNoDataValue(&has_nodata);
  return std::make_unique<DemTerrain>(
      options, columns, rows, transform, std::move(heights),
      has_nodata != 0 ? std::optional<double>(nodata) : std::nullopt);
}

}  // namespace

Result<std::unique_ptr<Terrain>> LoadDem(const DemOptions& options) {
  if (options.path.rfind("/vsi", 0) == 0 || options.path.find(':') != std::string::npos) {
    return Fail(ErrorCode::kBadInput, "{}: is no plain file path", options.path);
  }
  if (!std::filesystem::is_regular_file(options.path)) {
    return Fail(ErrorCode::kNotFound, "{}: no such elevation model", options.path);
  }
  const internal::HardenedGdal hardened;
  static const char* const kDrivers[] = {"GTiff", "SRTMHGT", nullptr};
  const GDALDatasetUniquePtr dataset(GDALDataset::Open(
      options.path.c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY, kDrivers, nullptr, nullptr));
  if (!dataset) {
    return Fail(ErrorCode::kBadInput, "{}: is neither a GeoTIFF nor an SRTM .hgt file",
                options.path);
  }
  return Load(options, *dataset);
}

}  // namespace trucewatch
