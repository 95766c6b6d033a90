// SPDX-License-Identifier: Apache-2.0
#include "detect/appearance_segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/types/codec.h"
#include "detect/detect_stage.h"
#include "detect/report.h"
#include "tests/detect/appearance/blob_pictures.h"
#include "tests/detect/encoded_scene.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using trucewatch::testing::BlobDetector;
using trucewatch::testing::BlobPicture;

constexpr int kWidth = 320, kHeight = 240;

struct BlobVideo {
  int cars = 6;        // bright squares that stand in a row
  int people = 7;      // dim ones
  bool mover = false;  // one more bright square, that drives
  std::uint64_t seed = 1;
};

// Two seconds from a camera that hangs still, 0.23 m a pixel at the middle; what the networks of
// the tests know lies on dark ground with texture, so that pictures can be registered.
VideoSegment Video(const BlobVideo& video) {
  testing::Scene scene = testing::RenderScene({.seed = video.seed,
                                               .width_px = kWidth,
                                               .height_px = kHeight,
                                               .pictures = 20,
                                               .camera_speed_mps = 0,
                                               .horizontal_fov_deg = 4});
  std::mt19937_64 random(video.seed);
  BlobPicture ground(kWidth, kHeight);
  for (int y = 0; y < kHeight; y += 4) {
    for (int x = 0; x < kWidth; x += 4) {
      ground.Put(x, y, static_cast<std::uint8_t>(16 + random() % 26), 4, 4);
    }
  }
  for (int i = 0; i < video.cars; ++i) ground.Put(40 + 24 * i, 40, 235);
  for (int i = 0; i < video.people; ++i) ground.Put(40 + 16 * i, 200, 140);
  for (std::size_t k = 0; k < scene.luma.size(); ++k) {
    BlobPicture picture = ground;
    if (video.mover) picture.Put(40 + 6 * static_cast<int>(k), 120, 235, 12, 8);
    scene.luma[k] = picture.pixels;
  }
  return testing::Encode(scene);
}

v1::config::DetectConfig LooksConfig() {
  v1::config::DetectConfig config;
  config.set_threads(1);
  config.set_working_gsd_m(0.2);
  config.set_min_speed_mps(2);
  config.set_max_speed_mps(60);
  config.set_min_size_m(1.5);
  config.set_max_size_m(25);
  config.set_observation_period_s(0.5);
  config.set_detection_probability(0.9);
  config.set_false_alarms_per_km2(0.2);
  auto* people = config.mutable_people();
  people->set_max_gsd_m(0.01);  // too coarse to count them by how they move
  people->set_min_count(5);
  people->set_group_radius_m(10);
  people->set_detection_probability(0.8);
  auto* appearance = config.mutable_appearance();
  appearance->set_model_card("blobs_v5");
  appearance->set_period_s(1);
  appearance->set_chips(3);
  appearance->set_standing_detection_probability(0.7);
  return config;
}

TEST(AppearanceSegment, WholePicturesAtTheirOwnRateCountPeopleAndStandingVehicles) {
  const FlatTerrain terrain(0, 0);
  const auto detector = BlobDetector();
  const SegmentResult result = DetectSegment(Video({}), LooksConfig(), terrain, detector.get());
  EXPECT_TRUE(result.faults.empty()) << result.faults[0].reason;
  ASSERT_EQ(result.observations.size(), 4U);
  int whole = 0;
  for (const ObservationSet& set : result.observations) {
    EXPECT_EQ(set.degraded_reason, "");
    EXPECT_EQ(set.lineage.model, "motion-1+people-1+blobs_v5");
    EXPECT_TRUE(set.detections.empty());  // nothing moves
    if (set.standing_detection_probability == 0) {
      EXPECT_TRUE(set.groups.empty());
      EXPECT_EQ(set.group_detection_probability, 0);
      continue;
    }
    ++whole;
    EXPECT_EQ(set.standing_detection_probability, 0.7);
    EXPECT_EQ(set.group_detection_probability, 0.8);
    ASSERT_EQ(set.groups.size(), 2U);
    EXPECT_EQ(set.groups[0].object_class, ObjectClass::kUnknownVehicle);
    EXPECT_LE(set.groups[0].count_min, 6);
    EXPECT_GE(set.groups[0].count_max, 6);
    const GroupObservation& people = set.groups[1];
    EXPECT_EQ(people.object_class, ObjectClass::kPersonGroup);
    EXPECT_LE(people.count_min, 7);
    EXPECT_GE(people.count_max, 7);
    EXPECT_NEAR(people.box_x_px, 40, 1.5);
    EXPECT_NEAR(people.box_width_px, 6 * 16 + 8, 3);
    EXPECT_GT(people.cov_en_m2(0, 0), 0);
  }
  EXPECT_EQ(whole, 2);
}

TEST(AppearanceSegment, PeopleBelowTheMinimumAreInNoMessage) {
  const FlatTerrain terrain(0, 0);
  const auto detector = BlobDetector();
  const SegmentResult result =
      DetectSegment(Video({.people = 3}), LooksConfig(), terrain, detector.get());
  for (const ObservationSet& set : result.observations) {
    for (const GroupObservation& group : set.groups) {
      EXPECT_NE(group.object_class, ObjectClass::kPersonGroup);
    }
  }
  // Nor where nobody asked for people.
  v1::config::DetectConfig config = LooksConfig();
  config.clear_people();
  for (const ObservationSet& set :
       DetectSegment(Video({}), config, terrain, detector.get()).observations) {
    EXPECT_EQ(set.group_detection_probability, 0);
    for (const GroupObservation& group : set.groups) {
      EXPECT_NE(group.object_class, ObjectClass::kPersonGroup);
    }
  }
}

TEST(AppearanceSegment, MoversTakeTheClassThatTheNetworkKnows) {
  const FlatTerrain terrain(0, 0);
  const auto detector = BlobDetector();
  const VideoSegment video = Video({.cars = 0, .people = 0, .mover = true});
  v1::config::DetectConfig config = LooksConfig();
  const SegmentResult with = DetectSegment(video, config, terrain, detector.get());
  const SegmentResult without = DetectSegment(video, config, terrain);
  ASSERT_EQ(with.observations.size(), without.observations.size());
  int movers = 0, known = 0;
  for (std::size_t i = 0; i < with.observations.size(); ++i) {
    ASSERT_EQ(with.observations[i].detections.size(), without.observations[i].detections.size());
    for (std::size_t k = 0; k < with.observations[i].detections.size(); ++k) {
      const Detection& a = with.observations[i].detections[k];
      const Detection& b = without.observations[i].detections[k];
      ++movers;
      EXPECT_EQ(a.box_x_px, b.box_x_px);
      EXPECT_LE(b.classes.at(ObjectClass::kUnknownVehicle), 1.0);
      const auto light = a.classes.find(ObjectClass::kLightVehicle);
      if (light != a.classes.end() && light->second > 0.9) ++known;
    }
  }
  EXPECT_GE(movers, 3);
  EXPECT_GE(known, movers - 1);
}

TEST(AppearanceSegment, AnyNumberOfThreadsGivesTheSameBytes) {
  std::vector<LogRecord> records;
  std::vector<std::string> payloads;
  for (std::uint64_t n = 1; n <= 3; ++n) {
    v1::Envelope envelope;
    *envelope.mutable_video_segment() = ToProto(Video({.mover = true, .seed = n}));
    payloads.push_back(SerializeEnvelope(envelope));
  }
  for (const std::string& payload : payloads) records.push_back({records.size() + 1, 0, payload});
  std::vector<std::vector<std::string>> one;
  for (const std::uint32_t threads : {1U, 3U}) {
    v1::config::DetectConfig config = LooksConfig();
    config.set_threads(threads);
    DetectStage stage(config, std::make_unique<FlatTerrain>(0, 0), nullptr, BlobDetector());
    const auto outputs = stage.Handle(records);
    ASSERT_TRUE(outputs);
    if (one.empty()) one = *outputs;
    EXPECT_EQ(*outputs, one);
  }
}

// 22 seconds of one view; a seventh car stands in the row from the fifteenth second on. Before, a
// site learns what never rests.
std::vector<LogRecord> ArrivalInTheRow(std::vector<std::string>* payloads) {
  for (int k = 0; k < 11; ++k) {
    VideoSegment segment = Video({.cars = k < 7 ? 6 : 7, .people = 0});
    for (VideoFrame& frame : segment.frames) frame.time = frame.time + Duration::Seconds(2 * k);
    v1::Envelope envelope;
    *envelope.mutable_video_segment() = ToProto(segment);
    payloads->push_back(SerializeEnvelope(envelope));
  }
  std::vector<LogRecord> records;
  for (const std::string& payload : *payloads) records.push_back({records.size() + 1, 0, payload});
  return records;
}

std::unique_ptr<DetectStage> StageThatLooksOften(std::uint32_t threads) {
  v1::config::DetectConfig config = LooksConfig();
  config.set_threads(threads);
  config.mutable_appearance()->set_period_s(0.5);
  return std::make_unique<DetectStage>(config, std::make_unique<FlatTerrain>(0, 0), nullptr,
                                       BlobDetector());
}

TEST(AppearanceSegment, AVehicleThatComesToStandIsAChangeOfALaterLook) {
  std::vector<std::string> payloads;
  const std::vector<LogRecord> records = ArrivalInTheRow(&payloads);
  const auto outputs = StageThatLooksOften(1)->Handle(records);
  ASSERT_TRUE(outputs);
  std::vector<v1::ObservationSet> with_changes;
  for (const auto& output : *outputs) {
    for (const std::string& payload : output) {
      const auto envelope = ParseEnvelope(payload);
      ASSERT_TRUE(envelope);
      if (envelope->observation_set().changes_size() > 0) {
        with_changes.push_back(envelope->observation_set());
      }
    }
  }
  ASSERT_EQ(with_changes.size(), 1U);
  ASSERT_EQ(with_changes[0].changes_size(), 1);
  EXPECT_EQ(with_changes[0].changes(0).kind(), v1::CHANGE_KIND_APPEARED);
  EXPECT_LT(with_changes[0].baseline_time_us(), with_changes[0].time_us());
}

TEST(AppearanceSegment, ARestoredStageAndAnyNumberOfThreadsFindTheSameArrival) {
  std::vector<std::string> payloads;
  const std::vector<LogRecord> records = ArrivalInTheRow(&payloads);
  const auto whole = StageThatLooksOften(3)->Handle(records);
  ASSERT_TRUE(whole);
  std::string state;
  std::vector<std::vector<std::string>> pieces;
  for (const LogRecord& record : records) {
    const auto stage = StageThatLooksOften(1);
    ASSERT_TRUE(stage->Restore(state));
    const auto outputs = stage->Handle(std::span(&record, 1));
    ASSERT_TRUE(outputs);
    pieces.push_back(outputs->front());
    state = stage->Snapshot().value();
  }
  EXPECT_EQ(pieces, *whole);
  EXPECT_FALSE(state.empty());
  EXPECT_FALSE(StageThatLooksOften(1)->Restore(state.substr(0, state.size() / 2)));
}

TEST(AppearanceSegment, ReportAddsWhatStandsAndPeopleAsGroups) {
  const FlatTerrain terrain(0, 0);
  const auto detector = BlobDetector();
  ReportOptions options{.file = "f"};
  options.looks = detector.get();
  options.min_score = 0.5;
  std::vector<std::string> lines;
  const LineSink sink = [&](const std::string& line) { lines.push_back(line); };
  ASSERT_TRUE(ReportSegment(Video({}), options, terrain, 0, sink));
  ASSERT_EQ(lines.size(), 20U);
  EXPECT_THAT(lines[4], HasSubstr("\"class\":\"light_vehicle\""));
  EXPECT_THAT(lines[4], HasSubstr("\"moving\":false,\"lat_deg\":"));
  EXPECT_THAT(lines[4], HasSubstr("\"class\":\"person_group\""));
  EXPECT_THAT(lines[4], Not(HasSubstr("\"class\":\"person\"")));
  options.evaluate = true;
  lines.clear();
  ASSERT_TRUE(ReportSegment(Video({}), options, terrain, 0, sink));
  EXPECT_THAT(lines[4], HasSubstr("\"class\":\"person\""));
}

}  // namespace
}  // namespace trucewatch
