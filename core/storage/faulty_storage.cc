// SPDX-License-Identifier: Apache-2.0
#include "core/storage/faulty_storage.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace trucewatch {
namespace {

std::string DirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

tl::unexpected<Error> Injected(const char* call, const std::string& path) {
  return Fail(ErrorCode::kIo, "{}: {}: injected failure", path, call);
}

}  // namespace

class FaultyFile final : public File {
 public:
  FaultyFile(FaultyStorage& storage, std::shared_ptr<FaultyStorage::Inode> inode, std::string path)
      : storage_(storage),
        inode_(std::move(inode)),
        path_(std::move(path)),
        generation_(storage.generation_) {}

  Result<void> Append(Bytes bytes) override {
    const std::lock_guard lock(storage_.mutex_);
    TW_RETURN_IF_ERROR(Alive());
    const bool fails = storage_.FailsNow();
    const Bytes kept = fails ? bytes.first(bytes.size() / 2) : bytes;
    Add({.offset = inode_->current.size(), .bytes = std::string(AsText(kept))});
    if (fails) return Injected("append", path_);
    return {};
  }

  Result<void> WriteAt(std::uint64_t offset, Bytes bytes) override {
    const std::lock_guard lock(storage_.mutex_);
    TW_RETURN_IF_ERROR(Alive());
    const std::uint64_t have = inode_->current.size();
    if (offset > have || bytes.size() > have - offset) {
      return Fail(ErrorCode::kIo, "{}: byte {}: {} bytes cannot be overwritten, it ends at byte {}",
                  path_, offset, bytes.size(), have);
    }
    const bool fails = storage_.FailsNow();
    const Bytes kept = fails ? bytes.first(bytes.size() / 2) : bytes;
    Add({.offset = offset, .bytes = std::string(AsText(kept))});
    if (fails) return Injected("overwrite", path_);
    return {};
  }

  Result<std::string> ReadAt(std::uint64_t offset, std::size_t size) const override {
    const std::lock_guard lock(storage_.mutex_);
    TW_RETURN_IF_ERROR(Alive());
    if (storage_.FailsNow()) return Injected("read", path_);
    const std::uint64_t have = inode_->current.size();
    if (offset > have || size > have - offset) {
      return Fail(ErrorCode::kIo, "{}: byte {}: {} bytes wanted, the file ends at byte {}", path_,
                  offset, size, have);
    }
    return inode_->current.substr(offset, size);
  }

  Result<void> ReadInto(std::uint64_t offset, std::span<std::uint8_t> out) const override {
    TW_ASSIGN_OR_RETURN(const std::string bytes, ReadAt(offset, out.size()));
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return {};
  }

  Result<std::uint64_t> Size() const override {
    const std::lock_guard lock(storage_.mutex_);
    TW_RETURN_IF_ERROR(Alive());
    if (storage_.FailsNow()) return Injected("size", path_);
    return inode_->current.size();
  }

  Result<void> Truncate(std::uint64_t size) override {
    const std::lock_guard lock(storage_.mutex_);
    TW_RETURN_IF_ERROR(Alive());
    if (storage_.FailsNow()) return Injected("truncate", path_);
    if (size != inode_->current.size()) Add({.truncates = true, .offset = size, .bytes = {}});
    return {};
  }

  Result<void> Sync() override {
    const std::lock_guard lock(storage_.mutex_);
    TW_RETURN_IF_ERROR(Alive());
    using Safety = FaultyStorage::Safety;
    const bool fails = storage_.FailsNow();
    for (auto& piece : inode_->pieces) {
      if (piece.safety == Safety::kPending) piece.safety = fails ? Safety::kStuck : Safety::kSafe;
    }
    FaultyStorage::Settle(inode_->pieces, inode_->stored);
    if (fails) return Injected("sync", path_);
    return {};
  }

 private:
  Result<void> Alive() const {
    if (generation_ == storage_.generation_) return {};
    return Fail(ErrorCode::kIo, "{}: the power was cut", path_);
  }
  void Add(FaultyStorage::Piece piece) {
    FaultyStorage::Apply(piece, inode_->current);
    inode_->pieces.push_back(std::move(piece));
  }

  FaultyStorage& storage_;
  const std::shared_ptr<FaultyStorage::Inode> inode_;
  const std::string path_;
  const std::uint64_t generation_;
};

void FaultyStorage::FailCall(std::uint64_t n, bool all_after) {
  const std::lock_guard lock(mutex_);
  calls_to_failure_ = n;
  all_after_ = all_after;
  failed_ = false;
}

bool FaultyStorage::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

bool FaultyStorage::FailsNow() const {
  if (calls_to_failure_ > 0 && --calls_to_failure_ == 0) {
    failed_ = true;
    return true;
  }
  return failed_ && all_after_;
}

void FaultyStorage::Apply(const Piece& piece, std::string& bytes) {
  if (piece.truncates) {
    bytes.resize(piece.offset);
    return;
  }
  const std::size_t end = piece.offset + piece.bytes.size();
  if (bytes.size() < end) bytes.resize(end);  // what lies between reads as zeros
  std::copy(piece.bytes.begin(), piece.bytes.end(),
            bytes.begin() + static_cast<std::ptrdiff_t>(piece.offset));
}

void FaultyStorage::Settle(std::vector<Piece>& pieces, std::string& stored) {
  const auto first_at_risk = std::find_if(pieces.begin(), pieces.end(), [](const Piece& piece) {
    return piece.safety != Safety::kSafe;
  });
  for (auto it = pieces.begin(); it != first_at_risk; ++it) Apply(*it, stored);
  pieces.erase(pieces.begin(), first_at_risk);
}

void FaultyStorage::Apply(const NameChange& change, Names& names) {
  if (!change.from.empty()) names.erase(change.from);
  if (!change.to.empty()) names[change.to] = change.inode;
}

void FaultyStorage::Change(NameChange change) {
  Apply(change, names_);
  name_changes_.push_back(std::move(change));
}

void FaultyStorage::CrashInode(Inode& inode, std::mt19937_64& random) {
  for (Piece& piece : inode.pieces) {
    const std::uint64_t fate = piece.safety == Safety::kSafe ? 0 : random() % 4;
    if (fate == 1) continue;  // dropped
    if (fate >= 2 && !piece.truncates) {
      // Torn: a part of it arrived; the rest never did (2) or is garbage (3).
      const std::size_t kept = random() % (piece.bytes.size() + 1);
      if (fate == 2) piece.bytes.resize(kept);
      for (std::size_t i = kept; i < piece.bytes.size(); ++i) {
        piece.bytes[i] = static_cast<char>(random());
      }
    }
    Apply(piece, inode.stored);
  }
  inode.pieces.clear();
  inode.current = inode.stored;
}

void FaultyStorage::Crash(std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  std::mt19937_64 random(seed);
  for (const NameChange& change : name_changes_) {
    if (change.safety == Safety::kSafe || random() % 2 == 0) Apply(change, stored_names_);
  }
  name_changes_.clear();
  for (auto& [name, inode] : stored_names_) CrashInode(*inode, random);
  names_ = stored_names_;
  ++generation_;
  calls_to_failure_ = 0;
  failed_ = false;
}

void FaultyStorage::CorruptByte(const std::string& path, std::uint64_t offset, std::uint8_t mask) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  TW_CHECK(found != names_.end());
  for (std::string* bytes : {&found->second->current, &found->second->stored}) {
    if (offset < bytes->size()) (*bytes)[offset] = static_cast<char>((*bytes)[offset] ^ mask);
  }
  TW_CHECK(offset < found->second->current.size());
}

Result<std::unique_ptr<File>> FaultyStorage::Open(const std::string& path, bool create) {
  const std::lock_guard lock(mutex_);
  if (FailsNow()) return Injected("open", path);
  auto found = names_.find(path);
  if (found == names_.end()) {
    if (!create) return Fail(ErrorCode::kNotFound, "{}: cannot open: no such file", path);
    Change({.from = {}, .to = path, .inode = std::make_shared<Inode>()});
    found = names_.find(path);
  }
  return std::make_unique<FaultyFile>(*this, found->second, path);
}

Result<void> FaultyStorage::MakeDirectories(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (FailsNow()) return Injected("make directory", path);
  return {};
}

Result<bool> FaultyStorage::Exists(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  if (FailsNow()) return Injected("stat", path);
  return names_.contains(path);
}

Result<std::vector<std::string>> FaultyStorage::List(const std::string& directory) const {
  const std::lock_guard lock(mutex_);
  if (FailsNow()) return Injected("list", directory);
  std::vector<std::string> out;
  for (const auto& [path, inode] : names_) {
    if (DirectoryOf(path) == directory) out.push_back(path.substr(directory.size() + 1));
  }
  return out;
}

Result<void> FaultyStorage::Rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  if (FailsNow()) return Injected("rename", from);
  const auto found = names_.find(from);
  if (found == names_.end()) return Fail(ErrorCode::kNotFound, "{}: cannot rename", from);
  if (DirectoryOf(from) == DirectoryOf(to)) {
    Change({.from = from, .to = to, .inode = found->second});
    return {};
  }
  // Of two folders, each keeps its own change.
  Change({.from = {}, .to = to, .inode = found->second});
  Change({.from = from, .to = {}, .inode = nullptr});
  return {};
}

// Of each name for itself: a file system without a journal promises no more.
Result<bool> FaultyStorage::Exchange(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  if (FailsNow()) return Injected("exchange", from);
  const auto one = names_.find(from), other = names_.find(to);
  if (one == names_.end() || other == names_.end())
    return Fail(ErrorCode::kNotFound, "{}: cannot exchange", from);
  const auto former = other->second;
  Change({.from = {}, .to = to, .inode = one->second});
  Change({.from = {}, .to = from, .inode = former});
  return true;
}

Result<void> FaultyStorage::Remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (FailsNow()) return Injected("remove", path);
  if (!names_.contains(path)) return Fail(ErrorCode::kNotFound, "{}: cannot remove", path);
  Change({.from = path, .to = {}, .inode = nullptr});
  return {};
}

Result<void> FaultyStorage::SyncDirectory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const bool fails = FailsNow();
  for (NameChange& change : name_changes_) {
    const bool here = DirectoryOf(change.to.empty() ? change.from : change.to) == path;
    if (here && change.safety == Safety::kPending) {
      change.safety = fails ? Safety::kStuck : Safety::kSafe;
    }
  }
  while (!name_changes_.empty() && name_changes_.front().safety == Safety::kSafe) {
    Apply(name_changes_.front(), stored_names_);
    name_changes_.erase(name_changes_.begin());
  }
  if (fails) return Injected("sync directory", path);
  return {};
}

}  // namespace trucewatch
