// SPDX-License-Identifier: Apache-2.0
// One convoy is one event, whatever fusion calls its groups.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/verify/scene.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::Convoy;
using testing::DemoAgreement;
using testing::Drone;
using ::testing::ElementsAre;
using testing::PictureBuilder;
using testing::Radar;
using testing::Runner;
using ::testing::SizeIs;

constexpr auto kAll = {EventState::kCandidate, EventState::kCorroborated, EventState::kVerified};

Convoy Inside(int count) {
  return {.group = 7,
          .first_track = 100,
          .count = count,
          .head_en_m = {-1200, 300},
          .velocity_en_mps = {0, -5},
          .eyes = {Drone(), Radar()}};
}

TEST(EventIdentity, NewGroupNumberWithTheSameTracks) {
  Runner run(DemoAgreement());
  Convoy convoy = Inside(8);
  for (int t = 0; t < 120; ++t) {
    convoy.group = 7 + static_cast<std::uint64_t>(t / 4);
    run.Feed(PictureBuilder(t).Add(convoy).Build());
  }
  EXPECT_EQ(run.States(), std::vector<EventState>(kAll));
}

TEST(EventIdentity, NewTracksEveryTwentySeconds) {
  Runner run(DemoAgreement());
  Convoy convoy = Inside(8);
  for (int t = 0; t < 120; ++t) {
    const auto epoch = static_cast<std::uint64_t>(t / 20);
    convoy.group = 7 + epoch;
    convoy.first_track = 100 + 50 * epoch;
    run.Feed(PictureBuilder(t).Add(convoy).Build());
  }
  EXPECT_EQ(run.States(), std::vector<EventState>(kAll));
}

TEST(EventIdentity, SplitIntoTwoLargeHalvesAndMergedAgain) {
  Runner run(DemoAgreement());
  Convoy convoy = Inside(16);
  Convoy rear = convoy;
  rear.group = 8;
  for (int t = 0; t < 180; ++t) {
    PictureBuilder picture(t);
    if (t / 30 % 2 == 0) {
      picture.Add(convoy);
    } else {
      picture.Add(convoy, 0, 8).Add(rear, 8, 16);
    }
    run.Feed(picture.Build());
  }
  EXPECT_EQ(run.States(), std::vector<EventState>(kAll));
}

TEST(EventIdentity, HalvesTooSmallAloneStillHoldTogether) {
  // Split at four and four the moment it has become a candidate: the event counts both halves.
  Runner run(DemoAgreement());
  Convoy convoy = Inside(8);
  Convoy rear = convoy;
  rear.group = 8;
  for (int t = 0; t < 120; ++t) {
    PictureBuilder picture(t);
    if (t < 5) {
      picture.Add(convoy);
    } else {
      picture.Add(convoy, 0, 4).Add(rear, 4, 8);
    }
    run.Feed(picture.Build());
  }
  EXPECT_EQ(run.States(), std::vector<EventState>(kAll));
}

TEST(EventIdentity, MergedWithNewcomers) {
  Runner run(DemoAgreement());
  Convoy convoy = Inside(6);
  for (int t = 0; t < 120; ++t) {
    convoy.count = t < 40 ? 6 : 14;
    convoy.group = t < 40 ? 7 : 3;
    run.Feed(PictureBuilder(t).Add(convoy).Build());
  }
  EXPECT_EQ(run.States(), std::vector<EventState>(kAll));
}

TEST(EventIdentity, AnyRandomRenumberingKeepsOneEvent) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::mt19937_64 random(seed);
    Runner run(DemoAgreement());
    Convoy convoy = Inside(10);
    std::uint64_t next = 1000;
    for (int t = 0; t < 150; ++t) {
      if (random() % 15 == 0) convoy.first_track = next += 100;
      if (random() % 5 == 0) convoy.group = next += 1;
      PictureBuilder picture(t);
      const std::uint64_t kind = random() % 6;
      if (kind == 0) {
        Convoy rear = convoy;
        rear.group = convoy.group + 1;
        picture.Add(convoy, 0, 5).Add(rear, 5, 10);
      } else if (kind != 1 || t < 8) {  // sometimes nothing at all
        picture.Add(convoy, static_cast<int>(random() % 3));
      }
      run.Feed(picture.Build());
    }
    EXPECT_EQ(run.Events(), 1u) << "seed " << seed;
    EXPECT_EQ(run.States(), std::vector<EventState>(kAll)) << "seed " << seed;
  }
}

TEST(EventIdentity, TwoConvoysFarApartAreTwoEvents) {
  Runner run(DemoAgreement());
  Convoy other = Inside(8);
  other.group = 9;
  other.first_track = 300;
  other.head_en_m.x() = 1400 - 5000;
  for (int t = 0; t < 60; ++t) run.Feed(PictureBuilder(t).Add(Inside(8)).Add(other).Build());
  EXPECT_EQ(run.Events(), 2u);
  EXPECT_THAT(run.States(), SizeIs(6));
}

TEST(EventIdentity, OppositeConvoysThatPassEachOtherAreTwoEvents) {
  Runner run(DemoAgreement());
  Convoy north = Inside(8);
  north.group = 9;
  north.first_track = 300;
  north.head_en_m = {-1180, -700};
  north.velocity_en_mps = {0, 8};
  for (int t = 0; t < 100; ++t) run.Feed(PictureBuilder(t).Add(Inside(8)).Add(north).Build());
  EXPECT_EQ(run.Events(), 2u);
}

TEST(EventIdentity, LostForLessThanReopeningIsTheSameForMoreIsNew) {
  for (const auto& [gap_s, events] : {std::pair{290, 1u}, std::pair{310, 2u}}) {
    Runner run(DemoAgreement());
    Convoy convoy = Inside(8);
    convoy.velocity_en_mps = {0, -0.1};
    for (int t = 0; t <= 30; ++t) run.Feed(PictureBuilder(t).Add(convoy).Build());
    for (int t = 31; t < 30 + gap_s; ++t) run.Feed(PictureBuilder(t).Build());
    convoy.group = 8;
    convoy.first_track = 500;
    for (int t = 30 + gap_s; t < 60 + gap_s; ++t) run.Feed(PictureBuilder(t).Add(convoy).Build());
    EXPECT_EQ(run.Events(), events) << "gap " << gap_s;
  }
}

TEST(EventIdentity, ShortDipOfTheProbabilityCostsItsOwnLengthOnly) {
  Runner steady(DemoAgreement());
  Runner dipping(DemoAgreement());
  for (int t = 0; t < 60; ++t) {
    steady.Feed(PictureBuilder(t).Add(Inside(8)).Build());
    // At one second fusion has lost half the convoy.
    dipping.Feed(PictureBuilder(t).Add(Inside(8), t == 8 ? 4 : 0).Build());
  }
  const auto a = steady.Of(FindingKind::kEventTransition).back();
  const auto b = dipping.Of(FindingKind::kEventTransition).back();
  EXPECT_EQ(a.state, EventState::kVerified);
  EXPECT_EQ(b.state, EventState::kVerified);
  EXPECT_EQ((b.time - a.time), Duration::Seconds(2));
}

TEST(EventIdentity, IdDependsOnAgreementRuleZoneTimeAndGroup) {
  std::set<std::string> ids;
  const auto id = [](Runner& run, const Convoy& convoy, int start) {
    for (int t = start; t < start + 20; ++t) run.Feed(PictureBuilder(t).Add(convoy).Build());
    return run.Of(FindingKind::kEventTransition).front().event_id;
  };
  Convoy convoy = Inside(8);
  Runner a(DemoAgreement());
  ids.insert(id(a, convoy, 0));
  Runner same(DemoAgreement());
  ids.insert(id(same, convoy, 0));
  EXPECT_THAT(ids, SizeIs(1));
  Runner later(DemoAgreement());
  ids.insert(id(later, convoy, 1));
  Runner amended(DemoAgreement("edition: \"1,", "edition: \"2,"));
  ids.insert(id(amended, convoy, 0));
  convoy.group = 8;
  Runner other_group(DemoAgreement());
  ids.insert(id(other_group, convoy, 0));
  EXPECT_THAT(ids, SizeIs(4));
}

}  // namespace
}  // namespace trucewatch
