// SPDX-License-Identifier: Apache-2.0
#include "ingest/recorded/internal/file_reader.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"

namespace trucewatch::internal {

Result<FileReader> FileReader::Open(Storage& storage, const std::string& path,
                                    const std::string& expected) {
  TW_ASSIGN_OR_RETURN(const bool exists, storage.Exists(path));
  if (!exists) {
    return Fail(ErrorCode::kNotFound,
                "{}: there is no such file; put the recording there or correct the path", path);
  }
  FileReader reader;
  reader.path_ = path;
  TW_ASSIGN_OR_RETURN(reader.file_, storage.Open(path, false));
  TW_ASSIGN_OR_RETURN(reader.size_, reader.file_->Size());
  if (reader.size_ == 0) {
    return Fail(ErrorCode::kBadInput, "{}: the file is empty; expected {}", path, expected);
  }
  return reader;
}

Result<std::string> FileReader::Read(std::size_t max_size) {
  const std::uint64_t size = std::min<std::uint64_t>(max_size, size_ - at_);
  if (size == 0) return std::string();
  TW_ASSIGN_OR_RETURN(std::string bytes, ReadAt(at_, static_cast<std::size_t>(size)));
  at_ += size;
  return bytes;
}

Result<std::string> FileReader::ReadAt(std::uint64_t offset, std::size_t size) const {
  auto bytes = file_->ReadAt(offset, size);
  if (!bytes) return Prefix(fmt::format("{} at byte {}", path_, offset), bytes.error());
  return bytes;
}

std::string DescribeStart(std::string_view bytes) {
  bytes = bytes.substr(0, 16);
  std::string text;
  for (const char c : bytes) text.push_back(c >= 0x20 && c < 0x7F ? c : '.');
  return fmt::format("{} \"{}\"", HexEncode(AsBytes(bytes)), text);
}

}  // namespace trucewatch::internal
