// SPDX-License-Identifier: Apache-2.0
#include "detect/parked/parked_book.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

namespace trucewatch::parked {
namespace {

constexpr std::uint32_t kSnapshotVersion = 1;  // as PassMemory's: one message holds both
constexpr double kFinestGsdM = 0.02, kCoarsestGsdM = 0.4;
constexpr double kSameSiteShare = 0.3;  // of a side, between middles
constexpr double kPlaceSigmaM = 1.0;    // of an event within its site, each of east and north
constexpr double kMostHidden = 0.45;    // of a box; more and the network may have read letters

// The homography through four places of the site's inner part.
std::optional<Eigen::Matrix3d> PixelFromSite(const GroundFrame& frame, const CameraPose& pose,
                                             const GroundAlignment& alignment) {
  const LocalFrame local(frame.middle);
  const double reach = 0.3 * frame.side_cells * frame.cell_m;
  Eigen::Matrix<double, 8, 8> a = Eigen::Matrix<double, 8, 8>::Zero();
  Eigen::Matrix<double, 8, 1> b;
  int row = 0;
  for (const auto& [x, y] :
       {std::pair{-reach, -reach}, {reach, -reach}, {reach, reach}, {-reach, reach}}) {
    const Eigen::Vector2d laid =
        frame.MetresFromCell(alignment.Later(frame.CellFromMetres({x, y})));
    const auto pixel = PixelFromGround(pose, local.GeodeticFromEnu({laid.x(), laid.y(), 0}));
    if (!pixel) return std::nullopt;
    a.row(row) << x, y, 1, 0, 0, 0, -x * pixel->x(), -y * pixel->x();
    b[row++] = pixel->x();
    a.row(row) << 0, 0, 0, x, y, 1, -x * pixel->y(), -y * pixel->y();
    b[row++] = pixel->y();
  }
  const Eigen::Matrix<double, 8, 1> h = a.fullPivLu().solve(b);
  if (!h.allFinite()) return std::nullopt;
  Eigen::Matrix3d result;
  result << h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], 1;
  return result;
}

// The share of a box that burnt-in symbols hide.
double HiddenShare(const HiddenPixels& pixels, const Detection& box, const GreyView& picture) {
  if (pixels.hidden.empty()) return 0;
  const double across = static_cast<double>(pixels.width_px) / picture.width_px;
  const double down = static_cast<double>(pixels.height_px) / picture.height_px;
  const auto bound = [](double v, int most) { return std::clamp(static_cast<int>(v), 0, most); };
  const int x0 = bound(box.box_x_px * across, pixels.width_px - 1);
  const int y0 = bound(box.box_y_px * down, pixels.height_px - 1);
  const int x1 = bound((box.box_x_px + box.box_width_px) * across, pixels.width_px - 1);
  const int y1 = bound((box.box_y_px + box.box_height_px) * down, pixels.height_px - 1);
  double hidden = 0;
  for (int y = y0; y <= y1; ++y) {
    for (int x = x0; x <= x1; ++x) {
      const auto at = static_cast<std::size_t>(y) * static_cast<std::size_t>(pixels.width_px) +
                      static_cast<std::size_t>(x);
      hidden += pixels.hidden[at] != 0 ? 1 : 0;
    }
  }
  return hidden / ((x1 - x0 + 1.0) * (y1 - y0 + 1.0));
}

}  // namespace

ParkedSite& ParkedBook::SiteOf(const SourceId& source, const Geodetic& middle) {
  std::vector<ParkedSite>& sites = sites_[source];
  const double side_m = options_.side_m;
  ParkedSite* nearest = nullptr;
  double best = kSameSiteShare * side_m;
  for (ParkedSite& site : sites) {
    const double apart = GeodesicDistanceM(site.frame().middle, middle);
    if (apart >= best) continue;
    nearest = &site;
    best = apart;
  }
  if (nearest != nullptr) return *nearest;
  if (sites.size() >= options_.max_sites) {
    sites.erase(std::min_element(
        sites.begin(), sites.end(),
        [](const ParkedSite& a, const ParkedSite& b) { return a.last_look() < b.last_look(); }));
  }
  GroundFrame frame;
  frame.middle = middle;
  frame.cell_m = options_.cell_m;
  frame.side_cells = static_cast<int>(std::lround(side_m / options_.cell_m));
  sites.emplace_back(frame);
  return sites.back();
}

ParkedUpdate ParkedBook::Add(const ParkedLook& look, const Terrain& terrain) {
  ParkedUpdate update;
  CameraPose pose = look.pose;
  pose.width_px = look.width_px;
  pose.height_px = look.height_px;
  const auto middle = GroundFromPixelWithCovariance(pose, look.pose_sigma, look.width_px / 2.0,
                                                    look.height_px / 2.0, terrain);
  if (!middle) return update;
  const double gsd_m = GroundSampleDistanceM(pose, middle->slant_range_m);
  if (!(gsd_m >= kFinestGsdM && gsd_m <= kCoarsestGsdM)) return update;
  ParkedSite& site = SiteOf(look.source, middle->position);
  const GroundFrame& frame = site.frame();
  const GreyView picture{look.width_px, look.height_px, look.grey.data(), look.width_px};
  ScreenSymbols& screen = screens_[look.source];
  const auto ground = LayOnGround(picture, pose, terrain, frame, screen.hidden());
  if (!ground) return update;
  const LocalFrame local(frame.middle);
  std::optional<std::vector<SeenVehicle>> seen;
  if (look.vehicles) {
    seen.emplace();
    for (const Detection& vehicle : *look.vehicles) {
      // Letters, a reticle: networks take them for vehicles.
      if (HiddenShare(screen.hidden(), vehicle, picture) > kMostHidden) continue;
      // Where the picture laid on the ground shows it: the middle of its body, seen from the side,
      // lies behind the place where it stands.
      const auto shown = GroundFromPixel(pose, vehicle.box_x_px + vehicle.box_width_px / 2,
                                         vehicle.box_y_px + vehicle.box_height_px / 2, terrain);
      if (!shown || !(vehicle.length_m > 0)) continue;
      seen->push_back({local.EnuFromGeodetic(*shown).head<2>(), vehicle.score, vehicle.length_m,
                       vehicle.width_m});
    }
  }
  update.events = site.Add(*ground, look.time, seen);
  update.fits = site.fits();
  update.site = &site;
  if (update.fits) update.pixel_from_site = PixelFromSite(frame, pose, site.alignment());
  if (update.pixel_from_site) screen.Add(picture, frame.middle, *update.pixel_from_site);
  const Eigen::Matrix2d cov_en_m2 =
      middle->cov_en_m2 + kPlaceSigmaM * kPlaceSigmaM * Eigen::Matrix2d::Identity();
  for (const ParkedEvent& event : update.events) {
    SiteChange change;
    change.kind = event.kind;
    change.position = local.GeodeticFromEnu({event.en_m.x(), event.en_m.y(), 0});
    change.cov_en_m2 = cov_en_m2;
    change.length_m = event.length_m;
    change.width_m = event.width_m;
    change.probability = event.probability;
    change.classes[ObjectClass::kUnknownVehicle] = 1;
    update.changes.push_back(change);
    update.baseline = std::min(update.baseline.value_or(event.before), event.before);
  }
  return update;
}

std::string ParkedBook::Snapshot() const {
  v1::DetectSnapshot snapshot;
  for (const auto& [source, sites] : sites_) {
    for (const ParkedSite& site : sites) {
      v1::ParkedSite* out = snapshot.add_parked_sites();
      out->set_source_id(source.value);
      site.Snapshot(out);
    }
  }
  for (const auto& [source, screen] : screens_) {
    if (screen.empty()) continue;
    v1::ParkedScreen* out = snapshot.add_parked_screens();
    out->set_source_id(source.value);
    screen.Snapshot(out);
  }
  if (snapshot.parked_sites().empty()) return {};
  snapshot.set_version(kSnapshotVersion);
  return snapshot.SerializeAsString();
}

Result<void> ParkedBook::Restore(std::string_view bytes) {
  std::map<SourceId, std::vector<ParkedSite>> restored;
  std::map<SourceId, ScreenSymbols> screens;
  if (!bytes.empty()) {
    v1::DetectSnapshot snapshot;
    if (!snapshot.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
        snapshot.version() != kSnapshotVersion) {
      return Fail(ErrorCode::kBadInput,
                  "the detect stage's snapshot of {} bytes is not one of version {}", bytes.size(),
                  kSnapshotVersion);
    }
    for (const v1::ParkedSite& in : snapshot.parked_sites()) {
      TW_ASSIGN_OR_RETURN(ParkedSite site, ParkedSite::Restore(in));
      restored[SourceId{in.source_id()}].push_back(std::move(site));
    }
    for (const v1::ParkedScreen& in : snapshot.parked_screens()) {
      TW_ASSIGN_OR_RETURN(screens[SourceId{in.source_id()}], ScreenSymbols::Restore(in));
    }
  }
  sites_ = std::move(restored);
  screens_ = std::move(screens);
  return {};
}

}  // namespace trucewatch::parked
