// SPDX-License-Identifier: Apache-2.0
#include "core/types/codec.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/crypto/sha256.h"

namespace trucewatch {
namespace {

Lineage SomeLineage() {
  return {.modality = Modality::kVideoRgb,
          .sensor = "drone1",
          .platform = "uav7",
          .station = "north",
          .clock = "gnss-a",
          .georeference = "ins-a",
          .model = "motion-1",
          .derived_from = ""};
}

ObservationSet SomeSet() {
  ObservationSet set;
  set.source = {"drone1"};
  set.lineage = SomeLineage();
  set.time = Instant::FromMicros(1'772'398'800'000'000);
  set.footprint = {Geodetic::FromDegrees(1, 2, 3), Geodetic::FromDegrees(1, 2.1, 3),
                   Geodetic::FromDegrees(1.1, 2, 3)};
  set.detection_probability = 0.9;
  set.min_detectable_speed_mps = 1.5;
  set.false_alarms_per_km2 = 0.25;
  Detection d;
  d.position = Geodetic::FromDegrees(1.05, 2.05, 3);
  d.cov_en_m2 << 9, 1, 1, 4;
  d.velocity_en_mps = Eigen::Vector2d(3, -4);
  d.velocity_cov_en << 1, 0, 0, 1;
  d.classes = {{ObjectClass::kTruck, 0.75}, {ObjectClass::kLightVehicle, 0.25}};
  d.image_track = 4;
  set.detections.push_back(d);
  set.raw_digests = {Sha256("a"), Sha256("b")};
  set.position_sigma_stated_m = 8.5;
  set.position_scatter_m = 12;
  set.georeference_note = "metadata and registration disagree";
  return set;
}

TEST(Codec, ObservationSetSurvivesTheWireByteForByte) {
  const v1::ObservationSet message = ToProto(SomeSet());
  const auto back = FromProto(message);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->detections[0].velocity_en_mps, SomeSet().detections[0].velocity_en_mps);
  EXPECT_EQ(back->lineage, SomeLineage());
  EXPECT_EQ(back->raw_digests, SomeSet().raw_digests);
  EXPECT_EQ(back->georeference_note, SomeSet().georeference_note);
  EXPECT_EQ(back->position_scatter_m, SomeSet().position_scatter_m);
  EXPECT_EQ(ToProto(*back).SerializeAsString(), message.SerializeAsString());
}

TEST(Codec, ValuesThatTheStructsForbidAreRefused) {
  const auto broken = [](auto change) {
    v1::ObservationSet message = ToProto(SomeSet());
    change(message);
    return !FromProto(message).has_value();
  };
  EXPECT_TRUE(broken([](auto& m) { m.set_detection_probability(1.5); }));
  EXPECT_TRUE(
      broken([](auto& m) { m.mutable_detections(0)->mutable_position()->set_lat_deg(91); }));
  EXPECT_TRUE(broken([](auto& m) { m.mutable_detections(0)->set_cov_m2(0, -1); }));
  EXPECT_TRUE(broken([](auto& m) { m.mutable_detections(0)->set_cov_m2(1, 100); }));
  EXPECT_TRUE(broken([](auto& m) {
    m.mutable_detections(0)->set_length_m(std::numeric_limits<double>::quiet_NaN());
  }));
  EXPECT_TRUE(broken([](auto& m) { m.set_raw_digests(0, "short"); }));
  EXPECT_TRUE(
      broken([](auto& m) { m.mutable_lineage()->set_modality(static_cast<v1::Modality>(99)); }));
  EXPECT_FALSE(broken([](auto&) {}));
}

TEST(Codec, FindingAndPictureSurviveTheWire) {
  Finding finding;
  finding.kind = FindingKind::kEventTransition;
  finding.state = EventState::kVerified;
  finding.supports.push_back({.source = {"radar1"},
                              .lineage = SomeLineage(),
                              .updates = 3,
                              .first = Instant::FromMicros(1),
                              .last = Instant::FromMicros(2),
                              .raw_digests = {Sha256("x")}});
  finding.members = {{3}, {9}};
  finding.cov_m2 = {4, 1, 9};
  const auto finding_back = FromProto(ToProto(finding));
  ASSERT_TRUE(finding_back) << finding_back.error().message;
  EXPECT_EQ(ToProto(*finding_back).SerializeAsString(), ToProto(finding).SerializeAsString());
  v1::Finding nowhere = ToProto(finding);
  ASSERT_EQ(nowhere.velocity_en_mps_size(), 2);
  nowhere.set_velocity_en_mps(1, std::numeric_limits<double>::quiet_NaN());
  EXPECT_FALSE(FromProto(nowhere));

  Picture picture;
  picture.settled = true;
  Track track;
  track.id = {7};
  track.cov = Eigen::Matrix4d::Identity() * 2;
  track.size = ObjectSize{7.5, 2.5, 0.5};
  picture.tracks.push_back(track);
  Group group;
  group.members = {{7}, {8}};
  picture.groups.push_back(group);
  const auto picture_back = FromProto(ToProto(picture));
  ASSERT_TRUE(picture_back) << picture_back.error().message;
  EXPECT_EQ(ToProto(*picture_back).SerializeAsString(), ToProto(picture).SerializeAsString());
  ASSERT_TRUE(picture_back->tracks.at(0).size);
  EXPECT_EQ(picture_back->tracks[0].size->length_m, 7.5);
  v1::Picture hostile = ToProto(picture);
  hostile.mutable_tracks(0)->set_size_m(0, -1);
  EXPECT_FALSE(FromProto(hostile));
}

TEST(Codec, APictureListsEachSourceOnceAndEverySupportFindsItsOwn) {
  TrackSupport radar;
  radar.source = {"radar1"};
  radar.lineage = SomeLineage();
  radar.lineage.modality = Modality::kRadarGmti;
  radar.updates = 2;
  radar.raw_digests = {Sha256("dwell")};
  TrackSupport camera;
  camera.source = {"drone1"};
  camera.lineage = SomeLineage();
  TrackSupport newer_model = camera;
  newer_model.lineage.model = "motion-2";
  Picture picture;
  picture.tracks.resize(3);
  picture.tracks[0].supports = {camera, radar};
  picture.tracks[1].supports = {newer_model, radar};
  picture.tracks[2].supports = {camera};
  picture.groups.resize(1);
  picture.groups[0].object_class = ObjectClass::kPersonGroup;
  picture.groups[0].supports = {newer_model};
  const v1::Picture message = ToProto(picture);
  EXPECT_EQ(message.sources_size(), 3);
  const auto back = FromProto(message);
  ASSERT_TRUE(back) << back.error().message;
  const auto expect_same = [](const std::vector<TrackSupport>& a,
                              const std::vector<TrackSupport>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].source, b[i].source);
      EXPECT_EQ(a[i].lineage, b[i].lineage);
      EXPECT_EQ(a[i].updates, b[i].updates);
      EXPECT_EQ(a[i].raw_digests, b[i].raw_digests);
    }
  };
  for (std::size_t i = 0; i < 3; ++i)
    expect_same(back->tracks[i].supports, picture.tracks[i].supports);
  expect_same(back->groups[0].supports, picture.groups[0].supports);

  v1::Picture hostile = message;
  hostile.mutable_tracks(2)->mutable_supports(0)->set_source(3);
  const auto refused = FromProto(hostile);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("support.source 3"), std::string::npos);
}

// The last door: whatever a detector made, nobody leaves it alone.
TEST(Codec, ABoxOfNoNumbersIsRefused) {
  v1::ObservationSet message = ToProto(SomeSet());
  ASSERT_GT(message.detections_size(), 0);
  ASSERT_TRUE(FromProto(message));
  message.mutable_detections(0)->set_box_px(2, std::numeric_limits<double>::quiet_NaN());
  const auto refused = FromProto(message);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("box_px"), std::string::npos);
}

TEST(Codec, FewerPeopleThanAGroupNeverGetIntoAMessageNorOutOfOne) {
  GroupObservation group;
  group.object_class = ObjectClass::kPersonGroup;
  group.cov_en_m2 = Eigen::Matrix2d::Identity();
  group.score = 0.9;
  group.count_max = 12;
  ObservationSet set = SomeSet();
  for (const double expected : {0.0, 1.0, 2.9, std::numeric_limits<double>::quiet_NaN()}) {
    group.count_expected = expected;
    set.groups = {group};
    EXPECT_EQ(ToProto(set).groups_size(), 0) << expected;
  }
  group.count_expected = kFewestPeople;
  set.groups = {group};
  v1::ObservationSet message = ToProto(set);
  ASSERT_EQ(message.groups_size(), 1);
  EXPECT_TRUE(FromProto(message));
  // One that was made by another encoder.
  message.mutable_groups(0)->set_count_expected(1);
  const auto refused = FromProto(message);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("1 people are no group"), std::string::npos);
  // Of vehicles two are a fact that may be told.
  message.mutable_groups(0)->set_object_class(v1::OBJECT_CLASS_TRUCK);
  EXPECT_TRUE(FromProto(message));
}

TEST(Codec, BytesThatAreNoEnvelopeAreRefused) {
  EXPECT_FALSE(ParseEnvelope("not a message"));
  EXPECT_FALSE(ParseEnvelope(""));
  v1::Envelope envelope;
  *envelope.mutable_observation_set() = ToProto(SomeSet());
  const auto parsed = ParseEnvelope(SerializeEnvelope(envelope));
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->has_observation_set());
}

}  // namespace
}  // namespace trucewatch
