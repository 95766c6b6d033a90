// SPDX-License-Identifier: Apache-2.0
#include "core/storage/blob_store.h"

#include <utility>

#include "core/crypto/sha256.h"

namespace trucewatch {
namespace {

Result<void> CheckDigest(const Digest& sha256, Bytes bytes) {
  if (Sha256(bytes) == sha256) return {};
  return Fail(ErrorCode::kCheckFailed, "{} bytes do not have the SHA-256 {}", bytes.size(),
              HexEncode(sha256));
}

}  // namespace

FileBlobStore::FileBlobStore(Storage& storage, std::string directory)
    : storage_(storage), directory_(std::move(directory)) {}

std::string FileBlobStore::PathOf(const Digest& sha256) const {
  return directory_ + "/" + HexEncode(sha256);
}

Result<void> FileBlobStore::Put(const Digest& sha256, Bytes bytes) {
  TW_RETURN_IF_ERROR(CheckDigest(sha256, bytes));
  const std::lock_guard lock(mutex_);
  const std::string path = PathOf(sha256);
  TW_ASSIGN_OR_RETURN(const bool there, storage_.Exists(path));
  if (there) return {};
  TW_RETURN_IF_ERROR(storage_.MakeDirectories(directory_));
  return WriteFileAtomically(storage_, path, bytes);
}

Result<std::string> FileBlobStore::Get(const Digest& sha256) {
  const std::string path = PathOf(sha256);
  TW_ASSIGN_OR_RETURN(const bool there, storage_.Exists(path));
  if (!there) return Fail(ErrorCode::kNotFound, "{}: not in the scene store", path);
  TW_ASSIGN_OR_RETURN(std::string bytes, ReadWholeFile(storage_, path, kMaxBlobBytes));
  const Result<void> same = CheckDigest(sha256, AsBytes(bytes));
  if (!same) return Prefix(path, same.error());
  return bytes;
}

Result<void> MemoryBlobStore::Put(const Digest& sha256, Bytes bytes) {
  TW_RETURN_IF_ERROR(CheckDigest(sha256, bytes));
  const std::lock_guard lock(mutex_);
  blobs_.emplace(sha256, std::string(AsText(bytes)));
  return {};
}

Result<std::string> MemoryBlobStore::Get(const Digest& sha256) {
  const std::lock_guard lock(mutex_);
  const auto found = blobs_.find(sha256);
  if (found == blobs_.end()) {
    return Fail(ErrorCode::kNotFound, "no blob has the SHA-256 {}", HexEncode(sha256));
  }
  return found->second;
}

}  // namespace trucewatch
