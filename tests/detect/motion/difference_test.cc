// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/difference.h"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <opencv2/imgproc.hpp>

#include "detect/motion/warp.h"

namespace trucewatch::motion {
namespace {

cv::Mat Texture(int width, int height, std::uint64_t seed) {
  cv::RNG random(seed);
  cv::Mat noise(height / 4, width / 4, CV_8U), picture;
  random.fill(noise, cv::RNG::UNIFORM, 30, 220);
  cv::resize(noise, picture, {width, height}, 0, 0, cv::INTER_CUBIC);
  return picture;
}

Homography Turn(double degrees, double zoom, double dx, double dy) {
  const double a = degrees * CV_PI / 180, c = zoom * std::cos(a), s = zoom * std::sin(a);
  Homography h;
  h << c, -s, dx, s, c, dy, 2e-5, -1e-5, 1;
  return h;
}

// What the fused pass is to give, said with OpenCV's operations one after another. No exposure.
cv::Mat Expected(const cv::Mat& present, const Reference& a, const Reference& b) {
  cv::Mat first = cv::Mat::zeros(present.size(), CV_8U), second = first.clone(), high, low;
  WarpInto(*a.picture, a.reference_from_present, first);
  WarpInto(*b.picture, b.reference_from_present, second);
  cv::max(first, second, high);
  cv::min(first, second, low);
  cv::dilate(high, high, cv::Mat::ones(3, 3, CV_8U));
  cv::erode(low, low, cv::Mat::ones(3, 3, CV_8U));
  cv::subtract(present, high, high);
  cv::subtract(low, present, low);
  return cv::max(high, low);
}

cv::Mat Noisy(const cv::Mat& picture, std::uint64_t seed) {
  cv::RNG random(seed);
  cv::Mat noise(picture.size(), CV_16S), out;
  random.fill(noise, cv::RNG::NORMAL, 0, 4);
  cv::add(picture, noise, out, cv::noArray(), CV_8U);
  return out;
}

// The same ground in all three, so that exposure is not touched, with vehicles in the present one.
TEST(ThreeFrameDifference, IsWhatTheOperationsGiveOneAfterAnother) {
  const cv::Mat ground = Texture(420, 340, 1);
  const Homography to_a = Turn(3, 1.05, 14.3, -6.7), to_b = Turn(-2, 0.97, -9.2, 11.1);
  cv::Mat a = ground.clone(), b = ground.clone();
  WarpInto(ground, to_a.inverse(), a);
  WarpInto(ground, to_b.inverse(), b);
  a = Noisy(a, 2);
  b = Noisy(b, 3);
  cv::Mat present = Noisy(ground, 4);
  for (int i = 0; i < 3; ++i) {  // so far apart that no tile's exposure is told by two
    cv::rectangle(present, cv::Rect(100 + 110 * i, 90 + 70 * i, 14, 7), i % 2 * 255, cv::FILLED);
  }
  const Reference before{&a, nullptr, to_a}, after{&b, nullptr, to_b};
  const Difference difference = ThreeFrameDifference(present, {}, before, after);
  const cv::Mat expected = Expected(present, before, after);
  std::vector<cv::Point> polygon;
  for (const cv::Point2f& p : difference.overlap) polygon.emplace_back(p);
  cv::Mat inside = cv::Mat::zeros(present.size(), CV_8U);
  cv::fillConvexPoly(inside, polygon, cv::Scalar(255));
  cv::rectangle(inside, cv::Rect(0, 0, inside.cols, inside.rows), 0, 1);
  cv::erode(inside, inside, cv::Mat::ones(15, 15, CV_8U));
  ASSERT_GT(cv::countNonZero(inside), 70000);
  cv::Mat apart, changed = expected > 30;
  cv::absdiff(expected, difference.change, apart);
  apart.setTo(0, ~inside);
  cv::bitwise_and(changed, inside, changed);
  EXPECT_GT(cv::countNonZero(changed), 150);
  // Levelling of the exposure, told from noisy tiles, may shift what is bright by a little.
  EXPECT_EQ(cv::countNonZero(apart > 4), 0);
  EXPECT_LT(cv::countNonZero(apart), 0.1 * cv::countNonZero(inside));
}

TEST(ThreeFrameDifference, SameGroundThroughAnotherViewIsNoChangeAndAVehicleIs) {
  const cv::Mat ground = Texture(420, 340, 4);
  const Homography to_a = Turn(4, 1.08, 20, 5), to_b = Turn(-3, 0.95, -8, 16);
  cv::Mat present = Texture(420, 340, 4), a(340, 420, CV_8U, cv::Scalar(0)), b = a.clone();
  WarpInto(ground, to_a.inverse(), a);
  WarpInto(ground, to_b.inverse(), b);
  cv::rectangle(present, cv::Rect(200, 150, 14, 7), 255, cv::FILLED);
  const Reference before{&a, nullptr, to_a}, after{&b, nullptr, to_b};
  const Difference difference = ThreeFrameDifference(present, {}, before, after);
  EXPECT_LT(difference.noise, 4);
  const cv::Rect vehicle(198, 148, 18, 11);
  EXPECT_GT(cv::countNonZero(difference.change(vehicle) > 15), 50);
  cv::Mat rest = difference.change.clone();
  rest(vehicle).setTo(0);
  EXPECT_LT(cv::countNonZero(rest > 15), 20);
}

TEST(ThreeFrameDifference, ExposureOfTheReferencesIsLevelled) {
  const cv::Mat present = Texture(320, 240, 5);
  cv::Mat darker, brighter;
  present.convertTo(darker, CV_8U, 0.85, -4);
  present.convertTo(brighter, CV_8U, 1.1, 3);
  const Reference a{&darker, nullptr, Homography::Identity()};
  const Reference b{&brighter, nullptr, Homography::Identity()};
  const Difference difference = ThreeFrameDifference(present, {}, a, b);
  EXPECT_EQ(cv::countNonZero(difference.change > 6), 0);
  EXPECT_LT(difference.noise, 2);
}

TEST(ThreeFrameDifference, WhatSymbolsHideHasNotChanged) {
  const cv::Mat present = Texture(320, 240, 6);
  cv::Mat other = present.clone();
  cv::Mat overlay = cv::Mat::zeros(present.size(), CV_8U);
  const cv::Rect symbol(100, 100, 40, 20);
  overlay(symbol).setTo(255);
  other(symbol).setTo(0);
  const Homography shift = Turn(0, 1, 30, 0);
  cv::Mat shifted(240, 320, CV_8U, cv::Scalar(128));
  WarpInto(present, Turn(0, 1, 30, 0).inverse(), shifted);
  shifted(symbol).setTo(255);
  const Reference a{&other, &overlay, Homography::Identity()}, b{&shifted, &overlay, shift};
  const Difference with = ThreeFrameDifference(present, overlay, a, b);
  EXPECT_EQ(cv::countNonZero(with.change(symbol)), 0);
  EXPECT_EQ(cv::countNonZero(with.change(symbol - cv::Point(30, 0))), 0);
}

// Bilinear by definition, in doubles; fixed point and straight runs may be a grey level off.
TEST(WarpRow, IsBilinearInterpolation) {
  cv::Mat picture = Texture(320, 240, 8);
  cv::GaussianBlur(picture, picture, {5, 5}, 0);
  const Homography h = Turn(7, 0.96, 12.3, -4.4);
  cv::Mat warped = cv::Mat::zeros(240, 320, CV_8U);
  WarpInto(picture, h, warped);
  int compared = 0;
  for (int y = 0; y < 240; ++y) {
    for (int x = 0; x < 320; ++x) {
      const Eigen::Vector2d p = Apply(h, {static_cast<double>(x), static_cast<double>(y)});
      if (p.x() < 1 || p.y() < 1 || p.x() > 317 || p.y() > 237) continue;
      const int px = static_cast<int>(p.x()), py = static_cast<int>(p.y());
      const double ax = p.x() - px, ay = p.y() - py;
      const auto at = [&](int dx, int dy) {
        return static_cast<double>(picture.at<std::uint8_t>(py + dy, px + dx));
      };
      const double expected = (at(0, 0) * (1 - ax) + at(1, 0) * ax) * (1 - ay) +
                              (at(0, 1) * (1 - ax) + at(1, 1) * ax) * ay;
      ASSERT_NEAR(warped.at<std::uint8_t>(y, x), expected, 2.0) << x << ", " << y;
      ++compared;
    }
  }
  EXPECT_GT(compared, 60000);
}

// A row of a warp does not depend on which part of it is asked for.
TEST(WarpRow, PartsOfARowAreTheRow) {
  const cv::Mat picture = Texture(320, 240, 7);
  const Homography h = Turn(5, 1.02, 3.3, 4.4);
  cv::Mat whole = cv::Mat::zeros(240, 320, CV_8U);
  WarpInto(picture, h, whole);
  std::vector<std::uint8_t> row(320, 0);
  for (const int x : {0, 7, 100, 133, 319}) WarpRow(picture, h, 120, x, 320, row.data());
  WarpRow(picture, h, 120, 0, 40, row.data());
  for (int x = 0; x < 320; ++x) {
    EXPECT_EQ(row[static_cast<std::size_t>(x)], whole.at<std::uint8_t>(120, x)) << x;
  }
}

}  // namespace
}  // namespace trucewatch::motion
