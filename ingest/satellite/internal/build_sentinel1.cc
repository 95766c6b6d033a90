// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "ingest/satellite/geolocation.h"
#include "ingest/satellite/internal/scene_parts.h"
#include "ingest/satellite/sentinel1.h"
#include "ingest/satellite/sentinel1_calibration.h"

namespace trucewatch::internal {
namespace {

constexpr int kRadarTile = TiledTiffWriter::kTile;
// Between the nodes of this lattice the image position of a map pixel is interpolated; the mapping
// bends by less than a hundredth of a pixel over it.
constexpr int kLattice = 32;
constexpr double kOrbitEarthRadiusM = 6'371'000, kRadarOrbitHeightM = 693'000;

// What a tile of the map needs from the image.
class Sentinel1Tiles {
 public:
  Sentinel1Tiles(const GeolocationGrid& grid, const Sentinel1Calibration& calibration,
                 const SceneReader& image, int margin_px)
      : grid_(grid), calibration_(calibration), image_(image), margin_(margin_px) {}

  Result<void> Fill(int x, int y, std::span<float> samples, PixelCounts& counts) {
    Locate(x, y);
    const int width = std::min(kRadarTile, grid_.map().width_px - x);
    const int height = std::min(kRadarTile, grid_.map().height_px - y);
    counts.all += static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height);
    const std::uint64_t before = filled_;
    TW_RETURN_IF_ERROR(FillInside(width, height, samples));
    counts.nodata +=
        static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height) - (filled_ - before);
    return {};
  }

 private:
  // Image positions (line, pixel) of the pixels of a tile, rounded; -1, -1 outside the image.
  void Locate(int x, int y) {
    constexpr int kNodes = kRadarTile / kLattice + 1;
    std::vector<Eigen::Vector2d> nodes(std::size_t{kNodes} * kNodes);
    for (int i = 0; i < kNodes * kNodes; ++i) {
      nodes[static_cast<std::size_t>(i)] = grid_.ImageFromMap(
          {grid_.map().west_m + (x + i % kNodes * kLattice + 0.5) * grid_.map().pixel_m,
           grid_.map().north_m - (y + i / kNodes * kLattice + 0.5) * grid_.map().pixel_m});
    }
    at_.assign(std::size_t{kRadarTile} * kRadarTile, {-1, -1});
    for (int dy = 0; dy < kRadarTile; ++dy) {
      for (int dx = 0; dx < kRadarTile; ++dx) {
        const int node = dy / kLattice * kNodes + dx / kLattice;
        const double u = dx % kLattice / double{kLattice};
        const double v = dy % kLattice / double{kLattice};
        const auto n = [&](int offset) { return nodes[static_cast<std::size_t>(node + offset)]; };
        const Eigen::Vector2d position =
            (1 - v) * ((1 - u) * n(0) + u * n(1)) + v * ((1 - u) * n(kNodes) + u * n(kNodes + 1));
        const double line = std::round(position.x());
        const double pixel = std::round(position.y());
        if (!(line >= 0 && pixel >= 0 && line < image_.info().height_px &&
              pixel < image_.info().width_px)) {
          continue;
        }
        at_[static_cast<std::size_t>(dy * kRadarTile + dx)] = {static_cast<int>(line),
                                                               static_cast<int>(pixel)};
      }
    }
  }

  Result<void> FillInside(int width, int height, std::span<float> samples) {
    int top = image_.info().height_px;
    int left = image_.info().width_px;
    int bottom = -1;
    int right = -1;
    for (int i = 0; i < kRadarTile * kRadarTile; ++i) {
      const auto& [line, pixel] = at_[static_cast<std::size_t>(i)];
      if (line < 0 || i % kRadarTile >= width || i / kRadarTile >= height) continue;
      top = std::min(top, line);
      left = std::min(left, pixel);
      bottom = std::max(bottom, line);
      right = std::max(right, pixel);
    }
    if (bottom < 0) return {};
    top = std::max(0, top - margin_);
    left = std::max(0, left - margin_);
    bottom = std::min(image_.info().height_px - 1, bottom + margin_);
    right = std::min(image_.info().width_px - 1, right + margin_);
    const int w = right - left + 1;
    const auto count = static_cast<std::size_t>(w) * static_cast<std::size_t>(bottom - top + 1);
    std::vector<float> dn(count);
    std::vector<std::uint8_t> valid(count);
    ReadRequest request;
    request.window = {left, top, w, bottom - top + 1};
    TW_RETURN_IF_ERROR(image_.Read(request, dn, valid));
    for (std::size_t i = 0; i < count; ++i) dn[i] = valid[i] != 0 ? dn[i] : 0;
    valid = ValidAmplitudes(dn, w, margin_);
    std::vector<double> row(static_cast<std::size_t>(w));
    for (int line = top; line <= bottom; ++line) {
      float* const amplitudes = dn.data() + static_cast<std::ptrdiff_t>(line - top) * w;
      calibration_.Sigma0(line, left, amplitudes, row);
      std::transform(row.begin(), row.end(), amplitudes,
                     [](double value) { return static_cast<float>(value); });
    }
    for (int dy = 0; dy < height; ++dy) {
      for (int dx = 0; dx < width; ++dx) {
        const auto place = static_cast<std::size_t>(dy * kRadarTile + dx);
        const auto& [line, pixel] = at_[place];
        if (line < 0) continue;
        const auto from = static_cast<std::size_t>((line - top) * w + pixel - left);
        if (valid[from] == 0) continue;
        samples[place] = dn[from];
        ++filled_;
      }
    }
    return {};
  }

  const GeolocationGrid& grid_;
  const Sentinel1Calibration& calibration_;
  const SceneReader& image_;
  int margin_;
  std::uint64_t filled_ = 0;
  std::vector<std::pair<int, int>> at_;
};

Result<SceneFile*> Need(std::vector<SceneFile>& files, const char* role) {
  SceneFile* file = FindFile(files, role);
  if (file == nullptr) {
    return Fail(ErrorCode::kBadInput, "the product came without its {}", role);
  }
  return file;
}

std::string Words(const Sentinel1Manifest& manifest, const Sentinel1Annotation& annotation) {
  return fmt::format("{} {} {} {} {}, orbit {} (relative {}), {} to {}, {}", manifest.platform,
                     manifest.mode, manifest.product_type, annotation.polarisation, manifest.pass,
                     manifest.absolute_orbit, manifest.relative_orbit, FormatUtc(manifest.start),
                     FormatUtc(manifest.stop), manifest.processor);
}

}  // namespace

Result<BuiltScene> BuildSentinel1(const std::string& item, std::vector<SceneFile>& files,
                                  const SceneContext& context) {
  TW_ASSIGN_OR_RETURN(const SceneFile* manifest_file, Need(files, scene_role::kManifest));
  TW_ASSIGN_OR_RETURN(const SceneFile* annotation_file, Need(files, scene_role::kAnnotation));
  TW_ASSIGN_OR_RETURN(const SceneFile* calibration_file, Need(files, scene_role::kCalibration));
  TW_ASSIGN_OR_RETURN(const SceneFile* noise_file, Need(files, scene_role::kNoise));
  TW_ASSIGN_OR_RETURN(const SceneFile* image_file, Need(files, scene_role::kImage));
  TW_ASSIGN_OR_RETURN(const Sentinel1Manifest manifest,
                      ParseSentinel1Manifest(manifest_file->text, manifest_file->name));
  TW_ASSIGN_OR_RETURN(const Sentinel1Annotation annotation,
                      ParseSentinel1Annotation(annotation_file->text, annotation_file->name));
  TW_ASSIGN_OR_RETURN(
      const Sentinel1Calibration calibration,
      Sentinel1Calibration::Parse(calibration_file->text,
                                  annotation.noise_removed ? std::string_view() : noise_file->text,
                                  calibration_file->name));
  TW_ASSIGN_OR_RETURN(const GeolocationGrid grid, GeolocationGrid::Create(annotation));
  SceneOptions options;
  options.placed = false;
  TW_ASSIGN_OR_RETURN(const auto image, OpenRaster(*image_file, options));
  if (image->info().width_px != annotation.samples || image->info().height_px != annotation.lines ||
      image->info().complex) {
    return Fail(ErrorCode::kBadInput,
                "{}: {} x {} pixels{}; the annotation says {} x {} amplitudes", image_file->name,
                image->info().width_px, image->info().height_px,
                image->info().complex ? ", complex" : "", annotation.samples, annotation.lines);
  }
  Scene scene = StartScene(item, files, context, Modality::kSatelliteSar);
  if (scene.lineage.platform.empty()) scene.lineage.platform = manifest.platform;
  scene.time = annotation.start + (annotation.stop - annotation.start) / 2;
  scene.time_source = "product";
  scene.georeference = "geolocation grid";
  scene.calibration = "sigma0 (linear), Sentinel-1 tables, thermal noise removed";
  scene.product = Words(manifest, annotation);
  scene.inputs.push_back(
      {image_file->name, image_file->role, image_file->sha256, image_file->size});
  if (manifest.polarisations.size() > 1) {
    scene.remarks.push_back("of several polarisations the co-polarised one is used");
  }
  scene.remarks.push_back(
      "not corrected for terrain: heights shift places towards the sensor; moving things are "
      "shifted "
      "along the track");
  StacView view;
  view.incidence_deg = annotation.incidence_deg;
  const double incidence = annotation.incidence_deg * M_PI / 180;
  view.off_nadir_deg = std::asin(std::sin(incidence) * kOrbitEarthRadiusM /
                                 (kOrbitEarthRadiusM + kRadarOrbitHeightM)) *
                       180 / M_PI;
  // Sentinel-1 looks to the right of its track; from the ground the sensor is to the left.
  view.azimuth_deg = std::fmod(annotation.heading_deg - 90 + 720, 360);
  SetView(view, 0, scene);
  scene.position_sigma_m =
      std::hypot(context.position_sigma_m, kUnknownHeightSigmaM / std::tan(incidence));
  TiledTiffSpec spec;
  spec.width_px = grid.map().width_px;
  spec.height_px = grid.map().height_px;
  spec.bands = 1;
  spec.floats = true;
  spec.epsg = grid.map().epsg;
  spec.west_m = grid.map().west_m;
  spec.north_m = grid.map().north_m;
  spec.pixel_m = grid.map().pixel_m;
  spec.unit = "1";
  spec.band_names = {"sigma0_" + annotation.polarisation};
  Sentinel1Tiles tiles(grid, calibration, *image, context.border_margin_px);
  TW_ASSIGN_OR_RETURN(const PixelCounts counts,
                      WriteDerived(
                          spec,
                          [&](int x, int y, std::span<float> samples, PixelCounts& counted) {
                            return tiles.Fill(x, y, samples, counted);
                          },
                          *context.store, scene));
  scene.nodata_fraction = static_cast<double>(counts.nodata) / static_cast<double>(counts.all);
  return BuiltScene{std::move(scene), 0};
}

}  // namespace trucewatch::internal
