// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/live_folder.h"

#include <algorithm>
#include <utility>

namespace trucewatch::station {
namespace {

class FolderSource final : public LiveSource {
 public:
  FolderSource(std::unique_ptr<SceneFolderWatcher> watcher, Clock& clock)
      : watcher_(std::move(watcher)), clock_(clock), next_look_(clock.Now()) {}

  Result<std::vector<std::string>> Receive(Duration wait) override {
    std::vector<std::string> records;
    const Instant now = clock_.Now();
    if (scene_given_ || now < next_look_) {
      clock_.SleepFor(scene_given_ ? wait : std::min(wait, next_look_ - now));
      return records;
    }
    // One at a time: whoever asks has found room for one.
    TW_ASSIGN_OR_RETURN(auto chunk, watcher_->Poll());
    if (chunk) {
      records.push_back(std::move(chunk->bytes));
      scene_given_ = chunk->last;
    } else {
      next_look_ = now + kLookEvery;
    }
    return records;
  }

  bool calls() const override { return false; }
  bool patient() const override { return true; }
  Result<void> Kept() override {
    if (!std::exchange(scene_given_, false)) return {};
    return watcher_->Confirm();
  }

 private:
  std::unique_ptr<SceneFolderWatcher> watcher_;
  Clock& clock_;
  Instant next_look_;
  bool scene_given_ = false;  // all of it, and it is not known to be kept
};

}  // namespace

Result<std::unique_ptr<LiveSource>> OpenSceneFolder(Storage& storage, SceneFolderOptions options,
                                                    Clock& clock) {
  TW_ASSIGN_OR_RETURN(auto watcher, SceneFolderWatcher::Open(storage, std::move(options)));
  return std::make_unique<FolderSource>(std::move(watcher), clock);
}

}  // namespace trucewatch::station
