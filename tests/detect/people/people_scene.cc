// SPDX-License-Identifier: Apache-2.0
#include "tests/detect/people/people_scene.h"

#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

namespace trucewatch::testing {
namespace {

constexpr double kGroundTexel_m = 0.1;
constexpr int kGroundTexels = 1200;
constexpr double kTwoPi = 2 * std::numbers::pi;
constexpr double kHeight_m = 120, kBeside_m = 65;

// Trodden earth with fine texture, a paved road, lighter patches, and houses about the square.
cv::Mat Square(std::uint64_t seed) {
  cv::RNG random(seed * 6151 + 3);
  cv::Mat sum = cv::Mat::zeros(kGroundTexels, kGroundTexels, CV_32F);
  double amplitude = 12;
  for (int cells = 12; cells <= kGroundTexels; cells *= 2, amplitude *= 0.7) {
    cv::Mat noise(cells, cells, CV_32F), large;
    random.fill(noise, cv::RNG::NORMAL, 0, amplitude);
    cv::resize(noise, large, sum.size(), 0, 0, cv::INTER_CUBIC);
    sum += large;
  }
  cv::Mat ground;
  sum.convertTo(ground, CV_8U, 1.0, 132);
  cv::line(ground, {0, 820}, {kGroundTexels, 900}, 150, 60, cv::LINE_AA);
  for (int i = 0; i < 60; ++i) {  // stones, bushes, litter
    const cv::Point at(random.uniform(0, kGroundTexels), random.uniform(0, kGroundTexels));
    cv::circle(ground, at, random.uniform(2, 7), random.uniform(70, 190), cv::FILLED, cv::LINE_AA);
  }
  for (int i = 0; i < 26; ++i) {
    const double angle = random.uniform(0.0, kTwoPi), away = random.uniform(210, 560);
    const cv::Point at(static_cast<int>(kGroundTexels / 2 + away * std::cos(angle)),
                       static_cast<int>(kGroundTexels / 2 + away * std::sin(angle)));
    const cv::RotatedRect house(cv::Point2f(at),
                                cv::Size2f(static_cast<float>(random.uniform(60, 130)),
                                           static_cast<float>(random.uniform(50, 90))),
                                static_cast<float>(random.uniform(0.0, 90.0)));
    cv::Point2f corners[4];
    house.points(corners);
    std::vector<cv::Point> outline(corners, corners + 4);
    std::vector<cv::Point> shadow;
    for (const cv::Point& p : outline) shadow.push_back(p + cv::Point(-18, -22));
    cv::fillConvexPoly(ground, shadow, cv::Scalar(60), cv::LINE_AA);
    cv::fillConvexPoly(ground, outline, cv::Scalar(random.uniform(90, 215)), cv::LINE_AA);
  }
  return ground;
}

struct Person {
  Eigen::Vector2d place, velocity;
  double stray[2], rate[2], phase[2];
  double grey;
  bool strays;
  Eigen::Vector2d At(double t) const {
    if (!strays) return place + velocity * t;
    return place + Eigen::Vector2d(stray[0] * std::sin(rate[0] * t + phase[0]),
                                   stray[1] * std::sin(rate[1] * t + phase[1]));
  }
};

std::vector<Person> Crowd(const PeopleSceneOptions& options) {
  cv::RNG random(options.seed * 31 + 7);
  std::vector<Person> people;
  const double greys[] = {47, 62, 204, 66};
  for (int i = 0; i < options.people; ++i) {
    Person person{};
    for (int attempt = 0; attempt < 60; ++attempt) {
      const double r = (options.radius_m - 1) * std::sqrt(random.uniform(0.0, 1.0));
      const double angle = random.uniform(0.0, kTwoPi);
      person.place = {r * std::cos(angle), r * std::sin(angle)};
      bool free = true;
      for (const Person& other : people) free = free && (other.place - person.place).norm() > 1.0;
      if (free) break;
    }
    person.grey = greys[random.uniform(0, 4)] * random.uniform(0.8, 1.15);
    if (options.gait == Gait::kWalking) {
      const double angle = random.uniform(0.0, kTwoPi), speed = random.uniform(1.0, 1.5);
      person.velocity = {speed * std::cos(angle), speed * std::sin(angle)};
      person.place -= person.velocity;  // in the middle of the segment he is at his place
    } else if (options.gait == Gait::kMilling) {
      person.strays = true;
      const bool slow = random.uniform(0.0, 1.0) < options.slow_share;
      for (int axis = 0; axis < 2; ++axis) {
        if (slow) {  // as tools/simulate has them
          person.stray[axis] = random.uniform(0.3, 1.6);
          person.rate[axis] = kTwoPi / random.uniform(18.0, 45.0);
        } else {
          const double speed = random.uniform(0.3, 0.7);  // largest along this axis
          person.stray[axis] = random.uniform(0.8, 2.0);
          person.rate[axis] = speed / person.stray[axis];
        }
        person.phase[axis] = random.uniform(0.0, kTwoPi);
      }
    }
    people.push_back(person);
  }
  return people;
}

CameraPose Hover(const PeopleSceneOptions& options, const LocalFrame& frame, double t) {
  const double phase = static_cast<double>(options.seed);
  const Eigen::Vector3d place(0.25 * std::sin(0.9 * t + phase),
                              -kBeside_m + 0.2 * std::sin(1.3 * t + 2 * phase),
                              kHeight_m + 0.1 * std::sin(0.7 * t));
  // The operator's hand strays about the middle of the square.
  const Eigen::Vector3d aim(1.2 * std::sin(0.5 * t + phase), 1.2 * std::sin(0.4 * t + 1), 0);
  const Eigen::Vector3d ray = aim - place;
  CameraPose pose;
  pose.position = frame.GeodeticFromEnu(place);
  pose.platform_heading = Angle::Degrees(0);
  pose.sensor_azimuth = Angle::Radians(std::atan2(ray.x(), ray.y()));
  pose.sensor_elevation = Angle::Radians(-std::atan2(-ray.z(), std::hypot(ray.x(), ray.y())));
  const double slant = std::hypot(kHeight_m, kBeside_m);
  const double half = options.width_px * options.gsd_m / 2 / slant;
  pose.horizontal_fov = Angle::Radians(2 * std::atan(half));
  pose.vertical_fov = Angle::Radians(2 * std::atan(half * options.height_px / options.width_px));
  pose.width_px = options.width_px;
  pose.height_px = options.height_px;
  return pose;
}

void Polygon(cv::Mat& picture, const CameraPose& pose, const LocalFrame& frame,
             const std::vector<Eigen::Vector3d>& corners, double grey, double opacity = 1) {
  std::vector<cv::Point> points;
  for (const Eigen::Vector3d& corner : corners) {
    const auto uv = PixelFromGround(pose, frame.GeodeticFromEnu(corner));
    if (!uv) return;
    points.emplace_back(static_cast<int>(std::lround((uv->x() - 0.5) * 256)),
                        static_cast<int>(std::lround((uv->y() - 0.5) * 256)));
  }
  std::vector<cv::Point> hull;
  cv::convexHull(points, hull);
  if (opacity >= 1) {
    cv::fillConvexPoly(picture, hull, cv::Scalar(grey), cv::LINE_AA, 8);
    return;
  }
  cv::Mat shade(picture.size(), CV_8U, cv::Scalar(255));
  cv::fillConvexPoly(shade, hull, cv::Scalar(255 * (1 - opacity)), cv::LINE_AA, 8);
  cv::multiply(picture, shade, picture, 1.0 / 255);
}

// A box that stands on the ground, and its shadow to the north-west.
void Box(cv::Mat& picture, const CameraPose& pose, const LocalFrame& frame,
         const Eigen::Vector2d& at, const Eigen::Vector2d& along, double length, double width,
         double height, double shadow_per_m, double grey, bool shadow) {
  const Eigen::Vector2d across(-along.y(), along.x());
  const Eigen::Vector2d away = shadow_per_m * height * Eigen::Vector2d(-0.79, 0.62);
  std::vector<Eigen::Vector3d> low, top, body, dark;
  for (const auto& [l, w] : {std::pair{-0.5, -0.5}, {0.5, -0.5}, {0.5, 0.5}, {-0.5, 0.5}}) {
    const Eigen::Vector2d p = at + along * (l * length) + across * (w * width);
    body.emplace_back(p.x(), p.y(), 0);
    body.emplace_back(p.x(), p.y(), height);
    top.emplace_back(p.x(), p.y(), height);
    dark.emplace_back(p.x(), p.y(), 0);
    dark.emplace_back(p.x() + away.x(), p.y() + away.y(), 0);
  }
  if (shadow) {
    Polygon(picture, pose, frame, dark, 0, 0.5);
  } else {
    Polygon(picture, pose, frame, body, 0.75 * grey);
    Polygon(picture, pose, frame, top, grey);
  }
}

}  // namespace

Scene RenderPeople(const PeopleSceneOptions& options) {
  Scene scene;
  scene.options.seed = options.seed;
  scene.options.width_px = options.width_px;
  scene.options.height_px = options.height_px;
  scene.options.pictures = options.pictures;
  scene.options.rate_hz = options.rate_hz;
  scene.options.vehicles = options.vehicles;
  scene.origin = Geodetic::FromDegrees(36.2, 37.15, 0);
  const LocalFrame frame(scene.origin);
  const cv::Mat ground = Square(options.seed);
  const std::vector<Person> people = Crowd(options);
  cv::RNG random(options.seed + 17);
  const Instant start = Instant::FromMicros(1'772'000'000'000'000);
  const double half = kGroundTexels * kGroundTexel_m / 2;
  for (int n = 0; n < options.pictures; ++n) {
    const double t = n / options.rate_hz;
    const CameraPose pose = Hover(options, frame, t);
    std::vector<cv::Point2f> texels, pixels;
    for (const auto& [e, north] : {std::pair{-30.0, -20.0}, {30, -20}, {30, 20}, {-30, 20}}) {
      const auto uv = PixelFromGround(pose, frame.GeodeticFromEnu({e, north, 0}));
      texels.emplace_back(static_cast<float>((e + half) / kGroundTexel_m),
                          static_cast<float>((half - north) / kGroundTexel_m));
      pixels.emplace_back(static_cast<float>(uv->x() - 0.5), static_cast<float>(uv->y() - 0.5));
    }
    cv::Mat picture;
    cv::warpPerspective(ground, picture, cv::getPerspectiveTransform(texels, pixels),
                        {options.width_px, options.height_px}, cv::INTER_LINEAR,
                        cv::BORDER_REFLECT);
    for (const bool shadow : {true, false}) {
      for (const SceneVehicle& vehicle : options.vehicles) {
        const Eigen::Vector2d along = vehicle.velocity_en_mps.norm() > 0
                                          ? vehicle.velocity_en_mps.normalized()
                                          : Eigen::Vector2d(1, 0);
        Box(picture, pose, frame, scene.PlaceOf(vehicle, t), along, vehicle.length_m,
            vehicle.width_m, 1.6, options.shadow_per_m, vehicle.grey, shadow);
        if (shadow || !vehicle.windscreen) continue;
        Box(picture, pose, frame, scene.PlaceOf(vehicle, t) + 0.9 * along, along, 0.6,
            0.9 * vehicle.width_m, 1.62, 0, vehicle.grey > 128 ? 70 : 180, false);
      }
      for (const Person& person : people) {
        const double ahead = 0.5;
        Eigen::Vector2d along = person.At(t + ahead) - person.At(t);
        along = along.norm() > 1e-3 ? along.normalized() : Eigen::Vector2d(1, 0);
        Box(picture, pose, frame, person.At(t), along, 0.32, 0.5, 1.7, options.shadow_per_m,
            person.grey, shadow);
      }
    }
    cv::GaussianBlur(picture, picture, cv::Size(3, 3), 0.6);
    cv::Mat real, noise(picture.size(), CV_32F);
    random.fill(noise, cv::RNG::NORMAL, 0, options.noise_sigma);
    picture.convertTo(real, CV_32F);
    real += noise;
    real.convertTo(picture, CV_8U);
    if (options.mark) {
      const cv::Point at(5, options.height_px - 6);
      cv::putText(picture, "EXERCISE - SIMULATED", at, cv::FONT_HERSHEY_SIMPLEX, 0.3, 30, 3);
      cv::putText(picture, "EXERCISE - SIMULATED", at, cv::FONT_HERSHEY_SIMPLEX, 0.3, 225, 1);
    }
    scene.luma.emplace_back(picture.datastart, picture.dataend);
    MotionPicture out;
    out.time = start + Duration::FromSeconds(t);
    out.pose = pose;
    out.pose_sigma = {.position_horizontal_m = 1.5,
                      .position_vertical_m = 1.5,
                      .platform_angles = Angle::Degrees(0.3),
                      .sensor_angles = Angle::Degrees(0.1),
                      .pixel_px = 0.5};
    scene.pictures.push_back(out);
  }
  return scene;
}

}  // namespace trucewatch::testing
