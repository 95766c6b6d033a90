// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/storage/storage.h"

namespace trucewatch::internal {

// Lets GDAL read one file, and nothing beside it, under a name of our own while the object lives:
// the descriptor is ours, every other name in its folder is not there. So whatever name the file
// has on disk, and whatever lies around it, cannot matter.
class FileDoor {
 public:
  // `extension` without dot; some drivers look at it.
  FileDoor(std::shared_ptr<const File> file, const char* extension);
  ~FileDoor();
  FileDoor(const FileDoor&) = delete;
  FileDoor& operator=(const FileDoor&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string name_;  // below the prefix
  std::string path_;
};

inline constexpr const char* kDoorPrefix = "/vsitrucewatch/";

}  // namespace trucewatch::internal
