// SPDX-License-Identifier: Apache-2.0
#include "core/storage/storage.h"

namespace trucewatch {
namespace {

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<void> File::WriteAt(std::uint64_t, Bytes) {
  return Fail(ErrorCode::kIo, "this kind of file cannot be overwritten");
}

Result<void> Storage::SyncAll(const std::vector<File*>& files,
                              const std::vector<std::string>& directories) {
  for (File* file : files) TW_RETURN_IF_ERROR(file->Sync());
  for (const std::string& path : directories) TW_RETURN_IF_ERROR(SyncDirectory(path));
  return {};
}

Result<bool> Storage::Exchange(const std::string& from, const std::string& to) {
  TW_RETURN_IF_ERROR(Rename(from, to));
  return false;
}

Result<void> WriteFileAtomically(Storage& storage, const std::string& path, Bytes bytes) {
  const std::string beside = path + ".tmp";
  {
    TW_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, storage.Open(beside, true));
    // One left behind by a crash may have any content.
    TW_RETURN_IF_ERROR(file->Truncate(0));
    TW_RETURN_IF_ERROR(file->Append(bytes));
    TW_RETURN_IF_ERROR(file->Sync());
  }
  TW_RETURN_IF_ERROR(storage.Rename(beside, path));
  return storage.SyncDirectory(FolderOf(path));
}

Result<std::string> ReadWholeFile(Storage& storage, const std::string& path,
                                  std::uint64_t max_size) {
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, storage.Open(path, false));
  TW_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  if (size > max_size) {
    return Fail(ErrorCode::kBadInput, "{}: {} bytes, at most {} are allowed", path, size, max_size);
  }
  return file->ReadAt(0, static_cast<std::size_t>(size));
}

}  // namespace trucewatch
