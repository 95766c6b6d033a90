// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/rendered_clip.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/tools/simulate/clip/clip_settings.h"

namespace trucewatch::clip {
namespace {

using v1::config::ClipScene;

TEST(ClipPlan, SceneFilesThatAreShippedAreRead) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator("configs/scenes")) {
    const auto scene = LoadScene(entry.path().string());
    EXPECT_TRUE(scene) << scene.error().message;
    ++files;
  }
  EXPECT_GE(files, 3);
}

TEST(ClipPlan, AnotherRangeOfOneValueLeavesTheOthersAsTheyWere) {
  auto settings = testing::SmallScene(ClipScene::TOWN);
  settings.mutable_haze()->set_max(1);
  settings.mutable_noise()->set_max(5);
  const ClipPlan a = DrawClip(settings, 3, 10);
  settings.mutable_haze()->set_max(2);
  const ClipPlan b = DrawClip(settings, 3, 10);
  EXPECT_NEAR(b.haze, 2 * a.haze, 1e-12);
  EXPECT_EQ(a.noise, b.noise);
  EXPECT_NE(DrawClip(settings, 4, 10).noise, a.noise);
}

TEST(ClipPlan, ScenesOfTwoNamesShareNothingWithTheSameSeed) {
  auto settings = testing::SmallScene(ClipScene::TOWN);
  settings.mutable_noise()->set_max(5);
  const ClipPlan a = DrawClip(settings, 3, 10);
  settings.set_name("another");
  const ClipPlan b = DrawClip(settings, 3, 10);
  EXPECT_NE(a.noise, b.noise);
  const Geodetic told_a = ClipFlight(a).MetadataPose(0).position;
  EXPECT_NE(told_a.latitude, ClipFlight(b).MetadataPose(0).position.latitude);
  EXPECT_EQ(a.given_seed, b.given_seed);
}

TEST(ClipFlight, MetadataErrorsHaveTheStatedSigma) {
  auto settings = testing::SmallScene(ClipScene::DESERT);
  settings.set_position_sigma_m(10);
  settings.set_platform_angle_sigma_deg(0.3);
  settings.set_noise_share(0.25);
  double east2 = 0, heading2 = 0;
  constexpr int kClips = 600;
  for (int seed = 0; seed < kClips; ++seed) {
    const ClipPlan plan = DrawClip(settings, static_cast<std::uint64_t>(seed), 1);
    const ClipFlight flight(plan);
    const CameraPose truth = flight.TruePose(0.3), told = flight.MetadataPose(3);
    const double east = LocalFrame(truth.position).EnuFromGeodetic(told.position).x();
    double heading = (told.platform_heading - truth.platform_heading).deg();
    heading = std::remainder(heading, 360.0);
    east2 += east * east / kClips, heading2 += heading * heading / kClips;
  }
  // The standard deviation of a sample variance of 600 is 5.8 % of it: four of them.
  EXPECT_NEAR(east2 / 100, 1, 0.23);
  EXPECT_NEAR(heading2 / 0.09, 1, 0.23);
}

TEST(RenderedClip, SamePictureAndTruthForTheSamePlan) {
  const ClipPlan plan = DrawClip(testing::SmallScene(ClipScene::TOWN), 2, 2);
  std::vector<std::uint8_t> first;
  std::vector<VehicleTruth> truth;
  for (int turn = 0; turn < 2; ++turn) {
    const auto scene = RenderedClip::Create(plan).value();
    simulate::YuvPicture picture(320, 180);
    if (turn == 1) scene->Render(3, picture, nullptr);  // what was drawn before does not matter
    scene->Render(7, picture, &truth);
    if (turn == 0) first = picture.y;
    EXPECT_EQ(first, picture.y);
  }
  EXPECT_FALSE(truth.empty());
}

}  // namespace
}  // namespace trucewatch::clip
