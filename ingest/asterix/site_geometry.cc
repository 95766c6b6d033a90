// SPDX-License-Identifier: Apache-2.0
#include "ingest/asterix/site_geometry.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace trucewatch::asterix {
namespace {

constexpr double kRadiansPerDegree = std::numbers::pi / 180.0;
constexpr double kArcStepDeg = 5.0;

double SquareM2(double value) { return value * value; }

}  // namespace

SiteGeometry::SiteGeometry(const v1::config::RadarSite& site, const Terrain* terrain,
                           double ground_height_hae_m)
    : config_(site),
      frame_(Geodetic::FromDegrees(site.lat_deg(), site.lon_deg(), site.height_hae_m())),
      terrain_(terrain),
      ground_height_hae_m_(ground_height_hae_m) {}

double SiteGeometry::GroundHeightM(const Geodetic& at) const {
  return terrain_->HeightHaeM(at.latitude, at.longitude).value_or(ground_height_hae_m_);
}

bool SiteGeometry::Covers(double slant_range_m, double azimuth_deg) const {
  const double range_room = 3 * config_.sigma_range_m();
  if (slant_range_m < config_.min_range_m() - range_room ||
      slant_range_m > config_.max_range_m() + range_room) {
    return false;
  }
  const double off = std::remainder(azimuth_deg - config_.boresight_deg(), 360.0);
  return std::abs(off) <= config_.sector_half_deg() + 3 * config_.sigma_azimuth_deg();
}

std::optional<GroundPlace> SiteGeometry::Place(double slant_range_m, double azimuth_deg,
                                               double range_step_m) const {
  const double azimuth = azimuth_deg * kRadiansPerDegree;
  GroundPlace place;
  place.away_en = {std::sin(azimuth), std::cos(azimuth)};
  // The height of the ground depends on the place and the place on the height: a few rounds settle
  // it, since ground is far flatter than a ray of sight is steep.
  double ground_range_m = slant_range_m;
  double up_m = 0;
  for (int round = 0; round < 8; ++round) {
    const Eigen::Vector2d en = ground_range_m * place.away_en;
    Geodetic at = frame_.GeodeticFromEnu({en.x(), en.y(), up_m});
    at.height_hae_m = GroundHeightM(at);
    up_m = frame_.EnuFromGeodetic(at).z();
    const double squared = SquareM2(slant_range_m) - SquareM2(up_m);
    if (!(squared > 0)) return std::nullopt;
    ground_range_m = std::sqrt(squared);
  }
  const Eigen::Vector2d en = ground_range_m * place.away_en;
  place.position = frame_.GeodeticFromEnu({en.x(), en.y(), up_m});
  place.ground_range_m = ground_range_m;
  place.slant_per_ground = slant_range_m / ground_range_m;

  // The site's own error is not in the config: a surveyed place.
  const double along_m2 = (SquareM2(config_.sigma_range_m()) + SquareM2(range_step_m) / 12.0) *
                              SquareM2(place.slant_per_ground) +
                          SquareM2(terrain_->SigmaM() * up_m / ground_range_m);
  const double cross_m2 =
      SquareM2(config_.sigma_azimuth_deg() * kRadiansPerDegree * ground_range_m);
  const Eigen::Vector2d across(place.away_en.y(), -place.away_en.x());
  place.cov_en_m2 =
      along_m2 * place.away_en * place.away_en.transpose() + cross_m2 * across * across.transpose();
  return place;
}

Geodetic SiteGeometry::OnGround(double ground_range_m, double azimuth_rad) const {
  Geodetic at = frame_.GeodeticFromEnu(
      {ground_range_m * std::sin(azimuth_rad), ground_range_m * std::cos(azimuth_rad), 0});
  at.height_hae_m = GroundHeightM(at);
  return at;
}

std::vector<Geodetic> SiteGeometry::Footprint() const {
  std::vector<Geodetic> polygon;
  const double half = std::min(config_.sector_half_deg(), 180.0);
  const bool all_round = half >= 180.0;
  const int steps = std::max(2, static_cast<int>(std::ceil(2 * half / kArcStepDeg)));
  const auto azimuth = [&](int i) {
    return (config_.boresight_deg() + half - 2 * half * i / steps) * kRadiansPerDegree;
  };
  // Azimuth falls: counter-clockwise seen from above.
  for (int i = 0; i < steps + (all_round ? 0 : 1); ++i) {
    polygon.push_back(OnGround(config_.max_range_m(), azimuth(i)));
  }
  if (all_round) return polygon;
  if (config_.min_range_m() < 1) {
    polygon.push_back(OnGround(0, 0));
    return polygon;
  }
  for (int i = steps; i >= 0; --i) polygon.push_back(OnGround(config_.min_range_m(), azimuth(i)));
  return polygon;
}

}  // namespace trucewatch::asterix
