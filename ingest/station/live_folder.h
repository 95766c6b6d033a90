// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/base/result.h"
#include "core/storage/storage.h"
#include "core/time/clock.h"
#include "ingest/recorded/scene_folder_watcher.h"
#include "ingest/station/live_source.h"

namespace trucewatch::station {

// Satellite scenes as they come into a folder (ingest/recorded/scene_folder_watcher.h), a record a
// chunk. The folder is looked at every kLookEvery; the next scene is begun when all of the one
// before is kept, and only then is that one written down as sent: a station that is killed in
// between sends it again, with the same bytes, and none is lost. Errors as SceneFolderWatcher.
// Both references outlive it.
Result<std::unique_ptr<LiveSource>> OpenSceneFolder(Storage& storage, SceneFolderOptions options,
                                                    Clock& clock);

inline constexpr Duration kLookEvery = Duration::Seconds(2);

}  // namespace trucewatch::station
