// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/crypto/ed25519.h"
#include "core/time/instant.h"
#include "core/types/observation.h"
#include "trucewatch/v1/station.pb.h"

namespace trucewatch::station {

// How far each source is, by id.
struct SourceProgress {
  std::uint64_t sequence = 0;
  Instant time;
  bool ended = false;
  bool late = false;         // a live source: the station has said so
  std::uint64_t offset = 0;  // where its next byte stands
};
using StreamProgress = std::map<std::string, SourceProgress>;

// Where a stream stands: what an outbox knows of itself.
struct StreamState {
  std::string stream_id;       // 16 bytes
  std::uint64_t sequence = 0;  // of the newest batch
  std::uint64_t total_bytes = 0;
  std::uint64_t total_records = 0;
  StreamProgress progress;
  bool ended = false;  // the newest batch has end_of_stream
};

// Gathers raw records into signed batches of one stream. No clock, no file: what it gives back has
// to be durable before it is sent, and a batch that was given back must not be made again.
// Threads: thread-compatible.
class BatchSealer {
 public:
  struct Options {
    std::string station_id;
    std::size_t batch_bytes = 256 << 10;  // a batch is sealed before it would pass this
    Duration batch_age = Duration::Seconds(1);
  };
  BatchSealer(Options options, Ed25519KeyPair key, StreamState state);

  // Takes the next record of a source. Gives back the outbox records of the batches that had to be
  // sealed to make room, in order. One too large for a batch is declared lost.
  std::vector<v1::OutboxRecord> Add(const RawRecord& record, Instant now);
  // The station's own loss: records of this source that it never had.
  std::vector<v1::OutboxRecord> Declare(const SourceId& source, std::uint64_t first,
                                        std::uint64_t last, const std::string& reason, Instant now);
  // What became of a live source after the records that were taken of it so far.
  std::vector<v1::OutboxRecord> State(const SourceStatus& status, Instant now);
  // When what is gathered has to be sealed; nothing while nothing is gathered.
  std::optional<Instant> due() const;
  // Seals what is gathered; nothing when there is nothing and the stream does not end.
  std::optional<v1::OutboxRecord> Seal(Instant now, bool end_of_stream = false);

  // Of what was taken so far, sealed or not.
  const StreamState& state() const { return state_; }

 private:
  // Makes room for so many bytes.
  std::vector<v1::OutboxRecord> SealBefore(std::size_t bytes, Instant now);

  const Options options_;
  const Ed25519KeyPair key_;
  StreamState state_;
  v1::StationBatch batch_;
  std::size_t batch_bytes_ = 0;
  std::optional<Instant> first_at_;
};

}  // namespace trucewatch::station
