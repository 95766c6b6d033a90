// SPDX-License-Identifier: Apache-2.0
#include "core/storage/blob_store.h"

#include <optional>
#include <utility>

#include "core/base/check.h"
#include "core/crypto/sha256.h"
#include "core/storage/memory_file.h"

namespace trucewatch {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

tl::unexpected<Error> WrongDigest(std::uint64_t size, const Digest& sha256) {
  return Fail(ErrorCode::kCheckFailed, "{} bytes do not have the SHA-256 {}", size,
              HexEncode(sha256));
}

Result<void> CheckRoom(std::uint64_t have, std::size_t more) {
  if (more <= kMaxBlobBytes && have <= kMaxBlobBytes - more) return {};
  return Fail(ErrorCode::kBadInput, "more than {} bytes, which is what a scene may have",
              kMaxBlobBytes);
}

Result<void> CheckDigest(const File& file, const Digest& sha256) {
  TW_ASSIGN_OR_RETURN(const std::uint64_t size, file.Size());
  Sha256Stream stream;
  std::string piece(kPieceBytes, '\0');
  const std::span<std::uint8_t> room(reinterpret_cast<std::uint8_t*>(piece.data()), piece.size());
  for (std::uint64_t at = 0; at < size;) {
    const auto here = room.first(std::min<std::uint64_t>(room.size(), size - at));
    TW_RETURN_IF_ERROR(file.ReadInto(at, here));
    stream.Add(here);
    at += here.size();
  }
  if (stream.Finish() == sha256) return {};
  return WrongDigest(size, sha256);
}

std::string PathOf(const std::string& directory, const Digest& sha256) {
  return directory + "/" + HexEncode(sha256);
}

class FileWriter final : public BlobWriter {
 public:
  FileWriter(Storage& storage, std::string directory, std::string path, std::unique_ptr<File> file)
      : storage_(storage),
        directory_(std::move(directory)),
        path_(std::move(path)),
        file_(std::move(file)) {}
  ~FileWriter() override {
    // One that stays behind is overwritten by the next run.
    if (!finished_) (void)storage_.Remove(path_);
  }

  Result<void> Append(Bytes bytes) override {
    TW_RETURN_IF_ERROR(CheckRoom(size_, bytes.size()));
    TW_RETURN_IF_ERROR(file_->Append(bytes));
    stream_.Add(bytes);
    size_ += bytes.size();
    return {};
  }
  std::uint64_t size() const override { return size_; }
  Result<std::shared_ptr<const File>> Read() const override { return file_; }

  Result<void> Commit(const Digest& sha256) override {
    TW_CHECK(!committed_);
    committed_ = true;
    if (stream_.Finish() != sha256) return WrongDigest(size_, sha256);
    const std::string path = PathOf(directory_, sha256);
    TW_ASSIGN_OR_RETURN(const bool there, storage_.Exists(path));
    if (there) return {};
    TW_RETURN_IF_ERROR(file_->Sync());
    TW_RETURN_IF_ERROR(storage_.Rename(path_, path));
    finished_ = true;
    return storage_.SyncDirectory(directory_);
  }

 private:
  Storage& storage_;
  const std::string directory_, path_;
  std::shared_ptr<File> file_;
  Sha256Stream stream_;
  std::uint64_t size_ = 0;
  bool committed_ = false;
  bool finished_ = false;  // under its final name
};

}  // namespace

Result<void> BlobStore::Put(const Digest& sha256, Bytes bytes) {
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<BlobWriter> writer, Begin());
  TW_RETURN_IF_ERROR(writer->Append(bytes));
  return writer->Commit(sha256);
}

FileBlobStore::FileBlobStore(Storage& storage, std::string directory)
    : storage_(storage), directory_(std::move(directory)) {}

Result<std::unique_ptr<BlobWriter>> FileBlobStore::Begin() {
  TW_RETURN_IF_ERROR(storage_.MakeDirectories(directory_));
  const std::string path = fmt::format("{}/incoming-{}.tmp", directory_, begun_++);
  TW_ASSIGN_OR_RETURN(std::unique_ptr<File> file, storage_.Open(path, true));
  // One left behind by a crash may have any content.
  TW_RETURN_IF_ERROR(file->Truncate(0));
  return std::make_unique<FileWriter>(storage_, directory_, path, std::move(file));
}

Result<std::shared_ptr<const File>> FileBlobStore::Open(const Digest& sha256) {
  const std::string path = PathOf(directory_, sha256);
  TW_ASSIGN_OR_RETURN(const bool there, storage_.Exists(path));
  if (!there) return Fail(ErrorCode::kNotFound, "{}: not in the scene store", path);
  TW_ASSIGN_OR_RETURN(std::shared_ptr<const File> file, storage_.Open(path, false));
  const Result<void> same = CheckDigest(*file, sha256);
  if (!same) return Prefix(path, same.error());
  return file;
}

class MemoryBlobStore::Writer final : public BlobWriter {
 public:
  explicit Writer(MemoryBlobStore& store) : store_(store) {}
  Result<void> Append(Bytes bytes) override {
    TW_RETURN_IF_ERROR(CheckRoom(size_, bytes.size()));
    stream_.Add(bytes);
    size_ += bytes.size();
    return file_->Append(bytes);
  }
  std::uint64_t size() const override { return size_; }
  Result<std::shared_ptr<const File>> Read() const override { return file_; }
  Result<void> Commit(const Digest& sha256) override {
    TW_CHECK(!committed_);
    committed_ = true;
    if (stream_.Finish() != sha256) return WrongDigest(size_, sha256);
    const std::lock_guard lock(store_.mutex_);
    store_.blobs_.emplace(sha256, file_);
    return {};
  }

 private:
  MemoryBlobStore& store_;
  std::shared_ptr<MemoryFile> file_ = std::make_shared<MemoryFile>();
  Sha256Stream stream_;
  std::uint64_t size_ = 0;
  bool committed_ = false;
};

Result<std::unique_ptr<BlobWriter>> MemoryBlobStore::Begin() {
  return std::make_unique<Writer>(*this);
}

Result<std::shared_ptr<const File>> MemoryBlobStore::Open(const Digest& sha256) {
  const std::lock_guard lock(mutex_);
  const auto found = blobs_.find(sha256);
  if (found == blobs_.end()) {
    return Fail(ErrorCode::kNotFound, "no blob has the SHA-256 {}", HexEncode(sha256));
  }
  return found->second;
}

}  // namespace trucewatch
