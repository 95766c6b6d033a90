// SPDX-License-Identifier: Apache-2.0
// A dwell without targets is an observation: "we looked here and saw nothing" must stand in the
// account of coverage. STANAG 4607 bytes go through ingest, fusion and verify.
#include <gtest/gtest.h>

#include "core/types/codec.h"
#include "fusion/fusion_stage.h"
#include "ingest/ingest_stage.h"
#include "ingest/radar/stanag4607_encoder.h"
#include "tests/fusion/simulation.h"
#include "tests/support/process.h"
#include "verify/verify_stage.h"

namespace trucewatch {
namespace {

constexpr std::uint32_t kNoonMs = 43'200'000;
constexpr int kSeconds = 150;

Instant Noon() { return *ParseUtc("2026-03-01T12:00:00Z"); }

std::string Packet(const std::vector<stanag4607::Segment>& segments) {
  stanag4607::PacketHeader header;
  header.exercise = 130;
  header.platform = stanag4607::Text<10>::From("RADAR1");
  header.mission_id = header.job_id = 1;
  return stanag4607::EncodePacket(header, segments).value();
}

// A radar south of the buffer zone that sweeps all of it every two seconds and reports nothing.
std::string EmptyDwells(int first_s, int last_s) {
  using namespace stanag4607;
  MissionSegment mission;
  mission.year = 2026;
  mission.month = 3;
  mission.day = 1;
  JobDefinitionSegment job;
  job.job_id = 1;
  std::string bytes = Packet({mission, job});
  for (int second = first_s; second < last_s; second += 2) {
    DwellSegment dwell;
    dwell.time_ms = kNoonMs + static_cast<std::uint32_t>(second) * 1000;
    dwell.sensor_latitude = Sa32::From(Angle::Degrees(29.9));
    dwell.sensor_longitude = Ba32::From(Angle::Degrees(-40.0));
    dwell.sensor_height_hae_cm = 100'000;
    dwell.centre_latitude = Sa32::From(Angle::Degrees(30.0));
    dwell.centre_longitude = Ba32::From(Angle::Degrees(-40.0));
    dwell.range_half_extent_km = B16::From(5.0);
    dwell.angle_half_extent = Ba16::From(Angle::Degrees(45.0));
    dwell.min_detectable_velocity_dmps = 10;
    bytes += Packet({dwell});
  }
  return bytes;
}

v1::config::MissionConfig Config() {
  v1::config::MissionConfig config;
  config.set_name("demo");
  config.set_status(v1::config::EXERCISE);
  auto* radar = config.add_source();
  radar->set_id("radar1");
  radar->set_format(v1::config::SourceConfig::STANAG4607);
  radar->set_detection_probability(0.7);
  radar->set_false_alarms_per_km2(0.01);
  return config;
}

std::vector<std::string> Through(Stage& stage, const std::vector<std::string>& payloads) {
  std::vector<std::string> out;
  std::uint64_t sequence = 0;
  for (const std::string& payload : payloads) {
    const LogRecord record{.sequence = ++sequence, .origin = sequence, .payload = payload};
    auto outputs = stage.Handle({&record, 1});
    EXPECT_TRUE(outputs.has_value()) << outputs.error().message;
    if (!outputs) break;
    for (std::string& output : outputs->at(0)) out.push_back(std::move(output));
  }
  return out;
}

std::string Header(const std::string& agreement_text) {
  v1::Envelope envelope;
  auto* header = envelope.mutable_mission_header();
  header->set_mission("demo");
  header->set_exercise(true);
  header->set_start_time_us(Noon().micros());
  header->set_config_text("name: \"demo\"");
  header->set_agreement_text(agreement_text);
  header->set_build_id("0.1.0-test");
  return SerializeEnvelope(envelope);
}

std::string Raw(const std::string& bytes, int second, std::uint64_t sequence, bool end) {
  RawRecord record;
  record.source = {"radar1"};
  record.source_sequence = sequence;
  record.receive_time = Noon() + Duration::Seconds(second);
  record.bytes = bytes;
  record.end_of_source = end;
  v1::Envelope envelope;
  *envelope.mutable_raw_record() = ToProto(record);
  return SerializeEnvelope(envelope);
}

// Cells of the buffer zone, moving vehicles, the first whole minute: by state.
std::map<CoverageState, int> FirstMinute(const std::string& radar_bytes) {
  const std::string agreement = trucewatch::testing::ReadFile("tests/verify/data/agreement.txtpb");
  EXPECT_FALSE(agreement.empty());
  const FlatTerrain terrain{0.0, 1.0};
  const auto ingest = IngestStage::Create(Config(), &terrain);
  const auto fusion = FusionStage::Create({.config = testing::DefaultConfig(),
                                           .origin = Geodetic::FromDegrees(30.0, -40.0, 0.0),
                                           .sources = {{{"radar1"}, false}}});
  v1::config::VerifyConfig config;
  config.set_heartbeat_s(30);
  config.mutable_coverage()->set_cell_m(1000);
  config.mutable_coverage()->set_period_s(60);
  config.mutable_coverage()->set_observed_probability(0.9);
  config.mutable_coverage()->set_degraded_probability(0.1);
  config.mutable_coverage()->set_full_share(0.8);
  const auto verify = MakeVerifyStage(config, agreement, "agreement.txtpb");
  EXPECT_TRUE(ingest.has_value() && fusion.has_value() && verify.has_value());

  const auto observations = Through(
      **ingest,
      {Header(agreement), Raw(radar_bytes, kSeconds, 1, false), Raw("", kSeconds, 2, true)});
  std::map<CoverageState, int> cells;
  for (const std::string& output : Through(**verify, Through(**fusion, observations))) {
    const auto envelope = ParseEnvelope(output);
    if (!envelope->has_finding()) continue;
    const auto finding = FromProto(envelope->finding());
    EXPECT_NE(finding->kind, FindingKind::kDataFault) << finding->reason;
    if (!finding->coverage || finding->coverage->amended || finding->zone != "buffer") continue;
    if (finding->coverage->start != Noon()) continue;
    for (const CoverageShare& share : finding->coverage->classes.at(0).shares) {
      cells[share.state] += share.cells;
    }
  }
  return cells;
}

TEST(EmptyDwell, IsAnObservationAndReachesTheAccountOfCoverage) {
  const auto watched = FirstMinute(EmptyDwells(0, kSeconds));
  ASSERT_EQ(watched.size(), 1U);
  EXPECT_EQ(watched.begin()->first, CoverageState::kObservedNothing);
  EXPECT_GE(watched.begin()->second, 20);
}

TEST(EmptyDwell, WithoutTheDwellsTheSameMinuteIsNotObserved) {
  // The radar looks only after the first minute.
  const auto unwatched = FirstMinute(EmptyDwells(62, kSeconds));
  ASSERT_EQ(unwatched.size(), 1U);
  EXPECT_EQ(unwatched.begin()->first, CoverageState::kNotObserved);
}

}  // namespace
}  // namespace trucewatch
