// SPDX-License-Identifier: Apache-2.0
#include "tests/detect/motion/scene.h"

#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace trucewatch::testing {
namespace {

constexpr double kTexel_m = 0.5;
constexpr int kTexels = 2048;

constexpr std::uint64_t kGrounds = 5;  // scenes take turns on so many
constexpr int kNoiseMargin = 64;

// Sum of noise at halving scales, with roads and field edges drawn over it.
cv::Mat PaintGround(std::uint64_t seed) {
  cv::RNG random(seed * 7919 + 1);
  cv::Mat sum = cv::Mat::zeros(kTexels, kTexels, CV_32F);
  double amplitude = 30;
  for (int cells = 8; cells <= kTexels; cells *= 2, amplitude *= 0.72) {
    cv::Mat noise(cells, cells, CV_32F), large;
    random.fill(noise, cv::RNG::NORMAL, 0, amplitude);
    cv::resize(noise, large, sum.size(), 0, 0, cv::INTER_CUBIC);
    sum += large;
  }
  cv::Mat ground;
  sum.convertTo(ground, CV_8U, 0.7, 110);
  for (int i = 0; i < 14; ++i) {
    const cv::Point a(random.uniform(0, kTexels), random.uniform(0, kTexels));
    const cv::Point b(random.uniform(0, kTexels), random.uniform(0, kTexels));
    cv::line(ground, a, b, random.uniform(70, 170), random.uniform(2, 16), cv::LINE_AA);
  }
  for (int i = 0; i < 60; ++i) {
    const cv::Point a(random.uniform(0, kTexels), random.uniform(0, kTexels));
    const cv::Point size(random.uniform(8, 50), random.uniform(8, 50));
    cv::rectangle(ground, a, a + size, random.uniform(60, 220), cv::FILLED);
  }
  return ground;
}

// Painting one takes as long as rendering twenty pictures.
const cv::Mat& Ground(std::uint64_t seed) {
  static std::map<std::uint64_t, cv::Mat> grounds;
  cv::Mat& ground = grounds[seed % kGrounds];
  if (ground.empty()) ground = PaintGround(seed % kGrounds);
  return ground;
}

CameraPose PoseAt(const SceneOptions& options, const LocalFrame& frame, double t) {
  const double middle = (options.pictures - 1) / options.rate_hz / 2;
  const Eigen::Vector3d place((t - middle) * options.camera_speed_mps, -options.camera_distance_m,
                              options.camera_height_m);
  CameraPose pose;
  pose.position = frame.GeodeticFromEnu(place);
  pose.platform_heading = Angle::Degrees(90);
  // Look at the origin: azimuth from the nose (east), elevation down.
  const double bearing = std::atan2(-place.x(), -place.y());
  const double pan = options.pan_px_per_s * (t - middle) / options.width_px *
                     options.horizontal_fov_deg * std::numbers::pi / 180;
  pose.sensor_azimuth = Angle::Radians(bearing - std::numbers::pi / 2 + pan);
  pose.sensor_elevation = Angle::Radians(-std::atan2(place.z(), std::hypot(place.x(), place.y())));
  pose.horizontal_fov = Angle::Degrees(options.horizontal_fov_deg);
  const double f = options.width_px / 2.0 / std::tan(pose.horizontal_fov.rad() / 2) *
                   (1 + options.zoom_per_s * (t - middle));
  pose.horizontal_fov = Angle::Radians(2 * std::atan(options.width_px / 2.0 / f));
  pose.vertical_fov = Angle::Radians(2 * std::atan(options.height_px / 2.0 / f));
  pose.width_px = options.width_px;
  pose.height_px = options.height_px;
  return pose;
}

void Fill(cv::Mat& picture, const std::vector<Eigen::Vector2d>& uv, double grey) {
  std::vector<cv::Point> points;
  for (const Eigen::Vector2d& p : uv) {
    // Corner-origin pixels to OpenCV's pixel centres, with 8 fractional bits.
    points.emplace_back(static_cast<int>(std::lround((p.x() - 0.5) * 256)),
                        static_cast<int>(std::lround((p.y() - 0.5) * 256)));
  }
  cv::fillConvexPoly(picture, points, cv::Scalar(grey), cv::LINE_AA, 8);
}

void Paint(cv::Mat& picture, const CameraPose& pose, const LocalFrame& frame,
           const Eigen::Vector2d& centre, const SceneVehicle& vehicle) {
  Eigen::Vector2d along = vehicle.velocity_en_mps;
  along = along.norm() > 0 ? along.normalized() : Eigen::Vector2d(1, 0);
  const Eigen::Vector2d across(-along.y(), along.x());
  const auto bar = [&](double from, double to, double grey) {
    std::vector<Eigen::Vector2d> corners;
    for (const auto& [l, w] : {std::pair{from, -0.5}, {to, -0.5}, {to, 0.5}, {from, 0.5}}) {
      const Eigen::Vector2d p =
          centre + along * (l * vehicle.length_m) + across * (w * vehicle.width_m);
      const auto uv = PixelFromGround(pose, frame.GeodeticFromEnu({p.x(), p.y(), 0}));
      if (!uv) return;
      corners.push_back(*uv);
    }
    Fill(picture, corners, grey);
  };
  bar(-0.5, 0.5, vehicle.grey);
  if (vehicle.windscreen) bar(0.15, 0.3, vehicle.grey > 128 ? 60 : 190);
}

// A box with a roof and walls, or a crown of lighter and darker leaves that sways as a whole.
void PaintThing(cv::Mat& picture, const CameraPose& pose, const LocalFrame& frame,
                const SceneThing& thing, double wind_m, double t) {
  const auto project = [&](double e, double n, double up) {
    return *PixelFromGround(
        pose, frame.GeodeticFromEnu({thing.centre_en_m.x() + e, thing.centre_en_m.y() + n, up}));
  };
  const double half = thing.size_m / 2;
  if (thing.kind == SceneThing::Kind::kHouse) {
    const std::array<std::pair<double, double>, 4> corners = {
        {{-half, -half}, {half, -half}, {half, half}, {-half, half}}};
    for (std::size_t i = 0; i < 4; ++i) {
      const auto [e0, n0] = corners[i];
      const auto [e1, n1] = corners[(i + 1) % 4];
      Fill(picture,
           {project(e0, n0, 0), project(e1, n1, 0), project(e1, n1, thing.height_m),
            project(e0, n0, thing.height_m)},
           thing.grey * (i % 2 == 0 ? 0.6 : 0.75));
    }
    std::vector<Eigen::Vector2d> roof;
    for (const auto& [e, n] : corners) roof.push_back(project(e, n, thing.height_m));
    Fill(picture, roof, thing.grey);
    return;
  }
  const double phase = thing.centre_en_m.x() + 2 * thing.centre_en_m.y();
  const double sway = wind_m * std::sin(2 * std::numbers::pi * 0.35 * t + phase);
  for (int leaf = 0; leaf < 14; ++leaf) {
    const double turn = 2.4 * leaf, out = half * std::sqrt(leaf / 14.0);
    const double e = out * std::cos(turn) + sway, n = out * std::sin(turn) + 0.5 * sway;
    std::vector<Eigen::Vector2d> disc;
    for (int k = 0; k < 8; ++k) {
      const double a = k * std::numbers::pi / 4;
      disc.push_back(project(e + 0.4 * half * std::cos(a), n + 0.4 * half * std::sin(a),
                             thing.height_m + 0.3 * half * std::cos(out)));
    }
    Fill(picture, disc, thing.grey + 35 * std::sin(1.7 * leaf + phase));
  }
}

void BurnIn(cv::Mat& picture, int n, bool counts) {
  cv::circle(picture, {70, 440}, 55, 235, cv::FILLED, cv::LINE_AA);
  cv::circle(picture, {70, 440}, 40, 60, 3, cv::LINE_AA);
  cv::line(picture, {480, 250}, {480, 290}, 255, 2);
  cv::line(picture, {460, 270}, {500, 270}, 255, 2);
  cv::putText(picture, "SENSOR 1", {700, 40}, cv::FONT_HERSHEY_SIMPLEX, 0.8, 250, 2);
  cv::putText(picture, counts ? std::to_string(1000 + n * 37) : "1042", {840, 40},
              cv::FONT_HERSHEY_SIMPLEX, 0.8, 250, 2);
}

// The ground and what is on it, before exposure and noise.
cv::Mat RenderAt(const Scene& scene, const cv::Mat& ground, const LocalFrame& frame, double t) {
  const SceneOptions& options = scene.options;
  const CameraPose pose = PoseAt(options, frame, t);
  const double half = kTexels * kTexel_m / 2;
  std::vector<cv::Point2f> texels, pixels;
  for (const auto& [e, north] : {std::pair{-150.0, -150.0}, {150, -150}, {150, 150}, {-150, 150}}) {
    const auto uv = PixelFromGround(pose, frame.GeodeticFromEnu({e, north, 0}));
    texels.emplace_back(static_cast<float>((e + half) / kTexel_m),
                        static_cast<float>((half - north) / kTexel_m));
    pixels.emplace_back(static_cast<float>(uv->x() - 0.5), static_cast<float>(uv->y() - 0.5));
  }
  cv::Mat picture;
  cv::warpPerspective(ground, picture, cv::getPerspectiveTransform(texels, pixels),
                      {options.width_px, options.height_px}, cv::INTER_LINEAR, cv::BORDER_REFLECT);
  for (const SceneVehicle& vehicle : options.vehicles) {
    Paint(picture, pose, frame, scene.PlaceOf(vehicle, t), vehicle);
  }
  for (const SceneThing& thing : options.things) {
    PaintThing(picture, pose, frame, thing, options.wind_m, t);
  }
  return picture;
}

}  // namespace

Eigen::Vector2d Scene::PlaceOf(const SceneVehicle& vehicle, double t_s) const {
  return vehicle.start_en_m + vehicle.velocity_en_mps * t_s;
}

bool Scene::InView(const SceneVehicle& vehicle, std::size_t picture, double margin_px,
                   Eigen::Vector2d* uv) const {
  const double t = (pictures[picture].time - pictures[0].time).seconds();
  const Eigen::Vector2d p = PlaceOf(vehicle, t);
  const auto seen = PixelFromGround(*pictures[picture].pose,
                                    LocalFrame(origin).GeodeticFromEnu({p.x(), p.y(), 0}));
  if (!seen) return false;
  if (uv != nullptr) *uv = *seen;
  return seen->x() > margin_px && seen->y() > margin_px &&
         seen->x() < options.width_px - margin_px && seen->y() < options.height_px - margin_px;
}

Scene RenderScene(const SceneOptions& options) {
  Scene scene;
  scene.options = options;
  scene.origin = Geodetic::FromDegrees(36.2, 37.15, 0);
  const LocalFrame frame(scene.origin);
  const cv::Mat& ground = Ground(options.seed);
  cv::RNG random(options.seed + 17);
  // One field of noise, laid differently over each picture.
  cv::Mat noise(options.height_px + kNoiseMargin, options.width_px + kNoiseMargin, CV_16S);
  random.fill(noise, cv::RNG::NORMAL, 0, options.noise_sigma);
  const Instant start = Instant::FromMicros(1'772'000'000'000'000);
  for (int n = 0; n < options.pictures; ++n) {
    const double t = n / options.rate_hz;
    const CameraPose pose = PoseAt(options, frame, t);
    cv::Mat picture = RenderAt(scene, ground, frame, t);
    if (options.interlaced) {
      const cv::Mat later = RenderAt(scene, ground, frame, t + 0.5 / options.rate_hz);
      for (int y = 1; y < picture.rows; y += 2) later.row(y).copyTo(picture.row(y));
    }
    const double gain = 1 + options.exposure_drift * n / std::max(1, options.pictures - 1) +
                        options.exposure_flicker * (n % 2 == 0 ? 0.5 : -0.5);
    const cv::Rect part(random.uniform(0, kNoiseMargin), random.uniform(0, kNoiseMargin),
                        options.width_px, options.height_px);
    picture.convertTo(picture, CV_16S, gain);
    cv::add(picture, noise(part), picture);
    picture.convertTo(picture, CV_8U);
    if (options.overlay) BurnIn(picture, n, options.overlay_counts);
    if (options.jpeg_quality > 0) {
      std::vector<std::uint8_t> coded;
      cv::imencode(".jpg", picture, coded, {cv::IMWRITE_JPEG_QUALITY, options.jpeg_quality});
      picture = cv::imdecode(coded, cv::IMREAD_GRAYSCALE);
    }
    scene.luma.emplace_back(picture.datastart, picture.dataend);
    MotionPicture out;
    out.time = start + Duration::FromSeconds(t);
    out.pose = pose;
    scene.pictures.push_back(out);
  }
  return scene;
}

MotionResult Detect(const Scene& scene, const MotionOptions& options, const Terrain& terrain) {
  MotionDetector detector(scene.pictures, options, terrain);
  for (std::size_t i = 0; i < scene.pictures.size(); ++i) {
    detector.Add(i, scene.options.width_px, scene.options.height_px, scene.luma[i]);
  }
  return detector.Finish();
}

}  // namespace trucewatch::testing
