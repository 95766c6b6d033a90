// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "core/storage/storage.h"

namespace trucewatch {

// A file that is only in memory.
class MemoryFile final : public File {
 public:
  explicit MemoryFile(std::string bytes = {}) : bytes_(std::move(bytes)) {}
  Result<void> Append(Bytes bytes) override {
    bytes_ += AsText(bytes);
    return {};
  }
  Result<std::string> ReadAt(std::uint64_t offset, std::size_t size) const override {
    TW_RETURN_IF_ERROR(CheckRange(offset, size));
    return bytes_.substr(offset, size);
  }
  Result<void> ReadInto(std::uint64_t offset, std::span<std::uint8_t> out) const override {
    TW_RETURN_IF_ERROR(CheckRange(offset, out.size()));
    std::copy_n(bytes_.data() + offset, out.size(), out.data());
    return {};
  }
  Result<std::uint64_t> Size() const override { return bytes_.size(); }
  Result<void> Truncate(std::uint64_t size) override {
    bytes_.resize(size);
    return {};
  }
  Result<void> Sync() override { return {}; }

 private:
  Result<void> CheckRange(std::uint64_t offset, std::size_t size) const {
    if (offset <= bytes_.size() && size <= bytes_.size() - offset) return {};
    return Fail(ErrorCode::kIo, "byte {}: {} bytes wanted, there are {}", offset, size,
                bytes_.size());
  }
  std::string bytes_;
};

}  // namespace trucewatch
