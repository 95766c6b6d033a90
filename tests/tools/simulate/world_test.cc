// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/geo/camera.h"
#include "tests/tools/simulate/demo_scenario.h"
#include "tools/simulate/flight.h"
#include "tools/simulate/truth.h"

namespace trucewatch::simulate {
namespace {

constexpr std::uint64_t kSeeds = 20;
constexpr double kGroupDistanceM = 200, kGroupSpeedMps = 4;  // of the demo's fusion config

// Size of the largest set of lone vehicles linked by being near and alike in velocity.
int LargestCivilianGroup(const World& world, double t_s) {
  std::vector<MoverState> states;
  for (const Mover& mover : world.movers) {
    if (!mover.group.empty()) continue;
    if (const auto state = world.StateOf(mover, t_s)) states.push_back(*state);
  }
  std::vector<std::size_t> root(states.size());
  std::iota(root.begin(), root.end(), 0U);
  const auto find = [&](std::size_t i) {
    while (root[i] != i) i = root[i];
    return i;
  };
  for (std::size_t i = 0; i < states.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if ((states[i].position - states[j].position).norm() < kGroupDistanceM &&
          (states[i].velocity_mps - states[j].velocity_mps).norm() < kGroupSpeedMps) {
        root[find(i)] = find(j);
      }
    }
  }
  std::vector<int> size(states.size(), 0);
  for (std::size_t i = 0; i < states.size(); ++i) ++size[find(i)];
  return size.empty() ? 0 : *std::max_element(size.begin(), size.end());
}

TEST(DemoStory, CiviliansNeverLookLikeAConvoyWhateverTheSeed) {
  for (const char* name : {"scenario", "short"}) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      const Scenario scenario = testing::DemoScenario(name, seed);
      const World world = MakeWorld(scenario);
      const auto lone = std::count_if(world.movers.begin(), world.movers.end(),
                                      [](const Mover& m) { return m.group.empty(); });
      EXPECT_GT(lone, 20);
      for (double t_s = 0; t_s <= scenario.duration_s(); t_s += 5) {
        EXPECT_LE(LargestCivilianGroup(world, t_s), 2) << name << " seed " << seed << " t " << t_s;
      }
    }
  }
}

TEST(DemoStory, TheUnannouncedConvoyEntersOnTimeAndStaysWhateverTheSeed) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Scenario demo = testing::DemoScenario("scenario", seed);
    const World world = MakeWorld(demo);
    const auto stay = StayOf(demo, world, demo.config.expected(0));
    ASSERT_TRUE(stay) << seed;
    EXPECT_GE(stay->first_s, 80) << seed;
    EXPECT_LE(stay->first_s, 100) << seed;
    EXPECT_EQ(stay->count_max, 8);
    EXPECT_NEAR(stay->last_s, 240, 0.11);
    // The notified one is far away and in its window.
    const auto notified = StayOf(demo, world, demo.config.expected(1));
    ASSERT_TRUE(notified) << seed;
    EXPECT_LE(notified->first_s, 115);
    EXPECT_EQ(notified->count_max, 6);
    EXPECT_GT((*world.MiddleOf("notified", 150) - *world.MiddleOf("unannounced", 150)).norm(),
              2000);

    const Scenario brief = testing::DemoScenario("short", seed);
    const auto brief_stay = StayOf(brief, MakeWorld(brief), brief.config.expected(0));
    ASSERT_TRUE(brief_stay) << seed;
    EXPECT_GE(brief_stay->first_s, 5.5) << seed;
    EXPECT_LE(brief_stay->first_s, 10.5) << seed;
    EXPECT_GE(brief_stay->count_max, 5) << seed;
  }
}

TEST(DemoStory, TheDroneSeesTheWholeConvoyInTheZoneForAMinute) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Scenario scenario = testing::DemoScenario("scenario", seed);
    const World world = MakeWorld(scenario);
    const Flight flight(scenario, world);
    int seconds = 0, group_seconds = 0;
    for (int t_s = 0; t_s < 240; ++t_s) {
      const CameraPose pose = flight.TruePose(t_s);
      int seen = 0;
      for (const Mover& mover : world.movers) {
        if (mover.group != "unannounced") continue;
        const auto state = world.StateOf(mover, t_s);
        if (!state || std::abs(state->position.y()) > 1000) continue;
        const auto pixel = PixelFromGround(pose, GroundPlace(flight.frame(), state->position));
        if (pixel && pixel->x() > 8 && pixel->y() > 8 && pixel->x() < pose.width_px - 8 &&
            pixel->y() < pose.height_px - 8) {
          ++seen;
        }
      }
      if (seen == 8) ++seconds;
      if (seen >= 5) ++group_seconds;
    }
    EXPECT_GE(seconds, 60) << seed;
    EXPECT_GE(group_seconds, 70) << seed;
  }
}

TEST(DemoStory, NothingElseComesNearWhatOneSensorOrNobodyIsToSeeWhateverTheSeed) {
  const Eigen::Array2d low(1800, 800), high(4100, 3200);  // the withdrawal zone, with a margin
  const Eigen::Array2d gap_low(7300, -200), gap_high(9200, 1200);
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Scenario scenario = testing::DemoScenario("scenario", seed);
    const World world = MakeWorld(scenario);
    const auto& gsr = scenario.config.ground_radar();
    for (int t_s = 0; t_s <= 240; t_s += 5) {
      for (const Mover& mover : world.movers) {
        const auto state = world.StateOf(mover, t_s);
        if (!state) continue;
        const Eigen::Array2d place = state->position.array();
        EXPECT_FALSE((place > gap_low).all() && (place < gap_high).all()) << seed;
        const bool inside = (place > low).all() && (place < high).all();
        if (mover.group != "lone_tracked") {
          EXPECT_FALSE(inside) << seed << " " << mover.id;
          continue;
        }
        EXPECT_GT((state->position - ToVector(gsr.position())).norm(), gsr.max_range_m() + 200);
      }
      const auto aid = world.MiddleOf("aid", t_s), convoy = world.MiddleOf("unannounced", t_s);
      if (aid && convoy) {
        EXPECT_GT((*aid - *convoy).norm(), 1400) << seed;
      }
    }
    const auto stay = StayOf(scenario, world, scenario.config.expected(3));
    ASSERT_TRUE(stay) << seed;
    EXPECT_LE(stay->first_s, 30) << seed;
    EXPECT_NEAR(stay->last_s, 240, 0.11) << seed;
    const auto aid = StayOf(scenario, world, scenario.config.expected(2));
    ASSERT_TRUE(aid) << seed;
    EXPECT_EQ(aid->count_max, 6) << seed;
    EXPECT_LE(aid->full_first_s, 100) << seed;
    const auto left = StayOf(scenario, world, scenario.config.expected(4));
    ASSERT_TRUE(left) << seed;
    EXPECT_EQ(left->count_max, 1) << seed;
  }
}

TEST(World, OfAnotherSeedDiffers) {
  const Scenario one = testing::DemoScenario("scenario", 1);
  const Scenario two = testing::DemoScenario("scenario", 2);
  const World a = MakeWorld(one), b = MakeWorld(two), again = MakeWorld(one);
  EXPECT_NE(a.movers.front().speed_mps, b.movers.front().speed_mps);
  EXPECT_NE(a.buildings.front().centre, b.buildings.front().centre);
  ASSERT_EQ(a.movers.size(), again.movers.size());
  EXPECT_EQ(a.movers.back().along_m, again.movers.back().along_m);
}

TEST(World, VelocityIsTheChangeOfPosition) {
  const Scenario scenario = testing::DemoScenario("scenario", 4);
  const World world = MakeWorld(scenario);
  int compared = 0;
  for (const Mover& mover : world.movers) {
    for (const double t_s : {20.0, 130.0}) {
      const auto state = world.StateOf(mover, t_s);
      const auto before = world.StateOf(mover, t_s - 0.05),
                 after = world.StateOf(mover, t_s + 0.05);
      if (!state || !before || !after) continue;
      const Eigen::Vector2d velocity = (after->position - before->position) / 0.1;
      // A bend is made of chords: at a joint the lane steps by centimetres.
      EXPECT_LT((velocity - state->velocity_mps).norm(), 1.2);
      ++compared;
    }
  }
  EXPECT_GT(compared, 100);
}

}  // namespace
}  // namespace trucewatch::simulate
