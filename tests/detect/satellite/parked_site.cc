// SPDX-License-Identifier: Apache-2.0
#include "tests/detect/satellite/parked_site.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <opencv2/imgproc.hpp>
#include <random>

#include "core/crypto/sha256.h"
#include "core/raster/raster_writer.h"
#include "core/raster/scene_reader.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::testing {
namespace {

constexpr double kWestM = 500'000, kNorthM = 3'300'000;  // UTM 36N

cv::Mat1f Noise(std::mt19937_64& random, int side, double sigma, double smooth_px) {
  std::normal_distribution<float> normal(0, 1);
  cv::Mat1f image(side, side);
  for (float& v : image) v = normal(random);
  if (smooth_px > 0) {
    cv::GaussianBlur(image, image, {}, smooth_px);
    cv::Scalar mean, deviation;
    cv::meanStdDev(image, mean, deviation);
    image /= deviation[0];
  }
  image *= sigma;
  return image;
}

// A rectangle at `centre` (pixels), along `angle`, with antialiased edges.
void Paint(cv::Mat1f& image, const Eigen::Vector2d& centre, double length, double width,
           double angle, double grey) {
  const Eigen::Vector2d along(std::cos(angle), std::sin(angle));
  const Eigen::Vector2d across(-along.y(), along.x());
  std::vector<cv::Point2f> corners;
  for (const auto& [a, b] : {std::pair{1, 1}, {1, -1}, {-1, -1}, {-1, 1}}) {
    const Eigen::Vector2d p = centre + along * a * length / 2 + across * b * width / 2;
    corners.emplace_back(static_cast<float>(p.x()), static_cast<float>(p.y()));
  }
  cv::Rect box = cv::boundingRect(corners);
  box = cv::Rect(box.x - 2, box.y - 2, box.width + 4, box.height + 4) &
        cv::Rect(0, 0, image.cols, image.rows);
  if (box.empty()) return;
  std::vector<cv::Point> fixed;  // sixteenths of a pixel, pixel centres at integers
  for (const cv::Point2f& p : corners) {
    fixed.emplace_back(cvRound((p.x - static_cast<float>(box.x) - 0.5F) * 16),
                       cvRound((p.y - static_cast<float>(box.y) - 0.5F) * 16));
  }
  cv::Mat1b mask(box.size(), std::uint8_t{0});
  cv::fillConvexPoly(mask, fixed, 255, cv::LINE_AA, 4);
  for (int y = 0; y < box.height; ++y) {
    for (int x = 0; x < box.width; ++x) {
      const float share = static_cast<float>(mask(y, x)) / 255.0F;
      float& value = image(box.y + y, box.x + x);
      value += share * (static_cast<float>(grey) - value);
    }
  }
}

}  // namespace

// The same image, with 0 declared to be no data.
static std::string WithNodata(const std::string& bytes) {
  const TempDirectory folder;
  std::ofstream(folder.File("in.tif"), std::ios::binary) << bytes;
  RunProcess(
      {"gdal_translate", "-q", "-a_nodata", "0", folder.File("in.tif"), folder.File("out.tif")});
  return ReadFile(folder.File("out.tif"));
}

SiteScene RenderSite(const SiteOptions& o, const std::string& time_utc) {
  std::mt19937_64 random(o.seed);
  std::uniform_real_distribution<double> unit(0, 1);
  const double px = 1 / o.resolution_m;  // pixels a metre
  const auto side = static_cast<double>(o.side_px);
  cv::Mat1f image(o.side_px, o.side_px, 130.0F);
  image += Noise(random, o.side_px, 6, 20 * px);
  image += Noise(random, o.side_px, 4, 2 * px);
  image += Noise(random, o.side_px, 3, 0.6 * px);
  const double heading = unit(random) * CV_PI;
  const Eigen::Vector2d sun(std::sin(o.sun_azimuth_deg * CV_PI / 180),
                            -std::cos(o.sun_azimuth_deg * CV_PI / 180));
  const double shadow_slope = 1 / std::tan(o.sun_elevation_deg * CV_PI / 180);
  const auto thing = [&](const Eigen::Vector2d& at, double length_m, double width_m,
                         double height_m, double angle, double grey) {
    // A shadow is the thing itself, swept away from the sun.
    const int steps = 12;
    for (int i = 1; i <= steps; ++i) {
      const Eigen::Vector2d off = -sun * height_m * shadow_slope * px * i / steps;
      Paint(image, at + off + o.shift_px, length_m * px, width_m * px, angle, 50);
    }
    Paint(image, at + o.shift_px, length_m * px, width_m * px, angle, grey);
  };
  // Ground cover: two fields and a road.
  Paint(image, Eigen::Vector2d(0.15 * side, 0.5 * side) + o.shift_px, 0.2 * side, 0.9 * side, 0.05,
        o.field_grey);
  Paint(image, Eigen::Vector2d(0.85 * side, 0.7 * side) + o.shift_px, 0.25 * side, 0.4 * side, 0.1,
        145);
  Paint(image, Eigen::Vector2d(0.5 * side, 0.12 * side) + o.shift_px, 2 * side, 7 * px, 0.2, 165);
  // Sheds, and bushes of one to two metres.
  for (int i = 0; i < 4; ++i) {
    const Eigen::Vector2d at((0.35 + 0.1 * i) * side, 0.8 * side);
    thing(at, 24, 12, 5, heading, 180);
  }
  for (int i = 0; i < 60; ++i) {
    const Eigen::Vector2d at(unit(random) * side, unit(random) * side);
    const double size_m = 0.8 + 0.6 * unit(random);
    thing(at, size_m, size_m, 1, unit(random) * 3, 95);
  }
  SiteScene out;
  std::vector<Eigen::Vector2d> places;
  const Eigen::Vector2d along(std::cos(heading), std::sin(heading));
  const Eigen::Vector2d across(-along.y(), along.x());
  const Eigen::Vector2d middle =
      o.place_px.norm() > 0 ? o.place_px : Eigen::Vector2d(0.5 * side, 0.45 * side);
  for (int i = 0; i < o.vehicles; ++i) {
    const double column = i % 5 - 2.0;
    const double row = i / 5 - 0.5;
    const Eigen::Vector2d jitter(unit(random) - 0.5, unit(random) - 0.5);
    const Eigen::Vector2d at = middle + (across * column * 7.5 + along * row * 14 + jitter) * px;
    const double angle = heading + 0.1 * (unit(random) - 0.5);
    const double grey = o.vehicle_grey + 10 * (unit(random) - 0.5);
    places.push_back(at);
    if (i != o.missing) thing(at, 7, 3.4, 2.4, angle, grey);
  }
  cv::GaussianBlur(image, image, {}, 0.6);
  std::mt19937_64 noise(o.noise_seed * 7919 + o.seed);
  image += Noise(noise, o.side_px, o.noise, 0);
  image *= o.gain;

  RasterToWrite raster{.width_px = o.side_px,
                       .height_px = o.side_px,
                       .bands = 1,
                       .pixels = {},
                       .epsg = 32636,
                       .geotransform = {kWestM, o.resolution_m, 0, kNorthM, 0, -o.resolution_m},
                       .datetime = ""};
  for (const float v : image) {
    raster.pixels.push_back(static_cast<std::uint8_t>(std::clamp(std::lround(v), 1L, 255L)));
  }
  for (const auto& [left, top, width, height] : o.without_data_px) {
    for (int y = top; y < top + height; ++y) {
      std::fill_n(raster.pixels.begin() + y * o.side_px + left, width, std::uint8_t{0});
    }
  }
  out.bytes = EncodeCog(raster).value_or("");
  if (!o.without_data_px.empty()) out.bytes = WithNodata(out.bytes);
  const auto reader = SceneReader::Open(out.bytes, "site");
  for (const Eigen::Vector2d& at : places) out.vehicles.push_back(*(*reader)->GroundFromPixel(at));
  Scene& scene = out.scene;
  scene.source = {"sat1"};
  scene.lineage.modality = Modality::kSatelliteOptical;
  scene.lineage.sensor = "sat1";
  scene.item = "EXERCISE-" + time_utc;
  scene.time = ParseUtc(time_utc).value();
  scene.sha256 = Sha256(out.bytes);
  scene.size_bytes = out.bytes.size();
  scene.width_px = scene.height_px = o.side_px;
  scene.bands = 1;
  scene.resolution_m = (*reader)->info().resolution_m;
  scene.footprint = (*reader)->info().footprint;
  scene.position_sigma_m = 2;
  scene.exercise = true;
  scene.sun_azimuth_deg = o.sun_azimuth_deg;
  scene.sun_elevation_deg = o.sun_elevation_deg;
  scene.raw_digests = {scene.sha256};
  return out;
}

}  // namespace trucewatch::testing
