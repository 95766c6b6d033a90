// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/storage/storage.h"

namespace trucewatch::internal {

// A file read in order, with errors that name it.
class FileReader {
 public:
  // kNotFound without a file, kBadInput when it is empty. `expected` ends the sentence: "expected
  // STANAG 4607 packets".
  static Result<FileReader> Open(Storage& storage, const std::string& path,
                                 const std::string& expected);

  // The next bytes, at most max_size; empty at the end.
  Result<std::string> Read(std::size_t max_size);
  Result<std::string> ReadAt(std::uint64_t offset, std::size_t size) const;
  void Rewind() { at_ = 0; }

  std::uint64_t at() const { return at_; }
  std::uint64_t size() const { return size_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::unique_ptr<File> file_;
  std::uint64_t size_ = 0;
  std::uint64_t at_ = 0;
};

// "4865 ... ("He..")": the first bytes of a file for a person who wonders what it is.
std::string DescribeStart(std::string_view bytes);

}  // namespace trucewatch::internal
