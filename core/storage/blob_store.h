// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "core/storage/storage.h"

namespace trucewatch {

// Bytes by their SHA-256: where scenes lie while messages carry only their digests. Putting the
// same bytes again changes nothing, so a stage that is replayed may do it. Threads: any.
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  // Durable when it returns.
  virtual Result<void> Put(const Digest& sha256, Bytes bytes) = 0;
  // kNotFound when it is not there; kCheckFailed when its bytes have another digest.
  virtual Result<std::string> Get(const Digest& sha256) = 0;
};

inline constexpr std::uint64_t kMaxBlobBytes = std::uint64_t{1} << 30;

// One file each in `directory`, named by the digest in hexadecimal.
class FileBlobStore final : public BlobStore {
 public:
  // `storage` outlives the store.
  FileBlobStore(Storage& storage, std::string directory);
  Result<void> Put(const Digest& sha256, Bytes bytes) override;
  Result<std::string> Get(const Digest& sha256) override;

 private:
  std::string PathOf(const Digest& sha256) const;
  Storage& storage_;
  const std::string directory_;
  std::mutex mutex_;
};

// For tests, and for commands that keep nothing.
class MemoryBlobStore final : public BlobStore {
 public:
  Result<void> Put(const Digest& sha256, Bytes bytes) override;
  Result<std::string> Get(const Digest& sha256) override;

 private:
  std::mutex mutex_;
  std::map<Digest, std::string> blobs_;
};

}  // namespace trucewatch
