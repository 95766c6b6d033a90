// SPDX-License-Identifier: Apache-2.0
// The reading half of SceneReader: windows in chunks of whole blocks.
#include <algorithm>
#include <cmath>

#include "core/base/check.h"
#include "core/raster/internal/scene_impl.h"

namespace trucewatch {
namespace {

constexpr std::int64_t kMaxWindowPixels = 64'000'000;
// Samples of one part of a decimated result.
constexpr std::int64_t kChunkBytes = std::int64_t{16} << 20;

// A part of the result, and what of the image it comes from.
struct Chunk {
  PixelWindow from;
  int x = 0, y = 0, width = 0, height = 0;  // in the result
  // Exact rows of the image, where a decimated result is made in several parts.
  double from_y = 0, from_height = 0;
};

// Cuts one axis of the window where blocks end.
struct Span {
  int from, size;
};
std::vector<Span> CutAtBlocks(int begin, int size, int block) {
  std::vector<Span> spans;
  for (int at = begin; at < begin + size;) {
    const std::int64_t end = (std::int64_t{at} / block + 1) * block;
    const int next = static_cast<int>(std::min<std::int64_t>(end, std::int64_t{begin} + size));
    spans.push_back({at, next - at});
    at = next;
  }
  return spans;
}

// At full resolution: a block each, row by row.
std::vector<Chunk> WholeBlocks(const PixelWindow& window, const BandInfo& band) {
  std::vector<Chunk> chunks;
  for (const Span& rows : CutAtBlocks(window.y, window.height, band.block_height_px)) {
    for (const Span& columns : CutAtBlocks(window.x, window.width, band.block_width_px)) {
      chunks.push_back({{columns.from, rows.from, columns.size, rows.size},
                        columns.from - window.x,
                        rows.from - window.y,
                        columns.size,
                        rows.size});
    }
  }
  return chunks;
}

// Decimated: GDAL picks the overview; some rows of the result at a time bound the memory.
std::vector<Chunk> Decimated(const PixelWindow& window, int width, int height,
                             std::int64_t pixel_bytes) {
  const auto rows =
      static_cast<int>(std::clamp<std::int64_t>(kChunkBytes / (width * pixel_bytes), 1, height));
  std::vector<Chunk> chunks;
  const double step = static_cast<double>(window.height) / height;
  for (int y = 0; y < height; y += rows) {
    const int count = std::min(rows, height - y);
    const double top = window.y + y * step;
    const double size = count * step;
    const int first = static_cast<int>(top);
    const int last = std::min(window.y + window.height, static_cast<int>(std::ceil(top + size)));
    chunks.push_back(
        {{window.x, first, window.width, last - first}, 0, y, width, count, top, size});
    if (count == height) chunks.back().from_height = 0;
  }
  return chunks;
}

// One band of one chunk.
struct BandReader {
  GDALRasterBand* band = nullptr;
  internal::SampleRule rule;
  bool own_mask = false;  // a mask or an alpha band says what is valid
  bool in_place = false;  // its blocks are those of the chunks, its samples as they are read
  int block_width = 1, block_height = 1;

  static bool ReadRaster(GDALRasterBand& from, const Chunk& chunk, GDALDataType type, void* out) {
    GDALRasterIOExtraArg extra;
    INIT_RASTERIO_EXTRA_ARG(extra);
    if (chunk.from_height > 0) {
      extra.bFloatingPointWindowValidity = TRUE;
      extra.dfXOff = chunk.from.x;
      extra.dfXSize = chunk.from.width;
      extra.dfYOff = chunk.from_y;
      extra.dfYSize = chunk.from_height;
    }
    return from.RasterIO(GF_Read, chunk.from.x, chunk.from.y, chunk.from.width, chunk.from.height,
                         out, chunk.width, chunk.height, type, 0, 0, &extra) == CE_None;
  }

  // Into rows of `stride` values each. False: damaged.
  bool Read(const Chunk& chunk, float* values, std::uint8_t* valid, std::size_t stride) {
    if (!(in_place && chunk.width == chunk.from.width && chunk.height == chunk.from.height
              ? ConvertBlock(chunk, values, valid, stride)
              : ConvertCopy(chunk, values, valid, stride))) {
      return false;
    }
    return !own_mask || ApplyMask(chunk, values, valid, stride);
  }

 private:
  // From GDAL's cache, without a copy.
  bool ConvertBlock(const Chunk& chunk, float* values, std::uint8_t* valid, std::size_t stride) {
    const int block_x = chunk.from.x / block_width;
    const int block_y = chunk.from.y / block_height;
    GDALRasterBlock* block = band->GetLockedBlockRef(block_x, block_y);
    if (block == nullptr) return false;
    const auto sample = static_cast<std::size_t>(GDALGetDataTypeSizeBytes(rule.type));
    const auto pitch = static_cast<std::size_t>(block_width) * sample;
    const auto* samples = static_cast<const std::uint8_t*>(block->GetDataRef()) +
                          static_cast<std::size_t>(chunk.from.y - block_y * block_height) * pitch +
                          static_cast<std::size_t>(chunk.from.x - block_x * block_width) * sample;
    for (std::size_t y = 0; y < static_cast<std::size_t>(chunk.height); ++y) {
      internal::ConvertSamples(rule, samples + y * pitch, static_cast<std::size_t>(chunk.width),
                               values + y * stride, valid + y * stride);
    }
    block->DropLock();
    return true;
  }

  bool ConvertCopy(const Chunk& chunk, float* values, std::uint8_t* valid, std::size_t stride) {
    const auto width = static_cast<std::size_t>(chunk.width);
    const auto height = static_cast<std::size_t>(chunk.height);
    const auto sample = static_cast<std::size_t>(GDALGetDataTypeSizeBytes(rule.type));
    copy.resize(width * height * sample);
    if (!ReadRaster(*band, chunk, rule.type, copy.data())) return false;
    for (std::size_t y = 0; y < height; ++y) {
      internal::ConvertSamples(rule, copy.data() + y * width * sample, width, values + y * stride,
                               valid + y * stride);
    }
    return true;
  }

  bool ApplyMask(const Chunk& chunk, float* values, std::uint8_t* valid, std::size_t stride) {
    const auto width = static_cast<std::size_t>(chunk.width);
    const auto height = static_cast<std::size_t>(chunk.height);
    copy.resize(width * height);
    if (!ReadRaster(*band->GetMaskBand(), chunk, GDT_Byte, copy.data())) return false;
    for (std::size_t y = 0; y < height; ++y) {
      for (std::size_t x = 0; x < width; ++x) {
        if (copy[y * width + x] != 0) continue;
        values[y * stride + x] = 0;
        valid[y * stride + x] = 0;
      }
    }
    return true;
  }

  std::vector<std::uint8_t> copy;
};

BandReader ReaderOf(GDALDataset& dataset, int number, const SceneInfo& scene, const BandInfo& first,
                    bool physical) {
  const BandInfo& info = scene.band[static_cast<std::size_t>(number - 1)];
  BandReader reader;
  reader.band = dataset.GetRasterBand(number);
  reader.rule.type = internal::ReadType(reader.band->GetRasterDataType());
  reader.rule.nodata = info.nodata;
  reader.block_width = info.block_width_px;
  reader.block_height = info.block_height_px;
  reader.in_place = reader.rule.type == reader.band->GetRasterDataType() &&
                    info.block_width_px == first.block_width_px &&
                    info.block_height_px == first.block_height_px;
  if (physical) {
    reader.rule.scale = info.scale;
    reader.rule.offset = info.offset;
  }
  // Nodata is compared here, which is faster than GDAL's mask of it; both may be there at once.
  reader.own_mask = (reader.band->GetMaskFlags() & GMF_PER_DATASET) != 0 &&
                    (reader.band->GetMaskFlags() & GMF_NODATA) == 0;
  return reader;
}

}  // namespace

Result<void> SceneReader::Impl::Read(const ReadRequest& request, std::span<float> values,
                                     std::span<std::uint8_t> valid) const {
  const int width = request.width > 0 ? request.width : request.window.width;
  const int height = request.height > 0 ? request.height : request.window.height;
  std::vector<BandReader> readers;
  std::int64_t pixel_bytes = 0;
  const BandInfo& first = info.band[static_cast<std::size_t>(request.bands.front() - 1)];
  for (const int number : request.bands) {
    readers.push_back(ReaderOf(*dataset, number, info, first, request.physical));
    pixel_bytes += GDALGetDataTypeSizeBytes(readers.back().rule.type);
  }
  const bool whole = width == request.window.width && height == request.window.height;
  const auto chunks = whole ? WholeBlocks(request.window, first)
                            : Decimated(request.window, width, height, pixel_bytes);
  const auto plane = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  // OpenJPEG tells of a cut codestream by a warning and goes on with half a picture.
  const bool warnings_count = info.driver != "GTiff";
  CPLErrorReset();
  for (const Chunk& chunk : chunks) {
    const std::size_t at = static_cast<std::size_t>(chunk.y) * static_cast<std::size_t>(width) +
                           static_cast<std::size_t>(chunk.x);
    for (std::size_t i = 0; i < readers.size(); ++i) {
      const bool sound =
          readers[i].Read(chunk, values.data() + i * plane + at, valid.data() + i * plane + at,
                          static_cast<std::size_t>(width));
      if (!sound || (warnings_count && CPLGetLastErrorType() >= CE_Warning)) {
        return Fail(ErrorCode::kBadInput, "the image is damaged around pixel {}, {}: {}",
                    chunk.from.x, chunk.from.y, internal::GdalMessage());
      }
    }
  }
  return {};
}

namespace {

Result<void> Check(const SceneInfo& info, const ReadRequest& request) {
  const PixelWindow& window = request.window;
  const std::int64_t width = request.width > 0 ? request.width : window.width;
  const std::int64_t height = request.height > 0 ? request.height : window.height;
  if (window.x < 0 || window.y < 0 || window.width < 1 || window.height < 1 ||
      window.width > info.width_px - window.x || window.height > info.height_px - window.y ||
      width > window.width || height > window.height || width * height > kMaxWindowPixels) {
    return Fail(
        ErrorCode::kBadInput,
        "window {}, {} of {} x {} pixels, read as {} x {}, in an image of {} x {}; expected "
        "one inside it with at most {} million pixels",
        window.x, window.y, window.width, window.height, width, height, info.width_px,
        info.height_px, kMaxWindowPixels / 1'000'000);
  }
  for (const int band : request.bands) {
    if (band < 1 || band > info.bands) {
      return Fail(ErrorCode::kBadInput, "band {} of an image of {}", band, info.bands);
    }
  }
  return {};
}

}  // namespace

Result<void> SceneReader::Read(const ReadRequest& request, std::span<float> values,
                               std::span<std::uint8_t> valid) const {
  TW_RETURN_IF_ERROR(Check(info(), request));
  const int width = request.width > 0 ? request.width : request.window.width;
  const int height = request.height > 0 ? request.height : request.window.height;
  const std::size_t count =
      request.bands.size() * static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  TW_CHECK(!request.bands.empty() && values.size() == count && valid.size() == count);
  const std::lock_guard lock(impl_->mutex);
  const internal::HardenedGdal hardened;
  return impl_->Read(request, values, valid);
}

Result<GreyPlane> SceneReader::ReadGrey(const PixelWindow& window) const {
  ReadRequest request;
  if (info().bands >= 3) request.bands = {1, 2, 3};
  request.window = window;
  TW_RETURN_IF_ERROR(Check(info(), request));
  const auto width = static_cast<std::size_t>(window.width);
  const std::size_t count = width * static_cast<std::size_t>(window.height);
  GreyPlane plane{window.width, window.height, std::vector<float>(count),
                  std::vector<std::uint8_t>(count)};
  const std::size_t bands = request.bands.size();
  if (bands == 1) {
    TW_RETURN_IF_ERROR(Read(request, plane.values, plane.valid));
    return plane;
  }
  // A row of blocks at a time: the bands are only needed until they are one.
  const auto share = 1 / static_cast<float>(bands);
  std::vector<float> values;
  std::vector<std::uint8_t> valid;
  for (const Span& rows :
       CutAtBlocks(window.y, window.height, info().band.front().block_height_px)) {
    const std::size_t part = width * static_cast<std::size_t>(rows.size);
    values.resize(bands * part);
    valid.resize(bands * part);
    request.window.y = rows.from;
    request.window.height = rows.size;
    TW_RETURN_IF_ERROR(Read(request, values, valid));
    const std::size_t at = width * static_cast<std::size_t>(rows.from - window.y);
    for (std::size_t band = 0; band < bands; ++band) {
      for (std::size_t k = 0; k < part; ++k) {
        plane.values[at + k] += values[band * part + k] * share;
        plane.valid[at + k] |= valid[band * part + k];
      }
    }
  }
  return plane;
}

}  // namespace trucewatch
