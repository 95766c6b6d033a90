// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/traffic.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/tools/simulate/clip/clip_settings.h"

namespace trucewatch::clip {
namespace {

using v1::config::ClipScene;

const Extent kSquare{{-250, -250}, {250, 250}};

TEST(Route, PointsLieAMetreApartAndBendsLimitTheSpeed) {
  const Route route = MakeRoute({{0, 0}, {60, 0}, {60, 60}}, 7, 14);
  for (std::size_t k = 1; k < route.points.size(); ++k) {
    EXPECT_NEAR((route.points[k] - route.points[k - 1]).norm(), 1, 0.02);
  }
  const double slowest = *std::min_element(route.limit_mps.begin(), route.limit_mps.end());
  EXPECT_LT(slowest, 5);
  EXPECT_EQ(route.limit_mps.back(), 14);
  // It can brake for the bend from anywhere before it.
  for (std::size_t k = 1; k < route.limit_mps.size(); ++k) {
    const double before = route.limit_mps[k - 1], after = route.limit_mps[k];
    EXPECT_LE(before * before - after * after, 2 * 2.5 + 1e-9);
  }
}

TEST(Traffic, VehiclesDriveWithinTheirLimitsAndWithoutJumps) {
  const ClipPlan plan = DrawClip(testing::SmallScene(ClipScene::TOWN), 3, 30);
  const Traffic traffic = MakeTraffic(plan, MakeLand(plan, kSquare));
  ASSERT_GT(traffic.vehicles.size(), 10U);
  for (const Vehicle& vehicle : traffic.vehicles) {
    std::optional<simulate::MoverState> before;
    for (double t_s = 0; t_s <= 30; t_s += 0.1) {
      const auto state = vehicle.At(t_s);
      if (state && before) {
        const double step = (state->position - before->position).norm();
        EXPECT_LT(step, 2.2);  // 22 m/s
        EXPECT_NEAR(step / 0.1, 0.5 * (state->velocity_mps + before->velocity_mps).norm(), 1.0);
        EXPECT_GT(state->direction.dot(before->direction), 0.9);
      }
      before = state;
    }
  }
}

TEST(Traffic, StopsStartsAndQueuesHappenInTown) {
  const ClipPlan plan = DrawClip(testing::SmallScene(ClipScene::TOWN), 4, 40);
  const Traffic traffic = MakeTraffic(plan, MakeLand(plan, kSquare));
  int stopped_and_went = 0, turned = 0;
  for (const Vehicle& vehicle : traffic.vehicles) {
    bool stood = false, went_after = false;
    std::optional<Eigen::Vector2d> first;
    double most_turned = 1;
    for (double t_s = 0; t_s <= 40; t_s += 0.5) {
      const auto state = vehicle.At(t_s);
      if (!state) continue;
      if (state->velocity_mps.norm() < 0.1) stood = true;
      if (stood && state->velocity_mps.norm() > 3) went_after = true;
      if (!first) first = state->direction;
      most_turned = std::min(most_turned, first->dot(state->direction));
    }
    stopped_and_went += went_after ? 1 : 0;
    turned += most_turned < 0.3 ? 1 : 0;
  }
  EXPECT_GE(stopped_and_went, 3);
  EXPECT_GE(turned, 3);
}

TEST(Traffic, NobodyDrivesThroughTheOneAhead) {
  int meetings = 0, pictures = 0;
  for (const std::uint64_t seed : {5U, 6U, 7U}) {
    const ClipPlan plan = DrawClip(testing::SmallScene(ClipScene::TOWN), seed, 30);
    const Traffic traffic = MakeTraffic(plan, MakeLand(plan, kSquare));
    for (double t_s = 0; t_s <= 30; t_s += 1) {
      for (std::size_t i = 0; i < traffic.vehicles.size(); ++i) {
        const auto a = traffic.vehicles[i].At(t_s);
        if (!a) continue;
        ++pictures;
        for (std::size_t j = 0; j < i; ++j) {
          const auto b = traffic.vehicles[j].At(t_s);
          if (!b || a->direction.dot(b->direction) < 0.7) continue;
          const Eigen::Vector2d d = b->position - a->position;
          const double along = std::abs(d.dot(a->direction));
          const double across = std::abs(d.x() * a->direction.y() - d.y() * a->direction.x());
          meetings += across < 1 && along < 0.45 * (traffic.vehicles[i].body.length_m +
                                                    traffic.vehicles[j].body.length_m)
                          ? 1
                          : 0;
        }
      }
    }
  }
  ASSERT_GT(pictures, 1000);
  // Those that turn into a lane from two sides at once may touch; queues may not.
  EXPECT_LT(meetings, pictures / 100);
}

TEST(Land, TreesAndParkedVehiclesStandClearOfTheDrivingLanes) {
  const ClipPlan plan = DrawClip(testing::SmallScene(ClipScene::TOWN), 8, 5);
  const Land land = MakeLand(plan, kSquare);
  ASSERT_FALSE(land.trees.empty());
  for (const Tree& tree : land.trees) EXPECT_GT(ClearOfStreets(land, tree.place), 0.4);
  ASSERT_FALSE(land.parked.empty());
  ASSERT_FALSE(land.houses.empty());
  for (const House& house : land.houses) EXPECT_GT(ClearOfStreets(land, house.body.centre), 2);
}

}  // namespace
}  // namespace trucewatch::clip
