// SPDX-License-Identifier: Apache-2.0
#include "core/geo/angle.h"

#include <gtest/gtest.h>

namespace trucewatch {
namespace {

TEST(Angle, NormalisationKeepsTheDirectionAndTheHalfOpenRange) {
  EXPECT_NEAR(Angle::Degrees(-10).NormalisedPositive().deg(), 350, 1e-12);
  EXPECT_NEAR(Angle::Degrees(730).NormalisedPositive().deg(), 10, 1e-12);
  EXPECT_NEAR(Angle::Degrees(190).NormalisedSigned().deg(), -170, 1e-12);
  EXPECT_NEAR(Angle::Degrees(180).NormalisedSigned().deg(), -180, 1e-12);
  EXPECT_LT(Angle::Radians(-1e-20).NormalisedPositive().deg(), 360);
}

}  // namespace
}  // namespace trucewatch
