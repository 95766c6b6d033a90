// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/trail.h"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>
#include <functional>
#include <opencv2/imgproc.hpp>
#include <random>

#include "detect/motion/body.h"
#include "detect/motion/trail_judge.h"

namespace trucewatch::motion {
namespace {

constexpr int kFilmPictures = 20;
constexpr double kFilmStep_s = 0.1;
const Eigen::Vector2d kBoxHalf(7, 3);  // of the vehicle, pixels

struct Filmed {
  std::vector<cv::Mat> images;
  std::vector<Moment> moments;
  ImageTrack track;  // of the vehicle, a patch in each picture
};

// Patterned ground under a camera that goes to the left by `pan_px` a picture and shakes by
// `shake_px`; over it, where `place` says (ground pixels), a dark patterned box that heads along
// its way. `on_screen`: places are of the screen.
Filmed Film(const std::function<Eigen::Vector2d(double)>& place, double pan_px, double shake_px,
            bool on_screen) {
  std::mt19937_64 rng(5);
  std::normal_distribution<double> normal;
  cv::Mat ground(300, 500, CV_32F);
  for (float& v : cv::Mat_<float>(ground)) v = static_cast<float>(130 + 60 * normal(rng));
  cv::GaussianBlur(ground, ground, {}, 2.5);
  cv::Mat roof(32, 32, CV_32F);
  for (float& v : cv::Mat_<float>(roof)) v = static_cast<float>(40 + 40 * normal(rng));
  cv::GaussianBlur(roof, roof, {}, 1.0);
  Filmed film;
  for (int m = 0; m < kFilmPictures; ++m) {
    const double t = m * kFilmStep_s;
    const Eigen::Vector2d camera(120 + pan_px * m + shake_px * normal(rng),
                                 60 + shake_px * normal(rng));
    cv::Mat image;
    cv::getRectSubPix(
        ground, {240, 180},
        {static_cast<float>(camera.x() + 119.5), static_cast<float>(camera.y() + 89.5)}, image);
    const Eigen::Vector2d at = on_screen ? place(t) : Eigen::Vector2d(place(t) - camera);
    Eigen::Vector2d way = place(t + 0.05) - place(t - 0.05);
    if (way.norm() < 1e-6) way = {1, 0};
    const Eigen::Vector2d along = way.normalized(), across(-along.y(), along.x());
    for (int y = 0; y < image.rows; ++y) {
      for (int x = 0; x < image.cols; ++x) {
        const Eigen::Vector2d d = Eigen::Vector2d(x, y) - at;
        const double u = d.dot(along), v = d.dot(across);
        if (std::abs(u) > kBoxHalf.x() || std::abs(v) > kBoxHalf.y()) continue;
        image.at<float>(y, x) = roof.at<float>(static_cast<int>(v + 16), static_cast<int>(u + 16));
      }
    }
    for (float& v : cv::Mat_<float>(image)) v += static_cast<float>(1.5 * normal(rng));
    cv::Mat grey;
    image.convertTo(grey, CV_8U);
    film.images.push_back(grey);
    Moment moment;
    moment.time_s = t;
    moment.compared = true;
    moment.noise = 2;
    moment.level = 120;
    moment.stable_from_working(0, 2) = camera.x();
    moment.stable_from_working(1, 2) = camera.y();
    Blob blob;
    blob.x = static_cast<int>(at.x()) - 7;
    blob.y = static_cast<int>(at.y()) - 7;
    blob.width = blob.height = 15;
    blob.area = 90;
    blob.contrast = 50;
    blob.centroid = at;
    blob.spread = Eigen::Matrix2d::Identity() * 8;
    moment.blobs.push_back(blob);
    film.track.hits.push_back(
        {static_cast<std::size_t>(m), t, Apply(moment.stable_from_working, at), 0});
    film.moments.push_back(std::move(moment));
  }
  return film;
}

JudgedTrail Judged(const Filmed& film) {
  const LineFit fit = FitLine(film.track, 1.0, 10);
  return JudgeTrail(film.track, fit.velocity, film.moments, film.images);
}

TEST(Trail, FollowsWhatBrakesAndTurnsWithinAPixel) {
  // A quarter of a circle of 25 pixels, slower and slower.
  const auto place = [](double t) {
    const double turned = 1.3 * t - 0.25 * t * t;
    return Eigen::Vector2d(220 + 25 * std::sin(turned), 150 - 25 * std::cos(turned));
  };
  const Filmed film = Film(place, 1.5, 0.3, false);
  const JudgedTrail judged = Judged(film);
  ASSERT_EQ(judged.verdict, TrailVerdict::kMover);
  ASSERT_GE(judged.trail.points.size(), 18U);
  for (const TrailPoint& point : judged.trail.points) {
    const PathFit path = PathAbout(judged.trail, point.time_s);
    EXPECT_LT((path.PlaceAt(point.time_s) - place(point.time_s)).norm(), 1.5) << point.time_s;
  }
  const Eigen::Vector2d truth = (place(1.05) - place(0.95)) / 0.1;
  EXPECT_LT((PathAbout(judged.trail, 1.0).VelocityAt(1.0) - truth).norm(), 0.2 * truth.norm());
}

TEST(Trail, IsNothingOnGroundThatStands) {
  const auto far_off = [](double) { return Eigen::Vector2d(900, 900); };
  Filmed film = Film(far_off, 1.5, 0.3, false);
  for (std::size_t m = 0; m < film.moments.size(); ++m) {
    Blob& blob = film.moments[m].blobs[0];
    const Eigen::Vector2d at =
        Apply(film.moments[m].stable_from_working.inverse(), Eigen::Vector2d(220, 150));
    blob.x = static_cast<int>(at.x()) - 7;
    blob.y = static_cast<int>(at.y()) - 7;
    blob.centroid = at;
  }
  EXPECT_EQ(Judged(film).verdict, TrailVerdict::kNothing);
}

TEST(Trail, TellsASymbolThatSlidesOverTheScreenFromAVehicleByTheCamerasShake) {
  const auto slides = [](double t) { return Eigen::Vector2d(80 + 9 * t, 40); };
  EXPECT_EQ(Judged(Film(slides, 1.5, 0.6, true)).verdict, TrailVerdict::kSymbol);
  const auto drives = [](double t) { return Eigen::Vector2d(200 + 24 * t, 150 + 3 * t); };
  EXPECT_EQ(Judged(Film(drives, 1.5, 0.6, false)).verdict, TrailVerdict::kMover);
}

TEST(Body, IsTheVehicleAndNotTheGroundItCovers) {
  const auto drives = [](double t) { return Eigen::Vector2d(190 + 30 * t, 150); };
  const Filmed film = Film(drives, 1.5, 0.3, false);
  const JudgedTrail judged = Judged(film);
  ASSERT_EQ(judged.verdict, TrailVerdict::kMover);
  const Eigen::Matrix2d metres = Eigen::Matrix2d::Identity() * 0.3;
  const Extent patches = ExtentAbout(film.track, judged.trail, metres, film.moments);
  const Extent body = MeasureBody(judged.trail, patches, metres, film.moments, film.images).extent;
  EXPECT_NEAR(body.front - body.rear, 15 * 0.3, 0.9);
  EXPECT_NEAR(body.breadth, 7 * 0.3, 0.9);
  const double seed = judged.trail.points[judged.trail.seed].time_s;
  const Eigen::Vector2d off = judged.trail.points[judged.trail.seed].place - drives(seed);
  EXPECT_NEAR((body.front + body.rear) / 2 + 0.3 * off.x(), 0, 0.6);
}

}  // namespace
}  // namespace trucewatch::motion
