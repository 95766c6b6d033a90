// SPDX-License-Identifier: Apache-2.0
// What becomes of looks at video that was shown before. The pool stands for workers: it answers
// with a look and with what the pictures look like, so that no pixels are needed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/types/codec.h"
#include "core/types/source_notes.h"
#include "detect/detect_stage.h"

namespace trucewatch {
namespace {

using ::testing::StartsWith;

constexpr std::int64_t kStartUs = 1'772'366'400'000'000;
constexpr int kFramesOfSegment = 20;  // two seconds

// The camera flies over waves, `shown_s` seconds into its flight.
std::string GreyAt(double shown_s) {
  std::string grey;
  for (int i = 0; i < 1024; ++i) {
    const double x = i % 32 + 2.0 * shown_s, y = i / 32 + 3 * std::sin(shown_s / 9);
    const double value = 120 + 30 * std::sin(x / 2.1 + y / 5) + 25 * std::sin(y / 1.9 - x / 7) +
                         20 * std::sin(x / 13 + 1) + 15 * std::sin(x * x / 900 + y / 3);
    grey.push_back(static_cast<char>(static_cast<std::uint8_t>(std::lround(value))));
  }
  return grey;
}

v1::VideoSegment SegmentAt(std::int64_t at_s) {
  VideoSegment segment;
  segment.source = {"drone1"};
  segment.lineage.modality = Modality::kVideoRgb;
  segment.lineage.sensor = "drone1";
  segment.codec = "h264";
  segment.width_px = 640;
  segment.height_px = 360;
  segment.raw_digests = {Digest{1}};
  for (int i = 0; i < kFramesOfSegment; ++i) {
    VideoFrame frame;
    frame.time = Instant::FromMicros(kStartUs + at_s * 1'000'000 + i * 100'000);
    frame.access_unit = "unit";
    frame.key = i == 0;
    segment.frames.push_back(frame);
  }
  return ToProto(segment);
}

// Shows the flight from its start, again and again: of a segment at its time modulo an hour.
class PoolOfAFlight final : public DetectPool {
 public:
  Result<std::vector<JobEnd>> Do(std::span<const DetectTask> tasks, const Ended&) override {
    std::vector<JobEnd> ends;
    for (const DetectTask& task : tasks) {
      v1::DetectJob job;
      EXPECT_TRUE(job.ParseFromString(task.job));
      const auto segment = ParseEnvelope(job.segment())->video_segment();
      v1::DetectJobResult result;
      for (int i = 0; i < segment.frames_size(); ++i) {
        const std::int64_t us = segment.frames(i).time_us() - kStartUs;
        v1::DetectPrint* print = result.add_prints();
        print->set_frame(static_cast<std::uint32_t>(i));
        print->set_grey(GreyAt(static_cast<double>(us % 3'600'000'000) / 1e6));
      }
      ObservationSet set;
      set.source = {segment.source_id()};
      set.lineage = FromProto(segment)->lineage;
      set.lineage.model = "motion-1";
      set.time = Instant::FromMicros(segment.frames(5).time_us());
      set.detection_probability = 0.9;
      set.raw_digests = {Digest{1}};
      Detection detection;
      detection.position = Geodetic::FromDegrees(30, 40, 0);
      detection.cov_en_m2 = Eigen::Matrix2d::Identity();
      set.detections.push_back(detection);
      v1::Envelope envelope;
      *envelope.mutable_observation_set() = ToProto(set);
      result.add_payloads(SerializeEnvelope(envelope));
      JobEnd end;
      end.answer = result.SerializeAsString();
      ends.push_back(end);
    }
    return ends;
  }
};

std::string VideoPayload(std::int64_t at_s) {
  v1::Envelope envelope;
  *envelope.mutable_video_segment() = SegmentAt(at_s);
  return SerializeEnvelope(envelope);
}

// A look that came in the metadata, of the platform's own detector.
std::string VmtiPayload(std::int64_t at_s) {
  ObservationSet set;
  set.source = {"drone1"};
  set.lineage.modality = Modality::kVideoRgb;
  set.lineage.model = "vmti";
  set.time = Instant::FromMicros(kStartUs + at_s * 1'000'000);
  set.detection_probability = 0.7;
  v1::Envelope envelope;
  *envelope.mutable_observation_set() = ToProto(set);
  return SerializeEnvelope(envelope);
}

// Forty seconds of the flight, the same an hour later, and something else; each with VMTI looks.
std::vector<LogRecord> Inputs() {
  std::vector<LogRecord> records;
  for (const std::int64_t begin_s : {0, 3600, 4000}) {
    for (std::int64_t t = 0; t < 40; t += 2) {
      records.push_back({records.size() + 1, 0, VmtiPayload(begin_s + t)});
      records.push_back({records.size() + 1, 0, VideoPayload(begin_s + t)});
    }
  }
  return records;
}

DetectStage StageOfAFlight() { return DetectStage({}, std::make_unique<PoolOfAFlight>()); }

TEST(OldFootage, LooksAtItSawNothingAndNotesSayFromWhenToWhen) {
  DetectStage stage = StageOfAFlight();
  const auto outputs = stage.Handle(Inputs());
  ASSERT_TRUE(outputs);
  std::vector<std::string> notes;
  bool old = false;
  int blind = 0, seeing = 0;
  for (const auto& payloads : *outputs) {
    for (const std::string& payload : payloads) {
      const auto envelope = ParseEnvelope(payload);
      ASSERT_TRUE(envelope);
      if (envelope->has_source_status()) {
        notes.push_back(envelope->source_status().reason());
        if (notes.back().starts_with(kOldFootageNote)) old = true;
      }
      if (!envelope->has_observation_set()) continue;
      const auto& set = envelope->observation_set();
      if (set.degraded_reason() == kOldFootageReason) {
        EXPECT_TRUE(old);
        EXPECT_EQ(set.detections_size(), 0);
        EXPECT_EQ(set.detection_probability(), 0);
        ++blind;
      } else {
        EXPECT_GT(set.detection_probability(), 0);
        ++seeing;
      }
    }
  }
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_THAT(notes[0], StartsWith(std::string(kOldFootageNote) +
                                   "the pictures are those that drone1 showed 3600.0 s earlier"));
  EXPECT_EQ(notes[1], kNewFootageNote);
  // Of forty seconds the first twenty-odd pass; of those after, the ten in which it is not yet
  // sure.
  EXPECT_GE(blind, 2 * (40 - 26) / 2);
  EXPECT_GE(seeing, 40 + 20 + 26);
  EXPECT_EQ(blind + seeing, 120);
}

TEST(OldFootage, OneInputAtATimeWithARestartAfterEachGivesTheSame) {
  DetectStage all = StageOfAFlight();
  const auto expected = all.Handle(Inputs());
  ASSERT_TRUE(expected);
  std::string snapshot;
  std::size_t i = 0;
  for (const LogRecord& record : Inputs()) {
    DetectStage one = StageOfAFlight();
    ASSERT_TRUE(one.Restore(snapshot));
    const auto output = one.Handle({&record, 1});
    ASSERT_TRUE(output);
    EXPECT_EQ((*output)[0], (*expected)[i++]);
    snapshot = *one.Snapshot();
  }
}

}  // namespace
}  // namespace trucewatch
