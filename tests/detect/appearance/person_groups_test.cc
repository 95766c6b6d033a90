// SPDX-License-Identifier: Apache-2.0
#include "detect/appearance/person_groups.h"

#include <gtest/gtest.h>

#include <random>

namespace trucewatch::appearance {
namespace {

v1::config::ModelCard PersonCard() {
  v1::config::ModelCard card;
  card.set_working_score(0.3);
  card.add_class_()->set_object(v1::config::ModelClass::LIGHT_VEHICLE);
  card.add_class_()->set_object(v1::config::ModelClass::PERSON);
  return card;
}

Box PersonBox(double x, double y, double score = 0.9) {
  Box box;
  box.x_px = x - 4;
  box.y_px = y - 7;
  box.width_px = 8;
  box.height_px = 14;
  box.score = score;
  box.model_class = 1;
  return box;
}

TEST(GroupPersons, FewerThanAGroupNeedsAreNobody) {
  std::vector<Box> boxes;
  for (int i = 0; i < 4; ++i) boxes.push_back(PersonBox(100 + 20 * i, 100));
  EXPECT_TRUE(GroupPersons(boxes, PersonCard(), {.min_count = 5, .gsd_m = 0.1}).empty());
  // Cars are not counted, nor whom the network is not sure of.
  for (Box car : boxes) {
    car.model_class = 0;
    boxes.push_back(car);
  }
  for (int i = 0; i < 8; ++i) boxes.push_back(PersonBox(100 + 20 * i, 120, 0.2));
  EXPECT_TRUE(GroupPersons(boxes, PersonCard(), {.min_count = 5, .gsd_m = 0.1}).empty());
}

TEST(GroupPersons, ThoseFarApartAreTwoGroups) {
  std::vector<Box> boxes;
  for (int i = 0; i < 8; ++i) boxes.push_back(PersonBox(100 + 20 * i, 100));
  for (int i = 0; i < 12; ++i) boxes.push_back(PersonBox(600 + 20 * i, 300));
  const auto groups = GroupPersons(boxes, PersonCard(), {.gsd_m = 0.1});  // 6 m are 60 px
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_GT(groups[0].count_expected, groups[1].count_expected);
  EXPECT_LE(groups[0].count_min, 12);
  EXPECT_GE(groups[0].count_max, 12);
  EXPECT_NEAR(groups[0].middle_x_px, 710, 1e-9);
  EXPECT_DOUBLE_EQ(groups[1].x_px, 96);
  EXPECT_DOUBLE_EQ(groups[1].width_px, 148);
  EXPECT_LE(groups[0].extent_px, 110);
}

TEST(GroupPersons, WithoutAScaleThePersonsThemselvesGiveIt) {
  std::vector<Box> boxes;
  for (int i = 0; i < 8; ++i) boxes.push_back(PersonBox(100 + 55 * i, 100));  // 14 px are 1.4 m
  EXPECT_EQ(GroupPersons(boxes, PersonCard(), {}).size(), 1U);
  boxes.clear();
  for (int i = 0; i < 8; ++i) boxes.push_back(PersonBox(100 + 65 * i, 100));
  EXPECT_TRUE(GroupPersons(boxes, PersonCard(), {}).empty());
}

// Drawn from the model that the header states: each person is found with probability 1 - m, m drawn
// anew for each picture about kMissedShare.
TEST(GroupPersons, TheIntervalHoldsTheTrueCountNineteenTimesInTwenty) {
  std::mt19937 random(17);
  std::normal_distribution<double> share(kMissedShare, kMissedSigma);
  std::uniform_real_distribution<double> uniform(0, 1);
  int held = 0, drawn = 0;
  for (int n = 0; n < 2000; ++n) {
    const int truth = 12 + static_cast<int>(random() % 40);
    const double missed = std::clamp(share(random), 0.0, 0.6);
    std::vector<Box> boxes;
    for (int i = 0; i < truth; ++i) {
      if (uniform(random) < missed) continue;
      boxes.push_back(PersonBox(100 + 10 * i, 100, 0.999));
    }
    const auto groups = GroupPersons(boxes, PersonCard(), {.group_radius_m = 30, .gsd_m = 0.1});
    if (groups.size() != 1) continue;
    ++drawn;
    if (groups[0].count_min <= truth && truth <= groups[0].count_max) ++held;
  }
  ASSERT_GT(drawn, 1900);
  EXPECT_GE(held, drawn * 0.93);
  EXPECT_LE(held, drawn * 0.99);
}

}  // namespace
}  // namespace trucewatch::appearance
