// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "core/types/codec.h"
#include "fusion/fusion_stage.h"
#include "tests/fusion/simulation.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::CameraModel;
using testing::RadarModel;
using testing::StatusEnvelope;

const Geodetic kSettledOrigin = Geodetic::FromDegrees(48.0, 37.5, 0.0);
const LocalFrame kFrame(kSettledOrigin);

std::unique_ptr<FusionStage> NewSettledStage(std::vector<FusionSource> sources = {}) {
  FusionStage::Options options{
      .config = testing::DefaultConfig(), .origin = kSettledOrigin, .sources = std::move(sources)};
  auto stage = FusionStage::Create(options);
  EXPECT_TRUE(stage);
  return std::move(*stage);
}

std::vector<v1::Envelope> FeedAll(Stage& stage, const std::vector<std::string>& payloads) {
  std::vector<v1::Envelope> outputs;
  std::uint64_t sequence = 0;
  for (const std::string& payload : payloads) {
    const LogRecord record{.sequence = ++sequence, .origin = sequence, .payload = payload};
    const auto result = stage.Handle({&record, 1});
    EXPECT_TRUE(result);
    for (const std::string& output : result->at(0)) outputs.push_back(*ParseEnvelope(output));
  }
  return outputs;
}

std::vector<SettledLook> LooksOf(const std::vector<v1::Envelope>& outputs) {
  std::vector<SettledLook> looks;
  for (const v1::Envelope& output : outputs) {
    if (output.has_settled_look()) looks.push_back(*FromProto(output.settled_look()));
  }
  return looks;
}

std::vector<LateLook> LateOf(const std::vector<v1::Envelope>& outputs) {
  std::vector<LateLook> looks;
  for (const v1::Envelope& output : outputs) {
    if (output.has_late_look()) looks.push_back(*FromProto(output.late_look()));
  }
  return looks;
}

std::vector<Picture> SettledPictures(const std::vector<v1::Envelope>& outputs) {
  std::vector<Picture> pictures;
  for (const v1::Envelope& output : outputs) {
    if (output.has_picture()) pictures.push_back(*FromProto(output.picture()));
  }
  return pictures;
}

std::vector<std::string> FaultSentences(const std::vector<v1::Envelope>& outputs) {
  std::vector<std::string> reasons;
  for (const v1::Envelope& output : outputs) {
    if (output.has_data_fault()) reasons.push_back(output.data_fault().reason());
  }
  return reasons;
}

std::vector<testing::Truth> TruthAt(double t) {
  return testing::Convoy(5, 60, Eigen::Vector2d(-300 + 10 * t, 0), 0.0, 10.0);
}

std::string Drone(double t, const std::string& source = "drone1") {
  std::mt19937_64 random(static_cast<unsigned>(10 * t));
  CameraModel camera{.source = source};
  camera.half_m = 900;
  camera.detection_probability = 1.0;
  camera.false_per_km2 = 0;
  return testing::EnvelopeOf(CameraLook(camera, t, TruthAt(t), random), kFrame);
}

std::string Radar(double t) {
  std::mt19937_64 random(static_cast<unsigned>(10 * t));
  return testing::EnvelopeOf(RadarLook(RadarModel{}, t, TruthAt(t), random), kFrame);
}

ObservationSet Satellite(double t) {
  ObservationSet set;
  set.source = {"sat1"};
  set.lineage.modality = Modality::kSatelliteOptical;
  set.lineage.sensor = "sat1";
  set.time = At(t);
  set.footprint = {Geodetic::FromDegrees(47.99, 37.49, 0), Geodetic::FromDegrees(47.99, 37.51, 0),
                   Geodetic::FromDegrees(48.01, 37.51, 0), Geodetic::FromDegrees(48.01, 37.49, 0)};
  set.standing_detection_probability = 0.85;
  set.resolution_m = 0.6;
  set.baseline = At(1);
  set.raw_digests = {Digest{7}};
  Detection detection;
  detection.position = kSettledOrigin;
  detection.cov_en_m2 = 4.0 * Eigen::Matrix2d::Identity();
  detection.score = 0.9;
  detection.classes = {{ObjectClass::kTruck, 1.0}};
  set.detections.assign(6, detection);
  SiteChange change;
  change.kind = ChangeKind::kVanished;
  change.position = kSettledOrigin;
  change.cov_en_m2 = 4.0 * Eigen::Matrix2d::Identity();
  change.probability = 0.9;
  set.changes = {change};
  GroupObservation group;
  group.object_class = ObjectClass::kTruck;
  group.position = kSettledOrigin;
  group.cov_en_m2 = 25.0 * Eigen::Matrix2d::Identity();
  group.extent_m = 40;
  group.count_expected = 6;
  group.count_min = 5;
  group.count_max = 8;
  group.score = 0.9;
  set.groups = {group};
  return set;
}

std::string EnvelopeOf(const ObservationSet& set) {
  v1::Envelope envelope;
  *envelope.mutable_observation_set() = ToProto(set);
  return SerializeEnvelope(envelope);
}

TEST(SettledLooks, EachLookPastTheHoldIsPassedOnInOrderBeforeItsPicture) {
  auto stage = NewSettledStage();
  std::vector<std::string> payloads{StatusEnvelope("radar1", 0, SourceState::kStarted),
                                    StatusEnvelope("drone1", 0, SourceState::kStarted)};
  int sent = 0;
  for (double t = 0; t <= 20; t += 0.5, ++sent) {
    if (std::fmod(t, 5) == 0) {
      payloads.push_back(Radar(t));
      ++sent;
    }
    payloads.push_back(Drone(t));
  }
  for (const char* source : {"radar1", "drone1"}) {
    payloads.push_back(StatusEnvelope(source, 21, SourceState::kEnded));
  }
  const auto outputs = FeedAll(*stage, payloads);
  EXPECT_EQ(LooksOf(outputs).size(), static_cast<std::size_t>(sent));
  std::int64_t last_look = -1, last_picture = -1;
  for (const v1::Envelope& output : outputs) {
    if (output.has_settled_look()) {
      EXPECT_GE(output.settled_look().time_us(), last_look);
      EXPECT_GT(output.settled_look().time_us(), last_picture);  // its picture comes after it
      last_look = output.settled_look().time_us();
    } else if (output.has_picture()) {
      EXPECT_GE(output.picture().time_us(), last_look);
      last_picture = output.picture().time_us();
    }
  }
}

TEST(SettledLooks, SayWhereAndHowWellTheSourceLooked) {
  auto stage = NewSettledStage();
  ObservationSet set;
  set.source = {"quad"};
  set.lineage.sensor = "eo";
  set.time = At(1);
  set.footprint = Satellite(1).footprint;
  set.detection_probability = 0.8;
  set.min_detectable_speed_mps = 1.5;
  set.standing_detection_probability = 0.3;
  set.group_detection_probability = 0.9;
  set.resolution_m = 0.11;
  set.degraded_reason = "haze";
  set.exercise = true;
  set.raw_digests = {Digest{3}};
  const auto outputs =
      FeedAll(*stage, {EnvelopeOf(set), Radar(1), StatusEnvelope("quad", 2, SourceState::kEnded),
                       StatusEnvelope("radar1", 2, SourceState::kEnded)});
  const auto looks = LooksOf(outputs);
  ASSERT_EQ(looks.size(), 2u);
  const SettledLook& look = looks[0];
  EXPECT_EQ(look.source.value, "quad");
  EXPECT_EQ(look.lineage, set.lineage);
  EXPECT_EQ(look.footprint.size(), 4u);
  EXPECT_DOUBLE_EQ(look.moving_vehicle_probability, 0.8);
  EXPECT_DOUBLE_EQ(look.min_detectable_speed_mps, 1.5);
  EXPECT_DOUBLE_EQ(look.standing_vehicle_probability, 0.3);
  EXPECT_DOUBLE_EQ(look.group_probability, 0.9);
  EXPECT_DOUBLE_EQ(look.resolution_m, 0.11);
  EXPECT_EQ(look.degraded_reason, "haze");
  EXPECT_TRUE(look.exercise);
  EXPECT_FALSE(look.late);
  EXPECT_FALSE(look.sensor);
  EXPECT_EQ(look.raw_digests, set.raw_digests);
  ASSERT_TRUE(looks[1].sensor);
  EXPECT_LT(GeodesicDistanceM(*looks[1].sensor, kFrame.GeodeticFromEnu({0, -9000, 0})), 10.0);
}

TEST(SparseSources, ASatellitePassIsPassedOnAtOnceAndHoldsNothing) {
  auto stage = NewSettledStage({{{"radar1"}, false}, {{"sat1"}, true}});
  auto outputs =
      FeedAll(*stage, {StatusEnvelope("sat1", 0, SourceState::kStarted), EnvelopeOf(Satellite(3))});
  auto looks = LooksOf(outputs);
  ASSERT_EQ(looks.size(), 1u);
  EXPECT_EQ(looks[0].standing_vehicles, 6);
  EXPECT_DOUBLE_EQ(looks[0].standing_vehicle_probability, 0.85);
  ASSERT_EQ(looks[0].changes.size(), 1u);
  EXPECT_EQ(looks[0].baseline, At(1));
  EXPECT_EQ(looks[0].raw_digests, std::vector<Digest>{Digest{7}});
  EXPECT_FALSE(looks[0].late);

  std::vector<std::string> payloads;
  for (int t = 0; t <= 20; ++t) payloads.push_back(Radar(t));
  outputs = FeedAll(*stage, payloads);
  const auto pictures = SettledPictures(outputs);
  ASSERT_EQ(pictures.back().time, At(13));  // the satellite holds nothing back
  // Its group is in the pictures from its time on, and none of its reports became a track.
  for (const Picture& picture : pictures) {
    const auto standing =
        std::count_if(picture.groups.begin(), picture.groups.end(),
                      [](const Group& group) { return group.object_class == ObjectClass::kTruck; });
    EXPECT_EQ(standing, picture.time < At(3) ? 0 : 1) << FormatUtc(picture.time);
    for (const Track& track : picture.tracks) {
      for (const TrackSupport& support : track.supports) EXPECT_EQ(support.source.value, "radar1");
    }
  }
  for (const Group& group : pictures.back().groups) {
    if (group.object_class != ObjectClass::kTruck) continue;
    EXPECT_EQ(group.count_min, 5);
    EXPECT_EQ(group.count_max, 8);
    EXPECT_TRUE(group.members.empty());
    ASSERT_EQ(group.supports.size(), 1u);
    EXPECT_EQ(group.supports[0].source.value, "sat1");
    EXPECT_EQ(group.supports[0].raw_digests, std::vector<Digest>{Digest{7}});
    EXPECT_NEAR(group.cov_en_m2(0, 0), 25, 1);
    EXPECT_GT(group.existence_probability, 0.8);
  }
  // Hours late it is still passed on, once.
  outputs = FeedAll(*stage, {EnvelopeOf(Satellite(2)), EnvelopeOf(Satellite(2))});
  looks = LooksOf(outputs);
  ASSERT_EQ(looks.size(), 1u);
  EXPECT_TRUE(looks[0].late);
  EXPECT_TRUE(LateOf(outputs).empty());
  EXPECT_EQ(FaultSentences(outputs).size(), 1u);
}

TEST(SparseSources, ASatellitePassOfAnUnlistedSourceIsNotHeldEither) {
  auto stage = NewSettledStage();
  EXPECT_EQ(LooksOf(FeedAll(*stage, {EnvelopeOf(Satellite(3))})).size(), 1u);
  EXPECT_EQ(stage->tracker_counts().looks, 0u);
}

TEST(SparseSources, HumanRecordsAndScenesPassOnUnchanged) {
  auto stage = NewSettledStage({{{"radar1"}, false}, {{"patrol"}, true}});
  v1::Envelope human, scene;
  human.mutable_human_record()->set_source_id("patrol");
  human.mutable_human_record()->set_text("saw three trucks");
  scene.mutable_scene()->set_item("pass-1");
  const auto outputs = FeedAll(*stage, {SerializeEnvelope(human), SerializeEnvelope(scene)});
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_EQ(SerializeEnvelope(outputs[0]), SerializeEnvelope(human));
  EXPECT_EQ(SerializeEnvelope(outputs[1]), SerializeEnvelope(scene));
}

TEST(ExpectedSources, NothingIsSettledBeforeEveryOneHasSpokenOrEnded) {
  auto stage = NewSettledStage({{{"radar1"}, false}, {{"drone1"}, false}, {{"sat1"}, true}});
  std::vector<std::string> payloads;
  for (int t = 0; t <= 20; ++t) payloads.push_back(Radar(t));
  EXPECT_TRUE(SettledPictures(FeedAll(*stage, payloads)).empty());
  // The drone's file could not be opened: it ends without ever having started.
  const auto pictures =
      SettledPictures(FeedAll(*stage, {StatusEnvelope("drone1", 20, SourceState::kEnded)}));
  ASSERT_FALSE(pictures.empty());
  EXPECT_EQ(pictures.back().time, At(13));
}

TEST(ExpectedSources, AStationThatNeverConnectsIsDeclaredLateAndMayStillCome) {
  auto stage = NewSettledStage({{{"radar1"}, false}, {{"drone1"}, false}});
  std::vector<std::string> payloads;
  for (int t = 0; t <= 20; ++t) payloads.push_back(Radar(t));
  EXPECT_TRUE(SettledPictures(FeedAll(*stage, payloads)).empty());
  EXPECT_EQ(SettledPictures(FeedAll(*stage, {StatusEnvelope("drone1", 20, SourceState::kLate)}))
                .back()
                .time,
            At(13));
  // From now on it is waited for again.
  const auto pictures =
      SettledPictures(FeedAll(*stage, {StatusEnvelope("drone1", 20, SourceState::kStarted),
                                       Drone(22), Radar(30), Radar(31)}));
  ASSERT_FALSE(pictures.empty());
  EXPECT_EQ(pictures.back().time, At(15));
}

TEST(ExpectedSources, AllRecordedSourcesEndAndEverythingIsSettled) {
  auto stage = NewSettledStage({{{"radar1"}, false}, {{"drone1"}, false}, {{"sat1"}, true}});
  std::vector<std::string> payloads;
  for (int t = 0; t <= 10; ++t) {
    payloads.push_back(Radar(t));
    payloads.push_back(Drone(t));
  }
  for (const char* source : {"radar1", "drone1", "sat1"}) {
    payloads.push_back(StatusEnvelope(source, 11, SourceState::kEnded));
  }
  const auto outputs = FeedAll(*stage, payloads);
  EXPECT_EQ(LooksOf(outputs).size(), 22u);
  EXPECT_EQ(SettledPictures(outputs).back().time, At(10));
  EXPECT_FALSE(FusionStage::Create({.config = testing::DefaultConfig(),
                                    .origin = kSettledOrigin,
                                    .sources = {{{"a"}, false}, {{"a"}, true}}}));
}

// Radar all the time; the drone is cut off from 10 s to 40 s and its looks come afterwards.
struct CutOff {
  std::vector<std::string> before, late;
};
CutOff DroneCutOff() {
  CutOff sent;
  sent.before = {StatusEnvelope("radar1", 0, SourceState::kStarted),
                 StatusEnvelope("drone1", 0, SourceState::kStarted)};
  for (double t = 0; t <= 40; t += 0.5) {
    if (std::fmod(t, 2) == 0) sent.before.push_back(Radar(t));
    if (t < 10) sent.before.push_back(Drone(t));
    if (t == 16) sent.before.push_back(StatusEnvelope("drone1", t, SourceState::kLate));
    if (t > 10 && t < 30) sent.late.push_back(Drone(t));
  }
  return sent;
}

TEST(LateLooks, AreHeldAgainstTheTracksAsTheyWereAndChangeNoPicture) {
  const CutOff sent = DroneCutOff();
  auto with = NewSettledStage(), without = NewSettledStage();
  const auto before = SettledPictures(FeedAll(*with, sent.before));
  FeedAll(*without, sent.before);
  const auto outputs = FeedAll(*with, sent.late);
  const auto late = LateOf(outputs);
  ASSERT_EQ(late.size(), sent.late.size());
  EXPECT_TRUE(FaultSentences(outputs).empty());
  EXPECT_EQ(with->counts().late, sent.late.size());
  const auto settled = LooksOf(outputs);
  ASSERT_EQ(settled.size(), late.size());
  std::size_t matched = 0, reports = 0;
  for (std::size_t k = 0; k < late.size(); ++k) {
    EXPECT_TRUE(settled[k].late);
    EXPECT_EQ(settled[k].time, late[k].time);
    EXPECT_EQ(late[k].reports, 5);
    EXPECT_EQ(late[k].source.value, "drone1");
    EXPECT_EQ(late[k].lineage.georeference, "drone1-gps");
    matched += late[k].matches.size();
    reports += 5;
    // What is matched was in the picture of that time.
    for (const LateMatch& match : late[k].matches) {
      const auto picture = std::find_if(before.begin(), before.end(), [&](const Picture& p) {
        return p.time + Duration::Seconds(1) > late[k].time;
      });
      ASSERT_NE(picture, before.end());
      EXPECT_TRUE(std::any_of(picture->tracks.begin(), picture->tracks.end(),
                              [&](const Track& track) { return track.id == match.track; }));
    }
  }
  EXPECT_GE(static_cast<double>(matched), 0.9 * static_cast<double>(reports));
  // And no picture differs.
  const std::vector<std::string> rest{Radar(42), Radar(50), Radar(60)};
  const auto a = SettledPictures(FeedAll(*with, rest)),
             b = SettledPictures(FeedAll(*without, rest));
  ASSERT_EQ(a.size(), b.size());
  ASSERT_FALSE(a.empty());
  for (std::size_t k = 0; k < a.size(); ++k) {
    EXPECT_EQ(ToProto(a[k]).SerializeAsString(), ToProto(b[k]).SerializeAsString());
  }
}

TEST(LateLooks, OneThatWasTakenBeforeIsNoLateLook) {
  const CutOff sent = DroneCutOff();
  auto stage = NewSettledStage();
  FeedAll(*stage, sent.before);
  // In time the first time; late and twice.
  const auto outputs = FeedAll(*stage, {Drone(5), sent.late[3], sent.late[3]});
  EXPECT_EQ(LateOf(outputs).size(), 1u);
  EXPECT_EQ(FaultSentences(outputs).size(), 2u);
  EXPECT_EQ(stage->counts().repeated, 2u);
}

TEST(LateLooks, OlderThanWhatIsKeptIsAFault) {
  v1::config::FusionConfig config = testing::DefaultConfig();
  config.set_late_s(10);
  auto made = FusionStage::Create({.config = config, .origin = kSettledOrigin});
  ASSERT_TRUE(made);
  const CutOff sent = DroneCutOff();
  FeedAll(**made, sent.before);
  const auto outputs = FeedAll(**made, {Drone(15), Drone(29)});
  ASSERT_EQ(FaultSentences(outputs).size(), 1u);
  EXPECT_NE(FaultSentences(outputs)[0].find("later than the hold"), std::string::npos);
  EXPECT_EQ(LateOf(outputs).size(), 1u);
  EXPECT_EQ((*made)->counts().late, 1u);
}

TEST(LateLooks, SnapshotAndRestoreChangeNoByte) {
  const CutOff sent = DroneCutOff();
  std::vector<std::string> payloads = sent.before;
  payloads.push_back(EnvelopeOf(Satellite(5)));
  payloads.insert(payloads.end(), sent.late.begin(), sent.late.end());
  payloads.push_back(Radar(60));
  const std::vector<FusionSource> sources{
      {{"radar1"}, false}, {{"drone1"}, false}, {{"sat1"}, true}};
  auto undisturbed = NewSettledStage(sources);
  const auto expected = FeedAll(*undisturbed, payloads);
  for (const std::size_t cut : {std::size_t{3}, sent.before.size(), payloads.size() - 7}) {
    const auto middle = payloads.begin() + static_cast<std::ptrdiff_t>(cut);
    auto first = NewSettledStage(sources), second = NewSettledStage(sources);
    auto outputs = FeedAll(*first, {payloads.begin(), middle});
    const auto snapshot = first->Snapshot();
    ASSERT_TRUE(snapshot);
    const auto restored = second->Restore(*snapshot);
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_EQ(*second->Snapshot(), *snapshot);
    for (const auto& output : FeedAll(*second, {middle, payloads.end()})) outputs.push_back(output);
    ASSERT_EQ(outputs.size(), expected.size());
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      ASSERT_EQ(SerializeEnvelope(outputs[k]), SerializeEnvelope(expected[k])) << cut << " " << k;
    }
    // Of a mission with other sources it is refused.
    EXPECT_FALSE(NewSettledStage()->Restore(*snapshot));
  }
}

TEST(People, AreNeverFollowedOneByOne) {
  auto stage = NewSettledStage();
  std::vector<std::string> payloads;
  for (int t = 0; t <= 20; ++t) {
    ObservationSet set;
    set.source = {"quad"};
    set.time = At(t);
    set.detection_probability = 0.9;
    Detection detection;
    detection.position = kFrame.GeodeticFromEnu({1.2 * t, 0, 0});
    detection.cov_en_m2 = 4.0 * Eigen::Matrix2d::Identity();
    detection.score = 0.9;
    detection.classes = {{ObjectClass::kPersonGroup, 0.6}, {ObjectClass::kUnknownVehicle, 0.4}};
    set.detections = {detection};
    payloads.push_back(EnvelopeOf(set));
  }
  for (const Picture& picture : SettledPictures(FeedAll(*stage, payloads))) {
    EXPECT_TRUE(picture.tracks.empty());
  }
  EXPECT_EQ(stage->tracker_counts().plots, 0u);
}

}  // namespace
}  // namespace trucewatch
