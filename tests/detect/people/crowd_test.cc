// SPDX-License-Identifier: Apache-2.0
#include "detect/people/crowd.h"

#include <gtest/gtest.h>

#include <random>

namespace trucewatch::people {
namespace {

// `count` patches of one person's size about `middle`, the same in each of ten pictures but for a
// little movement.
void AddPeople(std::vector<std::vector<Patch>>& pictures, int count, const Eigen::Vector2d& middle,
               double radius_m, unsigned seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> unit(-1, 1);
  std::normal_distribution<double> normal;
  pictures.resize(10);
  for (int i = 0; i < count; ++i) {
    const Eigen::Vector2d place = middle + radius_m * Eigen::Vector2d(unit(random), unit(random));
    for (auto& picture : pictures) {
      picture.push_back({place + 0.1 * Eigen::Vector2d(normal(random), normal(random)),
                         1.1 + 0.1 * normal(random)});
    }
  }
}

TEST(CountCrowds, CountsOneGroupAndSaysWhereItIs) {
  std::vector<std::vector<Patch>> pictures;
  AddPeople(pictures, 20, {30, -40}, 8, 1);
  const auto crowds = CountCrowds(pictures, {});
  ASSERT_EQ(crowds.size(), 1u);
  EXPECT_LE(crowds[0].count_min, 20);
  EXPECT_GE(crowds[0].count_max, 20);
  EXPECT_LE(crowds[0].count_max - crowds[0].count_min, 12);
  EXPECT_LT((crowds[0].middle_m - Eigen::Vector2d(30, -40)).norm(), 3.0);
  EXPECT_GT(crowds[0].extent_m, 5.0);
  EXPECT_LT(crowds[0].extent_m, 12.0);
  EXPECT_GT(crowds[0].score, 0.9);
}

TEST(CountCrowds, TwoGroupsApartAreTwoAndAFewPeopleAreNone) {
  std::vector<std::vector<Patch>> pictures;
  AddPeople(pictures, 15, {0, 0}, 5, 1);
  AddPeople(pictures, 9, {40, 0}, 4, 2);
  AddPeople(pictures, 3, {-40, 0}, 2, 3);
  const auto crowds = CountCrowds(pictures, {});
  ASSERT_EQ(crowds.size(), 2u);
  EXPECT_GT(crowds[0].count_expected, crowds[1].count_expected);
  EXPECT_NEAR(crowds[1].middle_m.x(), 40, 3);
}

TEST(CountCrowds, PeopleWhoTouchAreCountedByTheGroundTheyCover) {
  std::vector<std::vector<Patch>> pictures;
  AddPeople(pictures, 14, {0, 0}, 8, 1);
  // Two pairs, and one that fell in two pieces.
  for (auto& picture : pictures) {
    picture.push_back({{2, 3}, 2.15});
    picture.push_back({{-4, 3}, 2.05});
    picture.push_back({{6, 0}, 0.42});
    picture.push_back({{6, 0.8}, 0.4});
  }
  const auto crowds = CountCrowds(pictures, {});
  ASSERT_EQ(crowds.size(), 1u);
  EXPECT_NEAR(crowds[0].count_expected * 0.97, 18.7, 1.5);
}

TEST(CountCrowds, APictureThatShowsMoreDoesNotDecide) {
  std::vector<std::vector<Patch>> pictures;
  AddPeople(pictures, 12, {0, 0}, 8, 1);
  const double before = CountCrowds(pictures, {}).at(0).count_expected;
  for (int i = 0; i < 20; ++i) pictures[4].push_back({{0.4 * i - 4, 1}, 1.1});
  EXPECT_NEAR(CountCrowds(pictures, {}).at(0).count_expected, before, 1.0);
}

TEST(CountCrowds, NothingIsNoGroup) {
  EXPECT_TRUE(CountCrowds({}, {}).empty());
  EXPECT_TRUE(CountCrowds(std::vector<std::vector<Patch>>(10), {}).empty());
}

}  // namespace
}  // namespace trucewatch::people
