// SPDX-License-Identifier: Apache-2.0
#include "core/raster/internal/file_door.h"

#include <cpl_vsi.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "core/base/check.h"

namespace trucewatch::internal {
namespace {

struct OpenDoors {
  std::mutex mutex;
  std::uint64_t next = 1;
  std::map<std::string, std::shared_ptr<const File>, std::less<>> files;

  std::shared_ptr<const File> Find(const char* name) {
    const std::lock_guard lock(mutex);
    const auto found = files.find(name);
    return found == files.end() ? nullptr : found->second;
  }
};

OpenDoors& Doors() {
  static auto* doors = new OpenDoors;  // GDAL may close files while the program ends
  return *doors;
}

struct Handle {
  std::shared_ptr<const File> file;
  std::uint64_t size = 0, at = 0;
  bool end = false;
};

int Stat(void*, const char* name, VSIStatBufL* out, int) {
  const auto file = Doors().Find(name);
  const auto size = file ? file->Size() : Result<std::uint64_t>(std::uint64_t{0});
  if (!file || !size) return -1;
  *out = {};
  out->st_mode = S_IFREG | S_IRUSR;
  out->st_size = static_cast<decltype(out->st_size)>(*size);
  return 0;
}

void* Open(void*, const char* name, const char* access) {
  const auto file = Doors().Find(name);
  if (!file || std::string_view(access).find_first_of("wa+") != std::string_view::npos) {
    return nullptr;
  }
  const auto size = file->Size();
  return size ? new Handle{file, *size} : nullptr;
}

vsi_l_offset Tell(void* handle) { return static_cast<Handle*>(handle)->at; }

int Seek(void* handle, vsi_l_offset offset, int whence) {
  auto& h = *static_cast<Handle*>(handle);
  h.at = whence == SEEK_SET ? offset : whence == SEEK_CUR ? h.at + offset : h.size + offset;
  h.end = false;
  return 0;
}

size_t Read(void* handle, void* buffer, size_t size, size_t count) {
  auto& h = *static_cast<Handle*>(handle);
  if (size == 0 || count == 0) return 0;
  const std::uint64_t left = h.at < h.size ? h.size - h.at : 0;
  const std::uint64_t items = std::min<std::uint64_t>(count, left / size);
  h.end = items < count;
  const std::span<std::uint8_t> out(static_cast<std::uint8_t*>(buffer),
                                    static_cast<std::size_t>(items * size));
  if (items == 0 || !h.file->ReadInto(h.at, out)) return 0;
  h.at += out.size();
  return static_cast<std::size_t>(items);
}

int Eof(void* handle) { return static_cast<Handle*>(handle)->end ? 1 : 0; }

int Close(void* handle) {
  delete static_cast<Handle*>(handle);
  return 0;
}

char** NothingBeside(void*, const char*) { return nullptr; }

void InstallOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    VSIFilesystemPluginCallbacksStruct* calls = VSIAllocFilesystemPluginCallbacksStruct();
    calls->stat = Stat;
    calls->open = Open;
    calls->tell = Tell;
    calls->seek = Seek;
    calls->read = Read;
    calls->eof = Eof;
    calls->close = Close;
    calls->sibling_files = NothingBeside;
    TW_CHECK(VSIInstallPluginHandler(kDoorPrefix, calls) == 0);
    VSIFreeFilesystemPluginCallbacksStruct(calls);
  });
}

}  // namespace

FileDoor::FileDoor(std::shared_ptr<const File> file, const char* extension) {
  InstallOnce();
  OpenDoors& doors = Doors();
  const std::lock_guard lock(doors.mutex);
  name_ = std::to_string(doors.next++) + "/image." + extension;
  path_ = kDoorPrefix + name_;
  doors.files.emplace(name_, std::move(file));
}

FileDoor::~FileDoor() {
  OpenDoors& doors = Doors();
  const std::lock_guard lock(doors.mutex);
  doors.files.erase(name_);
}

}  // namespace trucewatch::internal
