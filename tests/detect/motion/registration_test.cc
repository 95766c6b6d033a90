// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/registration.h"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <opencv2/imgproc.hpp>

namespace trucewatch::motion {
namespace {

constexpr int kPicturesRegistered = 6;
const cv::Size kSensor(640, 360);
const cv::Rect kWords(30, 15, 330, 60);
const Eigen::Vector2d kStep(9, 4);  // of the camera over the ground, pixels a picture

// Rough ground of so little contrast (one sigma, grey levels) from a camera that goes on, with
// noise and, on the screen, columns that differ (one sigma) and perhaps words.
class FlyOver {
 public:
  FlyOver(double contrast, double stripes, bool words)
      : stripes_(1, kSensor.width, CV_32F), words_(words) {
    cv::Mat coarse(150, 260, CV_32F);
    random_.fill(coarse, cv::RNG::NORMAL, 0, 1);
    cv::resize(coarse, ground_, {1040, 600}, 0, 0, cv::INTER_CUBIC);
    cv::Scalar mean, sigma;
    cv::meanStdDev(ground_, mean, sigma);
    ground_ *= contrast / sigma[0];
    random_.fill(stripes_, cv::RNG::NORMAL, 0, stripes);
  }

  cv::Mat Picture(int i) {
    const cv::Point corner(60 + cvRound(kStep.x() * i), 60 + cvRound(kStep.y() * i));
    cv::Mat noise(kSensor, CV_32F), picture = ground_(cv::Rect(corner, kSensor)).clone();
    random_.fill(noise, cv::RNG::NORMAL, 0, 2);
    picture += noise + 110;
    for (int y = 0; y < picture.rows; ++y) picture.row(y) += stripes_;
    picture.convertTo(picture, CV_8U);
    if (words_)
      cv::putText(picture, "1 N 36.2012", {40, 60}, cv::FONT_HERSHEY_SIMPLEX, 1.5, 250, 3);
    return picture;
  }

 private:
  cv::RNG random_{5};
  cv::Mat ground_, stripes_;
  bool words_;
};

// How far from the truth the middle of the picture is carried from the first picture to the last;
// negative when the two cannot be related.
double Error(double contrast, double stripes, bool words) {
  FlyOver flight(contrast, stripes, words);
  Registration registration;
  cv::Mat mask;
  if (words) {
    mask = cv::Mat(kSensor, CV_8U, cv::Scalar(255));
    mask(kWords).setTo(0);
  }
  for (int i = 0; i < kPicturesRegistered; ++i) registration.Add(flight.Picture(i), mask);
  const auto h = registration.Relate(0, kPicturesRegistered - 1);
  if (!h) return -1;
  const Eigen::Vector2d middle(320, 180);
  return (Apply(*h, middle) - middle + (kPicturesRegistered - 1) * kStep).norm();
}

bool IsSmall(double error_px) { return error_px >= 0 && error_px < 0.5; }

TEST(Registration, FollowsGroundWithPlentyOfContrast) {
  EXPECT_PRED1(IsSmall, Error(25, 0, false));
}

// As uncooled infrared cameras show fields at night.
TEST(Registration, FollowsFaintGroundBeneathTheStripesOfAnInfraredDetector) {
  EXPECT_PRED1(IsSmall, Error(3, 4, false));
}

// The mean of a column with letters in it is not that of its ground.
TEST(Registration, FollowsFaintGroundBeneathBurntInWords) {
  EXPECT_PRED1(IsSmall, Error(2.5, 0, true));
  EXPECT_PRED1(IsSmall, Error(2.5, 2.5, true));
}

}  // namespace
}  // namespace trucewatch::motion
