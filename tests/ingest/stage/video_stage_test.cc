// SPDX-License-Identifier: Apache-2.0
// The whole of ingest over a real clip: file, receiver, journal, stage.
#include <gtest/gtest.h>

#include "core/bus/memory_log.h"
#include "core/types/codec.h"
#include "ingest/ingest_stage.h"
#include "ingest/receiver.h"
#include "tests/support/shared_data.h"

namespace trucewatch {
namespace {

MissionFile ClipMission(const std::string& path) {
  MissionFile mission;
  mission.config.set_name("clip");
  mission.config.set_status(v1::config::EXERCISE);
  mission.config.set_start_utc("2026-03-01T21:00:00Z");
  auto* source = mission.config.add_source();
  source->set_id("drone1");
  source->set_file(path);
  source->set_format(v1::config::SourceConfig::MPEGTS_KLV);
  source->set_platform("drone");
  return mission;
}

std::vector<LogRecord> Journal(const MissionFile& mission) {
  auto storage = MakePosixStorage();
  RecordedMission recorded = RecordedMission::Open(*storage, mission);
  EXPECT_TRUE(recorded.problems().empty());
  v1::Envelope header;
  header.mutable_mission_header()->set_mission(mission.config.name());
  ReceiverOptions options;
  options.mission_header = SerializeEnvelope(header);
  MemoryLog log;
  ManualClock clock{Instant()};
  Receiver receiver(options, &recorded, &log, &log, &clock);
  EXPECT_TRUE(receiver.Run().has_value());
  return log.ReadAfter(0, 1ULL << 40, Duration())->records;
}

TEST(VideoStage, RealClipBecomesSegmentsThatNameTheirRawRecords) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const MissionFile mission = ClipMission(path);
  const auto journal = Journal(mission);
  const FlatTerrain terrain(0, 10);
  auto stage = IngestStage::Create(mission.config, &terrain);
  ASSERT_TRUE(stage.has_value()) << stage.error().message;
  const auto outputs = (*stage)->Handle(journal);
  ASSERT_TRUE(outputs.has_value()) << outputs.error().message;
  std::size_t segments = 0, pictures = 0, posed = 0;
  std::vector<std::string> kinds;
  for (const auto& list : *outputs) {
    for (const std::string& payload : list) {
      const auto envelope = ParseEnvelope(payload);
      ASSERT_TRUE(envelope.has_value());
      if (!envelope->has_video_segment()) continue;
      const auto segment = FromProto(envelope->video_segment());
      ASSERT_TRUE(segment.has_value()) << segment.error().message;
      ++segments;
      pictures += segment->frames.size();
      for (const VideoFrame& frame : segment->frames) posed += frame.pose ? 1 : 0;
      EXPECT_EQ(segment->codec, "h264");
      EXPECT_EQ(segment->lineage.platform, "drone");
      EXPECT_FALSE(segment->raw_digests.empty());
    }
  }
  EXPECT_GT(segments, 0U);
  EXPECT_GT(pictures, 200U);  // 277 of them at 30 a second
  EXPECT_GT(posed, 200U);
  const auto last = ParseEnvelope(outputs->back().back());
  EXPECT_EQ(last->source_status().state(), v1::SOURCE_STATE_ENDED);
  EXPECT_NE(last->source_status().reason().find("pictures"), std::string::npos);

  // Twice, and one record at a time: the same bytes.
  auto again = IngestStage::Create(mission.config, &terrain);
  const auto second_journal = Journal(mission);
  ASSERT_EQ(second_journal.size(), journal.size());
  for (std::size_t i = 0; i < journal.size(); ++i) {
    EXPECT_EQ(second_journal[i].payload, journal[i].payload);
    const auto one = (*again)->Handle(std::span(&journal[i], 1));
    ASSERT_TRUE(one.has_value());
    EXPECT_EQ(one->at(0), outputs->at(i)) << i;
  }
}

}  // namespace
}  // namespace trucewatch
