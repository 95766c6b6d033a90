// SPDX-License-Identifier: Apache-2.0
#include "detect/parked/ground_picture.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/detect/parked/yard.h"

namespace trucewatch::parked {
namespace {

using testing::Yard;

CameraPose PoseOver(const Geodetic& ground, double height_m, double depression_deg) {
  CameraPose pose;
  const LocalFrame frame(ground);
  const double back_m = height_m / std::tan(Angle::Degrees(depression_deg).rad());
  pose.position = frame.GeodeticFromEnu({0, -back_m, height_m});
  pose.sensor_elevation = Angle::Degrees(-depression_deg);
  pose.horizontal_fov = Angle::Degrees(12);
  pose.vertical_fov = Angle::Degrees(9);
  pose.width_px = 640;
  pose.height_px = 480;
  return pose;
}

TEST(GroundPicture, ABrightSpotLiesWhereThePoseSaysTheGroundIs) {
  const Yard yard(1);
  const GroundFrame& frame = yard.frame();
  const FlatTerrain terrain(frame.middle.height_hae_m, 0);
  const CameraPose pose = PoseOver(frame.middle, 200, 60);
  const Eigen::Vector2d place(7, -5);
  const auto pixel =
      PixelFromGround(pose, LocalFrame(frame.middle).GeodeticFromEnu({place.x(), place.y(), 0}));
  ASSERT_TRUE(pixel);
  std::vector<std::uint8_t> grey(640 * 480, 50);
  for (int dy = -2; dy <= 2; ++dy) {
    for (int dx = -2; dx <= 2; ++dx) {
      grey[static_cast<std::size_t>((static_cast<int>(pixel->y()) + dy) * 640 +
                                    static_cast<int>(pixel->x()) + dx)] = 250;
    }
  }
  const auto picture = LayOnGround({640, 480, grey.data(), 640}, pose, terrain, frame);
  ASSERT_TRUE(picture);
  const auto brightest = std::max_element(picture->grey.begin(), picture->grey.end());
  const auto at = static_cast<int>(brightest - picture->grey.begin());
  const Eigen::Vector2d found =
      frame.MetresFromCell({at % frame.side_cells, at / frame.side_cells});
  EXPECT_LT((found - place).norm(), 0.5);
}

TEST(GroundPicture, AHorizonInViewIsNoGround) {
  const Yard yard(1);
  const FlatTerrain terrain(yard.frame().middle.height_hae_m, 0);
  const CameraPose pose = PoseOver(yard.frame().middle, 200, 2);
  const std::vector<std::uint8_t> grey(640 * 480, 50);
  EXPECT_FALSE(LayOnGround({640, 480, grey.data(), 640}, pose, terrain, yard.frame()));
}

TEST(GroundPicture, APictureOffByMetresAndTurnedIsLaidBack) {
  const Yard yard(2);
  const int side = yard.frame().side_cells;
  const GroundPicture reference = yard.Look({{3, 8}}, 1);
  GroundAlignment off;
  const double turn = 0.01;
  off.linear << std::cos(turn), -std::sin(turn), std::sin(turn), std::cos(turn);
  off.shift = {7.3, -5.6};
  GroundAlignment back;
  back.linear = off.linear.inverse();
  back.shift = -(back.linear * off.shift);
  const GroundPicture moved =
      Aligned(yard.Look({{3, 8}}, 2, {.gain = 0.8, .offset = 20}), side, back);
  const auto found = Align(reference, moved, side, 16);
  ASSERT_TRUE(found);
  for (const Eigen::Vector2d& cell : {Eigen::Vector2d(60, 60), Eigen::Vector2d(100, 90)}) {
    EXPECT_LT((found->Later(cell) - off.Later(cell)).norm(), 0.3) << cell.transpose();
  }
}

TEST(GroundPicture, OtherGroundIsNotLaidOnIt) {
  const int side = Yard(1).frame().side_cells;
  GroundPicture flat = Yard(1).Look({}, 1);
  std::fill(flat.grey.begin(), flat.grey.end(), std::uint8_t{90});
  EXPECT_FALSE(Align(Yard(1).Look({}, 1), flat, side, 16));
}

TEST(GroundPicture, CellsAndMetresAreEachOthersInverse) {
  const GroundFrame frame{{}, 160, 0.25};
  const Eigen::Vector2d place(3.125, -11.5);
  EXPECT_LT((frame.MetresFromCell(frame.CellFromMetres(place)) - place).norm(), 1e-12);
  EXPECT_GT(frame.CellFromMetres({0, -1}).y(), frame.CellFromMetres({0, 1}).y());
}

}  // namespace
}  // namespace trucewatch::parked
