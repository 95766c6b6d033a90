// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/storage/storage.h"

namespace trucewatch::evidence {

// Files that a writer needs no more and will soon write others into: making and freeing a file
// costs some file systems more than flushing it. They lie beside the ledger, and what they hold
// means nothing. Power cuts: a file is written to only after its former name is durably gone, so
// that no name of the ledger ever shows other bytes than were put there. Threads: as the ledger.
class SpareFiles {
 public:
  static constexpr std::size_t kKinds = 2;  // files of one kind are of about one size
  static constexpr std::size_t kMost = 6;   // of each kind

  // Their names are `prefix` and a number.
  SpareFiles(Storage& storage, std::string prefix)
      : storage_(storage), prefix_(std::move(prefix)) {}

  // Takes the file of that name, which is in `folder`, away. False: there are enough, nothing was
  // done.
  Result<bool> Keep(const std::string& folder, const std::string& name, std::size_t kind);
  // Folders that files were taken from. Once they are synced, HaveSettled.
  const std::set<std::string>& emptied() const { return emptied_; }
  void HaveSettled();
  // One of them becomes the file `path`, with these bytes, which are not synced yet. Null: there is
  // none.
  Result<std::unique_ptr<File>> Reuse(const std::string& path, std::string_view bytes,
                                      std::size_t kind);
  // All go, those of a writer that died too.
  Result<void> Clear();

 private:
  Storage& storage_;
  const std::string prefix_;
  std::size_t kept_ = 0;  // so far: their names
  std::array<std::vector<std::string>, kKinds> settled_, pending_;
  std::set<std::string> emptied_;
};

}  // namespace trucewatch::evidence
