// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/bus/link.h"
#include "core/bus/memory_log.h"
#include "core/types/codec.h"
#include "ingest/station/batch_sealer.h"
#include "ingest/station/batch_wire.h"
#include "ingest/station/hub_receiver.h"
#include "ingest/station/receive_stage.h"

namespace trucewatch::station::testing {

inline Ed25519KeyPair KeyOf(std::uint8_t number) {
  Ed25519Seed seed{};
  seed[0] = number;
  return Ed25519KeyPair::FromSeed(seed);
}

inline std::string StreamIdOf(char c) { return std::string(kStreamIdBytes, c); }

inline StreamState NewStream() {
  StreamState state;
  state.stream_id = StreamIdOf('s');
  return state;
}

inline RawRecord Record(const std::string& source, std::uint64_t sequence, std::size_t bytes = 20) {
  RawRecord record;
  record.source.value = source;
  record.source_sequence = sequence;
  record.receive_time = Instant::FromMicros(static_cast<std::int64_t>(sequence) * 1'000'000);
  record.source_offset = sequence * 100;
  record.bytes = std::string(bytes, static_cast<char>('a' + sequence % 26));
  return record;
}

inline std::string EnvelopeOf(const RawRecord& record) {
  v1::Envelope envelope;
  *envelope.mutable_raw_record() = ToProto(record);
  return SerializeEnvelope(envelope);
}

inline std::string Header(const std::string& mission = "test") {
  v1::Envelope envelope;
  envelope.mutable_mission_header()->set_mission(mission);
  return SerializeEnvelope(envelope);
}

inline std::vector<std::string> Payloads(MemoryLog& log) {
  std::vector<std::string> payloads;
  const auto batch = log.ReadAfter(0, std::uint64_t{1} << 32, Duration());
  for (const LogRecord& record : batch->records) payloads.push_back(record.payload);
  return payloads;
}

inline std::vector<std::string> MadeBy(ReceiveStage& stage, std::span<const LogRecord> inputs) {
  std::vector<std::string> all;
  const auto outputs = stage.Handle(inputs);
  for (const auto& made : *outputs) all.insert(all.end(), made.begin(), made.end());
  return all;
}

// A hub with its logs in memory: station "north" (key 1, sources drone1 and radar1), and "south"
// (key 2, radar2) when there are two.
class TestHub {
 public:
  explicit TestHub(int stations = 1) {
    options.mission_header = Header();
    options.stations.push_back({"north", KeyOf(1).public_key(), {"drone1", "radar1"}});
    if (stations > 1) options.stations.push_back({"south", KeyOf(2).public_key(), {"radar2"}});
    options.late_after = Duration::Seconds(30);
    options.credit_bytes = 4096;
  }
  Result<void> Open() {
    TW_ASSIGN_OR_RETURN(hub,
                        HubReceiver::Open(options, {received, received}, {refused, refused}, now));
    return {};
  }
  v1::StationAck Give(const std::string& user, const v1::StationFrame& frame) {
    const auto out = hub->Handle({{"peer-" + user, user, frame.SerializeAsString()}}, now);
    v1::StationAck ack;
    if (out && out->size() == 1) ack = ParseStationAck(out->front().bytes).value();
    return ack;
  }
  v1::StationAck Give(const std::string& user, const v1::SignedBatch& batch) {
    v1::StationFrame frame;
    *frame.mutable_batch() = batch;
    return Give(user, frame);
  }
  // What the stage makes of the received log.
  std::vector<std::string> Journal() {
    ReceiveStage stage;
    const auto batch = received.ReadAfter(0, std::uint64_t{1} << 32, Duration());
    return MadeBy(stage, batch->records);
  }

  HubOptions options;
  MemoryLog received;
  MemoryLog refused;
  std::unique_ptr<HubReceiver> hub;
  Instant now = Instant::FromMicros(1'000'000'000);
};

// A wire into a TestHub that answers at once.
class HubLink final : public Link {
 public:
  HubLink(TestHub& hub, std::string user, std::string peer)
      : hub_(hub), user_(std::move(user)), peer_(std::move(peer)) {}
  Result<void> Send(std::string message) override {
    TW_ASSIGN_OR_RETURN(const auto answers,
                        hub_.hub->Handle({{peer_, user_, std::move(message)}}, hub_.now));
    for (const auto& answer : answers) answers_.push_back(answer.bytes);
    return {};
  }
  Result<std::optional<std::string>> Receive(Duration) override {
    if (answers_.empty()) return std::nullopt;
    std::string out = std::move(answers_.front());
    answers_.pop_front();
    return out;
  }
  Result<void> Reset() override { return {}; }

 private:
  TestHub& hub_;
  const std::string user_;
  const std::string peer_;
  std::deque<std::string> answers_;
};

}  // namespace trucewatch::station::testing
