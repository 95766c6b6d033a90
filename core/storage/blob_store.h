// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/storage/storage.h"

namespace trucewatch {

// A satellite scene of 10980 x 10980 pixels, 4 bands and 8 bytes a sample has 3.6 GiB.
inline constexpr std::uint64_t kMaxBlobBytes = std::uint64_t{8} << 30;

// Bytes on their way into a store. What is not committed goes away with the object.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  // kBadInput when there would be more than kMaxBlobBytes.
  virtual Result<void> Append(Bytes bytes) = 0;
  virtual std::uint64_t size() const = 0;
  // What was appended so far, for reading, whether it is committed or not.
  virtual Result<std::shared_ptr<const File>> Read() const = 0;
  // Once. Durable and in the store when it returns; kCheckFailed, and nothing is kept, when the
  // bytes do not have this digest.
  virtual Result<void> Commit(const Digest& sha256) = 0;
};

// Bytes by their SHA-256: where scenes lie while messages carry only their digests. Putting the
// same bytes again changes nothing, so a stage that is replayed may do it. A blob is read in place,
// never as a whole. Threads: any (one writer: one at a time).
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  virtual Result<std::unique_ptr<BlobWriter>> Begin() = 0;
  // For reading; ends with kNotFound when it is not there, kCheckFailed when its bytes have another
  // digest (all of them are read once for that).
  virtual Result<std::shared_ptr<const File>> Open(const Digest& sha256) = 0;
  // Begin, Append and Commit.
  Result<void> Put(const Digest& sha256, Bytes bytes);
};

// One file each in `directory`, named by the digest in hexadecimal; "incoming-N.tmp" are on their
// way. One process writes at a time.
class FileBlobStore final : public BlobStore {
 public:
  // `storage` outlives the store and its writers.
  FileBlobStore(Storage& storage, std::string directory);
  Result<std::unique_ptr<BlobWriter>> Begin() override;
  Result<std::shared_ptr<const File>> Open(const Digest& sha256) override;

 private:
  Storage& storage_;
  const std::string directory_;
  std::atomic<std::uint64_t> begun_{0};
};

// For tests, and for commands that keep nothing.
class MemoryBlobStore final : public BlobStore {
 public:
  Result<std::unique_ptr<BlobWriter>> Begin() override;
  Result<std::shared_ptr<const File>> Open(const Digest& sha256) override;

 private:
  class Writer;
  std::mutex mutex_;
  std::map<Digest, std::shared_ptr<const File>> blobs_;
};

}  // namespace trucewatch
