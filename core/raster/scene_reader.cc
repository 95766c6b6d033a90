// SPDX-License-Identifier: Apache-2.0
#include "core/raster/scene_reader.h"

#include <ogr_srs_api.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <string_view>

#include "core/raster/internal/image_format.h"
#include "core/raster/internal/scene_impl.h"
#include "core/storage/memory_file.h"

namespace trucewatch {
namespace {

// Decoded bytes of an image. Reading is by windows, so they bound time, not memory: a small file
// can declare a huge one, and true imagery does not compress by a hundred.
constexpr std::int64_t kMaxDecodedBytes = std::int64_t{64} << 30;
constexpr std::int64_t kPlainDecodedBytes = std::int64_t{1} << 30;  // whatever the file's size
constexpr std::int64_t kMaxExpansion = 100;
// What is decoded at once, all bands that lie interleaved in it.
constexpr std::int64_t kMaxBlockBytes = std::int64_t{128} << 20;
constexpr int kMaxBands = 64;

// "2026:03:01 08:30:00" (TIFF 6.0 DateTime)
std::optional<Instant> TiffTime(const char* text) {
  if (text == nullptr) return std::nullopt;
  std::string time = text;
  if (time.size() != 19) return std::nullopt;
  time[4] = time[7] = '-';
  time[10] = 'T';
  const auto instant = ParseUtc(time + "Z");
  return instant ? std::optional<Instant>(*instant) : std::nullopt;
}

// "20260301083000" (MIL-STD-2500C IDATIM, UTC; hyphens stand for what is not known)
std::optional<Instant> NitfTime(const char* text) {
  if (text == nullptr) return std::nullopt;
  const std::string_view t = text;
  if (t.size() != 14 ||
      !std::all_of(t.begin(), t.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) {
    return std::nullopt;
  }
  const auto instant =
      ParseUtc(fmt::format("{}-{}-{}T{}:{}:{}Z", t.substr(0, 4), t.substr(4, 2), t.substr(6, 2),
                           t.substr(8, 2), t.substr(10, 2), t.substr(12, 2)));
  return instant ? std::optional<Instant>(*instant) : std::nullopt;
}

Result<void> CheckSize(GDALDataset& dataset, std::uint64_t file_bytes, const std::string& name) {
  const std::int64_t width = dataset.GetRasterXSize();
  const std::int64_t height = dataset.GetRasterYSize();
  const std::int64_t bands = dataset.GetRasterCount();
  if (bands < 1 || bands > kMaxBands) {
    return Fail(ErrorCode::kBadInput, "{}: {} bands; expected 1 to {}", name, bands, kMaxBands);
  }
  const char* interleave = dataset.GetMetadataItem("INTERLEAVE", "IMAGE_STRUCTURE");
  const bool together = interleave != nullptr && std::string_view(interleave) == "PIXEL";
  std::int64_t pixel_bytes = 0;
  for (int i = 1; i <= bands; ++i) {
    GDALRasterBand* band = dataset.GetRasterBand(i);
    int block_x = 0;
    int block_y = 0;
    band->GetBlockSize(&block_x, &block_y);
    const std::int64_t sample = std::max(1, GDALGetDataTypeSizeBytes(band->GetRasterDataType()));
    if (block_x < 1 || block_y < 1 ||
        std::int64_t{block_x} * block_y > kMaxBlockBytes / sample / (together ? bands : 1)) {
      return Fail(
          ErrorCode::kBadInput,
          "{}: blocks of {} x {} samples, {} bands of {} bytes in each; expected at most {} "
          "MiB: write it tiled",
          name, block_x, block_y, together ? bands : 1, sample, kMaxBlockBytes >> 20);
    }
    pixel_bytes += sample;
  }
  const auto size = static_cast<std::int64_t>(
      std::min<std::uint64_t>(file_bytes, static_cast<std::uint64_t>(kMaxDecodedBytes)));
  const std::int64_t most =
      std::min(kMaxDecodedBytes, std::max(kPlainDecodedBytes, size * kMaxExpansion));
  if (width < 2 || height < 2 || width > most / height / pixel_bytes) {
    return Fail(ErrorCode::kBadInput,
                "{}: {} x {} pixels of {} bytes in a file of {} bytes; expected 2 x 2 pixels to {} "
                "MiB decoded in a file of that size",
                name, width, height, pixel_bytes, file_bytes, most >> 20);
  }
  return {};
}

BandInfo DescribeBand(GDALRasterBand& band) {
  BandInfo out;
  out.data_type = GDALGetDataTypeName(band.GetRasterDataType());
  const GDALColorInterp colour = band.GetColorInterpretation();
  if (colour != GCI_Undefined) {
    out.meaning = GDALGetColorInterpretationName(colour);
    for (char& c : out.meaning) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  int has = 0;
  const double nodata = band.GetNoDataValue(&has);
  if (has != 0) out.nodata = nodata;
  const double scale = band.GetScale(&has);
  if (has != 0 && std::isfinite(scale) && scale != 0) out.scale = scale;
  const double offset = band.GetOffset(&has);
  if (has != 0 && std::isfinite(offset)) out.offset = offset;
  const char* unit = band.GetUnitType();
  out.unit = unit == nullptr ? "" : unit;
  band.GetBlockSize(&out.block_width_px, &out.block_height_px);
  return out;
}

void Describe(GDALDataset& dataset, SceneInfo& info) {
  info.driver = dataset.GetDriver()->GetDescription();
  info.width_px = dataset.GetRasterXSize();
  info.height_px = dataset.GetRasterYSize();
  info.bands = dataset.GetRasterCount();
  for (int i = 1; i <= info.bands; ++i) {
    GDALRasterBand& band = *dataset.GetRasterBand(i);
    info.band.push_back(DescribeBand(band));
    info.complex |= GDALDataTypeIsComplex(band.GetRasterDataType()) != 0;
    info.masked |= (band.GetMaskFlags() & GMF_PER_DATASET) != 0;
  }
  info.data_type = info.band.front().data_type;
}

void FindTime(GDALDataset& dataset, const SceneOptions& options, SceneInfo& info) {
  if (options.time) {
    info.time = options.time;
    info.time_from = "given";
  } else if ((info.time = TiffTime(dataset.GetMetadataItem("TIFFTAG_DATETIME")))) {
    info.time_from = "TIFF tag 306";
  } else if ((info.time = NitfTime(dataset.GetMetadataItem("NITF_IDATIM")))) {
    info.time_from = "NITF IDATIM";
  }
}

}  // namespace

SceneReader::SceneReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SceneReader::~SceneReader() = default;

std::vector<std::string> SceneReader::Prepare() {
  const internal::HardenedGdal hardened;
  // Not the user's own, of which the first that PROJ looks into would be in /tmp without a home.
  std::vector<std::string> folders;
  CPLStringList kept;
  const CPLStringList paths(OSRGetPROJSearchPaths());
  for (int i = 0; i < paths.Count(); ++i) {
    if (!std::string_view(paths[i]).starts_with("/usr/")) continue;
    folders.emplace_back(paths[i]);
    kept.AddString(paths[i]);
  }
  if (!folders.empty()) OSRSetPROJSearchPaths(kept.List());
  return folders;
}

Result<std::unique_ptr<SceneReader>> SceneReader::Open(std::shared_ptr<const File> file,
                                                       SceneOptions options) {
  const std::string& name = options.name;
  TW_ASSIGN_OR_RETURN(const internal::ImageFormat format, internal::RecogniseImage(*file, name));
  TW_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  const internal::HardenedGdal hardened;
  auto impl = std::make_unique<Impl>();
  impl->door = std::make_unique<internal::FileDoor>(std::move(file), format.extension);
  const char* const drivers[] = {format.driver, nullptr};
  impl->dataset.reset(GDALDataset::Open(
      impl->door->path().c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY, drivers, nullptr, nullptr));
  if (!impl->dataset) {
    return Fail(ErrorCode::kBadInput, "{}: is a damaged {} file: {}", name, format.driver,
                internal::GdalMessage());
  }
  TW_RETURN_IF_ERROR(CheckSize(*impl->dataset, size, name));
  Describe(*impl->dataset, impl->info);
  FindTime(*impl->dataset, options, impl->info);
  TW_ASSIGN_OR_RETURN(impl->placement, internal::PlaceImage(*impl->dataset, options, impl->info));
  if (options.placed && !impl->placement) {
    return Fail(ErrorCode::kBadInput, "{}: {}", name, impl->info.not_placed);
  }
  return std::unique_ptr<SceneReader>(new SceneReader(std::move(impl)));
}

Result<std::unique_ptr<SceneReader>> SceneReader::OpenFile(const std::string& path,
                                                           SceneOptions options) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return Fail(ErrorCode::kNotFound, "{}: no such file", path);
  }
  if (options.name.empty()) options.name = path;
  TW_ASSIGN_OR_RETURN(std::shared_ptr<const File> file, MakePosixStorage()->Open(path, false));
  return Open(std::move(file), std::move(options));
}

Result<std::unique_ptr<SceneReader>> SceneReader::Open(std::string bytes, const std::string& name) {
  SceneOptions options;
  options.name = name;
  return Open(std::make_shared<const MemoryFile>(std::move(bytes)), std::move(options));
}

const SceneInfo& SceneReader::info() const { return impl_->info; }

std::optional<Geodetic> SceneReader::GroundFromPixel(const Eigen::Vector2d& pixel) const {
  if (!impl_->placement) return std::nullopt;
  const std::lock_guard lock(impl_->mutex);
  const internal::HardenedGdal hardened;
  return impl_->placement->Ground(pixel);
}

std::optional<Eigen::Vector2d> SceneReader::PixelFromGround(const Geodetic& place) const {
  if (!impl_->placement) return std::nullopt;
  const std::lock_guard lock(impl_->mutex);
  const internal::HardenedGdal hardened;
  return impl_->placement->Pixel(place);
}

}  // namespace trucewatch
