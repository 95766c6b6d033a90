// SPDX-License-Identifier: Apache-2.0
#include "core/types/class_probabilities.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace trucewatch {
namespace {

TEST(ClassProbabilities, BehavesAsAMapWhateverTheOrderOfItsShares) {
  std::mt19937_64 rng(1);
  for (int round = 0; round < 2000; ++round) {
    ClassProbabilities shares;
    std::map<ObjectClass, double> reference;
    const int changes = std::uniform_int_distribution(0, 12)(rng);
    for (int i = 0; i < changes; ++i) {
      const auto object_class = static_cast<ObjectClass>(std::uniform_int_distribution(0, 5)(rng));
      const double share = std::uniform_real_distribution(0.0, 1.0)(rng);
      shares[object_class] += share;
      reference[object_class] += share;
    }
    ASSERT_EQ(shares.size(), reference.size());
    EXPECT_EQ(shares.empty(), reference.empty());
    const std::vector<std::pair<ObjectClass, double>> got(shares.begin(), shares.end());
    const std::vector<std::pair<ObjectClass, double>> want(reference.begin(), reference.end());
    EXPECT_EQ(got, want);
    for (int i = 0; i < 6; ++i) {
      const auto object_class = static_cast<ObjectClass>(i);
      EXPECT_EQ(shares.count(object_class), reference.count(object_class));
      if (shares.contains(object_class)) {
        EXPECT_EQ(shares.at(object_class), reference.at(object_class));
      } else {
        EXPECT_EQ(shares.find(object_class), shares.end());
        EXPECT_THROW(shares.at(object_class), std::out_of_range);
      }
    }
  }
}

TEST(ClassProbabilities, AreEqualWhenTheirSharesAre) {
  const ClassProbabilities one = {{ObjectClass::kTruck, 0.75}, {ObjectClass::kLightVehicle, 0.25}};
  const ClassProbabilities other = {{ObjectClass::kLightVehicle, 0.25},
                                    {ObjectClass::kTruck, 0.75}};
  EXPECT_EQ(one, other);
  EXPECT_NE(one, (ClassProbabilities{{ObjectClass::kTruck, 0.75}}));
  EXPECT_NE(one,
            (ClassProbabilities{{ObjectClass::kTruck, 0.75}, {ObjectClass::kLightVehicle, 0.2}}));
}

}  // namespace
}  // namespace trucewatch
