// SPDX-License-Identifier: Apache-2.0
#include "detect/detect_stage.h"

#include <gtest/gtest.h>

#include "core/types/codec.h"
#include "detect/segment.h"
#include "tests/detect/encoded_scene.h"

namespace trucewatch {
namespace {

using testing::Encode;
using testing::RenderScene;
using testing::Scene;
using testing::SceneConfig;
using testing::SceneOptions;

DetectStage MakeStage(std::uint32_t threads) {
  return DetectStage(SceneConfig(threads), std::make_unique<FlatTerrain>(0, 0));
}

Scene Convoy(std::uint64_t seed) {
  SceneOptions options{.seed = seed};
  for (int i = 0; i < 4; ++i) {
    options.vehicles.push_back({.start_en_m = {-100.0 + 45 * i, 15}, .velocity_en_mps = {10, 1}});
  }
  return RenderScene(options);
}

std::string Payload(const VideoSegment& segment) {
  v1::Envelope envelope;
  *envelope.mutable_video_segment() = ToProto(segment);
  return SerializeEnvelope(envelope);
}

std::vector<LogRecord> Records(const std::vector<std::string>& payloads) {
  std::vector<LogRecord> records;
  for (const std::string& payload : payloads) records.push_back({records.size() + 1, 0, payload});
  return records;
}

std::vector<v1::Envelope> Parse(const std::vector<std::string>& payloads) {
  std::vector<v1::Envelope> envelopes;
  for (const std::string& payload : payloads) {
    auto envelope = ParseEnvelope(payload);
    EXPECT_TRUE(envelope) << envelope.error().message;
    envelopes.push_back(*envelope);
  }
  return envelopes;
}

TEST(DetectStage, SegmentBecomesLooksAndAWatermark) {
  const Scene scene = Convoy(1);
  const VideoSegment segment = Encode(scene);
  DetectStage stage = MakeStage(1);
  const auto outputs = stage.Handle(Records({Payload(segment)}));
  ASSERT_TRUE(outputs);
  ASSERT_EQ(outputs->size(), 1U);
  const auto envelopes = Parse((*outputs)[0]);
  ASSERT_EQ(envelopes.size(), 5U);  // two seconds at 0.5 s, and the watermark
  const LocalFrame frame(scene.origin);
  std::int64_t last_us = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(envelopes[i].has_observation_set());
    const auto set = FromProto(envelopes[i].observation_set());
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_EQ(set->source.value, "drone1");
    EXPECT_EQ(set->lineage.model, kMotionModel);
    EXPECT_EQ(set->lineage.sensor, "drone1");
    EXPECT_TRUE(set->exercise);
    EXPECT_EQ(set->degraded_reason, "");
    EXPECT_EQ(set->detection_probability, 0.9);
    EXPECT_EQ(set->false_alarms_per_km2, 0.2);
    EXPECT_GE(set->min_detectable_speed_mps, 2);
    EXPECT_EQ(set->raw_digests, segment.raw_digests);
    EXPECT_GE(set->footprint.size(), 3U);
    EXPECT_GT(set->time.micros(), last_us);
    last_us = set->time.micros();
    EXPECT_EQ(segment.frames[static_cast<std::size_t>(set->frame_index)].time, set->time);
    ASSERT_EQ(set->detections.size(), 4U);
    const double t = (set->time - scene.pictures[0].time).seconds();
    for (const auto& vehicle : scene.options.vehicles) {
      const Eigen::Vector2d truth = scene.PlaceOf(vehicle, t);
      double best = 1e9;
      for (const Detection& d : set->detections) {
        best = std::min(best, (frame.EnuFromGeodetic(d.position).head<2>() - truth).norm());
      }
      EXPECT_LT(best, 2.5);  // the vehicles are painted on the ground, half a height below
    }
  }
  ASSERT_TRUE(envelopes[4].has_watermark());
  EXPECT_EQ(envelopes[4].watermark().source_id(), "drone1");
  EXPECT_EQ(envelopes[4].watermark().time_us(), scene.pictures.back().time.micros());
  EXPECT_EQ(stage.counts().accepted, 4);
}

TEST(DetectStage, ThreadsAndBatchesChangeNoByte) {
  std::vector<std::string> payloads;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) payloads.push_back(Payload(Encode(Convoy(seed))));
  std::vector<std::vector<std::string>> one_by_one;
  DetectStage first = MakeStage(1);
  for (const LogRecord& record : Records(payloads)) {
    const auto outputs = first.Handle({&record, 1});
    ASSERT_TRUE(outputs);
    one_by_one.push_back((*outputs)[0]);
  }
  for (const std::uint32_t threads : {2U, 4U}) {
    const auto outputs = MakeStage(threads).Handle(Records(payloads));
    ASSERT_TRUE(outputs);
    EXPECT_EQ(*outputs, one_by_one) << threads << " threads";
  }
}

TEST(DetectStage, OtherMessagesPassUnchangedAndInPlace) {
  v1::Envelope status;
  status.mutable_source_status()->set_source_id("radar1");
  status.mutable_source_status()->set_state(v1::SOURCE_STATE_STARTED);
  v1::Envelope dwell;
  dwell.mutable_radar_dwell()->set_source_id("radar1");
  const std::vector<std::string> payloads = {SerializeEnvelope(status), SerializeEnvelope(dwell)};
  const auto outputs = MakeStage(4).Handle(Records(payloads));
  ASSERT_TRUE(outputs);
  ASSERT_EQ(outputs->size(), 2U);
  EXPECT_EQ((*outputs)[0], std::vector<std::string>{payloads[0]});
  EXPECT_EQ((*outputs)[1], std::vector<std::string>{payloads[1]});
}

TEST(DetectStage, WhatDoesNotDecodeIsAFaultAndTimeGoesOn) {
  VideoSegment segment = Encode(Convoy(1));
  for (VideoFrame& frame : segment.frames) frame.access_unit = "not a picture";
  const auto outputs = MakeStage(2).Handle(Records({Payload(segment), "\xff\xff no envelope"}));
  ASSERT_TRUE(outputs);
  const auto envelopes = Parse((*outputs)[0]);
  ASSERT_EQ(envelopes.size(), 2U);
  ASSERT_TRUE(envelopes[0].has_data_fault());
  EXPECT_EQ(envelopes[0].data_fault().source_id(), "drone1");
  EXPECT_EQ(envelopes[0].data_fault().format(), "h264");
  EXPECT_NE(envelopes[0].data_fault().reason().find("does not decode"), std::string::npos);
  EXPECT_EQ(envelopes[1].watermark().time_us(), segment.frames.back().time.micros());
  const auto unreadable = Parse((*outputs)[1]);
  ASSERT_EQ(unreadable.size(), 1U);
  EXPECT_EQ(unreadable[0].data_fault().format(), "envelope");
  EXPECT_EQ(unreadable[0].data_fault().source_offset(), 2U);  // sequence of the record
}

TEST(DetectStage, DamagedPicturesCostThemselvesOnly) {
  VideoSegment segment = Encode(Convoy(1));
  segment.frames[12].access_unit = segment.frames[12].access_unit.substr(0, 7);
  segment.frames.pop_back();
  const auto outputs = MakeStage(1).Handle(Records({Payload(segment)}));
  ASSERT_TRUE(outputs);
  const auto envelopes = Parse((*outputs)[0]);
  ASSERT_GE(envelopes.size(), 5U);
  EXPECT_TRUE(envelopes.back().has_watermark());
  int sets = 0;
  for (const auto& envelope : envelopes) sets += envelope.has_observation_set() ? 1 : 0;
  EXPECT_EQ(sets, 4);
}

TEST(DetectStage, WithoutPoseNothingReachesFusion) {
  VideoSegment segment = Encode(Convoy(1));
  for (VideoFrame& frame : segment.frames) frame.pose.reset();
  const auto outputs = MakeStage(1).Handle(Records({Payload(segment)}));
  ASSERT_TRUE(outputs);
  const auto envelopes = Parse((*outputs)[0]);
  ASSERT_EQ(envelopes.size(), 5U);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto& set = envelopes[i].observation_set();
    EXPECT_EQ(set.degraded_reason(), "no platform pose");
    EXPECT_EQ(set.detections_size(), 0);
    EXPECT_EQ(set.footprint_size(), 0);
    EXPECT_EQ(set.detection_probability(), 0);
  }
}

TEST(DetectStage, WithoutScenesThereIsNoState) {
  DetectStage stage = MakeStage(1);
  EXPECT_EQ(*stage.Snapshot(), "");
  EXPECT_TRUE(stage.Restore(""));
  EXPECT_FALSE(stage.Restore("something"));
}

TEST(MotionOptionsFrom, AMissionSaysHowLikelyAVehicleMustBeAndElseItIsTheUsual) {
  v1::config::DetectConfig config;
  EXPECT_EQ(MotionOptionsFrom(config).least_probability, MotionOptions().least_probability);
  config.set_least_probability(0.97);
  EXPECT_EQ(MotionOptionsFrom(config).least_probability, 0.97);
}

}  // namespace
}  // namespace trucewatch
