// SPDX-License-Identifier: Apache-2.0
// The detect stage with its work in confined child processes.
#include <gtest/gtest.h>

#include <map>

#include "core/crypto/sha256.h"
#include "core/types/codec.h"
#include "detect/detect_stage.h"
#include "tests/detect/encoded_scene.h"
#include "tests/detect/worker_pool.h"

namespace trucewatch {
namespace {

DetectStage WorkerStage(unsigned workers, JobLimits limits = {}, LoadMeter* load = nullptr) {
  return DetectStage(testing::SceneConfig(1),
                     testing::WorkerPool(testing::SceneConfig(1), workers, limits), nullptr, load);
}

VideoSegment SegmentOf(std::uint64_t seed) {
  static std::map<std::uint64_t, VideoSegment> rendered;
  if (!rendered.contains(seed)) {
    testing::SceneOptions options{.seed = seed};
    options.vehicles.push_back({.start_en_m = {-50, 15}, .velocity_en_mps = {10, 1}});
    rendered[seed] = testing::Encode(testing::RenderScene(options));
  }
  return rendered[seed];
}

std::string PayloadOf(const VideoSegment& segment) {
  v1::Envelope envelope;
  *envelope.mutable_video_segment() = ToProto(segment);
  return SerializeEnvelope(envelope);
}

// One that does `how` in the worker (test_worker_main.cc).
std::string Hostile(const std::string& how) {
  VideoSegment segment = SegmentOf(1);
  segment.frames[0].access_unit = "hostile: " + how;
  return PayloadOf(segment);
}

std::vector<LogRecord> RecordsOf(const std::vector<std::string>& payloads) {
  std::vector<LogRecord> records;
  for (const std::string& payload : payloads) records.push_back({records.size() + 1, 0, payload});
  return records;
}

std::vector<std::vector<std::string>> Handled(DetectStage& stage,
                                              const std::vector<std::string>& payloads) {
  const auto outputs = stage.Handle(RecordsOf(payloads));
  EXPECT_TRUE(outputs) << outputs.error().message;
  return outputs ? *outputs : std::vector<std::vector<std::string>>(payloads.size());
}

TEST(WorkerStage, AnyNumberOfWorkersMakesTheBytesThatThreadsMake) {
  std::vector<std::string> payloads;
  for (std::uint64_t i = 0; i < 4; ++i) {
    VideoSegment segment = SegmentOf(1 + i % 2);
    if (i == 3) segment.source = {"drone2"};
    payloads.push_back(PayloadOf(segment));
  }
  DetectStage threads(testing::SceneConfig(1), std::make_unique<FlatTerrain>(0, 0));
  const auto expected = Handled(threads, payloads);
  ASSERT_GT(expected[0].size(), 2U);
  for (const unsigned workers : {1U, 3U}) {
    LoadMeter load;
    DetectStage stage = WorkerStage(workers, {}, &load);
    EXPECT_EQ(Handled(stage, payloads), expected) << workers << " workers";
    EXPECT_EQ(stage.counts().accepted, threads.counts().accepted);
    EXPECT_GT(load.costs().at({"drone1"}).cpu, Duration());
  }
}

const std::vector<std::string>& LooksOf2() {
  static const std::vector<std::string> looks = [] {
    DetectStage stage(testing::SceneConfig(1), std::make_unique<FlatTerrain>(0, 0));
    return Handled(stage, {PayloadOf(SegmentOf(2))})[0];
  }();
  EXPECT_GT(looks.size(), 2U);
  return looks;
}

TEST(WorkerStage, HostileSegmentIsAFaultWithItsDigestAndCostsItselfOnly) {
  constexpr char kNoAnswer[] = "said what is no answer about it";
  const std::vector<std::pair<const char*, const char*>> hostile = {
      {"crash", "ended by SIGABRT"},
      {"socket", "tried a system call that is forbidden to it"},
      {"exec", "tried a system call that is forbidden to it"},
      {"memory", "needed more than 512 MiB of memory"},
      {"loop", "used more than 3 s of processor time"},
      {"garbage", kNoAnswer},
      {"source", kNoAnswer},
      {"time", kNoAnswer},
      {"exercise", kNoAnswer},
      {"lineage", kNoAnswer},
      {"digests", kNoAnswer},
  };
  // A good one among all of them, and each of them twice: the same bytes every time.
  std::vector<std::string> segments;
  for (const auto& [how, why] : hostile) segments.push_back(Hostile(how));
  segments.push_back(PayloadOf(SegmentOf(2)));
  for (const auto& [how, why] : hostile) segments.push_back(Hostile(how));
  DetectStage stage = WorkerStage(2, {.cpu = Duration::Seconds(3), .memory_bytes = 512ULL << 20});
  const auto outputs = Handled(stage, segments);
  EXPECT_EQ(outputs[hostile.size()], LooksOf2());
  for (std::size_t i = 0; i < hostile.size(); ++i) {
    const auto [how, why] = hostile[i];
    SCOPED_TRACE(how);
    ASSERT_EQ(outputs[i].size(), 2U);
    const auto fault = ParseEnvelope(outputs[i][0]);
    ASSERT_TRUE(fault && fault->has_data_fault());
    EXPECT_EQ(fault->data_fault().source_id(), "drone1");
    EXPECT_EQ(fault->data_fault().reason(),
              fmt::format("segment refused: its worker {}; {} bytes with SHA-256 {}", why,
                          segments[i].size(), HexEncode(Sha256(segments[i]))));
    const auto watermark = ParseEnvelope(outputs[i][1]);
    ASSERT_TRUE(watermark && watermark->has_watermark());
    EXPECT_EQ(outputs[hostile.size() + 1 + i], outputs[i]);
  }
}

TEST(WorkerStage, AnAnswerAboutTheSegmentItselfIsTaken) {
  DetectStage stage = WorkerStage(1);
  const auto outputs = Handled(stage, {Hostile("honest")});
  ASSERT_EQ(outputs[0].size(), 2U);
  EXPECT_TRUE(ParseEnvelope(outputs[0][0])->has_observation_set());
}

TEST(FairOrder, StreamsTakeTurnsByBytes) {
  const auto task = [](const char* stream, std::size_t bytes) {
    return DetectTask{.stream = {stream}, .job = std::string(bytes, 'x')};
  };
  const std::vector<DetectTask> tasks = {task("heavy", 40), task("heavy", 40), task("heavy", 40),
                                         task("light", 10), task("light", 10), task("light", 10),
                                         task("light", 10), task("light", 10)};
  // heavy 40, then light until it has had as much: five times 10 at the fifth; then heavy again.
  EXPECT_EQ(FairOrder(tasks), (std::vector<std::size_t>{0, 3, 4, 5, 6, 1, 7, 2}));
  EXPECT_TRUE(FairOrder({}).empty());
}

}  // namespace
}  // namespace trucewatch
