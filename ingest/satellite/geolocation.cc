// SPDX-License-Identifier: Apache-2.0
#include "ingest/satellite/geolocation.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "core/geo/geodetic.h"

namespace trucewatch {
namespace {

constexpr int kMaxSteps = 20;
constexpr int kMaxSide = 60'000;

// The interval of `at` that x lies in, or the outermost one beyond its ends.
std::size_t Interval(const std::vector<double>& at, double x) {
  const auto after =
      static_cast<std::size_t>(std::upper_bound(at.begin(), at.end(), x) - at.begin());
  return std::clamp<std::size_t>(after, 1, at.size() - 1) - 1;
}

}  // namespace

Result<GeolocationGrid> GeolocationGrid::Create(const Sentinel1Annotation& annotation) {
  GeolocationGrid grid;
  grid.columns_ = annotation.grid_columns;
  grid.rows_ = static_cast<int>(annotation.grid.size()) / grid.columns_;
  grid.last_line_ = annotation.lines - 1;
  grid.last_pixel_ = annotation.samples - 1;
  const GeolocationPoint& middle = annotation.grid[annotation.grid.size() / 2];
  TW_ASSIGN_OR_RETURN(const Utm zone,
                      UtmFromGeodetic(Geodetic::FromDegrees(middle.lat_deg, middle.lon_deg, 0)));
  for (std::size_t i = 0; i < annotation.grid.size(); ++i) {
    const GeolocationPoint& point = annotation.grid[i];
    if (i < static_cast<std::size_t>(grid.columns_)) grid.pixels_.push_back(point.pixel);
    if (i % static_cast<std::size_t>(grid.columns_) == 0) grid.lines_.push_back(point.line);
    if (std::abs(point.lon_deg - middle.lon_deg) > 6 ||
        std::abs(point.lat_deg - middle.lat_deg) > 6) {
      return Fail(ErrorCode::kBadInput,
                  "a geolocation grid with {}, {} and {}, {}: further apart than a scene is",
                  middle.lat_deg, middle.lon_deg, point.lat_deg, point.lon_deg);
    }
    // A scene has one zone: that of its middle.
    TW_ASSIGN_OR_RETURN(const Utm place,
                        UtmFromGeodetic(Geodetic::FromDegrees(point.lat_deg, point.lon_deg, 0),
                                        zone.zone, zone.north));
    grid.places_.emplace_back(place.easting_m, place.northing_m);
  }
  grid.map_.epsg = (zone.north ? 32600 : 32700) + zone.zone;
  TW_RETURN_IF_ERROR(grid.LayMap(annotation));
  return grid;
}

Result<void> GeolocationGrid::LayMap(const Sentinel1Annotation& annotation) {
  // A pixel of the map is as large as one of the image.
  map_.pixel_m = std::max(annotation.range_spacing_m, annotation.azimuth_spacing_m);
  Eigen::Vector2d low = MapFromImage(0, 0);
  Eigen::Vector2d high = low;
  const auto take = [&](double line, double pixel) {
    const Eigen::Vector2d place = MapFromImage(line, pixel);
    low = low.cwiseMin(place);
    high = high.cwiseMax(place);
  };
  for (const double line : lines_) {
    for (const double pixel : {-0.5, last_pixel_ + 0.5}) {
      take(std::clamp(line, -0.5, last_line_ + 0.5), pixel);
    }
  }
  for (const double pixel : pixels_) {
    for (const double line : {-0.5, last_line_ + 0.5}) {
      take(line, std::clamp(pixel, -0.5, last_pixel_ + 0.5));
    }
  }
  map_.west_m = std::floor(low.x() / map_.pixel_m) * map_.pixel_m;
  map_.north_m = std::ceil(high.y() / map_.pixel_m) * map_.pixel_m;
  const double width = std::ceil((high.x() - map_.west_m) / map_.pixel_m);
  const double height = std::ceil((map_.north_m - low.y()) / map_.pixel_m);
  if (!(width >= 2 && width <= kMaxSide && height >= 2 && height <= kMaxSide)) {
    return Fail(ErrorCode::kBadInput,
                "a geolocation grid that spans {} x {} pixels of {} m; expected 2 to {}", width,
                height, map_.pixel_m, kMaxSide);
  }
  map_.width_px = static_cast<int>(width);
  map_.height_px = static_cast<int>(height);
  // It must be possible to find one's way back: cells that are folded or have no area cannot.
  for (int row = 0; row + 1 < rows_; ++row) {
    for (int column = 0; column + 1 < columns_; ++column) {
      const auto at = static_cast<std::size_t>(row * columns_ + column);
      const Eigen::Vector2d right = places_[at + 1] - places_[at];
      const Eigen::Vector2d down = places_[at + static_cast<std::size_t>(columns_)] - places_[at];
      if (!(std::abs(right.x() * down.y() - right.y() * down.x()) > 1)) {
        return Fail(ErrorCode::kBadInput, "the geolocation grid has a cell without area at {}, {}",
                    row, column);
      }
    }
  }
  return {};
}

Eigen::Vector2d GeolocationGrid::MapFromImage(double line, double pixel) const {
  const std::size_t row = Interval(lines_, line);
  const std::size_t column = Interval(pixels_, pixel);
  const double v = (line - lines_[row]) / (lines_[row + 1] - lines_[row]);
  const double u = (pixel - pixels_[column]) / (pixels_[column + 1] - pixels_[column]);
  const auto columns = static_cast<std::size_t>(columns_);
  const auto place = [&](std::size_t r, std::size_t c) { return places_[r * columns + c]; };
  return (1 - v) * ((1 - u) * place(row, column) + u * place(row, column + 1)) +
         v * ((1 - u) * place(row + 1, column) + u * place(row + 1, column + 1));
}

Eigen::Vector2d GeolocationGrid::ImageFromMap(const Eigen::Vector2d& place_m) const {
  const Eigen::Vector2d nowhere(-1e9, -1e9);
  // Newton: the mapping is close to affine over the whole image.
  Eigen::Vector2d at(last_line_ / 2, last_pixel_ / 2);
  for (int step = 0; step < kMaxSteps; ++step) {
    const Eigen::Vector2d miss = place_m - MapFromImage(at.x(), at.y());
    Eigen::Matrix2d slope;
    slope.col(0) = MapFromImage(at.x() + 0.5, at.y()) - MapFromImage(at.x() - 0.5, at.y());
    slope.col(1) = MapFromImage(at.x(), at.y() + 0.5) - MapFromImage(at.x(), at.y() - 0.5);
    if (!(std::abs(slope.determinant()) > 1e-9)) return nowhere;
    const Eigen::Vector2d move = slope.inverse() * miss;
    at += move;
    if (!at.allFinite() || at.cwiseAbs().maxCoeff() > 1e7) return nowhere;
    if (move.cwiseAbs().maxCoeff() < 1e-4) return at;
  }
  return nowhere;
}

}  // namespace trucewatch
