// SPDX-License-Identifier: Apache-2.0
#include "tools/month/grade.h"

#include <gtest/gtest.h>

#include "tools/simulate/random.h"

namespace trucewatch::tools::month {
namespace {

std::vector<Stated> Statements(double stated_for_half, int count) {
  simulate::Random random(5, "statements");
  std::vector<Stated> out;
  for (int i = 0; i < count; ++i) {
    const double p = random.Uniform();
    out.push_back({p < 0.5 ? p : 0.5 + (p - 0.5) * stated_for_half, random.Uniform() < p});
  }
  return out;
}

TEST(CalibrationError, IsSmallForWhatIsStatedAsItIsAndLargeForWhatIsNot) {
  EXPECT_LT(CalibrationError(Statements(1.0, 30'000)).value(), 0.02);
  // From a half on the statements are too low by half of what is above: 0.125 on average over
  // those.
  EXPECT_NEAR(CalibrationError(Statements(0.5, 30'000)).value(), 0.0625, 0.02);
}

TEST(CalibrationError, IsNotGivenForFewStatements) {
  EXPECT_FALSE(CalibrationError(Statements(1.0, 299)));
  EXPECT_TRUE(CalibrationError(Statements(1.0, 300)));
}

TEST(World, AColumnFollowsItsFirstVehicleAndTurnsWithIt) {
  Movement movement;
  movement.count = 3;
  movement.spacing_m = 50;
  movement.path = {{0, {0, 0}}, {100, {0, 1'000}}, {160, {0, 1'000}}, {260, {0, 0}}};
  EXPECT_NEAR(StateOf(movement, 0, 50).en_m.y(), 500, 1e-9);
  EXPECT_NEAR(StateOf(movement, 2, 50).en_m.y(), 400, 1e-9);
  EXPECT_NEAR(StateOf(movement, 0, 130).velocity_mps.norm(), 0, 1e-9);  // it halts
  EXPECT_NEAR(StateOf(movement, 2, 130).en_m.y(), 900, 1e-9);
  EXPECT_NEAR(StateOf(movement, 0, 210).en_m.y(), 500, 1e-9);
  EXPECT_LT(StateOf(movement, 0, 210).velocity_mps.y(), 0);
}

TEST(World, TheSameSeedMakesTheSameWorldAndAnotherOneAnother) {
  const World a = MakeWorld(4, 2);
  const World b = MakeWorld(4, 2);
  const World c = MakeWorld(5, 2);
  ASSERT_EQ(a.movements.size(), b.movements.size());
  EXPECT_EQ(AgreementText(a), AgreementText(b));
  EXPECT_NE(a.movements.front().path.front().time_s, c.movements.front().path.front().time_s);
}

}  // namespace
}  // namespace trucewatch::tools::month
