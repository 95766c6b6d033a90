// SPDX-License-Identifier: Apache-2.0
#include "detect/parked/picture_change.h"

#include <gtest/gtest.h>

#include "tests/detect/parked/yard.h"

namespace trucewatch::parked {
namespace {

using testing::Yard;
using testing::YardLight;

TEST(PictureChange, AVehicleThatCameIsAPeakAtItsPlace) {
  const Yard yard(1);
  const PictureChange change =
      ChangeBetween(yard.Look({}, 1), yard.Look({{3, 8}}, 2), yard.frame(), 2.4);
  ASSERT_FALSE(change.peaks.empty());
  const ChangePeak& peak = change.peaks.front();
  EXPECT_LT((yard.frame().MetresFromCell(peak.cell) - Eigen::Vector2d(3, 8)).norm(), 2);
  EXPECT_GT(peak.gained, peak.lost);
}

TEST(PictureChange, OneThatLeftIsThePeakOfTheOtherWay) {
  const Yard yard(1);
  const PictureChange change =
      ChangeBetween(yard.Look({{3, 8}}, 1), yard.Look({}, 2), yard.frame(), 2.4);
  ASSERT_FALSE(change.peaks.empty());
  EXPECT_GT(change.peaks.front().lost, change.peaks.front().gained);
}

TEST(PictureChange, OtherLightIsNoChange) {
  const Yard yard(2);
  const GroundPicture bright = yard.Look({{-3, 8}}, 1);
  const GroundPicture dull = yard.Look({{-3, 8}}, 2, {.gain = 0.7, .offset = 15});
  EXPECT_TRUE(ChangeBetween(bright, dull, yard.frame(), 2.4).peaks.empty());
}

TEST(PictureChange, AShadowLeavesNothingButItsEdge) {
  const Yard yard(3);
  const GroundPicture sun = yard.Look({{-9, 8}}, 1);
  const GroundPicture shade = yard.Look({{-9, 8}}, 2, {.shadow_to_m = 4});
  for (const ChangePeak& peak : ChangeBetween(sun, shade, yard.frame(), 2.4).peaks) {
    EXPECT_LT(std::abs(yard.frame().MetresFromCell(peak.cell).x() - 4), 2.5);
  }
}

TEST(PictureChange, AVehicleThatAShadowReachesHasTheSameEdges) {
  const Yard yard(3);
  const GroundPicture sun = yard.Look({{3, 8}}, 1);
  GroundPicture shade = sun;
  for (int y = 0; y < yard.frame().side_cells; ++y) {
    for (int x = 0; x < yard.frame().side_cells; ++x) {
      const Eigen::Vector2d off =
          (yard.frame().MetresFromCell({x, y}) - Eigen::Vector2d(3, 8)).cwiseAbs();
      auto& level = shade.grey[static_cast<std::size_t>(y) *
                                   static_cast<std::size_t>(yard.frame().side_cells) +
                               static_cast<std::size_t>(x)];
      if (off.x() <= 0.9 && off.y() <= 2.2) level = static_cast<std::uint8_t>(0.75 * level);
    }
  }
  for (const ChangePeak& peak : ChangeBetween(sun, shade, yard.frame(), 1).peaks) {
    EXPECT_GT(peak.same_edges, 0.7);
  }
  const PictureChange came = ChangeBetween(yard.Look({}, 4), sun, yard.frame(), 2.4);
  ASSERT_FALSE(came.peaks.empty());
  EXPECT_LT(came.peaks.front().same_edges, 0.5);
}

TEST(PictureChange, TheMedianOfLooksForgetsWhatPasses) {
  const Yard yard(4);
  std::vector<GroundPicture> looks;
  for (std::uint64_t i = 0; i < 4; ++i) {
    looks.push_back(yard.Look(
        i == 2 ? std::vector<Eigen::Vector2d>{{0, 0}} : std::vector<Eigen::Vector2d>{}, i));
  }
  const std::vector<const GroundPicture*> all = {&looks[0], &looks[1], &looks[2], &looks[3]};
  const GroundPicture median = MedianOf(all, yard.frame().side_cells);
  EXPECT_TRUE(ChangeBetween(yard.Look({}, 9), median, yard.frame(), 2.4).peaks.empty());
}

TEST(PictureChange, ProgressGoesFromNoughtToOneWhereItHappened) {
  const Yard yard(5);
  std::vector<GroundPicture> looks;
  for (int i = 0; i < 12; ++i) {
    looks.push_back(
        yard.Look(i < 6 ? std::vector<Eigen::Vector2d>{} : std::vector<Eigen::Vector2d>{{6, -8}},
                  static_cast<std::uint64_t>(i)));
  }
  std::vector<const GroundPicture*> all;
  for (const GroundPicture& look : looks) all.push_back(&look);
  const std::vector<double> progress =
      ProgressOf(all, looks[0], looks[11], yard.frame(), yard.frame().CellFromMetres({6, -8}));
  ASSERT_EQ(progress.size(), 12U);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_NEAR(progress[i], i < 6 ? 0 : 1, 0.05) << i;
}

// What a camera shows ends at another place in each look.
void ShowOnlyEastOf(double east_m, const Yard& yard, GroundPicture& look) {
  for (int y = 0; y < yard.frame().side_cells; ++y) {
    for (int x = 0; x < yard.frame().side_cells; ++x) {
      if (yard.frame().MetresFromCell({x, y}).x() >= east_m) continue;
      const std::size_t i =
          static_cast<std::size_t>(y) * static_cast<std::size_t>(yard.frame().side_cells) +
          static_cast<std::size_t>(x);
      look.seen[i] = 0;
      look.grey[i] = 0;
    }
  }
}

TEST(PictureChange, TheRimOfWhatIsShownIsNoChange) {
  const Yard yard(8);
  GroundPicture before = yard.Look({}, 1), after = yard.Look({}, 2, {.gain = 0.8});
  ShowOnlyEastOf(-4, yard, before);
  ShowOnlyEastOf(-3, yard, after);
  EXPECT_TRUE(ChangeBetween(before, after, yard.frame(), 2.4).peaks.empty());
}

TEST(PictureChange, ALookThatShowsAPartOfThePlaceIsJudgedByThatPart) {
  const Yard yard(8);
  std::vector<GroundPicture> looks;
  std::vector<const GroundPicture*> all;
  for (std::uint64_t i = 0; i < 12; ++i) {
    looks.push_back(yard.Look(
        i < 6 ? std::vector<Eigen::Vector2d>{} : std::vector<Eigen::Vector2d>{{0, 0}}, i));
    if (i == 3 || i == 9) ShowOnlyEastOf(-0.5, yard, looks.back());
  }
  for (const GroundPicture& look : looks) all.push_back(&look);
  const std::vector<double> progress =
      ProgressOf(all, looks[5], looks[6], yard.frame(), yard.frame().CellFromMetres({0, 0}));
  ASSERT_EQ(progress.size(), 12U);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_NEAR(progress[i], i < 6 ? 0 : 1, 0.1) << i;
}

TEST(PictureChange, OnlyALookOrTwoMayNotShowThePlace) {
  const Yard yard(8);
  std::vector<GroundPicture> looks;
  std::vector<const GroundPicture*> all;
  for (std::uint64_t i = 0; i < 12; ++i) {
    looks.push_back(yard.Look(
        i < 6 ? std::vector<Eigen::Vector2d>{} : std::vector<Eigen::Vector2d>{{0, 0}}, i));
    if (i >= 8 && i <= 9) ShowOnlyEastOf(5, yard, looks.back());
  }
  for (const GroundPicture& look : looks) all.push_back(&look);
  const Eigen::Vector2d cell = yard.frame().CellFromMetres({0, 0});
  ASSERT_EQ(ProgressOf(all, looks[5], looks[6], yard.frame(), cell).size(), 12U);
  ShowOnlyEastOf(5, yard, looks[2]);
  EXPECT_TRUE(ProgressOf(all, looks[5], looks[6], yard.frame(), cell).empty());
}

TEST(PictureChange, AMedianStandsWhereThreeOfFourShowTheGround) {
  const Yard yard(4);
  std::vector<GroundPicture> looks;
  for (std::uint64_t i = 0; i < 4; ++i) looks.push_back(yard.Look({}, i));
  const std::vector<const GroundPicture*> all = {&looks[0], &looks[1], &looks[2], &looks[3]};
  looks[1].seen[500] = 0;
  looks[1].grey[500] = 255;
  looks[0].seen[900] = looks[3].seen[900] = 0;
  const GroundPicture median = MedianOf(all, yard.frame().side_cells);
  EXPECT_EQ(median.seen[500], 255);
  EXPECT_NEAR(median.grey[500], looks[0].grey[500], 8);
  EXPECT_EQ(median.seen[900], 0);
}

TEST(PictureChange, NothingIsSaidWhereOneOfThemIsBlind) {
  const Yard yard(6);
  GroundPicture before = yard.Look({}, 1), after = yard.Look({{3, 8}}, 2);
  std::fill(before.seen.begin(), before.seen.end(), std::uint8_t{0});
  EXPECT_TRUE(ChangeBetween(before, after, yard.frame(), 2.4).peaks.empty());
}

}  // namespace
}  // namespace trucewatch::parked
