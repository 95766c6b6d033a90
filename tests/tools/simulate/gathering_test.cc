// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/gathering.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/tools/simulate/demo_scenario.h"
#include "tools/simulate/flight.h"
#include "tools/simulate/truth.h"
#include "tools/simulate/view.h"

namespace trucewatch::simulate {
namespace {

const Mover& MarketOf(const World& world) {
  return *std::find_if(world.movers.begin(), world.movers.end(),
                       [](const Mover& mover) { return mover.kind == MoverKind::kGathering; });
}

TEST(Gathering, PeopleComeFromSeveralSidesAndStayWhateverTheSeed) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Scenario scenario = testing::DemoScenario("scenario", seed);
    const World world = MakeWorld(scenario);
    const Mover& market = MarketOf(world);
    EXPECT_GE(CountOf(market), 28) << seed;
    EXPECT_LE(CountOf(market), 33) << seed;
    const auto inside = [&](double t_s) {
      return std::count_if(market.paths.begin(), market.paths.end(), [&](const PersonPath& path) {
        return (StateOfPerson(path, t_s).position - market.start).norm() <= 12.01;
      });
    };
    EXPECT_EQ(inside(20), 0) << seed;
    for (const double t_s : {130.0, 180.0, 240.0}) EXPECT_EQ(inside(t_s), CountOf(market)) << seed;
    // They come from three quarters of the horizon at least; houses may stand in the fourth.
    int quarters[4] = {};
    for (const PersonPath& path : market.paths) {
      const Eigen::Vector2d from = path.from - market.start;
      EXPECT_GT(from.norm(), 60);
      ++quarters[(from.x() > 0 ? 1 : 0) + (from.y() > 0 ? 2 : 0)];
    }
    EXPECT_GE(std::count_if(quarters, quarters + 4, [](int n) { return n > 0; }), 3) << seed;
  }
}

TEST(Gathering, EachWalksAtAWalkersPaceAndNobodyJumps) {
  const Scenario scenario = testing::DemoScenario("scenario", 3);
  const World world = MakeWorld(scenario);
  int still_walking = 0;
  for (const PersonPath& path : MarketOf(world).paths) {
    double way_late_m = 0;
    for (double t_s = 0; t_s < 240; t_s += 0.2) {
      const Eigen::Vector2d step =
          StateOfPerson(path, t_s + 0.2).position - StateOfPerson(path, t_s).position;
      EXPECT_LT(step.norm(), 0.2 * 1.7);
      if (t_s > 150) way_late_m += step.norm();
    }
    EXPECT_GT(way_late_m, 2);  // they mill about
    still_walking += (StateOfPerson(path, 60).position - path.place).norm() > 10 ? 1 : 0;
  }
  EXPECT_GT(still_walking, 3);
}

TEST(Gathering, TheSecondDroneSeesAllOfItAtATenthOfAMetreAPixel) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Scenario scenario = testing::DemoScenario("scenario", seed);
    const World world = MakeWorld(scenario);
    const Flight flight(scenario, world, 1);
    const Mover& market = MarketOf(world);
    const CameraPose first = flight.TruePose(0);
    for (const double t_s : {0.0, 77.0, 140.0, 239.0}) {
      const CameraPose pose = flight.TruePose(t_s);
      EXPECT_LT(GeodesicDistanceM(pose.position, first.position), 1e-6);  // it hovers
      const View view(pose, flight.frame(), flight.StarePoint(t_s));
      const Eigen::Vector2d middle = view.Project(market.start, 0);
      const double gsd_m =
          1 / (view.Project(market.start + Eigen::Vector2d(1, 0), 0) - middle).norm();
      EXPECT_GT(gsd_m, 0.09) << seed;
      EXPECT_LT(gsd_m, 0.14) << seed;
      if (t_s < 130) continue;
      for (const PersonPath& path : market.paths) {
        const Eigen::Vector2d p = view.Project(StateOfPerson(path, t_s).position, 0);
        EXPECT_TRUE(p.x() > 10 && p.y() > 10 && p.x() < 630 && p.y() < 350) << seed << " " << t_s;
      }
    }
  }
}

TEST(Gathering, TheTruthListsItAsOneGroupWithItsCountAndNobodyInIt) {
  const Scenario scenario =
      testing::DemoScenario("scenario", 4, [](auto& s) { testing::Shorten(s, 3); });
  const World world = MakeWorld(scenario);
  std::istringstream csv(TruthCsv(scenario, world));
  int rows = 0;
  for (std::string line; std::getline(csv, line);) {
    if (line.find(",market,") == std::string::npos) continue;
    ++rows;
    EXPECT_NE(line.find(",gathering,market,"), std::string::npos);
    EXPECT_EQ(line.substr(line.rfind(',') + 1), std::to_string(CountOf(MarketOf(world))));
  }
  EXPECT_EQ(rows, 4);  // one a second
}

}  // namespace
}  // namespace trucewatch::simulate
