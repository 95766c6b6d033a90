// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/shadow.h"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgproc.hpp>
#include <random>

#include "detect/motion/trail_judge.h"

namespace trucewatch::motion {
namespace {

constexpr double kPixel_m = 0.3;
constexpr double kLong_m = 4.8, kWide_m = 2.1;
constexpr double kSpeed_mps = 8;

// Snow under a camera that stands; a vehicle with a pane and a bonnet drives to the right, its
// shadow beside it. One candidate, whose patches are all of it.
struct ShadowFilm {
  std::vector<cv::Mat> images;
  std::vector<Moment> moments;
  std::vector<Candidate> candidates;
};
Eigen::Vector2d VehicleAt(double t) { return {(8 + kSpeed_mps * t) / kPixel_m, 60}; }
ShadowFilm FilmInSnow(const Eigen::Vector2d& shadow_m) {
  std::mt19937_64 rng(11);
  std::normal_distribution<double> normal;
  cv::Mat ground(120, 200, CV_32F);
  for (float& v : cv::Mat_<float>(ground)) v = static_cast<float>(200 + 12 * normal(rng));
  cv::GaussianBlur(ground, ground, {}, 1.5);
  ShadowFilm film;
  Candidate c;
  for (int m = 0; m < 20; ++m) {
    const double t = 0.1 * m;
    const Eigen::Vector2d at = VehicleAt(t);
    cv::Mat image = ground.clone();
    for (int y = 0; y < image.rows; ++y) {
      for (int x = 0; x < image.cols; ++x) {
        const Eigen::Vector2d d = (Eigen::Vector2d(x, y) - at) * kPixel_m;
        const auto on = [&](const Eigen::Vector2d& p) {
          return std::abs(p.x()) < kLong_m / 2 && std::abs(p.y()) < kWide_m / 2;
        };
        bool shaded = false;
        for (double s = 0; s <= 1; s += 0.05) shaded = shaded || on(d - s * shadow_m);
        float& v = image.at<float>(y, x);
        if (shaded) v *= 0.6F;
        if (on(d)) v = d.x() > 1.2 ? 90.0F : d.x() > 0.5 ? 50.0F : 105.0F;
      }
    }
    cv::GaussianBlur(image, image, {}, 0.7);
    for (float& v : cv::Mat_<float>(image)) v += static_cast<float>(normal(rng));
    image.convertTo(film.images.emplace_back(), CV_8U);
    Moment& moment = film.moments.emplace_back();
    moment.time_s = t;
    moment.compared = true;
    moment.noise = 1;
    const Eigen::Vector2d middle = at + shadow_m / 2 / kPixel_m;
    const Eigen::Vector2d half =
        (Eigen::Vector2d(kLong_m, kWide_m) + shadow_m.cwiseAbs()) / 2 / kPixel_m;
    Blob blob;
    blob.centroid = middle;
    blob.x = static_cast<int>(middle.x() - half.x());
    blob.y = static_cast<int>(middle.y() - half.y());
    blob.width = static_cast<int>(2 * half.x());
    blob.height = static_cast<int>(2 * half.y());
    blob.area = blob.width * blob.height / 2;
    blob.contrast = 60;
    blob.spread = (half.cwiseProduct(half) / 3).asDiagonal();
    moment.blobs.push_back(blob);
    c.track.hits.push_back({static_cast<std::size_t>(m), t, middle, 0});
  }
  c.metres = Eigen::Matrix2d::Identity() * kPixel_m;
  c.patch.velocity = {kSpeed_mps / kPixel_m, 0};
  c.velocity = {kSpeed_mps, 0};
  JudgedTrail judged = JudgeTrail(c.track, c.patch.velocity, film.moments, film.images);
  if (judged.verdict == TrailVerdict::kMover) c.trail = judged.trail;
  film.candidates.push_back(c);
  return film;
}

TEST(MeasureBodies, TakesTheShadowOffAtTheEndWhereTheGroundIsEvenlyDarker) {
  for (const Eigen::Vector2d& shadow : {Eigen::Vector2d(5, 3.5), {-5, -3.5}, {4, -4}, {-3, 5}}) {
    ShadowFilm film = FilmInSnow(shadow);
    ASSERT_TRUE(film.candidates[0].trail) << shadow.transpose();
    MeasureBodies(film.moments, film.images, std::nullopt, film.candidates);
    ASSERT_EQ(film.candidates.size(), 1U);
    const Candidate& c = film.candidates[0];
    EXPECT_LT((c.shadow - shadow).norm(), 1.5) << shadow.transpose();
    const TrailPoint& seed = c.trail->points[c.trail->seed];
    const Eigen::Vector2d off = (seed.place - VehicleAt(seed.time_s)) * kPixel_m;
    const Eigen::Vector2d body((c.body->front + c.body->rear) / 2, c.body->across);
    EXPECT_LT((body + off).norm(), 1.0) << shadow.transpose();
    EXPECT_NEAR(c.body->length, kLong_m, 1.3) << shadow.transpose();
  }
}

Eigen::Vector2d MiddleOff(const ShadowFilm& film) {
  const Candidate& c = film.candidates[0];
  const TrailPoint& seed = c.trail->points[c.trail->seed];
  return Eigen::Vector2d((c.body->front + c.body->rear) / 2, c.body->across) +
         (seed.place - VehicleAt(seed.time_s)) * kPixel_m;
}

TEST(MeasureBodies, TakesTheShadowOffAllByItselfWhereTheSunIsKnown) {
  for (const Eigen::Vector2d& shadow : {Eigen::Vector2d(5, 3.5), {-5, -3.5}, {2, 2}, {0.5, -2.5}}) {
    ShadowFilm film = FilmInSnow(shadow);
    ASSERT_TRUE(film.candidates[0].trail) << shadow.transpose();
    MeasureBodies(film.moments, film.images, Upright{{0, 0}, shadow / 1.5}, film.candidates);
    ASSERT_EQ(film.candidates.size(), 1U);
    ASSERT_TRUE(film.candidates[0].shape);
    EXPECT_TRUE(film.candidates[0].shape->sunlit) << shadow.transpose();
    EXPECT_LT((film.candidates[0].shadow - shadow).norm(), 1.2) << shadow.transpose();
    EXPECT_LT(MiddleOff(film).norm(), 0.9) << shadow.transpose();
  }
}

TEST(MeasureBodies, DoesNotBelieveASunThatTheShapesDoNotShow) {
  ShadowFilm film = FilmInSnow({0, 0});  // an overcast sky
  ASSERT_TRUE(film.candidates[0].trail);
  MeasureBodies(film.moments, film.images, Upright{{0, 0}, {2.5, 2}}, film.candidates);
  ASSERT_TRUE(film.candidates[0].shape);
  EXPECT_FALSE(film.candidates[0].shape->sunlit);
  EXPECT_EQ(film.candidates[0].shadow.norm(), 0);
  EXPECT_LT(MiddleOff(film).norm(), 0.9);
}

}  // namespace
}  // namespace trucewatch::motion
