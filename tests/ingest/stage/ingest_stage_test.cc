// SPDX-License-Identifier: Apache-2.0
#include "ingest/ingest_stage.h"

#include <gtest/gtest.h>

#include <random>

#include "core/crypto/sha256.h"
#include "core/types/codec.h"
#include "tests/ingest/radar/radar_files.h"

namespace trucewatch {
namespace {

using stanag4607::testing::Joined;
using stanag4607::testing::RadarPackets;

v1::config::MissionConfig Config(v1::config::MissionStatus status = v1::config::EXERCISE) {
  v1::config::MissionConfig config;
  config.set_name("test");
  config.set_status(status);
  config.set_origin_height_hae_m(200);
  auto* radar = config.add_source();
  radar->set_id("radar1");
  radar->set_format(v1::config::SourceConfig::STANAG4607);
  radar->set_platform("mast");
  radar->set_station("north");
  radar->set_clock("gps");
  radar->set_georeference("survey");
  radar->set_detection_probability(0.7);
  radar->set_false_alarms_per_km2(0.01);
  return config;
}

LogRecord Input(const RawRecord& record) {
  v1::Envelope envelope;
  *envelope.mutable_raw_record() = ToProto(record);
  static std::uint64_t sequence = 0;
  return {++sequence, 0, SerializeEnvelope(envelope)};
}

// Raw records of these bytes, cut at the places given, with the end.
std::vector<LogRecord> Inputs(const std::vector<std::string>& pieces) {
  std::vector<LogRecord> inputs;
  RawRecord record;
  record.source = {"radar1"};
  record.receive_time = ParseUtc("2026-03-01T21:00:00Z").value();
  for (const std::string& piece : pieces) {
    ++record.source_sequence;
    record.bytes = piece;
    inputs.push_back(Input(record));
    record.source_offset += piece.size();
  }
  ++record.source_sequence;
  record.bytes.clear();
  record.end_of_source = true;
  inputs.push_back(Input(record));
  return inputs;
}

class IngestStageTest : public ::testing::Test {
 protected:
  std::vector<v1::Envelope> Run(const std::vector<LogRecord>& inputs,
                                const v1::config::MissionConfig& config = Config()) {
    auto stage = IngestStage::Create(config, &terrain_);
    EXPECT_TRUE(stage.has_value());
    const auto outputs = (*stage)->Handle(inputs);
    EXPECT_TRUE(outputs.has_value());
    EXPECT_EQ(outputs->size(), inputs.size());
    std::vector<v1::Envelope> envelopes;
    for (const auto& list : *outputs) {
      for (const std::string& payload : list) envelopes.push_back(ParseEnvelope(payload).value());
    }
    return envelopes;
  }
  FlatTerrain terrain_{200.0, 1.0};
};

TEST_F(IngestStageTest, TurnsPacketsIntoDwellsBetweenStartAndEnd) {
  const auto packets = RadarPackets();
  const auto envelopes = Run(Inputs(packets));
  ASSERT_EQ(envelopes.size(), 7U);
  EXPECT_EQ(envelopes[0].source_status().state(), v1::SOURCE_STATE_STARTED);
  for (int i = 0; i < 5; ++i) {
    const auto dwell = FromProto(envelopes[static_cast<std::size_t>(i) + 1].radar_dwell());
    ASSERT_TRUE(dwell.has_value());
    EXPECT_EQ(dwell->time, ParseUtc("2026-03-01T21:00:00Z").value() + Duration::Seconds(2 * i));
    EXPECT_EQ(dwell->plots.size(), 2U);
    EXPECT_TRUE(dwell->exercise);
    EXPECT_EQ(dwell->detection_probability, 0.7);
    EXPECT_EQ(dwell->lineage.platform, "mast");
    EXPECT_EQ(dwell->lineage.modality, Modality::kRadarGmti);
    ASSERT_EQ(dwell->raw_digests.size(), 1U);
    EXPECT_EQ(dwell->raw_digests[0], Sha256(packets[static_cast<std::size_t>(i) + 1]));
  }
  EXPECT_EQ(envelopes[6].source_status().state(), v1::SOURCE_STATE_ENDED);
  EXPECT_NE(envelopes[6].source_status().reason().find("5 dwells, 10 plots"), std::string::npos);
}

TEST_F(IngestStageTest, ARadarWhoseClockIsWrongIsOnRecordWithTheMeasuredOffset) {
  std::vector<LogRecord> inputs;
  RawRecord record;
  record.source = {"radar1"};
  const Instant start = ParseUtc("2026-03-01T21:00:00Z").value();
  for (const std::string& packet : RadarPackets({.dwells = 120})) {
    // Dwells 2 s apart; from the 40th to the 80th the radar's clock is 7.5 s behind.
    const auto dwell = static_cast<std::int64_t>(record.source_sequence) - 1;
    const bool wrong = dwell >= 40 && dwell < 80;
    record.receive_time = start + Duration::Millis(2000 * dwell + (wrong ? 7500 : 150));
    ++record.source_sequence;
    record.bytes = packet;
    inputs.push_back(Input(record));
    record.source_offset += packet.size();
  }
  const auto envelopes = Run(inputs);
  std::vector<std::string> said;
  int dwells = 0;
  for (const auto& envelope : envelopes) {
    dwells += envelope.has_radar_dwell() ? 1 : 0;
    if (!envelope.has_source_status() ||
        envelope.source_status().state() == v1::SOURCE_STATE_STARTED) {
      continue;
    }
    EXPECT_EQ(envelope.source_status().state(), v1::SOURCE_STATE_UNSPECIFIED);
    said.push_back(envelope.source_status().reason());
  }
  EXPECT_EQ(dwells, 120);
  ASSERT_EQ(said.size(), 2U);
  EXPECT_EQ(said[0],
            "clock not trusted: the sensor's time is 7.500 s behind the station's (median of 31), "
            "the bound is 2 s");
  EXPECT_EQ(said[1],
            "clock trusted again: the sensor's time is 0.150 s behind the station's (median of "
            "31), the bound is 2 s");
}

TEST_F(IngestStageTest, AnyPiecesGiveTheSameDwellsAndNameTheRecordsTheyCameFrom) {
  const std::string bytes = Joined(RadarPackets());
  const auto expected = Run(Inputs({bytes}));
  std::mt19937_64 random(11);
  for (int trial = 0; trial < 20; ++trial) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < bytes.size();) {
      pieces.push_back(bytes.substr(at, 1 + random() % 90));
      at += pieces.back().size();
    }
    const auto got = Run(Inputs(pieces));
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      auto mine = got[i], theirs = expected[i];
      if (mine.has_radar_dwell()) {
        EXPECT_GE(mine.radar_dwell().raw_digests_size(), 1);
        mine.mutable_radar_dwell()->clear_raw_digests();
        theirs.mutable_radar_dwell()->clear_raw_digests();
      }
      EXPECT_EQ(mine.SerializeAsString(), theirs.SerializeAsString());
    }
  }
}

TEST_F(IngestStageTest, BatchesDoNotChangeTheOutputs) {
  const auto inputs = Inputs(RadarPackets({.dwells = 9}));
  auto whole = IngestStage::Create(Config(), &terrain_);
  const auto expected = (*whole)->Handle(inputs).value();
  auto single = IngestStage::Create(Config(), &terrain_);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto one = (*single)->Handle(std::span(&inputs[i], 1));
    ASSERT_TRUE(one.has_value());
    EXPECT_EQ(one->at(0), expected[i]);
  }
}

TEST_F(IngestStageTest, MissionHeaderPassesUnchanged) {
  v1::Envelope envelope;
  envelope.mutable_mission_header()->set_mission("test");
  const LogRecord header{1, 0, SerializeEnvelope(envelope)};
  auto stage = IngestStage::Create(Config(), &terrain_);
  const auto outputs = (*stage)->Handle(std::span(&header, 1));
  ASSERT_TRUE(outputs.has_value());
  EXPECT_EQ(outputs->at(0), std::vector<std::string>{header.payload});
}

TEST_F(IngestStageTest, OperationalMissionRefusesExerciseInput) {
  const auto envelopes = Run(Inputs(RadarPackets({.dwells = 3})), Config(v1::config::OPERATIONAL));
  int refused = 0;
  for (const auto& envelope : envelopes) {
    EXPECT_FALSE(envelope.has_radar_dwell());
    if (envelope.has_data_fault()) {
      ++refused;
      EXPECT_NE(envelope.data_fault().reason().find("exercise"), std::string::npos);
    }
  }
  EXPECT_EQ(refused, 3);
  int passed = 0;
  for (const auto& envelope :
       Run(Inputs(RadarPackets({.dwells = 3, .exercise = 0})), Config(v1::config::OPERATIONAL))) {
    passed += envelope.has_radar_dwell() ? 1 : 0;
  }
  EXPECT_EQ(passed, 3);
}

TEST_F(IngestStageTest, DamageIsAFaultWithItsOffsetAndTheRestGoesOn) {
  auto packets = RadarPackets();
  const std::uint64_t offset = packets[0].size() + packets[1].size();
  packets[2][3] = 'x';
  packets.back().resize(40);
  const auto envelopes = Run(Inputs(packets));
  std::vector<v1::DataFault> faults;
  int dwells = 0;
  for (const auto& envelope : envelopes) {
    if (envelope.has_data_fault()) faults.push_back(envelope.data_fault());
    dwells += envelope.has_radar_dwell() ? 1 : 0;
  }
  EXPECT_EQ(dwells, 3);
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(faults[0].source_offset(), offset);
  EXPECT_EQ(faults[0].format(), "stanag4607");
  EXPECT_NE(faults[1].reason().find("cut off"), std::string::npos);
  EXPECT_EQ(envelopes.back().source_status().state(), v1::SOURCE_STATE_ENDED);
}

TEST_F(IngestStageTest, ASourceThatCouldNotBeOpenedIsAFaultAndEndsWithItsReason) {
  RawRecord record;
  record.source = {"radar1"};
  record.source_sequence = 1;
  record.end_of_source = true;
  record.bytes = "radar.4607: there is no such file";
  const auto envelopes = Run({Input(record)});
  ASSERT_EQ(envelopes.size(), 2U);
  EXPECT_EQ(envelopes[0].data_fault().format(), "source");
  EXPECT_EQ(envelopes[0].data_fault().reason(), record.bytes);
  EXPECT_EQ(envelopes[1].source_status().state(), v1::SOURCE_STATE_ENDED);
  EXPECT_EQ(envelopes[1].source_status().reason(), record.bytes);
}

TEST_F(IngestStageTest, ARecordingThatSimplyEndsIsNoFault) {
  RawRecord record;
  record.source = {"radar1"};
  record.source_sequence = 1;
  record.end_of_source = true;
  record.bytes = "end of the recording; packets passed over: 2 not UDP over IPv4";
  const auto envelopes = Run({Input(record)});
  ASSERT_EQ(envelopes.size(), 1U);
  EXPECT_EQ(envelopes[0].source_status().state(), v1::SOURCE_STATE_ENDED);
}

TEST_F(IngestStageTest, ReasonsStayTextWhateverTheyQuote) {
  for (const std::string& quoted : {std::string("\xC3\xA9t\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"),
                                    std::string("\xFF\xC0\x80\xED\xA0\x80 x \xE2\x82")}) {
    RawRecord record;
    record.source = {"radar1"};
    record.source_sequence = 1;
    record.end_of_source = true;
    record.bytes = quoted;
    const auto envelopes = Run({Input(record)});
    ASSERT_EQ(envelopes.size(), 2U);
    EXPECT_EQ(envelopes[1].source_status().reason(), quoted[0] == '\xC3' ? quoted : "?????? x ??");
  }
}

TEST_F(IngestStageTest, StrangersAndLatecomersAreFaults) {
  RawRecord stranger;
  stranger.source = {"nobody"};
  stranger.source_sequence = 1;
  auto inputs = Inputs(RadarPackets({.dwells = 1}));
  inputs.push_back(Input(stranger));
  RawRecord late = stranger;
  late.source = {"radar1"};
  inputs.push_back(Input(late));
  const auto envelopes = Run(inputs);
  ASSERT_GE(envelopes.size(), 2U);
  EXPECT_NE(envelopes[envelopes.size() - 2].data_fault().reason().find("no such source"),
            std::string::npos);
  EXPECT_NE(envelopes.back().data_fault().reason().find("after the end"), std::string::npos);
}

TEST_F(IngestStageTest, AFloodOfFaultsInOneRecordIsBounded) {
  stanag4607::MissionSegment mission;
  mission.year = 2026;
  mission.month = mission.day = 1;
  std::vector<stanag4607::Segment> segments(1000, mission);
  std::string bytes = stanag4607::EncodePacket({}, segments).value();
  for (std::size_t i = 0; i < segments.size(); ++i) bytes[32 + 44 * i + 43] = 77;  // the day
  std::size_t faults = 0;
  std::string last;
  for (const auto& envelope : Run(Inputs({bytes}))) {
    if (!envelope.has_data_fault()) continue;
    ++faults;
    last = envelope.data_fault().reason();
  }
  EXPECT_EQ(faults, IngestStage::kMaxFaultsPerRecord + 1);
  EXPECT_EQ(last, "900 more faults in this record");
}

TEST_F(IngestStageTest, HasNoSnapshotAndSaysSo) {
  auto stage = IngestStage::Create(Config(), &terrain_);
  EXPECT_EQ((*stage)->Snapshot().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ((*stage)->Restore("").error().code, ErrorCode::kUnavailable);
}

TEST_F(IngestStageTest, HostileDwellsNeverGiveWhatTheNextStageRefuses) {
  std::mt19937_64 random(99);
  const std::string good = Joined(RadarPackets({.dwells = 60}));
  const std::size_t first = RadarPackets({.dwells = 0})[0].size();
  std::size_t dwells = 0;
  for (int trial = 0; trial < 30; ++trial) {
    std::string bytes = good;
    for (int i = 0; i < 60; ++i) {
      bytes[first + random() % (bytes.size() - first)] = static_cast<char>(random());
    }
    for (const auto& envelope : Run(Inputs({bytes}))) {
      if (!envelope.has_radar_dwell()) continue;
      ++dwells;
      EXPECT_TRUE(FromProto(envelope.radar_dwell()).has_value());
    }
  }
  EXPECT_GT(dwells, 300U);
}

}  // namespace
}  // namespace trucewatch
