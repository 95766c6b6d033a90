// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/geo/terrain.h"
#include "core/keys/key_book.h"
#include "core/storage/blob_store.h"
#include "core/types/observation.h"
#include "trucewatch/v1/config/mission.pb.h"

namespace trucewatch {

using FeedItem =
    std::variant<VideoSegment, ObservationSet, RadarDwell, Scene, HumanRecord, DataFault>;

// The parser of one source: raw records in, observations out.
// Determinism: the items depend on the records so far alone.
class Feed {
 public:
  virtual ~Feed() = default;
  // `digest` is the SHA-256 of record.bytes. A record with end_of_source has no bytes and brings
  // what was held back.
  // What cannot be parsed is a DataFault; an Error means that the parser itself cannot go on.
  virtual Result<std::vector<FeedItem>> Push(const RawRecord& record, const Digest& digest) = 0;
  // The newest time of the sensor's own clock in the record pushed last; nothing where it has none.
  // Held against the receive time (clock_watch.h).
  virtual std::optional<Instant> NewestSensorTime() const { return std::nullopt; }
  // What came out so far and what was kept back, in one sentence for the record. May be empty.
  virtual std::string Account() const = 0;
};

// What the pointers name outlives the call, `terrain` and `keys` the feed; `ground_height_hae_m`
// stands where it has no value.
struct FeedOptions {
  const v1::config::SourceConfig* source = nullptr;
  const v1::config::TerrainConfig* terrain_config = nullptr;
  const Terrain* terrain = nullptr;
  double ground_height_hae_m = 0;
  BlobStore* scenes = nullptr;  // where the pixels of scenes are put
  KeyBook* keys = nullptr;      // who may sign, and takes what is newer; null: signer_vkey
};
// To add a format: a Feed, a line here, and one in OpenRecordedSource (ingest/recorded).
Result<std::unique_ptr<Feed>> MakeFeed(const FeedOptions& options);
std::unique_ptr<Feed> MakeRadarFeed(const FeedOptions& options);
std::unique_ptr<Feed> MakeVideoFeed(const FeedOptions& options);
Result<std::unique_ptr<Feed>> MakeAsterixFeed(const FeedOptions& options);
Result<std::unique_ptr<Feed>> MakeSatelliteFeed(const FeedOptions& options);
Result<std::unique_ptr<Feed>> MakeHumanFeed(const FeedOptions& options);

// Ancestors of what a source says, from its config.
Lineage LineageOf(const v1::config::SourceConfig& source, Modality modality);

}  // namespace trucewatch
