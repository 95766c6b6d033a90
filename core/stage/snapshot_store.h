// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/storage/storage.h"

namespace trucewatch {

// A stage's state after it has handled the inputs up to `input`, which made the outputs up to
// `output`.
struct StageSnapshot {
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  std::string state;
};

// Keeps the newest two snapshots of one stage in the files PATH.a and PATH.b, each written whole
// and under a SHA-256, so that one is good whatever a crash or the disk does to the other. Threads:
// thread-compatible.
class SnapshotStore {
 public:
  struct Options {
    std::string path;
    std::string stage;               // a snapshot of another stage or another config is not ours
    std::string config_digest = {};  // any bytes
    std::uint64_t max_bytes = 1 << 30;
  };
  SnapshotStore(Storage& storage, Options options);

  // The good ones, newest first. One that is missing, damaged or not ours does not count; nothing
  // is an error.
  std::vector<StageSnapshot> Load();
  // Durable when it returns. Replaces the older one.
  Result<void> Write(const StageSnapshot& snapshot);

 private:
  Result<StageSnapshot> Read(const std::string& path) const;

  Storage& storage_;
  const Options options_;
  bool write_b_ = false;  // the older one is PATH.b
};

}  // namespace trucewatch
