// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "core/config/mission_config.h"
#include "core/storage/storage.h"
#include "ingest/recorded/recorded_source.h"

namespace trucewatch {

// The records of several recorded feeds in one total order: always the earliest receive_time, the
// smaller source id first when they are equal.
// One feed's failure costs that feed: it ends with the reason, and the others go on.
// Determinism: depends on the files' bytes alone. Memory: one record a source, and what it looks
// ahead.
class RecordedMission {
 public:
  struct Problem {
    SourceId source;
    Error error;
  };

  // Opens every source of the mission; see problems() for those that could not be.
  static RecordedMission Open(Storage& storage, const MissionFile& mission);

  // Source ids differ from one another.
  explicit RecordedMission(std::vector<std::unique_ptr<RecordedSource>> sources);

  // Nothing when every source has ended.
  std::optional<RawRecord> Next();

  // What went wrong so far, in the order it did.
  const std::vector<Problem>& problems() const { return problems_; }
  std::size_t source_count() const { return feeds_.size(); }

 private:
  struct Feed {
    std::unique_ptr<RecordedSource> source;
    std::optional<RawRecord> head;
    std::uint64_t sequence = 0;  // of the newest record
    Instant time;                // of the newest record
  };
  void Advance(Feed& feed);

  std::vector<Feed> feeds_;  // by source id
  bool primed_ = false;
  std::vector<Problem> problems_;
};

}  // namespace trucewatch
