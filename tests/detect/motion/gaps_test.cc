// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgproc.hpp>
#include <random>

#include "detect/motion/body.h"

namespace trucewatch::motion {
namespace {

constexpr double kGapPixel_m = 0.3;
constexpr double kGapBreadth_m = 2.2;

struct Stretch {
  double from_m = 0, to_m = 0;  // along the way, of the trail
  float grey = 0;
};

// A camera that stands over patterned ground; what `stretches` say drives to the right at a speed
// for two seconds, and is followed at its first half metre.
struct GapFilm {
  std::vector<cv::Mat> images;
  std::vector<Moment> moments;
  Trail trail;
  Body body;
};
GapFilm FilmOf(const std::vector<Stretch>& stretches, double speed_mps) {
  std::mt19937_64 rng(5);
  std::normal_distribution<double> normal;
  cv::Mat ground(80, 260, CV_32F);
  for (float& v : cv::Mat_<float>(ground)) v = static_cast<float>(110 + 30 * normal(rng));
  cv::GaussianBlur(ground, ground, {}, 1.5);
  GapFilm film;
  std::vector<double> times;
  std::vector<Eigen::Vector2d> places;
  for (std::size_t m = 0; m < 20; ++m) {
    const double t = 0.1 * static_cast<double>(m);
    const Eigen::Vector2d at((22 + speed_mps * t) / kGapPixel_m, 40);
    cv::Mat image = ground.clone();
    for (const Stretch& s : stretches) {
      const int x = static_cast<int>(at.x() + s.from_m / kGapPixel_m);
      const int width = static_cast<int>((s.to_m - s.from_m) / kGapPixel_m);
      const int height = static_cast<int>(kGapBreadth_m / kGapPixel_m);
      cv::rectangle(image, {x, 40 - height / 2, width, height}, cv::Scalar(s.grey), cv::FILLED);
    }
    for (float& v : cv::Mat_<float>(image)) v += static_cast<float>(normal(rng));
    image.convertTo(film.images.emplace_back(), CV_8U);
    Moment& moment = film.moments.emplace_back();
    moment.time_s = t;
    moment.compared = true;
    moment.noise = 1;
    TrailPoint point;
    point.moment = m;
    point.time_s = t;
    point.place = at;
    film.trail.points.push_back(point);
    times.push_back(t);
    places.push_back(at);
  }
  film.trail.path = FitPath(times, places);
  // All between the first and the last goes along, as far as differences tell.
  const double rear = stretches.front().from_m, front = stretches.back().to_m;
  film.body.cell_m = kGapPixel_m;
  film.body.extent = {rear, front, 0, kGapBreadth_m, front - rear};
  for (double x = rear + kGapPixel_m / 2; x < front; x += kGapPixel_m) {
    for (double y = -kGapBreadth_m / 2 + kGapPixel_m / 2; y < kGapBreadth_m / 2; y += kGapPixel_m) {
      film.body.cells.emplace_back(x, y);
    }
  }
  return film;
}

std::vector<Body> Cut(const GapFilm& film) {
  const Eigen::Matrix2d metres = kGapPixel_m * Eigen::Matrix2d::Identity();
  return CutAtGaps(film.body, film.trail, metres, film.moments, film.images);
}

TEST(CutAtGaps, TwoVehiclesOneBehindTheOtherAreTwo) {
  const auto parts = Cut(FilmOf({{-11, -6.5, 230}, {-2, 2.5, 20}}, 12));
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_NEAR(parts[0].extent.rear, -11, 0.7);
  EXPECT_NEAR(parts[0].extent.front, -6.5, 0.7);
  EXPECT_NEAR(parts[1].extent.rear, -2, 0.7);
  EXPECT_NEAR(parts[1].extent.front, 2.5, 0.7);
}

TEST(CutAtGaps, ALongLorryOfOneColourIsOne) {
  EXPECT_EQ(Cut(FilmOf({{-11, 2.5, 20}}, 12)).size(), 1U);
  EXPECT_EQ(Cut(FilmOf({{-11, -1, 220}, {0, 2.5, 20}}, 12)).size(), 1U) << "the coupling";
}

TEST(CutAtGaps, WhatHasNotMovedOutOfItsPlaceSaysNothing) {
  EXPECT_EQ(Cut(FilmOf({{-11, -6.5, 230}, {-2, 2.5, 20}}, 1.5)).size(), 1U);
}

}  // namespace
}  // namespace trucewatch::motion
