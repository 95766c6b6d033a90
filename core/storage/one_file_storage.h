// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/storage/storage.h"

namespace trucewatch {

// A storage in which there is one file, to read, under the names given; for a process that may open
// none. Threads: any, as far as the file's are.
class OneFileStorage final : public Storage {
 public:
  OneFileStorage(std::set<std::string> names, std::shared_ptr<const File> file)
      : names_(std::move(names)), file_(std::move(file)) {}

  Result<std::unique_ptr<File>> Open(const std::string& path, bool create) override {
    if (create || !names_.contains(path))
      return Fail(ErrorCode::kNotFound, "{}: no such file", path);
    return std::make_unique<Reader>(file_);
  }
  Result<bool> Exists(const std::string& path) const override { return names_.contains(path); }
  Result<std::vector<std::string>> List(const std::string& directory) const override {
    return Fail(ErrorCode::kNotFound, "{}: no such folder", directory);
  }
  Result<void> MakeDirectories(const std::string&) override { return ReadOnly(); }
  Result<void> Rename(const std::string&, const std::string&) override { return ReadOnly(); }
  Result<void> Remove(const std::string&) override { return ReadOnly(); }
  Result<void> SyncDirectory(const std::string&) override { return ReadOnly(); }

 private:
  static Result<void> ReadOnly() { return Fail(ErrorCode::kIo, "this storage is read-only"); }

  class Reader final : public File {
   public:
    explicit Reader(std::shared_ptr<const File> file) : file_(std::move(file)) {}
    Result<std::string> ReadAt(std::uint64_t offset, std::size_t size) const override {
      return file_->ReadAt(offset, size);
    }
    Result<void> ReadInto(std::uint64_t offset, std::span<std::uint8_t> out) const override {
      return file_->ReadInto(offset, out);
    }
    Result<std::uint64_t> Size() const override { return file_->Size(); }
    Result<void> Append(Bytes) override { return ReadOnly(); }
    Result<void> Truncate(std::uint64_t) override { return ReadOnly(); }
    Result<void> Sync() override { return ReadOnly(); }

   private:
    const std::shared_ptr<const File> file_;
  };

  const std::set<std::string> names_;
  const std::shared_ptr<const File> file_;
};

}  // namespace trucewatch
