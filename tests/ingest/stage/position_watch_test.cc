// SPDX-License-Identifier: Apache-2.0
#include "ingest/position_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace trucewatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Instant kStart = Instant::FromMicros(1'772'366'400'000'000);
const LocalFrame kFrame(Geodetic::FromDegrees(30, -40, 400));

Geodetic Place(double east_m, double north_m) {
  return kFrame.GeodeticFromEnu({east_m, north_m, 2000});
}

// Ten fixes a second of a drone that flies east at 40 m/s, off by `offset_m` to the north between
// two times.
std::vector<std::string> Said(double offset_m, double from_s, double until_s, double hz = 10) {
  PositionWatch watch;
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0, 5);
  std::vector<std::string> said;
  for (double t = 0; t < 120; t += 1 / hz) {
    const double off = t >= from_s && t < until_s ? offset_m : 0;
    const auto text = watch.Add(kStart + Duration::FromSeconds(t),
                                Place(40 * t + noise(random), off + noise(random)));
    if (text) said.push_back((watch.trusted() ? "trusted: " : "doubted: ") + *text);
  }
  return said;
}

TEST(PositionWatch, FlightIsTrusted) {
  EXPECT_THAT(Said(0, 0, 0), IsEmpty());
  EXPECT_THAT(Said(0, 0, 0, 1), IsEmpty());
  EXPECT_THAT(Said(0, 0, 0, 0.1), IsEmpty());
}

TEST(PositionWatch, SpringIsDoubtedUntilItSpringsBack) {
  using ::testing::StartsWith;
  EXPECT_THAT(Said(800, 30, 90), ElementsAre(StartsWith("doubted: the platform went 8"),
                                             StartsWith("trusted: the platform went 8")));
  EXPECT_THAT(Said(1500, 30, 90, 1), ElementsAre(StartsWith("doubted: "), StartsWith("trusted: ")));
  // It may as well be right now and have been wrong before: nobody knows.
  EXPECT_THAT(Said(800, 30, 1000), ElementsAre(StartsWith("doubted: ")));
}

TEST(PositionWatch, SpringThatIsSpreadOverASecondByInterpolationIsDoubted) {
  PositionWatch watch;
  int said = 0;
  for (int i = 0; i < 100; ++i) {
    const double off = std::clamp((i - 50) * 60.0, 0.0, 600.0);
    said += watch.Add(kStart + Duration::Millis(100 * i), Place(4 * i, off)) ? 1 : 0;
  }
  EXPECT_EQ(said, 1);
  EXPECT_FALSE(watch.trusted());
}

TEST(PositionWatch, OtherPlaceAfterALongSilenceIsTrusted) {
  PositionWatch watch;
  EXPECT_FALSE(watch.Add(kStart, Place(0, 0)));
  EXPECT_FALSE(watch.Add(kStart + Duration::Seconds(60), Place(15'000, 0)));
  EXPECT_TRUE(watch.trusted());
}

TEST(PositionWatch, SecondSpringToAnotherWrongPlaceIsStillDoubted) {
  PositionWatch watch;
  const auto at = [](int ms) { return kStart + Duration::Millis(ms); };
  EXPECT_FALSE(watch.Add(at(0), Place(0, 0)));
  EXPECT_TRUE(watch.Add(at(100), Place(2000, 0)));
  EXPECT_FALSE(watch.Add(at(200), Place(-3000, 0)));
  EXPECT_FALSE(watch.trusted());
  EXPECT_TRUE(watch.Add(at(300), Place(5, 0)));
  EXPECT_TRUE(watch.trusted());
}

TEST(PositionWatch, TimesThatDoNotAscendArePassedOver) {
  PositionWatch watch;
  EXPECT_FALSE(watch.Add(kStart, Place(0, 0)));
  EXPECT_FALSE(watch.Add(kStart, Place(9000, 0)));
  EXPECT_FALSE(watch.Add(kStart - Duration::Seconds(5), Place(9000, 0)));
  EXPECT_TRUE(watch.trusted());
}

}  // namespace
}  // namespace trucewatch
