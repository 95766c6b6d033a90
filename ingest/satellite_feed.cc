// SPDX-License-Identifier: Apache-2.0
#include "ingest/feed.h"

namespace trucewatch {

Result<std::unique_ptr<Feed>> MakeSatelliteFeed(const FeedOptions& options) {
  return Fail(ErrorCode::kBadInput, "source {}: format satellite is not in this build",
              options.source->id());
}

}  // namespace trucewatch
