// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/storage/storage.h"
#include "core/time/instant.h"

namespace trucewatch {

struct SceneFolderOptions {
  std::string folder;                       // watched
  std::string state_file;                   // what was sent before; made when it is not there
  std::vector<std::string> local_prefixes;  // folders that absolute links may lead into
  Instant start;                            // time of what says none
};

// A folder into which scenes are put while it is watched. An entry is what lies directly in it: a
// STAC item (*.json), a SAFE folder, a zip archive of one, an image (*.tif, *.tiff, *.jp2, *.ntf,
// *.nitf). Names that begin with a dot or end in .part, .tmp or .done are none.
// An entry is complete when a file NAME.done lies beside it, or when two looks, one after the
// other, found the same files with the same sizes; a STAC item or product only when every file that
// it names is there, and an image that no item names only with its NAME.done, because its item may
// be still to come. Each is sent once, also over restarts: it is known by its name and the names
// and sizes of its files, so what is replaced by something else is sent too.
// Knows no clock and never waits: the caller decides how far looks lie apart (two seconds or more).
// Threads: one caller at a time.
class SceneFolderWatcher {
 public:
  // kNotFound without the folder; kBadInput when the state file is none.
  static Result<std::unique_ptr<SceneFolderWatcher>> Open(Storage& storage,
                                                          SceneFolderOptions options);
  ~SceneFolderWatcher();
  SceneFolderWatcher(const SceneFolderWatcher&) = delete;
  SceneFolderWatcher& operator=(const SceneFolderWatcher&) = delete;

  struct Chunk {
    std::string bytes;  // a SceneChunk: what RawRecord.bytes holds
    Instant delivered;  // as the files say it; a live record's time is the caller's clock
    std::string entry;  // name in the folder
    bool last = false;  // of its scene: Confirm it when all of it is durable
  };
  // The next chunk of the scene under way, or of the next one that the last look found complete, by
  // delivery and name; when there is none, looks at the folder once. Nothing: there is none now,
  // and the next call is a new look.
  // kIo: the disk failed, or a file changed while it was sent (the feed then gives that scene up).
  Result<std::optional<Chunk>> Poll();
  // The scene whose last chunk was given is durable elsewhere: writes it down. Without this it is
  // sent again after a restart.
  Result<void> Confirm();

  // Entries of the last look that are not complete yet.
  std::size_t waiting() const { return waiting_; }

 private:
  struct Impl;
  SceneFolderWatcher(Storage& storage, SceneFolderOptions options);
  Result<void> Look();
  Result<void> LoadState();

  Storage& storage_;
  const SceneFolderOptions options_;
  std::unique_ptr<Impl> impl_;
  std::set<std::string> sent_;               // keys of entries: hexadecimal digests
  std::map<std::string, std::string> last_;  // key by name, at the last look
  std::size_t waiting_ = 0;
};

}  // namespace trucewatch
