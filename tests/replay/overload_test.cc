// SPDX-License-Identifier: Apache-2.0
// From the note that detection is overloaded to what the coverage account says, through the real
// stages. Only the looking itself is played: a pool that sees nothing in every segment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "core/types/codec.h"
#include "core/types/source_notes.h"
#include "detect/detect_stage.h"
#include "fusion/fusion_stage.h"
#include "verify/verify_stage.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;
using Payloads = std::vector<std::string>;

constexpr int kFrames = 20;  // of a segment of two seconds
constexpr int kMinutes = 4;

Instant AtSecond(double s) { return *ParseUtc("2026-03-01T21:00:00Z") + Duration::FromSeconds(s); }

std::string Packed(const auto& fill) {
  v1::Envelope envelope;
  fill(envelope);
  return SerializeEnvelope(envelope);
}

// One empty look at everything within 50 km, in the middle of the segment.
class SeesNothing final : public DetectPool {
 public:
  Result<std::vector<JobEnd>> Do(std::span<const DetectTask> tasks, const Ended&) override {
    std::vector<JobEnd> ends;
    for (const DetectTask& task : tasks) {
      v1::DetectJob job;
      EXPECT_TRUE(job.ParseFromString(task.job));
      const auto envelope = ParseEnvelope(job.segment());
      const auto segment = FromProto(envelope->video_segment());
      ++looked_at[task.stream];
      ObservationSet set;
      set.source = segment->source;
      set.lineage = segment->lineage;
      set.time = segment->frames[kFrames / 2].time;
      for (const auto& [lat, lon] :
           {std::pair{29.5, -40.5}, {29.5, -39.5}, {30.5, -39.5}, {30.5, -40.5}}) {
        set.footprint.push_back(Geodetic::FromDegrees(lat, lon, 0));
      }
      set.detection_probability = 0.8;
      set.min_detectable_speed_mps = 2;
      set.false_alarms_per_km2 = 1e-4;
      set.exercise = segment->exercise;
      set.raw_digests = segment->raw_digests;
      v1::DetectJobResult result;
      result.add_payloads(Packed([&](auto& e) { *e.mutable_observation_set() = ToProto(set); }));
      ends.push_back({.answer = result.SerializeAsString(), .refusal = {}, .cpu = {}});
    }
    return ends;
  }
  std::map<SourceId, int> looked_at;
};

std::string AgreementText() {
  std::ifstream file("configs/demo/agreement.txtpb");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Two drones, a segment each every two seconds; from the second minute to the third drone1 is
// thinned to one segment in three.
Payloads Inputs() {
  Payloads inputs;
  inputs.push_back(Packed([](auto& e) {
    auto* header = e.mutable_mission_header();
    header->set_mission("overload");
    header->set_exercise(true);
    header->set_start_time_us(AtSecond(0).micros());
    header->set_agreement_text(AgreementText());
  }));
  const auto status = [&](const char* source, double s, SourceState state, const char* reason) {
    inputs.push_back(Packed([&](auto& e) {
      *e.mutable_source_status() = ToProto(SourceStatus{{source}, AtSecond(s), state, reason});
    }));
  };
  for (const char* drone : {"drone1", "drone2"}) status(drone, 0, SourceState::kStarted, "");
  for (int t = 0; t < 60 * kMinutes; t += 2) {
    if (t == 60) {
      status("drone1", t, SourceState::kUnspecified, "overload: 1 segment in 3 is looked at; x");
    }
    if (t == 120) {
      status("drone1", t, SourceState::kUnspecified, "overload: 1 segment in 1 is looked at; x");
    }
    for (const char* drone : {"drone1", "drone2"}) {
      // drone2 is gone in the last two minutes but one: nobody but drone1 looks then.
      if (std::string(drone) == "drone2" && t >= 60) continue;
      VideoSegment segment;
      segment.source = {drone};
      segment.lineage.modality = Modality::kVideoRgb;
      segment.lineage.sensor = drone;
      segment.codec = "h264";
      segment.exercise = true;
      segment.raw_digests = {Digest{1}};
      for (int i = 0; i < kFrames; ++i) {
        VideoFrame frame;
        frame.time = AtSecond(t + 0.1 * i);
        segment.frames.push_back(frame);
      }
      inputs.push_back(Packed([&](auto& e) { *e.mutable_video_segment() = ToProto(segment); }));
    }
    if (t == 60) status("drone2", t, SourceState::kEnded, "");
  }
  status("drone1", 60 * kMinutes, SourceState::kEnded, "");
  return inputs;
}

Payloads Through(Stage& stage, const Payloads& inputs, std::uint64_t first = 1) {
  std::vector<LogRecord> records;
  for (const std::string& payload : inputs) {
    records.push_back({first + records.size(), 0, payload});
  }
  auto outputs = stage.Handle(records);
  EXPECT_TRUE(outputs) << outputs.error().message;
  Payloads all;
  if (!outputs) return all;
  for (auto& of_one : *outputs) all.insert(all.end(), of_one.begin(), of_one.end());
  return all;
}

DetectStage Detect(SeesNothing** pool = nullptr) {
  auto made = std::make_unique<SeesNothing>();
  if (pool != nullptr) *pool = made.get();
  return DetectStage({}, std::move(made));
}

TEST(Overload, WhatIsSkippedIsCountedToTheFrameInTheCoverageAccount) {
  const Payloads inputs = Inputs();
  SeesNothing* pool = nullptr;
  DetectStage detect = Detect(&pool);
  const Payloads looks = Through(detect, inputs);

  int skipped = 0;
  std::map<std::string, int> segments;
  for (const std::string& payload : looks) {
    const auto envelope = ParseEnvelope(payload);
    if (envelope->has_watermark()) ++segments[envelope->watermark().source_id()];
    if (!envelope->has_observation_set()) continue;
    if (const auto n = FramesSkipped(envelope->observation_set().degraded_reason())) skipped += *n;
  }
  // Thirty segments in the minute, of which ten are looked at; none is lost in silence.
  EXPECT_EQ(skipped, 20 * kFrames);
  EXPECT_EQ(segments["drone1"], 30 * kMinutes);
  EXPECT_EQ(pool->looked_at[{"drone1"}] * kFrames + skipped, segments["drone1"] * kFrames);
  EXPECT_EQ(pool->looked_at[{"drone2"}], segments["drone2"]);

  FusionStage::Options options;
  options.config.set_hold_s(4);
  options.config.set_picture_period_s(1);
  options.config.set_group_distance_m(200);
  options.config.set_group_speed_mps(4);
  options.config.set_group_min_count(5);
  options.config.set_confirm_existence(0.9);
  options.config.set_delete_existence(0.05);
  options.origin = Geodetic::FromDegrees(30, -40, 400);
  auto fusion = FusionStage::Create(options);
  ASSERT_TRUE(fusion) << fusion.error().message;
  v1::config::VerifyConfig config;
  config.set_heartbeat_s(600);
  config.mutable_coverage()->set_cell_m(1000);
  config.mutable_coverage()->set_period_s(60);
  config.mutable_coverage()->set_observed_probability(0.9);
  config.mutable_coverage()->set_degraded_probability(0.1);
  config.mutable_coverage()->set_full_share(0.8);
  auto verify = MakeVerifyStage(config, AgreementText(), "agreement.txtpb");
  ASSERT_TRUE(verify) << verify.error().message;

  std::map<std::int64_t, std::set<std::string>> moving;  // by minute, over all zones
  for (const std::string& payload : Through(**verify, Through(**fusion, looks))) {
    const auto envelope = ParseEnvelope(payload);
    if (!envelope->has_finding()) continue;
    const auto finding = FromProto(envelope->finding());
    ASSERT_TRUE(finding) << finding.error().message;
    if (!finding->coverage) continue;
    const auto minute = (finding->coverage->start - AtSecond(0)).micros() / 60'000'000;
    for (const CoverageShare& share : finding->coverage->classes.at(0).shares) {
      moving[minute].insert(fmt::format("{} {}", static_cast<int>(share.state), share.reason));
    }
  }
  ASSERT_EQ(moving.size(), static_cast<std::size_t>(kMinutes));
  const std::string nothing = fmt::format("{} ", static_cast<int>(CoverageState::kObservedNothing));
  const std::string overload = fmt::format("{} overload: drone1 skipped 400 frames",
                                           static_cast<int>(CoverageState::kDegraded));
  EXPECT_EQ(moving[0], std::set<std::string>{nothing});
  EXPECT_EQ(moving[1], std::set<std::string>{overload});
  EXPECT_EQ(moving[2], std::set<std::string>{nothing});
  EXPECT_EQ(moving[3], std::set<std::string>{nothing});
}

TEST(Overload, WhereverTheStageIsStoppedAndRestoredTheSameSegmentsAreSkipped) {
  const Payloads inputs = Inputs();
  DetectStage whole = Detect();
  const Payloads expected = Through(whole, inputs);
  for (std::size_t cut = 70; cut < 120; cut += 7) {
    const auto middle = inputs.begin() + static_cast<std::ptrdiff_t>(cut);
    DetectStage before = Detect();
    Payloads outputs = Through(before, Payloads(inputs.begin(), middle));
    DetectStage after = Detect();
    ASSERT_TRUE(after.Restore(*before.Snapshot()));
    const Payloads rest = Through(after, Payloads(middle, inputs.end()), cut + 1);
    outputs.insert(outputs.end(), rest.begin(), rest.end());
    EXPECT_EQ(outputs, expected) << "cut after input " << cut;
  }
}

}  // namespace
}  // namespace trucewatch
