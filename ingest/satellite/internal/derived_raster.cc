// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/crypto/sha256.h"
#include "core/geo/geodetic.h"
#include "ingest/satellite/internal/scene_parts.h"
#include "ingest/satellite/sentinel2.h"

namespace trucewatch::internal {
namespace {

constexpr int kTile = TiledTiffWriter::kTile;

// The mask's pixels per pixel of the grid on one side, as a divisor: 1 or 2 or more, whole.
Result<int> MaskStep(const TiledTiffSpec& spec, const SceneInfo& mask) {
  for (const int step : {1, 2, 3, 4, 5, 6}) {
    if (mask.width_px * step == spec.width_px && mask.height_px * step == spec.height_px) {
      return step;
    }
  }
  return Fail(ErrorCode::kBadInput, "a mask of {} x {} pixels over an image of {} x {}",
              mask.width_px, mask.height_px, spec.width_px, spec.height_px);
}

// Which pixels of one tile a mask hides.
class TileMask {
 public:
  TileMask(const BandStack& stack, int step) : stack_(stack), step_(step) {}

  // For the window of the grid; false, nothing is hidden.
  Result<void> Load(const PixelWindow& window) {
    const SceneInfo& info = stack_.mask->info();
    const int reach = stack_.dilation_px;
    left_ = std::max(0, window.x / step_ - reach);
    top_ = std::max(0, window.y / step_ - reach);
    const int right = std::min(info.width_px, (window.x + window.width - 1) / step_ + reach + 1);
    const int bottom = std::min(info.height_px, (window.y + window.height - 1) / step_ + reach + 1);
    width_ = right - left_;
    const auto count = static_cast<std::size_t>(width_) * static_cast<std::size_t>(bottom - top_);
    std::vector<float> values(count);
    std::vector<std::uint8_t> valid(count);
    ReadRequest request;
    request.window = {left_, top_, width_, bottom - top_};
    TW_RETURN_IF_ERROR(stack_.mask->Read(request, values, valid));
    classes_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      const bool known = valid[i] != 0 || values[i] == 0;
      const float value = known ? values[i] : 0;
      // Masks of other kinds say "usable" with 0: as classes, vegetation and high cloud.
      classes_[i] = stack_.mask_is_scl ? static_cast<std::uint8_t>(std::clamp(value, 0.F, 255.F))
                                       : static_cast<std::uint8_t>(value == 0 ? 4 : 9);
    }
    hidden_ = HiddenMask(classes_, width_, reach);
    return {};
  }
  bool Hidden(int x, int y) const { return hidden_[At(x, y)] != 0; }
  bool Cloud(int x, int y) const { return IsCloud(classes_[At(x, y)]); }

 private:
  std::size_t At(int x, int y) const {
    return static_cast<std::size_t>((y / step_ - top_) * width_ + x / step_ - left_);
  }
  const BandStack& stack_;
  int step_, left_ = 0, top_ = 0, width_ = 0;
  std::vector<std::uint8_t> classes_, hidden_;
};

struct Samples {
  std::vector<float> values;
  std::vector<std::uint8_t> valid;
};

// All bands of a window, one after the other.
Result<Samples> ReadBands(const BandStack& stack, const PixelWindow& window) {
  const auto pixels =
      static_cast<std::size_t>(window.width) * static_cast<std::size_t>(window.height);
  Samples samples{std::vector<float>(pixels * stack.meaning.size()),
                  std::vector<std::uint8_t>(pixels * stack.meaning.size())};
  if (stack.bands.size() == 1) {
    ReadRequest request;
    request.bands.clear();
    for (std::size_t i = 0; i < stack.meaning.size(); ++i) {
      request.bands.push_back(static_cast<int>(i) + 1);
    }
    request.window = window;
    TW_RETURN_IF_ERROR(stack.bands[0]->Read(request, samples.values, samples.valid));
    return samples;
  }
  for (std::size_t i = 0; i < stack.bands.size(); ++i) {
    ReadRequest request;
    request.window = window;
    TW_RETURN_IF_ERROR(stack.bands[i]->Read(request,
                                            std::span(samples.values).subspan(i * pixels, pixels),
                                            std::span(samples.valid).subspan(i * pixels, pixels)));
  }
  return samples;
}

}  // namespace

Result<PixelCounts> WriteDerived(const TiledTiffSpec& spec, const FillTile& fill, BlobStore& store,
                                 Scene& scene) {
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<BlobWriter> blob, store.Begin());
  Sha256Stream hash;
  TW_ASSIGN_OR_RETURN(TiledTiffWriter writer,
                      TiledTiffWriter::Begin(spec, [&](Bytes bytes) -> Result<void> {
                        hash.Add(bytes);
                        return blob->Append(bytes);
                      }));
  PixelCounts counts;
  std::vector<float> samples(std::size_t{kTile} * kTile * static_cast<std::size_t>(spec.bands));
  for (int row = 0; row < writer.tiles_down(); ++row) {
    for (int column = 0; column < writer.tiles_across(); ++column) {
      std::fill(samples.begin(), samples.end(), static_cast<float>(spec.nodata));
      TW_RETURN_IF_ERROR(fill(column * kTile, row * kTile, samples, counts));
      TW_RETURN_IF_ERROR(writer.WriteTile(samples));
    }
  }
  scene.sha256 = hash.Finish();
  scene.size_bytes = blob->size();
  TW_RETURN_IF_ERROR(blob->Commit(scene.sha256));
  scene.width_px = spec.width_px;
  scene.height_px = spec.height_px;
  scene.bands = spec.bands;
  TW_ASSIGN_OR_RETURN(const std::shared_ptr<const File> file, store.Open(scene.sha256));
  SceneOptions options;
  options.name = scene.item;
  TW_ASSIGN_OR_RETURN(const auto reader, SceneReader::Open(file, options));
  scene.resolution_m = reader->info().resolution_m;
  scene.footprint = reader->info().footprint;
  return counts;
}

Result<PixelCounts> WriteStack(const BandStack& stack, TiledTiffSpec spec, BlobStore& store,
                               Scene& scene) {
  int step = 1;
  if (stack.mask != nullptr) {
    TW_ASSIGN_OR_RETURN(step, MaskStep(spec, stack.mask->info()));
  }
  spec.bands = static_cast<int>(stack.meaning.size());
  spec.floats = stack.quantum == 0;
  spec.nodata = 0;
  if (!spec.floats) spec.scale = stack.quantum;
  spec.band_names.clear();
  for (const StacBand& band : stack.meaning) {
    spec.band_names.push_back(band.common_name.empty() ? band.name : band.common_name);
  }
  TileMask mask(stack, step);
  const std::size_t bands = stack.meaning.size();
  const auto fill = [&](int x, int y, std::span<float> samples,
                        PixelCounts& counts) -> Result<void> {
    const PixelWindow window{x, y, std::min(kTile, spec.width_px - x),
                             std::min(kTile, spec.height_px - y)};
    TW_ASSIGN_OR_RETURN(const Samples read, ReadBands(stack, window));
    if (stack.mask != nullptr) TW_RETURN_IF_ERROR(mask.Load(window));
    const auto pixels = read.values.size() / bands;
    for (std::size_t i = 0; i < pixels; ++i) {
      const int dx = static_cast<int>(i) % window.width;
      const int dy = static_cast<int>(i) / window.width;
      bool measured = true;
      for (std::size_t b = 0; b < bands; ++b) {
        const float value = read.values[b * pixels + i];
        measured = measured && read.valid[b * pixels + i] != 0 &&
                   value != static_cast<float>(stack.nodata) &&
                   value != static_cast<float>(stack.saturated);
      }
      ++counts.all;
      const bool hidden = stack.mask != nullptr && mask.Hidden(x + dx, y + dy);
      if (measured && stack.mask != nullptr && mask.Cloud(x + dx, y + dy)) ++counts.cloud;
      if (!measured || hidden) {
        ++counts.nodata;
        continue;
      }
      for (std::size_t b = 0; b < bands; ++b) {
        const double value =
            read.values[b * pixels + i] * stack.meaning[b].scale + stack.meaning[b].offset;
        // 0 is nodata: what is measured as nothing is the least there is; of a raster that has no
        // negative values, what is less than nothing, too.
        float& sample = samples[static_cast<std::size_t>(dy * kTile + dx) * bands + b];
        sample = static_cast<float>(
            spec.floats ? value : std::clamp(std::round(value / stack.quantum), 1.0, 65535.0));
        if (sample == 0) sample = std::numeric_limits<float>::min();
      }
    }
    return {};
  };
  return WriteDerived(spec, fill, store, scene);
}

}  // namespace trucewatch::internal
