// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/base/check.h"
#include "core/storage/storage.h"
#include "core/storage/sync_queue.h"

namespace trucewatch {
namespace {

std::string Text(int error) { return std::generic_category().message(error); }

tl::unexpected<Error> FailOn(const char* what, const std::string& path, int error) {
  const ErrorCode code = error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  return Fail(code, "{}: cannot {}: {}", path, what, Text(error));
}

// After a failed fsync the kernel marks the pages clean, so a second fsync would report success for
// data that is gone. The only safe way on is to die and read again what is really there
// (RELIABILITY.md 2.D, rule 1).
[[noreturn]] void AbortOnFailedSync(const std::string& path, int error) {
  const std::string text = path + ": sync failed, stored data is unknown: " + Text(error);
  CheckFailed(__FILE__, __LINE__, text.c_str());
}

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~PosixFile() override { ::close(fd_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  Result<void> Append(Bytes bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return FailOn("write", path_, errno);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
  }

  // While a descriptor has O_APPEND, Linux appends whatever offset pwrite is given.
  Result<void> WriteAt(std::uint64_t offset, Bytes bytes) override {
    TW_RETURN_IF_ERROR(CheckRange(offset, bytes.size()));
    const int flags = ::fcntl(fd_, F_GETFL);
    if (flags < 0 || ::fcntl(fd_, F_SETFL, flags & ~O_APPEND) != 0) {
      return FailOn("overwrite", path_, errno);
    }
    int error = 0;
    while (!bytes.empty() && error == 0) {
      const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno != EINTR) error = errno;
      if (written < 0) continue;
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      offset += static_cast<std::uint64_t>(written);
    }
    if (::fcntl(fd_, F_SETFL, flags) != 0 && error == 0) error = errno;
    if (error != 0) return FailOn("overwrite", path_, error);
    return {};
  }

  Result<std::string> ReadAt(std::uint64_t offset, std::size_t size) const override {
    TW_RETURN_IF_ERROR(CheckRange(offset, size));  // before so much memory is taken
    std::string out(size, '\0');
    TW_RETURN_IF_ERROR(ReadInto(offset, {reinterpret_cast<std::uint8_t*>(out.data()), size}));
    return out;
  }

  Result<void> ReadInto(std::uint64_t offset, std::span<std::uint8_t> out) const override {
    TW_RETURN_IF_ERROR(CheckRange(offset, out.size()));
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t got =
          ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return FailOn("read", path_, errno);
      if (got == 0) {
        return Fail(ErrorCode::kIo, "{}: the file became shorter while it was read", path_);
      }
      done += static_cast<std::size_t>(got);
    }
    return {};
  }

  Result<std::uint64_t> Size() const override {
    struct stat info {};
    if (::fstat(fd_, &info) != 0) return FailOn("stat", path_, errno);
    return static_cast<std::uint64_t>(info.st_size);
  }

  Result<void> Truncate(std::uint64_t size) override {
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return FailOn("truncate", path_, errno);
    return {};
  }

  int fd() const { return fd_; }
  const std::string& path() const { return path_; }

  Result<void> Sync() override {
    if (::fdatasync(fd_) != 0) AbortOnFailedSync(path_, errno);
    return {};
  }

 private:
  Result<void> CheckRange(std::uint64_t offset, std::size_t size) const {
    TW_ASSIGN_OR_RETURN(const std::uint64_t file_size, Size());
    if (offset <= file_size && size <= file_size - offset) return {};
    return Fail(ErrorCode::kIo, "{}: byte {}: {} bytes wanted, the file ends at byte {}", path_,
                offset, size, file_size);
  }

  const int fd_;
  const std::string path_;
};

class PosixStorage final : public Storage {
 public:
  Result<std::unique_ptr<File>> Open(const std::string& path, bool create) override {
    const int flags = O_RDWR | O_APPEND | O_CLOEXEC | (create ? O_CREAT : 0);
    int fd = ::open(path.c_str(), flags, 0644);
    if (fd < 0 && !create && (errno == EACCES || errno == EROFS)) {
      fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    }
    if (fd < 0) return FailOn("open", path, errno);
    return std::make_unique<PosixFile>(fd, path);
  }

  Result<void> MakeDirectories(const std::string& path) override {
    for (std::size_t at = path.find_first_not_of('/'); at < path.size();) {
      const std::size_t end = std::min(path.find('/', at), path.size());
      const std::string directory = path.substr(0, end);
      if (::mkdir(directory.c_str(), 0755) == 0) {
        const std::string parent = at == 0 ? "." : path.substr(0, at);
        TW_RETURN_IF_ERROR(SyncDirectory(parent));
      } else if (errno != EEXIST) {
        return FailOn("make directory", directory, errno);
      }
      at = std::min(path.find_first_not_of('/', end), path.size());
    }
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return FailOn("make directory", path, errno);
    if (!S_ISDIR(info.st_mode)) return FailOn("make directory", path, ENOTDIR);
    return {};
  }

  Result<void> MakeDirectory(const std::string& path) override {
    if (::mkdir(path.c_str(), 0755) == 0) return {};
    struct stat info {};
    if (errno == EEXIST && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
    return FailOn("make directory", path, errno == EEXIST ? ENOTDIR : errno);
  }

  Result<bool> Exists(const std::string& path) const override {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) return true;
    if (errno == ENOENT) return false;
    return FailOn("stat", path, errno);
  }

  Result<std::vector<std::string>> List(const std::string& directory) const override {
    DIR* handle = ::opendir(directory.c_str());
    if (handle == nullptr) return FailOn("list", directory, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(handle)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
      errno = 0;
    }
    const int error = errno;
    ::closedir(handle);
    if (error != 0) return FailOn("list", directory, error);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return FailOn("rename", from, errno);
    return {};
  }

  Result<bool> Exchange(const std::string& from, const std::string& to) override {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0)
      return true;
    // EINVAL, ENOSYS: a file system, or a kernel, that has no exchange.
    if (errno != EINVAL && errno != ENOSYS) return FailOn("exchange", from, errno);
    return Storage::Exchange(from, to);
  }

  Result<void> Remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return FailOn("remove", path, errno);
    return {};
  }

  Result<void> SyncDirectory(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return FailOn("open directory", path, errno);
    const int status = ::fsync(fd);
    const int error = errno;
    ::close(fd);
    // EINVAL: this file system has no directory sync (fsync(2)); nothing was lost.
    if (status != 0 && error != EINVAL) AbortOnFailedSync(path, error);
    return {};
  }

  Result<void> SyncAll(const std::vector<File*>& files,
                       const std::vector<std::string>& directories) override {
    std::vector<SyncQueue::Item> items;
    std::vector<std::unique_ptr<PosixFile>> opened;  // directories, to be closed
    std::vector<const std::string*> paths;
    for (const File* file : files) {
      const auto* posix = dynamic_cast<const PosixFile*>(file);
      TW_CHECK(posix != nullptr);
      items.push_back({.fd = posix->fd()});
      paths.push_back(&posix->path());
    }
    for (const std::string& path : directories) {
      const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (fd < 0) return FailOn("open directory", path, errno);
      opened.push_back(std::make_unique<PosixFile>(fd, path));
      items.push_back({.fd = fd, .data_only = false});
      paths.push_back(&path);
    }
    const bool all = syncs_.Sync(items);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const bool lost = items[i].error != 0 && (items[i].data_only || items[i].error != EINVAL);
      if (lost) AbortOnFailedSync(*paths[i], items[i].error);
    }
    return all ? Result<void>() : Storage::SyncAll(files, directories);
  }

 private:
  SyncQueue syncs_;
};

}  // namespace

std::unique_ptr<Storage> MakePosixStorage() { return std::make_unique<PosixStorage>(); }

}  // namespace trucewatch
