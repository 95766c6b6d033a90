// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/overlay.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

namespace trucewatch::motion {
namespace {

constexpr int kStepPx = 7;  // of the camera along the road, a picture
constexpr int kPictures = 7;
const cv::Rect kRoad(0, 150, 2000, 22);
const cv::Rect kText(30, 20, 150, 30);

// A road with kerbs through rough ground, seen by a camera that flies along it.
std::vector<cv::Mat> FlyAlongRoad(bool symbols) {
  cv::RNG random(3);
  cv::Mat coarse(80, 500, CV_8U), ground;
  random.fill(coarse, cv::RNG::UNIFORM, 60, 150);
  cv::resize(coarse, ground, {2000, 320}, 0, 0, cv::INTER_CUBIC);
  ground(kRoad).setTo(70);
  cv::rectangle(ground, kRoad, 215, 2);
  std::vector<cv::Mat> pictures;
  for (int i = 0; i < kPictures; ++i) {
    cv::Mat picture = ground(cv::Rect(100 + kStepPx * i, 0, 480, 320)).clone();
    if (symbols) cv::putText(picture, "N 36.20", {32, 44}, cv::FONT_HERSHEY_SIMPLEX, 0.9, 250, 2);
    pictures.push_back(picture);
  }
  return pictures;
}

cv::Mat Edges(const std::vector<cv::Mat>& pictures) {
  std::vector<const cv::Mat*> all;
  for (const cv::Mat& picture : pictures) all.push_back(&picture);
  return StillEdges(all);
}

cv::Mat Confirmed(const std::vector<cv::Mat>& pictures) {
  Homography back = Homography::Identity();
  back(0, 2) = -kStepPx * (kPictures - 1);
  return ConfirmOverlay(Edges(pictures), {{&pictures.front(), &pictures.back(), back}});
}

TEST(Overlay, ARoadThatIsFlownAlongIsNoSymbol) {
  const auto pictures = FlyAlongRoad(false);
  ASSERT_GT(cv::countNonZero(OverlayOfEdges(Edges(pictures))), 5000) << "it does stand still";
  EXPECT_TRUE(Confirmed(pictures).empty());
}

TEST(Overlay, TextIsASymbolAndTheRoadBesideItIsNot) {
  const auto pictures = FlyAlongRoad(true);
  const cv::Mat overlay = Confirmed(pictures);
  ASSERT_FALSE(overlay.empty());
  EXPECT_GT(cv::countNonZero(overlay(cv::Rect(34, 26, 120, 16))), 120 * 16 * 9 / 10);
  EXPECT_EQ(cv::countNonZero(overlay(cv::Rect(0, 130, 480, 60))), 0);
}

TEST(Overlay, WhereTheGroundHardlyMovesSymbolsHaveTheBenefitOfTheDoubt) {
  const auto pictures = FlyAlongRoad(true);
  const CarriedPicture still{&pictures[0], &pictures[1], Homography::Identity()};
  EXPECT_GT(cv::countNonZero(ConfirmOverlay(Edges(pictures), {still})(kText)), 1500);
}

}  // namespace
}  // namespace trucewatch::motion
