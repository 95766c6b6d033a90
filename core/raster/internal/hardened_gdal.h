// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <utility>

namespace trucewatch::internal {

// While it lives, this thread's GDAL has the doors for untrusted files shut: each of these was open
// by default and let a sidecar move the georeference, a text file pose as an image, or a name reach
// out to the network. Errors are kept, not printed.
class HardenedGdal {
 public:
  HardenedGdal();
  ~HardenedGdal();
  HardenedGdal(const HardenedGdal&) = delete;
  HardenedGdal& operator=(const HardenedGdal&) = delete;

 private:
  static constexpr std::array<std::pair<const char*, const char*>, 7> kOptions = {
      {{"GDAL_PAM_ENABLED", "NO"},
       {"GDAL_GEOREF_SOURCES", "INTERNAL"},
       {"GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR"},
       {"CPL_VSIL_CURL_ALLOWED_EXTENSIONS", ".none"},
       {"GDAL_VRT_ENABLE_PYTHON", "NO"},
       {"GTIFF_VIRTUAL_MEM_IO", "NO"},
       {"GDAL_NUM_THREADS", "1"}}};
};

// A name in GDAL's in-memory file system that no other call has; goes away with the object.
// Nothing lies beside it, so there is no sidecar to find.
class MemoryFile {
 public:
  MemoryFile();  // empty, for writing
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  const std::string& path() const { return path_; }
  std::string Contents() const;

 private:
  std::string folder_;
  std::string path_;
};

// GDAL's last message in this thread, without the names that files have in memory.
std::string GdalMessage();

}  // namespace trucewatch::internal
