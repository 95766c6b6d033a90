// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/geo/terrain.h"
#include "core/keys/key_book.h"
#include "core/stage/stage.h"
#include "core/types/observation.h"
#include "ingest/clock_watch.h"
#include "ingest/feed.h"
#include "ingest/position_watch.h"
#include "trucewatch/v1/config/mission.pb.h"
#include "trucewatch/v1/envelope.pb.h"

namespace trucewatch {

// Journal in, observations out: a mission header passes on; raw records become VideoSegment,
// ObservationSet (targets a platform reports itself), RadarDwell, SourceStatus (STARTED at a
// source's first record, ENDED at its end) and DataFault. The sensor's own time is held against the
// receive time: a note (core/types/source_notes.h)
// when it is further off than it may be. An OPERATIONAL mission refuses what is marked as an
// exercise: a DataFault in its place. Snapshot: there is none. The state of a demuxer cannot be
// saved, so Snapshot() and Restore() fail with kUnavailable, which tells the runner to feed the
// journal again from its first record and compare the outputs with those it has instead of
// appending them. Threads: one caller at a time.
class IngestStage final : public Stage {
 public:
  // Fails with kBadInput on a source whose format cannot be read. `terrain`
  // and `scenes` (may be null: then there is no satellite source) outlive the stage.
  static Result<std::unique_ptr<IngestStage>> Create(v1::config::MissionConfig config,
                                                     const Terrain* terrain,
                                                     BlobStore* scenes = nullptr);

  Result<std::vector<std::vector<std::string>>> Handle(std::span<const LogRecord> inputs) override;
  Result<std::string> Snapshot() const override;
  Result<void> Restore(std::string_view snapshot) override;

  // Faults of one raw record beyond this many are counted in one more: a hostile record must not
  // become a flood.
  static constexpr std::size_t kMaxFaultsPerRecord = 100;
  // Between a sensor's own time and the receive time of what it sends.
  static constexpr Duration kMaxClockOffset = Duration::Seconds(2);

 private:
  struct Source {
    std::unique_ptr<Feed> feed;
    ClockWatch clock{kMaxClockOffset};
    PositionWatch position;  // of the platform of video
    bool started = false;
    bool ended = false;
  };

  IngestStage(v1::config::MissionConfig config, const Terrain* terrain);
  // The key set that the mission begins with, where it has one.
  Result<void> BeginKeys(const v1::MissionHeader& header);
  Result<std::vector<std::string>> HandleRaw(const v1::RawRecord& message);
  // The item as it may leave: refused when it is an exercise and the mission is not.
  FeedItem Admit(FeedItem item, const RawRecord& record) const;

  v1::config::MissionConfig config_;
  const Terrain* terrain_;
  std::unique_ptr<KeyBook> keys_;  // before the feeds, which know it; null: the config says it all
  std::map<SourceId, Source> sources_;
};

}  // namespace trucewatch
