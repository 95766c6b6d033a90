// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/motion_clip.h"

#include <cmath>
#include <cstdio>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <random>

namespace trucewatch::bench {
namespace {

constexpr double kTexel_m = 0.2;
constexpr double kWorldEast_m = 1000, kWorldNorth_m = 800;
constexpr double kGsd_m = 0.25;
constexpr double kHeight_m = 1400;
constexpr double kElevation_deg = -68;

// The same numbers with every standard library.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  double Uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(random_() >> 11) * 0x1p-53;
  }
  double Normal() {  // sum of twelve uniforms: close enough for a shaking camera
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += Uniform(0, 1);
    return sum;
  }

 private:
  std::mt19937_64 random_;
};

const LocalFrame& Frame() {
  static const LocalFrame frame(Geodetic::FromDegrees(36.2, 37.15, 0));
  return frame;
}

cv::Point2f Texel(const Eigen::Vector2d& en_m) {
  return {static_cast<float>((en_m.x() + kWorldEast_m / 2) / kTexel_m),
          static_cast<float>((kWorldNorth_m / 2 - en_m.y()) / kTexel_m)};
}

void FillPolygon(cv::Mat& picture, const std::vector<cv::Point2f>& corners, double grey) {
  std::vector<cv::Point> fixed;
  for (const cv::Point2f& p : corners) {
    fixed.emplace_back(cvRound((p.x - 0.5F) * 256), cvRound((p.y - 0.5F) * 256));
  }
  cv::fillConvexPoly(picture, fixed, cv::Scalar(grey), cv::LINE_AA, 8);
}

// A rectangle along a direction, from `from` to `to` of its length, as wide as `width_m`.
std::vector<Eigen::Vector2d> Bar(const Eigen::Vector2d& centre, const Eigen::Vector2d& along,
                                 double from_m, double to_m, double width_m) {
  const Eigen::Vector2d across(-along.y(), along.x());
  const double half = width_m / 2;
  return {centre + along * from_m - across * half, centre + along * to_m - across * half,
          centre + along * to_m + across * half, centre + along * from_m + across * half};
}

template <typename Project>
void PaintVehicle(cv::Mat& picture, const Eigen::Vector2d& centre, const Eigen::Vector2d& along,
                  double length_m, double width_m, double grey, Project project) {
  const auto bar = [&](double from, double to, double level) {
    std::vector<cv::Point2f> corners;
    for (const auto& p : Bar(centre, along, from * length_m, to * length_m, width_m)) {
      corners.push_back(project(p));
    }
    FillPolygon(picture, corners, level);
  };
  bar(-0.5, 0.5, grey);
  bar(0.15, 0.3, grey > 128 ? 60 : 190);  // windscreen
}

}  // namespace

MotionClip::MotionClip(const MotionClipOptions& options) : options_(options) {
  Dice dice(options.seed);
  for (int i = 0; i < 10; ++i) {
    const double heading = dice.Uniform(0, 2 * std::numbers::pi);
    Road road;
    road.along = {std::sin(heading), std::cos(heading)};
    road.point_en_m = {dice.Uniform(-300, 300), dice.Uniform(-220, 220)};
    road.width_m = dice.Uniform(8, 11);
    road.grey = dice.Uniform(85, 130);
    roads_.push_back(road);
    const Eigen::Vector2d across(-road.along.y(), road.along.x());
    for (const double lane : {-1.0, 1.0}) {
      const double speed = dice.Uniform(1.5, 18);  // of all in the lane: nobody overtakes
      for (double at = -1000; at < 1000; at += dice.Uniform(45, 170)) {
        Vehicle vehicle;
        vehicle.length_m = dice.Uniform(14, 32) * kGsd_m;
        vehicle.width_m = std::min(dice.Uniform(7, 13) * kGsd_m, 0.55 * vehicle.length_m);
        vehicle.velocity_en_mps = lane * speed * road.along;
        vehicle.start_en_m = road.point_en_m + road.along * at + across * lane * (road.width_m / 4);
        const bool bright = dice.Uniform(0, 1) < 0.5;
        vehicle.grey = bright ? dice.Uniform(170, 245) : dice.Uniform(10, 55);
        moving_.push_back(vehicle);
      }
    }
    for (int n = 0; n < 8; ++n) {
      Vehicle vehicle;
      vehicle.length_m = dice.Uniform(14, 24) * kGsd_m;
      vehicle.width_m = 0.45 * vehicle.length_m;
      vehicle.velocity_en_mps = road.along;  // the way it faces
      vehicle.start_en_m =
          road.point_en_m + road.along * dice.Uniform(-400, 400) + across * (road.width_m / 2 + 2);
      vehicle.grey = dice.Uniform(0, 1) < 0.5 ? dice.Uniform(160, 240) : dice.Uniform(20, 60);
      parked_.push_back(vehicle);
    }
  }
  Eigen::Vector3d slow = Eigen::Vector3d::Zero();
  for (int i = 0; i < options.frames; ++i) {
    Eigen::Vector3d fast;
    for (int k = 0; k < 3; ++k) {
      slow(k) = 0.95 * slow(k) + 0.6 * dice.Normal();
      fast(k) = 0.5 * dice.Normal();
    }
    shake_px_.emplace_back(slow + fast);
  }
}

MotionPicture MotionClip::PictureAt(int frame) const {
  const double t = static_cast<double>(frame) / options_.frames_per_second;
  const double length = static_cast<double>(options_.frames) / options_.frames_per_second;
  const Eigen::Vector2d target(9 * (t - length / 2), 40 * std::sin(t / 6));
  const double heading = 0.25 * std::sin(t / 7) + 0.01 * t;
  const double down = -kElevation_deg * std::numbers::pi / 180;
  const double distance = kHeight_m / std::tan(down);
  const double focal_px = kHeight_m / std::sin(down) / kGsd_m;
  const Eigen::Vector2d forward(std::sin(heading), std::cos(heading));
  const Eigen::Vector2d place = target - forward * distance;
  const Eigen::Vector3d& shake = shake_px_[static_cast<std::size_t>(frame)];

  MotionPicture picture;
  picture.time = Instant::FromMicros(1'772'000'000'000'000) + Duration::FromSeconds(t);
  CameraPose pose;
  pose.position = Frame().GeodeticFromEnu({place.x(), place.y(), kHeight_m});
  pose.platform_heading = Angle::Radians(heading);
  pose.sensor_azimuth = Angle::Radians(shake.x() / focal_px / std::cos(down));
  pose.sensor_elevation = Angle::Radians(-down - shake.y() / focal_px);
  pose.sensor_roll = Angle::Radians(shake.z() / (options_.width_px / 2.0));
  const double zoom = 1 + 0.12 * std::sin(t / 3.5);
  pose.horizontal_fov = Angle::Radians(2 * std::atan(options_.width_px / 2.0 / focal_px / zoom));
  pose.vertical_fov = Angle::Radians(2 * std::atan(options_.height_px / 2.0 / focal_px / zoom));
  pose.width_px = options_.width_px;
  pose.height_px = options_.height_px;
  picture.pose = pose;
  return picture;
}

std::vector<TruthVehicle> MotionClip::TruthAt(int frame, double border_px) const {
  const double t = static_cast<double>(frame) / options_.frames_per_second;
  const CameraPose pose = *PictureAt(frame).pose;
  std::vector<TruthVehicle> result;
  for (const Vehicle& vehicle : moving_) {
    const Eigen::Vector2d p = vehicle.start_en_m + vehicle.velocity_en_mps * t;
    const auto uv = PixelFromGround(pose, Frame().GeodeticFromEnu({p.x(), p.y(), 0}));
    if (!uv || uv->x() < border_px || uv->y() < border_px ||
        uv->x() > options_.width_px - border_px || uv->y() > options_.height_px - border_px) {
      continue;
    }
    result.push_back({*uv, vehicle.velocity_en_mps.norm()});
  }
  return result;
}

bool MotionClip::Write(const std::string& path) const {
  const cv::Size size(options_.width_px, options_.height_px);
  cv::RNG random(options_.seed * 7919 + 1);
  const cv::Size world(cvRound(kWorldEast_m / kTexel_m), cvRound(kWorldNorth_m / kTexel_m));
  cv::Mat sum = cv::Mat::zeros(world, CV_32F);
  double amplitude = 30;
  for (int cells = 8; cells <= world.height; cells *= 2, amplitude *= 0.72) {
    cv::Mat noise(cells, cells * 5 / 4, CV_32F), large;
    random.fill(noise, cv::RNG::NORMAL, 0, amplitude);
    cv::resize(noise, large, world, 0, 0, cv::INTER_CUBIC);
    sum += large;
  }
  cv::Mat ground;
  sum.convertTo(ground, CV_8U, 0.7, 110);
  sum.release();
  for (int i = 0; i < 260; ++i) {  // roofs, with a bright and a dark side
    const Eigen::Vector2d centre(random.uniform(-480., 480.), random.uniform(-380., 380.));
    const double heading = random.uniform(0., 3.14), length = random.uniform(6., 24.);
    const double width = length * random.uniform(0.4, 0.8), grey = random.uniform(50., 215.);
    const Eigen::Vector2d along(std::cos(heading), std::sin(heading));
    const Eigen::Vector2d across(-along.y(), along.x());
    for (const double side : {-1.0, 1.0}) {
      std::vector<cv::Point2f> corners;
      for (const auto& p :
           Bar(centre + across * side * width / 4, along, -length / 2, length / 2, width / 2)) {
        corners.push_back(Texel(p));
      }
      FillPolygon(ground, corners, grey + side * 18);
    }
  }
  for (const Road& road : roads_) {
    std::vector<cv::Point2f> corners;
    for (const auto& p : Bar(road.point_en_m, road.along, -1500, 1500, road.width_m)) {
      corners.push_back(Texel(p));
    }
    FillPolygon(ground, corners, road.grey);
  }
  for (const Vehicle& v : parked_) {
    PaintVehicle(ground, v.start_en_m, v.velocity_en_mps.normalized(), v.length_m, v.width_m,
                 v.grey, Texel);
  }
  // One field of noise, laid differently over each picture.
  cv::Mat noise(size.height + 64, size.width + 64, CV_16S);
  random.fill(noise, cv::RNG::NORMAL, 0, options_.noise_sigma);

  const std::string rate = std::to_string(cvRound(options_.bitrate_mbps * 1000)) + "k";
  const std::string fps = std::to_string(options_.frames_per_second);
  const std::string command =
      "ffmpeg -nostdin -v error -y -f rawvideo -pix_fmt gray -s " + std::to_string(size.width) +
      "x" + std::to_string(size.height) + " -r " + fps +
      " -i pipe:0 -pix_fmt yuv420p -c:v libx264 -profile:v high -threads 1 -b:v " + rate +
      " -maxrate " + rate + " -bufsize " + rate + " -g " + fps + " -keyint_min " + fps +
      " -sc_threshold 0 -f mpegts '" + path + "'";
  FILE* encoder = popen(command.c_str(), "w");
  if (encoder == nullptr) return false;
  bool fine = true;
  for (int frame = 0; frame < options_.frames && fine; ++frame) {
    const double t = static_cast<double>(frame) / options_.frames_per_second;
    const CameraPose pose = *PictureAt(frame).pose;
    const auto project = [&](const Eigen::Vector2d& p) {
      const auto uv = PixelFromGround(pose, Frame().GeodeticFromEnu({p.x(), p.y(), 0}));
      return cv::Point2f(static_cast<float>(uv->x()), static_cast<float>(uv->y()));
    };
    std::vector<cv::Point2f> texels, pixels;
    for (const auto& [e, n] : {std::pair{-400.0, -300.0}, {400, -300}, {400, 300}, {-400, 300}}) {
      const cv::Point2f uv = project({e, n});
      texels.push_back(Texel({e, n}) - cv::Point2f(0.5F, 0.5F));
      pixels.push_back(uv - cv::Point2f(0.5F, 0.5F));
    }
    cv::Mat picture;
    cv::warpPerspective(ground, picture, cv::getPerspectiveTransform(texels, pixels), size,
                        cv::INTER_LINEAR, cv::BORDER_REFLECT);
    for (const Vehicle& v : moving_) {
      const Eigen::Vector2d p = v.start_en_m + v.velocity_en_mps * t;
      const cv::Point2f uv = project(p);
      if (!cv::Rect2f(-60, -60, static_cast<float>(size.width + 120),
                      static_cast<float>(size.height + 120))
               .contains(uv)) {
        continue;
      }
      PaintVehicle(picture, p, v.velocity_en_mps.normalized(), v.length_m, v.width_m, v.grey,
                   project);
    }
    const cv::Rect part(random.uniform(0, 64), random.uniform(0, 64), size.width, size.height);
    cv::add(picture, noise(part), picture, cv::noArray(), CV_8U);
    fine = std::fwrite(picture.data, 1, picture.total(), encoder) == picture.total();
  }
  return pclose(encoder) == 0 && fine;
}

}  // namespace trucewatch::bench
