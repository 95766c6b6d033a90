// SPDX-License-Identifier: Apache-2.0
#include "detect/satellite/scene_detector.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "detect/satellite/coregistration.h"
#include "detect/satellite/looked_at_area.h"
#include "detect/satellite/scene_grid.h"
#include "detect/satellite/site_change.h"
#include "detect/satellite/vehicle_blobs.h"

namespace trucewatch {
namespace {

constexpr int kTileCells = 1024;
constexpr double kMinWidthM = 1.5;
constexpr double kMaxWidthM = 5.0;
constexpr double kStandingSigmas = 6.0;
constexpr double kChangeSigmas = 5.0;  // some of a change must reach this ...
constexpr double kFaintSigmas = 2.5;   // ... and what hangs together above this belongs to it
// Passes of very different resolution are not compared.
constexpr double kMaxResolutionRatio = 2.0;
constexpr double kSmoothM = 0.35;  // sigma of the smoothing before anything else

// Everything that holds for a whole scene.
struct Look {
  const ScenePass& now;
  const ScenePass& earlier;  // pixels null: standing things only
  const v1::config::SatelliteDetectConfig& config;
  const Terrain& terrain;
  SceneGrid grid;
  int window_cells = 0;
  int margin_cells = 0;  // that tiles overlap on each side
  double smooth_cells = 0;
  Coregistration registration;
  LookedAtArea looked_at = {};

  double Metres(double cells) const { return cells * grid.cell_m(); }
};

SunAngles SunOf(const Scene& scene) { return {scene.sun_azimuth_deg, scene.sun_elevation_deg}; }

Geodetic OnGround(Geodetic place, const Terrain& terrain) {
  place.height_hae_m = terrain.HeightHaeM(place.latitude, place.longitude).value_or(0);
  return place;
}

// Takes off a dark thing the shadow that is part of it: on the side away from the sun, where it
// reaches further than a shadow alone would. Without a sun, only what is wider than a vehicle.
void TrimShadow(const SunAngles& sun, double cell_m, VehicleBlob& blob) {
  if (!sun.known()) {
    if (blob.width_m > kMaxWidthM)
      blob.width_m -= std::min(sun.ShadowM(), blob.width_m - kMinWidthM);
    return;
  }
  const double lengthwise = std::abs(blob.axis.dot(sun.TowardsSun()));
  const double crosswise = std::sqrt(std::max(0.0, 1 - lengthwise * lengthwise));
  const double reach_m = blob.length_m * lengthwise + blob.width_m * crosswise;
  const double shadow_m = std::min(sun.ShadowM(), reach_m - kMinWidthM);
  if (shadow_m <= 0) return;
  blob.length_m = std::max(cell_m, blob.length_m - shadow_m * lengthwise);
  blob.width_m = std::max(cell_m, blob.width_m - shadow_m * crosswise);
  blob.centre += sun.TowardsSun() * (shadow_m / 2 / cell_m);
  if (blob.width_m > blob.length_m) std::swap(blob.width_m, blob.length_m);
}

// Whether a thing is of vehicle size once its shadow is off.
bool HasVehicleSize(const VehicleBlob& blob, const v1::config::SatelliteDetectConfig& config,
                    double cell_m) {
  return blob.length_m >= config.min_length_m() - cell_m / 2 &&
         blob.length_m <= config.max_length_m() + cell_m &&
         blob.width_m >= kMinWidthM - cell_m / 2 && blob.width_m <= kMaxWidthM + cell_m;
}

// Errors of a centre: half a cell of each image it rests on, a quarter of a shadow that may be in
// it, and what the co-registration left. The georeference comes on top.
Eigen::Matrix2d Covariance(const Look& look, const SunAngles& sun, bool shadowed, bool compared) {
  const double half_m = look.grid.cell_m() / 2;
  double variance = look.now.scene->position_sigma_m * look.now.scene->position_sigma_m;
  variance += half_m * half_m * (compared ? 2 : 1);
  if (shadowed) variance += std::pow(sun.ShadowM() / 4, 2);
  if (compared) variance += std::pow(look.Metres(look.registration.residual_cells), 2);
  return Eigen::Matrix2d::Identity() * variance;
}

BlobLimits Limits(const Look& look, double first_level, double shadow_m) {
  return {.cell_m = look.grid.cell_m(),
          .min_length_m = look.config.min_length_m(),
          .max_length_m = look.config.max_length_m() + shadow_m,
          .min_width_m = std::max(kMinWidthM, look.grid.cell_m()),
          .max_width_m = kMaxWidthM + shadow_m,
          .first_level = first_level};
}

// A dark thing on the side away from the sun of a bright one is its shadow.
bool IsShadowOf(const VehicleBlob& dark, const VehicleBlob& bright, const SunAngles& sun,
                double cell_m) {
  const Eigen::Vector2d away = dark.centre - bright.centre;
  const double distance_m = away.norm() * cell_m;
  if (distance_m > (bright.length_m + bright.width_m) / 4 + sun.ShadowM() + 1) return false;
  if (dark.length_m * dark.width_m > 1.5 * bright.length_m * bright.width_m) return false;
  return !sun.known() || away.dot(-sun.TowardsSun()) > 0.3 * away.norm();
}

void AddStanding(const Look& look, const LocalContrast& local, const cv::Rect& area,
                 const cv::Rect& core, ObservationSet& out) {
  const SunAngles sun = SunOf(*look.now.scene);
  const cv::Mat1f z = local.InSigmas();
  cv::Mat1f negative;
  cv::multiply(z, -1, negative);
  const auto bright = FindVehicleBlobs(z, Limits(look, kStandingSigmas, 0));
  auto dark = FindVehicleBlobs(negative, Limits(look, kStandingSigmas, sun.ShadowM()));
  std::erase_if(dark, [&](const VehicleBlob& d) {
    return std::any_of(bright.begin(), bright.end(), [&](const VehicleBlob& b) {
      return IsShadowOf(d, b, sun, look.grid.cell_m());
    });
  });
  const auto add = [&](VehicleBlob blob, bool is_dark) {
    const Eigen::Vector2d origin(area.x, area.y);
    const cv::Point cell(area.x + static_cast<int>(blob.centre.x()),
                         area.y + static_cast<int>(blob.centre.y()));
    if (!core.contains(cell)) return;  // the neighbouring tile reports it
    if (is_dark) TrimShadow(sun, look.grid.cell_m(), blob);
    if (!HasVehicleSize(blob, look.config, look.grid.cell_m())) return;
    Detection d;
    d.position = OnGround(look.grid.GroundFromCell(origin + blob.centre), look.terrain);
    d.cov_en_m2 = Covariance(look, sun, is_dark, false);
    d.length_m = blob.length_m;
    d.width_m = blob.width_m;
    d.score = (1 - std::exp(-(blob.strength - 2) / 4)) * std::clamp(blob.fill / 0.8, 0.5, 1.0);
    d.classes = {{ObjectClass::kUnknownVehicle, 1.0}};
    if (const auto pixel = look.now.pixels->PixelFromGround(d.position)) {
      const double half = d.length_m / look.now.scene->resolution_m / 2;
      d.box_x_px = pixel->x() - half;
      d.box_y_px = pixel->y() - half;
      d.box_width_px = d.box_height_px = 2 * half;
    }
    out.detections.push_back(std::move(d));
  };
  for (const VehicleBlob& blob : bright) add(blob, false);
  for (const VehicleBlob& blob : dark) add(blob, true);
}

void AddChanges(const Look& look, const GridTile& then, const cv::Mat1b& in_both,
                const LocalContrast& local, const cv::Rect& area, const cv::Rect& core,
                ObservationSet& out) {
  TilePair pair;
  pair.valid = in_both;
  if (cv::countNonZero(pair.valid) == 0) return;
  pair.later = local;
  pair.earlier = MeasureContrast(then.grey, then.valid, look.window_cells, look.smooth_cells);
  pair.later_sun = SunOf(*look.now.scene);
  pair.earlier_sun = SunOf(*look.earlier.scene);
  pair.cell_m = look.grid.cell_m();
  pair.window_cells = look.window_cells;
  pair.residual_cells = look.registration.residual_cells;
  const double shadow_m = std::max(pair.later_sun.ShadowM(), pair.earlier_sun.ShadowM());
  BlobLimits limits = Limits(look, kFaintSigmas, shadow_m);
  limits.least_peak = kChangeSigmas;
  limits.faint_parts = true;
  for (ChangeBlob& change : FindSiteChanges(pair, limits)) {
    const cv::Point cell(area.x + static_cast<int>(change.blob.centre.x()),
                         area.y + static_cast<int>(change.blob.centre.y()));
    if (!core.contains(cell)) continue;
    const SunAngles& sun = change.kind == ChangeKind::kAppeared ? pair.later_sun : pair.earlier_sun;
    TrimShadow(sun, pair.cell_m, change.blob);
    if (!HasVehicleSize(change.blob, look.config, pair.cell_m)) continue;
    const Eigen::Vector2d at = Eigen::Vector2d(area.x, area.y) + change.blob.centre;
    out.changes.push_back({.kind = change.kind,
                           .position = OnGround(look.grid.GroundFromCell(at), look.terrain),
                           .cov_en_m2 = Covariance(look, sun, true, true),
                           .length_m = change.blob.length_m,
                           .width_m = change.blob.width_m,
                           .probability = change.probability,
                           .classes = {{ObjectClass::kUnknownVehicle, 1.0}}});
  }
}

Result<void> LookAtTiles(Look& look, bool compare, ObservationSet& out) {
  const SceneGrid& grid = look.grid;
  for (int y = 0; y < grid.rows(); y += kTileCells) {
    for (int x = 0; x < grid.columns(); x += kTileCells) {
      const cv::Rect core(x, y, std::min(kTileCells, grid.columns() - x),
                          std::min(kTileCells, grid.rows() - y));
      const int m = look.margin_cells;
      const cv::Rect area(core.x - m, core.y - m, core.width + 2 * m, core.height + 2 * m);
      TW_ASSIGN_OR_RETURN(const GridTile now, SampleGrid(*look.now.pixels, grid, area, {0, 0}));
      const cv::Rect inner = core - area.tl();
      if (cv::countNonZero(now.valid(inner)) == 0) continue;
      const LocalContrast local =
          MeasureContrast(now.grey, now.valid, look.window_cells, look.smooth_cells);
      AddStanding(look, local, area, core, out);
      if (!compare) {
        look.looked_at.Add(now.valid(inner), core.tl());
        continue;
      }
      TW_ASSIGN_OR_RETURN(const GridTile then,
                          SampleGrid(*look.earlier.pixels, grid, area, look.registration.shift));
      cv::Mat1b in_both;
      cv::bitwise_and(now.valid, then.valid, in_both);
      look.looked_at.Add(in_both(inner), core.tl());
      AddChanges(look, then, in_both, local, area, core, out);
    }
  }
  return {};
}

std::vector<Geodetic> Footprint(const Look& look, const std::vector<cv::Point2f>& cells) {
  std::vector<Geodetic> polygon;
  for (const cv::Point2f& p : cells) {
    polygon.push_back(OnGround(look.grid.GroundFromCell({p.x, p.y}), look.terrain));
  }
  // Rows run south, so what is clockwise in cells is counter-clockwise on the ground.
  if (cv::contourArea(cells, true) > 0) std::reverse(polygon.begin(), polygon.end());
  return polygon;
}

// What is without data was not looked at: a border comes off the footprint, the share of holes in
// it off the probability, and such a look is a poor one.
void TellWhatWasNotLookedAt(const Look& look, const std::vector<cv::Point2f>& looked_for,
                            ObservationSet& out) {
  const LookedAtArea::Extent extent = look.looked_at.Within(looked_for);
  if (extent.footprint.empty()) {
    out.standing_detection_probability = 0;
    out.degraded_reason = "without data: nothing of it was looked at";
    return;
  }
  if (extent.footprint != looked_for) out.footprint = Footprint(look, extent.footprint);
  if (extent.share >= kFullShare) return;
  out.standing_detection_probability *= extent.share;
  if (out.degraded_reason.empty()) {
    out.degraded_reason = fmt::format("partial: {:.0f} % of the footprint is without data",
                                      std::max(1.0, 100 * (1 - extent.share)));
  }
}

bool Comparable(const Scene& a, const Scene& b) {
  const double ratio = a.resolution_m / b.resolution_m;
  return ratio < kMaxResolutionRatio && ratio > 1 / kMaxResolutionRatio;
}

}  // namespace

double FootprintOverlap(const Scene& scene, const Scene& other) {
  if (scene.footprint.size() < 3 || other.footprint.size() < 3) return 0;
  // Scenes far apart have no common plane; a degree is farther than any of them is wide.
  const double latitude = scene.footprint[0].latitude.deg() - other.footprint[0].latitude.deg();
  const double longitude = scene.footprint[0].longitude.deg() - other.footprint[0].longitude.deg();
  if (std::abs(latitude) > 3 || std::abs(longitude) > 6) return 0;
  const SceneGrid plane(scene.footprint, 1.0);
  const auto mine = plane.Polygon(scene.footprint);
  const auto common = IntersectConvex(mine, plane.Polygon(other.footprint));
  const double area = cv::contourArea(mine);
  if (common.size() < 3 || area <= 0) return 0;
  return std::clamp(cv::contourArea(common) / area, 0.0, 1.0);
}

Result<ObservationSet> LookAtScene(const ScenePass& now, const ScenePass& earlier,
                                   const v1::config::SatelliteDetectConfig& config,
                                   const Terrain& terrain) {
  const Scene& scene = *now.scene;
  ObservationSet out;
  out.source = scene.source;
  out.lineage = scene.lineage;
  out.lineage.model = kSatelliteModel;
  out.time = scene.time;
  out.exercise = scene.exercise;
  out.raw_digests = scene.raw_digests;
  out.resolution_m = scene.resolution_m;
  for (const Geodetic& corner : scene.footprint) out.footprint.push_back(OnGround(corner, terrain));
  if (scene.resolution_m > config.max_resolution_m()) {
    out.degraded_reason = fmt::format("coarser than {} m", config.max_resolution_m());
    return out;
  }
  if (now.pixels->info().complex) {
    out.degraded_reason = "a radar image: only optical ones are searched";
    return out;
  }
  out.standing_detection_probability = config.detection_probability();
  out.false_alarms_per_km2 = config.false_alarms_per_km2();

  Look look{.now = now,
            .earlier = earlier,
            .config = config,
            .terrain = terrain,
            .grid = SceneGrid(scene.footprint, scene.resolution_m),
            .registration = {}};
  // A long thin scene that lies aslant covers little of its rectangle, which is searched as a
  // whole.
  constexpr std::int64_t kMaxCells = 8'000'000'000;
  if (look.grid.columns() >= SceneGrid::kMaxSide || look.grid.rows() >= SceneGrid::kMaxSide ||
      std::int64_t{look.grid.columns()} * look.grid.rows() > kMaxCells) {
    return Fail(ErrorCode::kBadInput, "its footprint is {} x {} cells of {} m; expected at most {}",
                look.grid.columns(), look.grid.rows(), scene.resolution_m, kMaxCells);
  }
  // Four lengths: rows of parked vehicles with their shadows fill less than half of it.
  look.window_cells =
      static_cast<int>(std::ceil(4 * config.max_length_m() / scene.resolution_m)) | 1;
  look.margin_cells = look.window_cells / 2 +
                      static_cast<int>(std::ceil(2 * config.max_length_m() / scene.resolution_m));
  look.smooth_cells = std::max(0.5, kSmoothM / scene.resolution_m);

  const auto whole = look.grid.Polygon(scene.footprint);
  auto looked_for = whole;  // what the footprint is when nothing is without data
  bool compare = false;
  if (earlier.pixels != nullptr && Comparable(scene, *earlier.scene)) {
    const auto overlap = IntersectConvex(whole, look.grid.Polygon(earlier.scene->footprint));
    if (overlap.size() >= 3) {
      // Both georeferences may be off, by three sigmas and a little more.
      const double sigma_m = std::hypot(scene.position_sigma_m, earlier.scene->position_sigma_m);
      const double reach = std::clamp(3 * sigma_m / scene.resolution_m + 10, 10.0, 200.0);
      TW_ASSIGN_OR_RETURN(
          const auto registration,
          Coregister(*now.pixels, *earlier.pixels, look.grid, overlap, look.window_cells, reach));
      if (registration) {
        compare = true;
        look.registration = *registration;
        out.baseline = earlier.scene->time;
        out.footprint = Footprint(look, overlap);
        looked_for = overlap;
        // Changes rest on both passes.
        out.raw_digests.insert(out.raw_digests.end(), earlier.scene->raw_digests.begin(),
                               earlier.scene->raw_digests.end());
      } else {
        out.degraded_reason = "the passes could not be laid on one another: no comparison";
      }
    }
  }
  TW_RETURN_IF_ERROR(LookAtTiles(look, compare, out));
  TellWhatWasNotLookedAt(look, looked_for, out);
  out.groups = GroupStanding(out.detections, config.detection_probability());
  return out;
}

}  // namespace trucewatch
