// SPDX-License-Identifier: Apache-2.0
#include "core/raster/raster_writer.h"

#include <cpl_string.h>
#include <gdal_priv.h>

#include <algorithm>
#include <cmath>

#include "core/raster/internal/hardened_gdal.h"

namespace trucewatch {
namespace {

constexpr std::int64_t kMaxWrittenSamples = 64'000'000;

Result<void> CheckRaster(const RasterToWrite& raster) {
  const std::int64_t samples = std::int64_t{raster.width_px} * raster.height_px * raster.bands;
  constexpr int kMaxSide = 32768;
  if (raster.width_px < 1 || raster.height_px < 1 || raster.width_px > kMaxSide ||
      raster.height_px > kMaxSide || raster.bands < 1 || raster.bands > 4 ||
      samples > kMaxWrittenSamples) {
    return Fail(ErrorCode::kBadInput,
                "image of {} x {} pixels and {} bands; expected 1 to {} a side, 1 to 4 bands, {} "
                "million samples in all",
                raster.width_px, raster.height_px, raster.bands, kMaxSide,
                kMaxWrittenSamples / 1'000'000);
  }
  if (static_cast<std::int64_t>(raster.pixels.size()) != samples) {
    return Fail(ErrorCode::kBadInput, "image of {} samples, but {} bytes are given", samples,
                raster.pixels.size());
  }
  const auto& t = raster.geotransform;
  const bool finite = std::all_of(t.begin(), t.end(), [](double v) { return std::isfinite(v); });
  if (!finite || t[1] * t[5] - t[2] * t[4] == 0) {
    return Fail(ErrorCode::kBadInput, "the geotransform does not map pixels to the ground");
  }
  return {};
}

}  // namespace

Result<std::string> EncodeCog(const RasterToWrite& raster) {
  TW_RETURN_IF_ERROR(CheckRaster(raster));
  const internal::HardenedGdal hardened;
  OGRSpatialReference reference;
  if (reference.importFromEPSG(raster.epsg) != OGRERR_NONE) {
    return Fail(ErrorCode::kBadInput, "EPSG:{} is not a known coordinate system", raster.epsg);
  }
  GDALDriver* memory = GetGDALDriverManager()->GetDriverByName("MEM");
  GDALDriver* cog = GetGDALDriverManager()->GetDriverByName("COG");
  if (memory == nullptr || cog == nullptr) {
    return Fail(ErrorCode::kUnavailable, "this GDAL has no COG driver");
  }
  const GDALDatasetUniquePtr image(
      memory->Create("", raster.width_px, raster.height_px, raster.bands, GDT_Byte, nullptr));
  if (!image) return Fail(ErrorCode::kUnavailable, "no memory for the image");
  reference.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  image->SetSpatialRef(&reference);
  std::array<double, 6> transform = raster.geotransform;
  image->SetGeoTransform(transform.data());
  if (!raster.datetime.empty()) {
    image->SetMetadataItem("TIFFTAG_DATETIME", raster.datetime.c_str());
  }
  std::vector<std::uint8_t> pixels = raster.pixels;  // RasterIO asks for mutable bytes
  const std::size_t plane =
      static_cast<std::size_t>(raster.width_px) * static_cast<std::size_t>(raster.height_px);
  constexpr std::array<GDALColorInterp, 4> kColours = {GCI_RedBand, GCI_GreenBand, GCI_BlueBand,
                                                       GCI_Undefined};
  for (int i = 0; i < raster.bands; ++i) {
    const auto index = static_cast<std::size_t>(i);
    GDALRasterBand* band = image->GetRasterBand(i + 1);
    band->SetColorInterpretation(raster.bands >= 3 ? kColours[index]
                                 : i == 0          ? GCI_GrayIndex
                                                   : GCI_Undefined);
    if (band->RasterIO(GF_Write, 0, 0, raster.width_px, raster.height_px,
                       pixels.data() + index * plane, raster.width_px, raster.height_px, GDT_Byte,
                       0, 0, nullptr) != CE_None) {
      return Fail(ErrorCode::kUnavailable, "the image cannot be filled: {}",
                  internal::GdalMessage());
    }
  }
  CPLStringList options;
  options.SetNameValue("COMPRESS", "DEFLATE");
  options.SetNameValue("PREDICTOR", "YES");
  options.SetNameValue("BLOCKSIZE", "512");
  options.SetNameValue("OVERVIEW_RESAMPLING", "AVERAGE");
  options.SetNameValue("BIGTIFF", "NO");
  options.SetNameValue("NUM_THREADS", "1");
  const internal::MemoryFile file;
  GDALDatasetUniquePtr written(
      cog->CreateCopy(file.path().c_str(), image.get(), FALSE, options.List(), nullptr, nullptr));
  if (!written) {
    return Fail(ErrorCode::kUnavailable, "the image cannot be encoded: {}",
                internal::GdalMessage());
  }
  written.reset();  // the last bytes are written when it is closed
  std::string bytes = file.Contents();
  if (bytes.empty()) return Fail(ErrorCode::kUnavailable, "the encoder wrote nothing");
  return bytes;
}

}  // namespace trucewatch
