// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/view.h"

#include <gtest/gtest.h>

#include "core/geo/camera.h"
#include "tests/tools/simulate/demo_scenario.h"
#include "tools/simulate/flight.h"

namespace trucewatch::simulate {
namespace {

TEST(View, AgreesWithCoreGeoOverTheWholePicture) {
  const Scenario scenario = testing::DemoScenario("scenario", 3);
  const World world = MakeWorld(scenario);
  const Flight flight(scenario, world);
  for (const double t_s : {0.0, 61.3, 104.0, 133.7, 192.2, 239.9}) {
    const CameraPose pose = flight.TruePose(t_s);
    const View view(pose, flight.frame(), flight.StarePoint(t_s));
    const auto footprint = view.Footprint();
    ASSERT_TRUE(footprint);
    for (int i = 0; i <= 10; ++i) {
      for (int j = 0; j <= 10; ++j) {
        const double a = 0.1 * i, b = 0.1 * j;
        const Eigen::Vector2d place = (1 - a) * (1 - b) * (*footprint)[0] +
                                      a * (1 - b) * (*footprint)[1] + a * b * (*footprint)[2] +
                                      (1 - a) * b * (*footprint)[3];
        for (const double height_m : {0.0, 8.0}) {
          Geodetic ground = GroundPlace(flight.frame(), place);
          ground.height_hae_m += height_m;
          const auto pixel = PixelFromGround(pose, ground);
          ASSERT_TRUE(pixel);
          EXPECT_LT((view.Project(place, height_m) - *pixel).norm(), 0.1);
        }
      }
    }
  }
}

TEST(View, KnowsWhatIsBehindTheCamera) {
  const Scenario scenario = testing::DemoScenario("scenario", 3);
  const World world = MakeWorld(scenario);
  const Flight flight(scenario, world);
  const CameraPose pose = flight.TruePose(120);
  const View view(pose, flight.frame(), flight.StarePoint(120));
  int behind = 0;
  for (double east = -6000; east <= 6000; east += 250) {
    for (double north = -6000; north <= 6000; north += 250) {
      // core/geo gives no pixel for what is behind; between lies what grazes the image plane.
      if (!PixelFromGround(pose, GroundPlace(flight.frame(), {east, north}))) {
        EXPECT_FALSE(view.InFront({east, north})) << east << " " << north;
        ++behind;
      }
    }
  }
  EXPECT_GT(behind, 100);
  EXPECT_TRUE(view.InFront(flight.StarePoint(120)));
}

TEST(View, FootprintIsWhereCoreGeoPutsTheCorners) {
  const Scenario scenario = testing::DemoScenario("scenario", 3);
  const World world = MakeWorld(scenario);
  const Flight flight(scenario, world);
  const CameraPose pose = flight.TruePose(140);
  const auto footprint = View(pose, flight.frame(), flight.StarePoint(140)).Footprint();
  ASSERT_TRUE(footprint);
  const double w = pose.width_px, h = pose.height_px;
  const Eigen::Vector2d corners[] = {{0, 0}, {w, 0}, {w, h}, {0, h}};
  const FlatTerrain ground(scenario.ground_hae_m(), 0);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto place = GroundFromPixel(pose, corners[i].x(), corners[i].y(), ground);
    ASSERT_TRUE(place);
    EXPECT_LT(GeodesicDistanceM(*place, GroundPlace(flight.frame(), (*footprint)[i])), 0.1);
  }
}

TEST(Flight, BoresightMeetsTheStarePointAndMetadataErrorsAreAsStated) {
  const Scenario scenario = testing::DemoScenario("scenario", 5);
  const World world = MakeWorld(scenario);
  const Flight flight(scenario, world);
  const FlatTerrain ground(scenario.ground_hae_m(), 0);
  double squares = 0;
  constexpr int kFrames = 400;
  for (int frame = 0; frame < kFrames; ++frame) {
    const double t_s = 0.6 * frame;
    const CameraPose truth = flight.TruePose(t_s);
    const auto centre = GroundFromPixel(truth, 0.5 * truth.width_px, 0.5 * truth.height_px, ground);
    ASSERT_TRUE(centre);
    EXPECT_LT(GeodesicDistanceM(*centre, GroundPlace(flight.frame(), flight.StarePoint(t_s))),
              0.05);
    const CameraPose told = flight.MetadataPose(truth, frame);
    const auto believed = GroundFromPixel(told, 0.5 * told.width_px, 0.5 * told.height_px, ground);
    ASSERT_TRUE(believed);
    squares += std::pow(GeodesicDistanceM(*centre, *believed), 2);
  }
  // Two metres of position and five angles of 0.04 degrees at 2.7 km: a few metres, neither none
  // nor tens.
  const double rms_m = std::sqrt(squares / kFrames);
  EXPECT_GT(rms_m, 0.7);
  EXPECT_LT(rms_m, 15);
}

}  // namespace
}  // namespace trucewatch::simulate
