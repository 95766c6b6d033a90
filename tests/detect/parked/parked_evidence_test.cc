// SPDX-License-Identifier: Apache-2.0
#include "detect/parked/parked_evidence.h"

#include <gtest/gtest.h>

#include <vector>

namespace trucewatch::parked {
namespace {

TEST(ParkedEvidence, WhatComesAtOnceAndStaysIsAStep) {
  const std::vector<double> step = {0, 0.05, 0, -0.03, 0, 0, 1, 0.96, 1, 1.02, 1, 1};
  EXPECT_GT(StepOf(step).WeightOf(5), 4.5);
}

TEST(ParkedEvidence, ALookInWhichSomethingStandsBeforeItDoesNotSpoilAStep) {
  std::vector<double> step = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1};
  step[9] = -0.4;
  EXPECT_GT(StepOf(step).WeightOf(5), 4.5);
  step[10] = -0.4;  // two looks of six: it does not stay
  EXPECT_LT(StepOf(step).WeightOf(5), 1);
}

TEST(ParkedEvidence, ARampIsNoStep) {
  std::vector<double> ramp;
  for (int i = 0; i < 12; ++i) ramp.push_back(i / 11.0);
  EXPECT_LT(StepOf(ramp).WeightOf(6), 0.5);
}

TEST(ParkedEvidence, OtherLengthsAreNoStep) {
  EXPECT_EQ(StepOf(std::vector<double>(11, 0.0)).WeightOf(6), 0);
}

TEST(ParkedEvidence, TheNetworkSaysWhichWayItWas) {
  EXPECT_GT(DirectionOf({.network_before = 0, .network_after = 0.6}), 0);
  EXPECT_LT(DirectionOf({.network_before = 0.6, .network_after = 0.05}), 0);
}

TEST(ParkedEvidence, PicturesThatAreClearSayItWithoutTheNetwork) {
  EXPECT_GT(DirectionOf({.pictures = 4}), 0);
  EXPECT_LT(DirectionOf({.pictures = -4}), 0);
  EXPECT_EQ(DirectionOf({.pictures = 1.5}), 0);
  EXPECT_GT(DirectionOf({.network_before = 0.02, .network_after = 0.4, .pictures = 1.5}), 0);
}

TEST(ParkedEvidence, PicturesAndNetworkThatDisagreeLeaveItOpen) {
  EXPECT_EQ(DirectionOf({.network_before = 0.5, .network_after = 0, .pictures = 4}), 0);
}

TEST(ParkedEvidence, AVehicleThatIsSeenBeforeAndAfterNeitherCameNorLeft) {
  EXPECT_EQ(DirectionOf({.network_before = 0.46, .network_after = 0.44, .pictures = 4}), 0);
}

TEST(ParkedEvidence, WhatStandsThereIsLikelyToLeave) {
  EXPECT_EQ(DirectionOf({.pictures = 4, .stood_before = 1}), 0);
  EXPECT_LT(DirectionOf({.pictures = -1.5, .stood_before = 1}), 0);
  EXPECT_GT(DirectionOf({.pictures = 1.5, .stood_before = -1}), 0);
}

TEST(ParkedEvidence, TheCountIsThatOfEveryCombination) {
  const std::vector<double> p = {0.9, 0.5, 0.97, 0.2, 0.03, 0.7};
  std::vector<double> share(p.size() + 1, 0.0);
  for (unsigned set = 0; set < 1U << p.size(); ++set) {
    double probability = 1;
    for (std::size_t i = 0; i < p.size(); ++i) {
      probability *= (set >> i & 1U) != 0 ? p[i] : 1 - p[i];
    }
    share[static_cast<std::size_t>(__builtin_popcount(set))] += probability;
  }
  const ParkedCount count = CountOf(p);
  double inside = 0, below = 0, above = 0;
  for (std::size_t k = 0; k < share.size(); ++k) {
    (static_cast<int>(k) < count.low    ? below
     : static_cast<int>(k) > count.high ? above
                                        : inside) += share[k];
  }
  EXPECT_NEAR(count.expected, 3.3, 1e-12);
  EXPECT_LE(below, 0.025);
  EXPECT_LE(above, 0.025);
  EXPECT_GE(inside, 0.95);
  EXPECT_EQ(CountOf({}).high, 0);
}

}  // namespace
}  // namespace trucewatch::parked
