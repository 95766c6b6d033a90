// SPDX-License-Identifier: Apache-2.0
#include "fusion/fusion_stage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/types/codec.h"
#include "tests/fusion/stage_feed.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::CameraModel;
using testing::Feed;
using testing::PicturesOf;
using testing::RadarModel;
using testing::Sent;
using testing::WithStatuses;

const Geodetic kOrigin = testing::StageOrigin();

// The hold is 6 s: a lag of that much has no hindsight.
std::unique_ptr<FusionStage> NewStage(double settled_lag_s = 6) {
  v1::config::FusionConfig config = testing::DefaultConfig();
  config.set_settled_lag_s(settled_lag_s);
  auto stage = FusionStage::Create({.config = config, .origin = kOrigin});
  EXPECT_TRUE(stage);
  return std::move(*stage);
}

std::vector<Sent> Mission(double seconds, unsigned seed,
                          const std::string& georeference = "drone1-gps") {
  return testing::MakeMission({.seconds = seconds, .seed = seed, .georeference = georeference});
}

std::vector<DataFault> FaultsOf(const std::vector<std::string>& outputs) {
  std::vector<DataFault> faults;
  for (const std::string& output : outputs) {
    const auto envelope = ParseEnvelope(output);
    if (envelope->payload_case() == v1::Envelope::kDataFault) {
      faults.push_back(*FromProto(envelope->data_fault()));
    }
  }
  return faults;
}

TEST(FusionStage, AConvoySeenByTwoSensorsIsOneGroupOfEightInEverySettledPicture) {
  auto stage = NewStage();
  const auto pictures = PicturesOf(Feed(*stage, WithStatuses(Mission(60, 1))));
  ASSERT_EQ(pictures.size(), 62u);  // 0 s to 61 s: the last look is at 60.2 s
  std::set<std::uint64_t> ids;
  for (std::size_t k = 0; k < pictures.size(); ++k) {
    EXPECT_TRUE(pictures[k].settled);
    EXPECT_EQ(pictures[k].time, At(static_cast<double>(k)));
    if (k < 20) continue;
    ASSERT_EQ(pictures[k].groups.size(), 1u) << k;
    EXPECT_NEAR(pictures[k].groups[0].count_expected, 8.0, 1.0) << k;
    ids.insert(pictures[k].groups[0].id.value);
  }
  EXPECT_EQ(ids.size(), 1u);
  // Both sources support the tracks, with their lineages and raw digests.
  const Track& track = pictures.back().tracks.at(0);
  ASSERT_EQ(track.supports.size(), 2u);
  EXPECT_EQ(track.supports[0].source.value, "drone1");
  EXPECT_EQ(track.supports[0].lineage.georeference, "drone1-gps");
  EXPECT_EQ(track.supports[0].raw_digests.size(), kMaxSupportDigests);
  EXPECT_EQ(track.supports[1].source.value, "radar1");
  // The camera said 0.7 each time: to say it again makes it no surer.
  EXPECT_NEAR(track.classes.at(ObjectClass::kTruck), 0.65, 0.1);
  ASSERT_TRUE(track.size);
  EXPECT_NEAR(track.size->length_m, 6.0, 0.1);
}

class SettledLag : public ::testing::TestWithParam<double> {};

TEST_P(SettledLag, ArrivalOrderWithinTheHoldChangesNoByte) {
  const std::vector<Sent> sent = Mission(30, 2);
  std::vector<std::string> expected;
  std::mt19937_64 random(99);
  for (int round = 0; round < 12; ++round) {
    std::vector<std::pair<double, std::size_t>> arrival;
    for (std::size_t k = 0; k < sent.size(); ++k) {
      const double delay = round == 0 ? 0 : static_cast<double>(random() % 5900) * 1e-3;
      arrival.emplace_back(sent[k].time_s + delay, k);
    }
    std::sort(arrival.begin(), arrival.end());
    std::vector<Sent> shuffled;
    for (const auto& [time, k] : arrival) shuffled.push_back(sent[k]);
    auto stage = NewStage(GetParam());
    const auto outputs = Feed(*stage, WithStatuses(shuffled), 1 + random() % 20);
    EXPECT_TRUE(FaultsOf(outputs).empty());
    std::vector<std::string> pictures;
    for (const auto& output : outputs) {
      if (ParseEnvelope(output)->payload_case() == v1::Envelope::kPicture)
        pictures.push_back(output);
    }
    if (round == 0) {
      expected = pictures;
      ASSERT_FALSE(PicturesOf(pictures).back().tracks.empty());
    } else {
      ASSERT_EQ(pictures, expected) << round;
    }
  }
}

TEST_P(SettledLag, SnapshotAndRestoreAtAnyMomentChangeNoByte) {
  const std::vector<std::string> payloads = WithStatuses(Mission(30, 3));
  auto undisturbed = NewStage(GetParam());
  const auto expected = Feed(*undisturbed, payloads, 1);
  std::mt19937_64 random(4);
  for (int round = 0; round < 15; ++round) {
    const std::size_t cut = random() % (payloads.size() + 1);
    const auto middle = payloads.begin() + static_cast<std::ptrdiff_t>(cut);
    auto first = NewStage(GetParam());
    auto outputs = Feed(*first, {payloads.begin(), middle}, 1);
    const auto snapshot = first->Snapshot();
    ASSERT_TRUE(snapshot);
    auto second = NewStage(GetParam());
    const auto restored = second->Restore(*snapshot);
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_EQ(*second->Snapshot(), *snapshot);
    const auto rest = Feed(*second, {middle, payloads.end()}, 1);
    outputs.insert(outputs.end(), rest.begin(), rest.end());
    ASSERT_EQ(outputs, expected) << "cut at " << cut;
  }
}

INSTANTIATE_TEST_SUITE_P(Lags, SettledLag, ::testing::Values(6.0, 16.0, 36.0));

// Mean square distance of the tracks from the convoy's nearest vehicle, after the first 20 s.
double MeanSquareFromConvoy(const std::vector<Picture>& pictures) {
  const LocalFrame frame(kOrigin);
  double sum = 0;
  int count = 0;
  for (std::size_t k = 20; k < 50; ++k) {
    const double t = static_cast<double>(k);
    const auto truths = testing::Convoy(8, 45, Eigen::Vector2d(-1000 + 10 * t, 5 * t), 0.46, 11.0);
    for (const Track& track : pictures.at(k).tracks) {
      const Eigen::Vector2d p = frame.EnuFromGeodetic(track.position).head<2>();
      double nearest = 1e18;
      for (const auto& truth : truths) nearest = std::min(nearest, (p - truth.p_m).squaredNorm());
      sum += nearest;
      ++count;
    }
  }
  return sum / count;
}

std::vector<std::string> WithoutStatuses(std::vector<std::string> outputs) {
  std::erase_if(outputs, [](const std::string& output) {
    return ParseEnvelope(output)->payload_case() == v1::Envelope::kSourceStatus;
  });
  return outputs;
}

// The same looks and pictures go out in the same order; only the places in the pictures differ. The
// camera's errors are independent of one another: there is something to be gained.
TEST(FusionStage, HindsightMovesNothingButThePlaces) {
  const auto payloads = WithStatuses(Mission(60, 11, ""));
  const auto plain = WithoutStatuses(Feed(*NewStage(6), payloads));
  const auto smoothed = WithoutStatuses(Feed(*NewStage(26), payloads));
  ASSERT_EQ(plain.size(), smoothed.size());
  for (std::size_t k = 0; k < plain.size(); ++k) {
    const auto a = ParseEnvelope(plain[k]), b = ParseEnvelope(smoothed[k]);
    ASSERT_EQ(a->payload_case(), b->payload_case()) << k;
    if (a->payload_case() != v1::Envelope::kPicture) {
      EXPECT_EQ(plain[k], smoothed[k]) << k;
    }
  }
  const double before = MeanSquareFromConvoy(PicturesOf(plain));
  const double after = MeanSquareFromConvoy(PicturesOf(smoothed));
  RecordProperty("mean_square_m2", fmt::format("{:.2f} filtered, {:.2f} smoothed", before, after));
  EXPECT_LT(after, 0.8 * before);
}

// It comes after the hold, while the tracker has run ahead and its time is not out yet.
TEST(FusionStage, ALateLookWaitsForItsTimeAndIsHeldAgainstTheTracksOfThen) {
  const std::vector<Sent> sent = Mission(60, 12);
  std::vector<Sent> late = sent;
  std::rotate(late.begin() + 60, late.begin() + 61, late.begin() + 90);  // 14 s late
  const auto outputs = Feed(*NewStage(36), WithStatuses(late), 1);
  std::optional<Instant> newest;
  int late_looks = 0;
  for (const std::string& output : outputs) {
    const auto envelope = ParseEnvelope(output);
    if (envelope->payload_case() == v1::Envelope::kPicture) {
      newest = Instant::FromMicros(envelope->picture().time_us());
    }
    if (envelope->payload_case() != v1::Envelope::kLateLook) continue;
    ++late_looks;
    ASSERT_TRUE(newest);
    const auto look = FromProto(envelope->late_look());
    ASSERT_TRUE(look);
    EXPECT_LE(*newest, look->time);
    EXPECT_LT(look->time, *newest + Duration::Seconds(1));
    EXPECT_GE(look->matches.size(), 1u);
  }
  EXPECT_EQ(late_looks, 1);
}

TEST(FusionStage, MoreLateLooksThanMayWaitAreRefusedAndOnRecord) {
  std::vector<Sent> late = Mission(60, 13);
  // Three looks of 30 s come at 45 s.
  std::rotate(late.begin() + 60, late.begin() + 63, late.begin() + 93);
  v1::config::FusionConfig config = testing::DefaultConfig();
  config.set_settled_lag_s(36);
  auto stage = FusionStage::Create({.config = config, .origin = kOrigin, .max_late_waiting = 2});
  ASSERT_TRUE(stage);
  const auto outputs = Feed(**stage, WithStatuses(late), 1);
  const auto late_looks = std::count_if(outputs.begin(), outputs.end(), [](const auto& output) {
    return ParseEnvelope(output)->payload_case() == v1::Envelope::kLateLook;
  });
  EXPECT_EQ(late_looks, 2);
  const auto faults = FaultsOf(outputs);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_NE(faults[0].reason.find("too many such looks wait"), std::string::npos);
}

TEST(FusionStage, RestoreRefusesWhatIsNoSnapshotOfThisMission) {
  auto stage = NewStage();
  EXPECT_FALSE(stage->Restore("rubbish"));
  EXPECT_FALSE(stage->Restore(""));
  v1::config::FusionConfig other = testing::DefaultConfig();
  other.set_hold_s(5);
  auto another = FusionStage::Create({.config = other, .origin = kOrigin});
  EXPECT_FALSE(stage->Restore(*(*another)->Snapshot()));
  // Truncated at any byte it is refused or, cut between fields, still a state; never a crash.
  Feed(*stage, WithStatuses(Mission(10, 5)));
  const std::string snapshot = *stage->Snapshot();
  for (std::size_t k = 0; k < snapshot.size(); k += 97) {
    static_cast<void>(NewStage()->Restore(std::string_view(snapshot).substr(0, k)));
  }
}

TEST(FusionStage, AMeasurementLaterThanTheHoldChangesNoPicture) {
  std::vector<Sent> sent = Mission(30, 6);
  const std::vector<std::string> without = [&] {
    std::vector<Sent> rest = sent;
    rest.erase(rest.begin() + 8);
    return WithStatuses(rest);
  }();
  Sent late = sent[8];
  sent.erase(sent.begin() + 8);
  sent.push_back(late);
  auto a = NewStage(), b = NewStage();
  const auto outputs = Feed(*a, WithStatuses(sent));
  EXPECT_TRUE(FaultsOf(outputs).empty());
  EXPECT_EQ(a->counts().late, 1u);
  const auto pictures = PicturesOf(outputs), expected = PicturesOf(Feed(*b, without));
  ASSERT_EQ(pictures.size(), expected.size());
  for (std::size_t k = 0; k < pictures.size(); ++k) {
    EXPECT_EQ(ToProto(pictures[k]).SerializeAsString(), ToProto(expected[k]).SerializeAsString());
  }
}

TEST(FusionStage, ASilentSourceHoldsPicturesBackUntilItIsJournalledAsLate) {
  auto stage = NewStage();
  std::vector<std::string> payloads{testing::StatusEnvelope("radar1", 0, SourceState::kStarted),
                                    testing::StatusEnvelope("drone1", 0, SourceState::kStarted),
                                    testing::StatusEnvelope("drone2", 0, SourceState::kStarted)};
  for (const Sent& s : Mission(30, 7)) payloads.push_back(s.payload);
  EXPECT_TRUE(PicturesOf(Feed(*stage, payloads)).empty());
  const auto outputs = Feed(*stage, {testing::StatusEnvelope("drone2", 30, SourceState::kLate)});
  const auto pictures = PicturesOf(outputs);
  ASSERT_FALSE(pictures.empty());
  // radar1 spoke last at 30 s: settled before 30 - 6 s, drone1 at 30.2 s.
  EXPECT_EQ(pictures.back().time, At(23));
}

TEST(FusionStage, AWatermarkSettlesWithoutWaitingForTheHold) {
  auto stage = NewStage();
  const LocalFrame frame(kOrigin);
  std::mt19937_64 random(8);
  std::vector<std::string> payloads{testing::StatusEnvelope("drone1", 0, SourceState::kStarted)};
  for (double t = 0; t <= 10; t += 0.5) {
    payloads.push_back(testing::EnvelopeOf(CameraLook(CameraModel{}, t, {}, random), frame));
  }
  EXPECT_EQ(PicturesOf(Feed(*stage, payloads)).back().time, At(3));
  EXPECT_EQ(PicturesOf(Feed(*stage, {testing::WatermarkEnvelope("drone1", 10.2)})).back().time,
            At(10));
}

TEST(FusionStage, PassesOnWhatIsNotItsOwnUnchangedAndConsumesItsInputs) {
  auto stage = NewStage();
  v1::Envelope header, fault;
  header.mutable_mission_header()->set_mission("demo");
  header.mutable_mission_header()->set_exercise(true);
  *fault.mutable_data_fault() = ToProto(
      DataFault{.source = {"radar1"}, .time = At(1), .format = "stanag4607", .reason = "short"});
  const std::string status = testing::StatusEnvelope("drone1", 0, SourceState::kStarted);
  const std::vector<std::string> inputs{SerializeEnvelope(header), status, SerializeEnvelope(fault),
                                        testing::WatermarkEnvelope("drone1", 3)};
  EXPECT_EQ(Feed(*stage, inputs), (std::vector<std::string>{inputs[0], inputs[1], inputs[2]}));
  // What follows an exercise header is an exercise.
  std::mt19937_64 random(8);
  const auto pictures = PicturesOf(Feed(
      *stage, {testing::EnvelopeOf(CameraLook(CameraModel{}, 5, {}, random), LocalFrame(kOrigin)),
               testing::WatermarkEnvelope("drone1", 20)}));
  ASSERT_FALSE(pictures.empty());
  EXPECT_TRUE(pictures[0].exercise);
}

TEST(FusionStage, EverythingIsSettledBeforeTheWordThatTheLastSourceHasEnded) {
  auto stage = NewStage();
  const auto outputs = Feed(*stage, WithStatuses(Mission(30, 4)));
  ASSERT_FALSE(outputs.empty());
  const auto last = ParseEnvelope(outputs.back());
  ASSERT_TRUE(last);
  ASSERT_EQ(last->payload_case(), v1::Envelope::kSourceStatus);
  EXPECT_EQ(last->source_status().source_id(), "drone1");
}

TEST(FusionStage, InputThatCannotBeUsedBecomesAFault) {
  auto stage = NewStage();
  v1::Envelope bad;
  bad.mutable_radar_dwell()->set_source_id("radar1");
  bad.mutable_radar_dwell()->set_detection_probability(7);
  const auto faults = FaultsOf(Feed(*stage, {"no envelope", SerializeEnvelope(bad)}));
  ASSERT_EQ(faults.size(), 2u);
  EXPECT_EQ(faults[1].source.value, "radar1");
  EXPECT_EQ(faults[1].format, "radar_dwell");
  EXPECT_EQ(stage->counts().refused, 2u);
}

TEST(FusionStage, ARepeatedMeasurementCountsOnce) {
  auto stage = NewStage();
  std::mt19937_64 random(8);
  const std::string look =
      testing::EnvelopeOf(CameraLook(CameraModel{}, 5, {}, random), LocalFrame(kOrigin));
  EXPECT_EQ(FaultsOf(Feed(*stage, {look, look})).size(), 1u);
  EXPECT_EQ(stage->counts().repeated, 1u);
}

TEST(FusionStage, ALongSilenceDoesNotProducePicturesWithoutEnd) {
  auto stage = NewStage();
  std::mt19937_64 random(8);
  const LocalFrame frame(kOrigin);
  std::vector<std::string> payloads;
  for (const double t : {0.0, 80000.0, 80010.0}) {
    payloads.push_back(testing::EnvelopeOf(CameraLook(CameraModel{}, t, {}, random), frame));
  }
  const auto pictures = PicturesOf(Feed(*stage, payloads));
  EXPECT_LT(pictures.size(), 700u);
  EXPECT_EQ(pictures.back().time, At(80003));
}

TEST(FusionStage, RefusesAConfigOutOfRange) {
  v1::config::FusionConfig config = testing::DefaultConfig();
  config.set_picture_period_s(0);
  EXPECT_FALSE(FusionStage::Create({.config = config, .origin = kOrigin}));
}

}  // namespace
}  // namespace trucewatch
