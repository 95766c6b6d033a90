// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/class_shares.h"

#include <gtest/gtest.h>

namespace trucewatch {
namespace {

constexpr auto kLight = ObjectClass::kLightVehicle;
constexpr auto kTracked = ObjectClass::kTrackedVehicle;
constexpr auto kUnknown = ObjectClass::kUnknownVehicle;
const ClassProbabilities kShares = {{kLight, 0.66}, {ObjectClass::kTruck, 0.32}, {kTracked, 0.02}};

TEST(ClassShares, ARareKindTakesMoreToBeBelieved) {
  const auto weighed = WeighClasses({{kLight, 0.05}, {kTracked, 0.95}}, kShares);
  // Bayes by hand: 0.95 * 0.02 / (0.95 * 0.02 + 0.05 * 0.66).
  EXPECT_NEAR(weighed.at(kTracked), 0.019 / 0.052, 1e-12);
  EXPECT_NEAR(weighed.at(kTracked) + weighed.at(kLight), 1.0, 1e-12);
}

TEST(ClassShares, WhatIsLeftToUnknownStays) {
  const auto weighed = WeighClasses({{kUnknown, 0.5}, {kLight, 0.1}, {kTracked, 0.4}}, kShares);
  EXPECT_EQ(weighed.at(kUnknown), 0.5);
  EXPECT_NEAR(weighed.at(kTracked) + weighed.at(kLight), 0.5, 1e-12);
}

TEST(ClassShares, WithoutSharesOrWithoutABeliefNothingChanges) {
  const ClassProbabilities belief = {{kLight, 0.3}, {kTracked, 0.7}};
  EXPECT_EQ(WeighClasses(belief, {}), belief);
  EXPECT_EQ(WeighClasses({}, kShares), ClassProbabilities());
}

}  // namespace
}  // namespace trucewatch
