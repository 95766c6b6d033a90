// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace trucewatch {

// One open file. Errors of Sync are final: the caller must abort and re-read, never retry (the
// kernel marks the pages clean after a failed fsync). Threads: thread-compatible, except that
// ReadAt may run beside anything.
class File {
 public:
  virtual ~File() = default;
  virtual Result<void> Append(Bytes bytes) = 0;
  // Overwrites bytes that the file has; it keeps its size. kIo where it has fewer, or where a kind
  // of file cannot.
  virtual Result<void> WriteAt(std::uint64_t offset, Bytes bytes);
  // Reads exactly size bytes; kIo if fewer are there.
  virtual Result<std::string> ReadAt(std::uint64_t offset, std::size_t size) const = 0;
  // The same into memory that the caller has.
  virtual Result<void> ReadInto(std::uint64_t offset, std::span<std::uint8_t> out) const = 0;
  virtual Result<std::uint64_t> Size() const = 0;
  virtual Result<void> Truncate(std::uint64_t size) = 0;
  virtual Result<void> Sync() = 0;  // fdatasync
};

// Where durable bytes go. An interface so that tests can lose, tear and fail writes.
// Paths are ordinary file system paths.
class Storage {
 public:
  virtual ~Storage() = default;
  // Opens for reading and appending; creates when `create`. A file that may only be read is opened
  // for that alone.
  virtual Result<std::unique_ptr<File>> Open(const std::string& path, bool create) = 0;
  // Also the missing folders above it. Durable when it returns.
  virtual Result<void> MakeDirectories(const std::string& path) = 0;
  // One folder, whose parent is there; nothing to do where it is there itself. Durable after
  // SyncDirectory of the parent; a storage may do that at once.
  virtual Result<void> MakeDirectory(const std::string& path) { return MakeDirectories(path); }
  virtual Result<bool> Exists(const std::string& path) const = 0;
  virtual Result<std::vector<std::string>> List(
      const std::string& directory) const = 0;  // names, sorted
  virtual Result<void> Rename(const std::string& from, const std::string& to) = 0;
  // Both are there, in one folder; afterwards `to` is what `from` was, at once, as with Rename.
  // True: `from` is what `to` was, and may be written to once SyncDirectory has made that durable.
  // False: it is gone, where the file system cannot exchange.
  virtual Result<bool> Exchange(const std::string& from, const std::string& to);
  virtual Result<void> Remove(const std::string& path) = 0;
  virtual Result<void> SyncDirectory(const std::string& path) = 0;
  // All of them, in no order, as Sync and SyncDirectory do it. On a file system with a journal in
  // about the time of one.
  virtual Result<void> SyncAll(const std::vector<File*>& files,
                               const std::vector<std::string>& directories);
};

// The machine's file system.
std::unique_ptr<Storage> MakePosixStorage();

// Writes a whole file so that after a crash it is either the old or the new one: write beside it,
// sync, rename, sync the folder.
Result<void> WriteFileAtomically(Storage& storage, const std::string& path, Bytes bytes);
// Reads a whole file of at most max_size bytes.
Result<std::string> ReadWholeFile(Storage& storage, const std::string& path,
                                  std::uint64_t max_size);

}  // namespace trucewatch
