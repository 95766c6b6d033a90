// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/base/result.h"
#include "core/journal/journal.h"
#include "core/storage/storage.h"
#include "ingest/station/batch_sealer.h"
#include "trucewatch/v1/station.pb.h"

namespace trucewatch::station {

// The batches of one stream, on disk until the hub has said that they are durable there.
// A folder holds state.txt and one journal folder ("batches-<first number>") for every chunk_bytes;
// a chunk is removed when all of it is acknowledged and a newer one is there, after state.txt says
// so. Errors: kCheckFailed when it belongs to another station or is damaged; after a failed Append
// it refuses everything until it is opened again.
// Threads: thread-safe; one appends.
class Outbox {
 public:
  struct Options {
    std::string station_id;
    std::string new_stream_id;  // 16 random bytes, used when there is no outbox yet
    std::uint64_t chunk_bytes = 64 << 20;
  };
  // `storage` outlives it. Journal indexes lie on the real file system.
  static Result<std::unique_ptr<Outbox>> Open(Storage& storage, const std::string& directory,
                                              const Options& options);

  // Durable when it returns. The batch must be the next of the stream.
  Result<void> Append(const v1::OutboxRecord& record);
  // The batch with this number, which must not be removed yet.
  Result<v1::SignedBatch> Read(std::uint64_t sequence);
  // Everything up to here is durable at the hub. Never goes back; kCheckFailed beyond the end.
  Result<void> Acknowledge(std::uint64_t sequence);
  // Writes the acknowledged position down, so that a finished station knows it after a restart.
  Result<void> Save();

  // Where the stream stands: sealed and durable.
  StreamState state() const;
  std::uint64_t first_retained() const;  // first number that is not acknowledged, or last + 1
  std::uint64_t last() const;
  std::uint64_t acknowledged() const;
  std::uint64_t unacknowledged_bytes() const;
  bool created() const { return created_; }  // there was none before
  // The stream has ended and all of it is acknowledged.
  bool finished() const;

 private:
  Outbox(Storage& storage, std::string directory, const Options& options);
  Result<void> ReadState();
  Result<void> WriteState(std::uint64_t acknowledged);
  Result<void> OpenChunks();
  Result<void> OpenChunk(std::uint64_t first);
  Result<void> RemoveChunk(std::uint64_t first);
  Result<v1::OutboxRecord> ReadRecord(std::uint64_t sequence);
  std::string ChunkPath(std::uint64_t first) const;

  Storage& storage_;
  const std::string directory_;
  const Options options_;
  bool created_ = false;

  mutable std::mutex mutex_;                                  // of everything below
  std::map<std::uint64_t, std::unique_ptr<Journal>> chunks_;  // by first number
  std::uint64_t chunk_start_bytes_ = 0;                       // total_bytes before the newest chunk
  StreamState state_;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t acknowledged_bytes_ = 0;  // total_bytes up to it
};

}  // namespace trucewatch::station
