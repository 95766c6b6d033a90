// SPDX-License-Identifier: Apache-2.0
#include "verify/corroboration/corroboration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace trucewatch {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

const std::vector<Ancestor> kAll = {
    Ancestor::kSensor,       Ancestor::kPlatform, Ancestor::kStation,    Ancestor::kClock,
    Ancestor::kGeoreference, Ancestor::kModel,    Ancestor::kDerivedFrom};

Lineage Video() {
  return {Modality::kVideoRgb, "cam1", "drone1", "station1", "gps1", "geo1", "motion-1", ""};
}
Lineage Radar() {
  return {Modality::kRadarGmti, "rad1", "mast1", "station2", "gps2", "geo2", "", ""};
}

Instant At(int seconds) { return Instant::FromMicros(1'000'000LL * (1000 + seconds)); }

TrackSupport Part(const std::string& source, const Lineage& lineage, int updates, int last_s) {
  TrackSupport part;
  part.source = {source};
  part.lineage = lineage;
  part.updates = updates;
  part.first = At(last_s - updates);
  part.last = At(last_s);
  return part;
}

CorroborationTerms Terms() { return {kAll, 3, Duration::Seconds(10), 0.5, 0.0, Duration()}; }

std::vector<const Track*> Pointers(const std::vector<Track>& tracks) {
  std::vector<const Track*> out;
  for (const Track& track : tracks) out.push_back(&track);
  return out;
}

TEST(Independence, DifferentModalitiesThatShareNothing) {
  EXPECT_TRUE(Independent(Video(), Radar(), kAll));
  EXPECT_TRUE(Independent(Radar(), Video(), kAll));
}

TEST(Independence, EveryListedAncestorBreaksItAndNoOther) {
  for (const Ancestor shared : kAll) {
    Lineage video = Video();
    Lineage radar = Radar();
    switch (shared) {
      case Ancestor::kSensor:
        radar.sensor = video.sensor;
        break;
      case Ancestor::kPlatform:
        radar.platform = video.platform;
        break;
      case Ancestor::kStation:
        radar.station = video.station;
        break;
      case Ancestor::kClock:
        radar.clock = video.clock;
        break;
      case Ancestor::kGeoreference:
        radar.georeference = video.georeference;
        break;
      case Ancestor::kModel:
        radar.model = video.model;
        break;
      case Ancestor::kDerivedFrom:
        radar.derived_from = video.sensor;
        break;
    }
    EXPECT_FALSE(Independent(video, radar, kAll)) << AncestorName(shared);
    EXPECT_THAT(SharedAncestors(video, radar, kAll), ElementsAre(shared));
    std::vector<Ancestor> others = kAll;
    std::erase(others, shared);
    // The sensor breaks it whatever the agreement says.
    EXPECT_EQ(Independent(video, radar, others), shared != Ancestor::kSensor);
  }
}

TEST(Independence, NeedsTwoModalitiesAndNamedSensors) {
  Lineage other = Radar();
  other.modality = Modality::kVideoRgb;
  EXPECT_FALSE(Independent(Video(), other, kAll));
  other.modality = Modality::kUnspecified;
  EXPECT_FALSE(Independent(Video(), other, kAll));
  other = Radar();
  other.sensor.clear();
  EXPECT_FALSE(Independent(Video(), other, kAll));
}

TEST(Independence, EmptyNamesAreNeverShared) {
  Lineage video{Modality::kVideoRgb, "cam1", "", "", "", "", "", ""};
  Lineage radar{Modality::kRadarGmti, "rad1", "", "", "", "", "", ""};
  EXPECT_TRUE(Independent(video, radar, kAll));
}

TEST(Corroborate, EachSourceMustSeeHalfOfWhatTheRuleAsksFor) {
  std::vector<Track> tracks(8);
  for (std::size_t i = 0; i < 8; ++i) {
    tracks[i].supports.push_back(Part("radar1", Radar(), 5, 0));
    if (i < 2) tracks[i].supports.push_back(Part("drone1", Video(), 5, 0));
  }
  auto result = Corroborate(Pointers(tracks), 5, Terms(), At(1));
  ASSERT_THAT(result.counted, SizeIs(1));
  EXPECT_EQ(result.counted[0].source.value, "radar1");
  EXPECT_EQ(result.counted[0].updates, 40);
  EXPECT_FALSE(result.distinct);
  tracks[2].supports.push_back(Part("drone1", Video(), 5, 0));  // three are ceil(5 / 2)
  result = Corroborate(Pointers(tracks), 5, Terms(), At(1));
  ASSERT_THAT(result.counted, SizeIs(2));
  ASSERT_TRUE(result.independent);
  EXPECT_EQ(result.distinct, result.independent);
}

TEST(Corroborate, TooFewOrTooOldMeasurementsDoNotCount) {
  std::vector<Track> tracks(5);
  for (Track& track : tracks) track.supports = {Part("drone1", Video(), 2, 0)};
  EXPECT_THAT(Corroborate(Pointers(tracks), 5, Terms(), At(1)).counted, SizeIs(0));
  for (Track& track : tracks) track.supports = {Part("drone1", Video(), 3, 0)};
  EXPECT_THAT(Corroborate(Pointers(tracks), 5, Terms(), At(10)).counted, SizeIs(1));
  EXPECT_THAT(Corroborate(Pointers(tracks), 5, Terms(), At(11)).counted, SizeIs(0));
}

TEST(Corroborate, TwoVideosAreDistinctButNotIndependent) {
  Lineage second = Video();
  second.sensor = "cam2";
  second.platform = "drone2";
  std::vector<Track> tracks(5);
  for (Track& track : tracks)
    track.supports = {Part("drone1", Video(), 9, 0), Part("drone2", second, 9, 0)};
  const auto result = Corroborate(Pointers(tracks), 5, Terms(), At(1));
  EXPECT_TRUE(result.distinct);
  EXPECT_FALSE(result.independent);
}

TEST(Corroborate, OneFeedUnderTwoNamesIsOneSensor) {
  std::vector<Track> tracks(5);
  for (Track& track : tracks)
    track.supports = {Part("copy", Video(), 9, 0), Part("drone1", Video(), 9, 0)};
  const auto result = Corroborate(Pointers(tracks), 5, Terms(), At(1));
  EXPECT_THAT(result.counted, SizeIs(2));
  EXPECT_FALSE(result.distinct);
}

TEST(Corroborate, DigestsAreNewestFirstOnceEachAndBounded) {
  std::vector<Track> tracks(10);
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    TrackSupport part = Part("drone1", Video(), 9, 0);
    for (std::size_t k = 0; k < kMaxSupportDigests; ++k) {
      Digest digest{};
      digest[0] = static_cast<std::uint8_t>(k);
      digest[1] = static_cast<std::uint8_t>(k == 0 ? 0 : i);  // all share the newest
      part.raw_digests.push_back(digest);
    }
    tracks[i].supports = {part};
  }
  const auto result = Corroborate(Pointers(tracks), 5, Terms(), At(1));
  ASSERT_THAT(result.counted, SizeIs(1));
  const auto& digests = result.counted[0].raw_digests;
  ASSERT_THAT(digests, SizeIs(kMaxFindingDigests));
  EXPECT_EQ(digests[0][0], 0);
  EXPECT_EQ(digests[1][0], 1);
  EXPECT_EQ(std::set<Digest>(digests.begin(), digests.end()).size(), digests.size());
}

TEST(Corroborate, OneLineageIsNeverIndependentWhateverElseVaries) {
  std::mt19937_64 random(6);
  for (int run = 0; run < 20'000; ++run) {
    Lineage lineage = random() % 2 ? Video() : Radar();
    std::vector<Track> tracks(1 + random() % 9);
    for (Track& track : tracks) {
      for (std::uint64_t k = random() % 3; k > 0; --k)
        track.supports.push_back(Part("s" + std::to_string(random() % 3), lineage,
                                      static_cast<int>(random() % 50),
                                      static_cast<int>(random() % 20)));
    }
    const auto result =
        Corroborate(Pointers(tracks), 1 + static_cast<int>(random() % 6), Terms(), At(15));
    ASSERT_FALSE(result.independent);
    ASSERT_FALSE(result.distinct);
  }
}

TEST(Corroborate, WhatKindOfVehicleItIsTakesTwoThatTellKinds) {
  Lineage infrared = {
      Modality::kVideoInfrared, "cam2", "drone2", "station3", "gps3", "geo3", "thermal-1", ""};
  Track track;
  track.supports = {Part("cam1", Video(), 5, 0), Part("rad1", Radar(), 5, 0)};
  const Track* const tracks[] = {&track};
  const auto presence = Corroborate(tracks, 1, Terms(), At(0), {}, Claim::kPresence);
  EXPECT_TRUE(presence.independent);
  const auto of_class = Corroborate(tracks, 1, Terms(), At(0), {}, Claim::kClass);
  EXPECT_FALSE(of_class.independent);
  EXPECT_TRUE(of_class.present);
  track.supports.push_back(Part("cam2", infrared, 5, 0));
  EXPECT_TRUE(Corroborate(tracks, 1, Terms(), At(0), {}, Claim::kClass).independent);
}

}  // namespace
}  // namespace trucewatch
