// SPDX-License-Identifier: Apache-2.0
#include "detect/parked/parked_site.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/detect/parked/yard.h"

namespace trucewatch::parked {
namespace {

using testing::Yard;
using testing::YardLight;
using Places = std::vector<Eigen::Vector2d>;

// A series of looks; the network looks at every second one.
class Watch {
 public:
  Watch() : yard_(7), site_(yard_.frame()) {}

  // `seen`: what of it the network finds, where that is not all.
  void Look(const Places& there, const YardLight& light = {},
            const std::optional<Places>& seen = {}, bool network = true) {
    const int i = look_++;
    std::optional<std::vector<SeenVehicle>> vehicles;
    if (network && i % 2 == 0) vehicles = Yard::Seen(seen.value_or(there), 0.6);
    const auto found = site_.Add(yard_.Look(there, static_cast<std::uint64_t>(i), light),
                                 Yard::TimeOf(i), vehicles);
    events_.insert(events_.end(), found.begin(), found.end());
  }
  void Skip(int looks) { look_ += looks; }
  int look() const { return look_; }

  Yard yard_;
  ParkedSite site_;
  std::vector<ParkedEvent> events_;

 private:
  int look_ = 0;
};

const Places kTwo = {{-3, 8}, {3, -8}}, kThree = {{-3, 8}, {3, -8}, {9, 8}};

TEST(ParkedSite, AnArrivalIsDatedToTheFirstLookThatShowsIt) {
  Watch watch;
  for (int i = 0; i < 20; ++i) watch.Look(kTwo);
  for (int i = 0; i < 20; ++i) watch.Look(kThree);
  ASSERT_EQ(watch.events_.size(), 1U);
  const ParkedEvent& event = watch.events_[0];
  EXPECT_EQ(event.kind, ChangeKind::kAppeared);
  EXPECT_EQ(event.before, Yard::TimeOf(19));
  EXPECT_EQ(event.since, Yard::TimeOf(20));
  EXPECT_LT((event.en_m - Eigen::Vector2d(9, 8)).norm(), 1);
  EXPECT_EQ(watch.site_.Vehicles().size(), 3U);
  EXPECT_NEAR(watch.site_.Count().expected, 3, 0.2);
}

TEST(ParkedSite, ADepartureTakesOneAway) {
  Watch watch;
  for (int i = 0; i < 20; ++i) watch.Look(kThree);
  for (int i = 0; i < 20; ++i) watch.Look(kTwo);
  ASSERT_EQ(watch.events_.size(), 1U);
  EXPECT_EQ(watch.events_[0].kind, ChangeKind::kVanished);
  EXPECT_EQ(watch.events_[0].since, Yard::TimeOf(20));
  EXPECT_EQ(watch.site_.Vehicles().size(), 2U);
}

TEST(ParkedSite, WhatPassesDoesNotCount) {
  Watch watch;
  for (int i = 0; i < 40; ++i) {
    Places there = kTwo;
    if (i % 9 == 4) there.push_back({-12.0 + i * 0.5, 0});
    watch.Look(there);
  }
  EXPECT_TRUE(watch.events_.empty());
  EXPECT_EQ(watch.site_.Vehicles().size(), 2U);
}

TEST(ParkedSite, WhatTheNetworkNoLongerSeesStaysWhileThePictureStays) {
  Watch watch;
  for (int i = 0; i < 24; ++i) watch.Look(kThree);
  for (int i = 0; i < 24; ++i) watch.Look(kThree, {.gain = 0.8}, kTwo);  // misses one of them
  EXPECT_TRUE(watch.events_.empty());
}

TEST(ParkedSite, LightAndACreepingShadowMoveNobody) {
  Watch watch;
  for (int i = 0; i < 60; ++i) {
    // The shadow's edge creeps over the yard half a metre a look.
    watch.Look(kThree, {.gain = 1 - 0.005 * i, .offset = 0.3 * i, .shadow_to_m = -15 + 0.5 * i});
  }
  EXPECT_TRUE(watch.events_.empty());
  EXPECT_EQ(watch.site_.Vehicles().size(), 3U);
}

TEST(ParkedSite, ACloudThatComesAtOnceMovesNobody) {
  Watch watch;
  for (int i = 0; i < 20; ++i) watch.Look(kThree);
  for (int i = 0; i < 20; ++i) watch.Look(kThree, {.gain = 0.65, .offset = 10});
  EXPECT_TRUE(watch.events_.empty());
}

TEST(ParkedSite, AVehicleThatTheNetworkNeverSeesCountsByThePicturesAlone) {
  Watch watch;
  for (int i = 0; i < 26; ++i) watch.Look(kTwo);
  for (int i = 0; i < 26; ++i) watch.Look(kThree, {}, kTwo);
  ASSERT_EQ(watch.events_.size(), 1U);
  EXPECT_EQ(watch.events_[0].kind, ChangeKind::kAppeared);
  EXPECT_LT((watch.events_[0].en_m - Eigen::Vector2d(9, 8)).norm(), 1);
  for (int i = 0; i < 26; ++i) watch.Look(kTwo, {.gain = 0.9});
  ASSERT_EQ(watch.events_.size(), 2U);
  EXPECT_EQ(watch.events_[1].kind, ChangeKind::kVanished);
  EXPECT_EQ(watch.events_[1].since, Yard::TimeOf(52));
}

TEST(ParkedSite, NothingIsDecidedInTheFirstLooks) {
  Watch watch;
  for (int i = 0; i < 14; ++i) watch.Look(kTwo);
  for (int i = 0; i < 26; ++i) watch.Look(kThree);
  EXPECT_TRUE(watch.events_.empty());
}

TEST(ParkedSite, SomebodyWhoStandsInTheWayForAMomentChangesNothing) {
  Watch watch;
  for (int i = 0; i < 40; ++i) {
    Places there = kTwo;
    if (i == 20) there[0] += Eigen::Vector2d(0.4, 0.9);  // a lorry hides it
    watch.Look(there, {}, i == 20 ? Places{kTwo[1]} : kTwo);
  }
  EXPECT_TRUE(watch.events_.empty());
  EXPECT_EQ(watch.site_.Vehicles().size(), 2U);
}

TEST(ParkedSite, WhatLeftWhileNobodyLookedIsDatedToTheGap) {
  Watch watch;
  for (int i = 0; i < 30; ++i) watch.Look(kThree);
  watch.Skip(120);
  for (int i = 0; i < 20; ++i) watch.Look(kTwo, {.gain = 0.9});
  ASSERT_EQ(watch.events_.size(), 1U);
  EXPECT_EQ(watch.events_[0].kind, ChangeKind::kVanished);
  EXPECT_EQ(watch.events_[0].before, Yard::TimeOf(29));
  EXPECT_EQ(watch.events_[0].since, Yard::TimeOf(150));
}

TEST(ParkedSite, ALookThatFitsNothingIsPoorAndChangesNothing) {
  Watch watch;
  for (int i = 0; i < 14; ++i) watch.Look(kTwo);
  GroundPicture fog = watch.yard_.Look({}, 1);
  std::fill(fog.grey.begin(), fog.grey.end(), std::uint8_t{128});
  EXPECT_TRUE(watch.site_.Add(fog, Yard::TimeOf(14), std::vector<SeenVehicle>{}).empty());
  EXPECT_FALSE(watch.site_.fits());
  EXPECT_EQ(watch.site_.poor_looks(), 1);
  EXPECT_EQ(watch.site_.Vehicles().size(), 2U);
}

TEST(ParkedSite, ALookThatComesTooLateIsLeftOut) {
  Watch watch;
  for (int i = 0; i < 3; ++i) watch.Look(kTwo);
  watch.site_.Add(watch.yard_.Look(kTwo, 1), Yard::TimeOf(1), {});
  EXPECT_EQ(watch.site_.looks(), 3);
}

TEST(ParkedSite, RestoredAtAnyLookItGoesOnAlike) {
  for (const int stop : {1, 13, 22, 27}) {
    Watch whole, broken;
    const auto run = [&](Watch& watch, int from, int to) {
      for (int i = from; i < to; ++i) watch.Look(i < 20 ? kTwo : kThree);
    };
    run(whole, 0, 45);
    run(broken, 0, stop);
    v1::ParkedSite state;
    broken.site_.Snapshot(&state);
    auto restored = ParkedSite::Restore(state);
    ASSERT_TRUE(restored);
    broken.site_ = std::move(*restored);
    run(broken, stop, 45);
    v1::ParkedSite a, b;
    whole.site_.Snapshot(&a);
    broken.site_.Snapshot(&b);
    EXPECT_EQ(a.SerializeAsString(), b.SerializeAsString()) << stop;
    ASSERT_EQ(whole.events_.size(), broken.events_.size());
    EXPECT_EQ(whole.events_.size(), 1U);
  }
}

TEST(ParkedSite, ADamagedSnapshotIsRefused) {
  Watch watch;
  for (int i = 0; i < 3; ++i) watch.Look(kTwo);
  v1::ParkedSite good;
  watch.site_.Snapshot(&good);
  const std::vector<std::function<void(v1::ParkedSite&)>> damages = {
      [](v1::ParkedSite& s) { s.set_side_cells(0); },
      [](v1::ParkedSite& s) { s.set_side_cells(100'000); },
      [](v1::ParkedSite& s) { s.mutable_reference()->Truncate(5); },
      [](v1::ParkedSite& s) { s.mutable_ring(0)->set_grey("x"); },
      [](v1::ParkedSite& s) { s.mutable_ring(0)->set_seen(""); },
      [](v1::ParkedSite& s) {
        v1::ParkedRecentChange* change = s.add_recent_changes();
        change->add_square(1'000'000);
        change->add_strength(3);
      },
      [](v1::ParkedSite& s) { s.add_unrest(1); }};
  for (const auto& damage : damages) {
    v1::ParkedSite bad = good;
    damage(bad);
    EXPECT_FALSE(ParkedSite::Restore(bad));
  }
  EXPECT_TRUE(ParkedSite::Restore(good));
}

}  // namespace
}  // namespace trucewatch::parked
