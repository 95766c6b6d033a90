// SPDX-License-Identifier: Apache-2.0
// Pictures for people: what officers see, and that parties' drawings hold nothing else than
// vehicles.
#include "detect/still.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "tests/detect/encoded_scene.h"

namespace trucewatch {
namespace {

cv::Mat Decode(const std::string& png) {
  const std::vector<std::uint8_t> bytes(png.begin(), png.end());
  return cv::imdecode(bytes, cv::IMREAD_UNCHANGED);
}

ObservationSet LookOfOneTruckAndPeople() {
  ObservationSet look;
  Detection d;
  d.classes = {{ObjectClass::kTruck, 1.0}};
  d.box_x_px = 400;
  d.box_y_px = 300;
  d.box_width_px = 40;
  d.box_height_px = 20;
  look.detections.push_back(d);
  GroupObservation g;
  g.object_class = ObjectClass::kPersonGroup;
  g.count_min = 5;
  g.count_max = 9;
  g.box_x_px = 100;
  g.box_y_px = 100;
  g.box_width_px = 50;
  g.box_height_px = 30;
  look.groups.push_back(g);
  return look;
}

TEST(DrawLook, AnOfficerSeesThePictureItselfWithABoxAboutEachDetection) {
  testing::SceneOptions options{.seed = 5, .pictures = 6};
  options.vehicles.push_back({.start_en_m = {-10, 5}, .velocity_en_mps = {10, 0}});
  const VideoSegment segment = testing::Encode(testing::RenderScene(options));
  const auto picture = PictureOf(segment, 4);
  ASSERT_TRUE(picture) << picture.error().message;
  EXPECT_EQ(picture->access_unit, 4);
  const auto png = DrawLook(*picture, LookOfOneTruckAndPeople());
  ASSERT_TRUE(png) << png.error().message;
  const cv::Mat drawn = Decode(*png);
  ASSERT_EQ(drawn.size(), cv::Size(options.width_px, options.height_px));
  EXPECT_EQ(drawn.at<cv::Vec3b>(310, 398), cv::Vec3b(0, 0, 255));  // the box's left edge
  // Elsewhere it is the picture: grey, as the scene is, within rounding of the colours.
  int apart = 0;
  for (int y = 400; y < 500; ++y) {
    for (int x = 600; x < 800; ++x) {
      const int was = picture->luma[static_cast<std::size_t>(y * options.width_px + x)];
      apart = std::max(apart, std::abs(drawn.at<cv::Vec3b>(y, x)[1] - (was - 16) * 255 / 219));
    }
  }
  EXPECT_LE(apart, 40);
  EXPECT_FALSE(PictureOf(segment, 99));
}

}  // namespace
}  // namespace trucewatch
