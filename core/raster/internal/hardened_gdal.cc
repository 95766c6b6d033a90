// SPDX-License-Identifier: Apache-2.0
#include "core/raster/internal/hardened_gdal.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_vsi.h>
#include <gdal_priv.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string_view>

#include "core/raster/internal/file_door.h"

namespace trucewatch::internal {
namespace {

// Memory for decoded blocks, of the whole process (default: 5 % of the machine).
constexpr GIntBig kCacheBytes = GIntBig{64} << 20;

// The drivers we read or write with; a driver that is not there cannot be fooled.
constexpr std::string_view kDrivers[] = {"GTiff", "JP2OpenJPEG", "NITF", "SRTMHGT",
                                         "COG",   "MEM",         "GPKG", "GeoJSON"};

void SkipOtherDrivers() {
  GDALDriverManager& manager = *GetGDALDriverManager();
  std::string skip;
  for (int i = 0; i < manager.GetDriverCount(); ++i) {
    const std::string_view name = manager.GetDriver(i)->GetDescription();
    if (std::find(std::begin(kDrivers), std::end(kDrivers), name) == std::end(kDrivers)) {
      skip += (skip.empty() ? "" : ",") + std::string(name);
    }
  }
  // Heeded by this and by every later registration.
  CPLSetConfigOption("GDAL_SKIP", skip.c_str());
  GDALAllRegister();
}

void RegisterOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    // Read when drivers are loaded, so not for one thread: no plugin, no Python in a VRT.
    CPLSetConfigOption("GDAL_DRIVER_PATH", "disable");
    GDALAllRegister();
    SkipOtherDrivers();
    GDALSetCacheMax64(kCacheBytes);
  });
}

std::string FreshFolder() {
  static std::atomic<std::uint64_t> counter{0};
  return "/vsimem/trucewatch" + std::to_string(++counter);
}

}  // namespace

HardenedGdal::HardenedGdal() {
  RegisterOnce();
  for (const auto& [key, value] : kOptions) CPLSetThreadLocalConfigOption(key, value);
  CPLPushErrorHandler(CPLQuietErrorHandler);
  CPLErrorReset();
}

HardenedGdal::~HardenedGdal() {
  CPLPopErrorHandler();
  for (const auto& [key, value] : kOptions) CPLSetThreadLocalConfigOption(key, nullptr);
}

MemoryFile::MemoryFile() : folder_(FreshFolder()), path_(folder_ + "/image.tif") {}

MemoryFile::~MemoryFile() { VSIRmdirRecursive(folder_.c_str()); }

std::string MemoryFile::Contents() const {
  vsi_l_offset size = 0;
  const GByte* data = VSIGetMemFileBuffer(path_.c_str(), &size, FALSE);
  if (data == nullptr) return {};
  return std::string(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
}

std::string GdalMessage() {
  // The folder of a file is counted through the process: in a message it would make findings depend
  // on what else the process has read.
  std::string text = CPLGetLastErrorMsg();
  for (const std::string_view folder :
       {std::string_view("/vsimem/trucewatch"), std::string_view(kDoorPrefix)}) {
    for (std::size_t at = text.find(folder); at != std::string::npos; at = text.find(folder, at)) {
      std::size_t end = at + folder.size();
      while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
      if (end < text.size() && text[end] == '/') ++end;
      text.erase(at, end - at);
    }
  }
  return text;
}

}  // namespace trucewatch::internal
