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

// Where a thin line is blurred its edges are as grey as the ground; white and black lie beside
// them.
TEST(Overlay, AThinLineWithDarkRimsIsASymbolThoughItsEdgesAreGrey) {
  cv::Mat ground(320, 480, CV_8U);
  cv::RNG(4).fill(ground, cv::RNG::UNIFORM, 90, 110);
  cv::Mat picture = ground.clone(), edges = cv::Mat::zeros(ground.size(), CV_8U);
  const cv::Rect line(200, 100, 8, 40);
  for (const auto& [x, grey] :
       {std::pair{0, 10}, {1, 10}, {2, 100}, {3, 240}, {4, 240}, {5, 100}, {6, 10}, {7, 10}}) {
    picture(cv::Rect(line.x + x, line.y, 1, line.height)).setTo(grey);
    if (grey == 100) edges(cv::Rect(line.x + x, line.y, 1, line.height)).setTo(255);
  }
  Homography ground_has_gone = Homography::Identity();
  ground_has_gone(0, 2) = 30;
  const cv::Mat overlay = ConfirmOverlay(edges, {{&picture, &picture, ground_has_gone}});
  ASSERT_FALSE(overlay.empty());
  EXPECT_EQ(cv::countNonZero(overlay(line)), line.area());
}

// They seem to move no faster than the ground does, and edges of ground look like theirs.
TEST(Overlay, WhereTheGroundHardlyMovesNothingIsASymbol) {
  const auto pictures = FlyAlongRoad(true);
  const CarriedPicture still{&pictures[0], &pictures[1], Homography::Identity()};
  EXPECT_TRUE(ConfirmOverlay(Edges(pictures), {still}).empty());
}

// Ground as bright and as dark as the letters hides that they are foreign; but it went across their
// edges, and they stayed.
TEST(Overlay, LettersOverGroundOfAllGreysAreSymbols) {
  cv::Mat coarse(120, 600, CV_8U), ground;
  cv::RNG(5).fill(coarse, cv::RNG::UNIFORM, 0, 256);
  cv::resize(coarse, ground, {1800, 360}, 0, 0, cv::INTER_LINEAR);
  std::vector<cv::Mat> pictures;
  for (int i = 0; i < kPictures; ++i) {
    cv::Mat picture = ground(cv::Rect(100 + kStepPx * i, 0, 480, 320)).clone();
    for (const auto& [grey, width] : {std::pair{10, 5}, {250, 2}}) {
      cv::putText(picture, "N 36.20", {32, 44}, cv::FONT_HERSHEY_SIMPLEX, 0.9, grey, width);
    }
    pictures.push_back(picture);
  }
  const cv::Mat overlay = Confirmed(pictures);
  ASSERT_FALSE(overlay.empty());
  EXPECT_GT(cv::countNonZero(overlay(kText)), 2500);
  EXPECT_LT(cv::countNonZero(overlay), 6000);
}

// A sensor's own dead spots stand still over ground that shows nothing at all.
TEST(Overlay, FewStillEdgesBesideTheTextDoNotMakeItGround) {
  std::vector<cv::Mat> pictures;
  for (int i = 0; i < kPictures; ++i) {
    cv::Mat picture(320, 480, CV_8U, cv::Scalar(90 + i % 2));
    for (int k = 0; k < 12; ++k) {
      picture(cv::Rect(60 + 30 * k, 200 + 7 * (k % 3), 3, 3)).setTo(170);
    }
    cv::putText(picture, "N 36.20", {32, 44}, cv::FONT_HERSHEY_SIMPLEX, 0.9, 250, 2);
    pictures.push_back(picture);
  }
  const cv::Mat edges = Edges(pictures);
  ASSERT_FALSE(edges.empty());
  EXPECT_GT(cv::countNonZero(OverlayOfEdges(edges)(kText)), 1500);
}

// In the middle of a zoom the ground rests, and its edges with it.
TEST(Overlay, EdgesOfGroundThatRestsOnTheScreenAreNoneOfSymbols) {
  const cv::Point middle(240, 160);
  cv::Mat edges(320, 480, CV_8U, cv::Scalar(255));
  Homography zoom = Homography::Identity();
  zoom(0, 0) = zoom(1, 1) = 1.02;
  zoom(0, 2) = -0.02 * middle.x;
  zoom(1, 2) = -0.02 * middle.y;
  const cv::Mat moving = EdgesWhereGroundMoves(edges, {zoom});
  EXPECT_EQ(moving.at<std::uint8_t>(middle), 0);
  EXPECT_EQ(moving.at<std::uint8_t>(middle + cv::Point(48, 0)), 0) << "0.96 pixels";
  EXPECT_EQ(moving.at<std::uint8_t>(middle + cv::Point(52, 0)), 255) << "1.04 pixels";
  EXPECT_EQ(moving.at<std::uint8_t>(middle + cv::Point(0, 52)), 255);
  const cv::Mat in_one = EdgesWhereGroundMoves(edges, {Homography::Identity(), zoom});
  EXPECT_EQ(in_one.at<std::uint8_t>(middle + cv::Point(52, 0)), 255) << "it moves in one of them";
  EXPECT_EQ(cv::countNonZero(EdgesWhereGroundMoves(edges, {})), 480 * 320) << "nobody knows";
}

}  // namespace
}  // namespace trucewatch::motion
