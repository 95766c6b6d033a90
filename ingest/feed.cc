// SPDX-License-Identifier: Apache-2.0
#include "ingest/feed.h"

namespace trucewatch {

Result<std::unique_ptr<Feed>> MakeFeed(const FeedOptions& options) {
  switch (options.source->format()) {
    case v1::config::SourceConfig::MPEGTS_KLV:
      return MakeVideoFeed(options);
    case v1::config::SourceConfig::STANAG4607:
      return MakeRadarFeed(options);
    case v1::config::SourceConfig::ASTERIX:
      return MakeAsterixFeed(options);
    case v1::config::SourceConfig::SATELLITE:
      return MakeSatelliteFeed(options);
    case v1::config::SourceConfig::HUMAN:
      return MakeHumanFeed(options);
    default:
      return Fail(ErrorCode::kBadInput, "source {}: format {} cannot be read", options.source->id(),
                  static_cast<int>(options.source->format()));
  }
}

Lineage LineageOf(const v1::config::SourceConfig& source, Modality modality) {
  Lineage lineage;
  lineage.modality = modality;
  lineage.sensor = source.id();
  lineage.platform = source.platform();
  lineage.station = source.station();
  lineage.clock = source.clock();
  lineage.georeference = source.georeference();
  return lineage;
}

}  // namespace trucewatch
