// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "core/storage/storage.h"

namespace trucewatch {

// A disk for tests, in memory, as bad as POSIX allows.
// What is not yet synced may after a power cut be there, be missing or be torn, each piece for
// itself and in any combination; a name is durable only after SyncDirectory of its folder. After a
// failed Sync the pieces it was asked about stay at risk for ever, whatever later Syncs say.
// Folders themselves always survive. Threads: thread-safe. Determinism: same calls and seeds give
// the same disk.
class FaultyStorage final : public Storage {
 public:
  FaultyStorage() = default;

  // The n-th call from now (1: the next) fails with kIo; a failing Append leaves half of its bytes
  // behind. With `all_after` the calls after it fail too. 0: no failure.
  void FailCall(std::uint64_t n, bool all_after = false);
  // Whether the failure asked for has happened.
  bool failed() const;
  // Cuts the power: settles what is not synced by the seed. Files opened before are dead.
  void Crash(std::uint64_t seed);
  // Flips bits of one stored byte. The file must have it.
  void CorruptByte(const std::string& path, std::uint64_t offset, std::uint8_t mask = 0x01);

  Result<std::unique_ptr<File>> Open(const std::string& path, bool create) override;
  Result<void> MakeDirectories(const std::string& path) override;
  Result<bool> Exists(const std::string& path) const override;
  Result<std::vector<std::string>> List(const std::string& directory) const override;
  Result<void> Rename(const std::string& from, const std::string& to) override;
  Result<bool> Exchange(const std::string& from, const std::string& to) override;
  Result<void> Remove(const std::string& path) override;
  Result<void> SyncDirectory(const std::string& path) override;

 private:
  friend class FaultyFile;

  enum class Safety { kPending, kStuck, kSafe };

  // One change of a file's bytes since `stored`.
  struct Piece {
    bool truncates = false;
    std::uint64_t offset = 0;  // where the bytes go, or the new size
    std::string bytes;
    Safety safety = Safety::kPending;
  };

  // shared_ptr: an open file and several names (current, durable, pending) mean the same bytes.
  struct Inode {
    std::string current;
    std::string stored;
    std::vector<Piece> pieces;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  // One change of the names: `from` goes away if not empty, `to` means inode if not empty.
  struct NameChange {
    std::string from;
    std::string to;
    std::shared_ptr<Inode> inode;
    Safety safety = Safety::kPending;
  };

  bool FailsNow() const;  // counts a call; the caller holds mutex_
  void Change(NameChange change);
  static void Apply(const NameChange& change, Names& names);
  static void Apply(const Piece& piece, std::string& bytes);
  static void Settle(std::vector<Piece>& pieces, std::string& stored);
  void CrashInode(Inode& inode, std::mt19937_64& random);

  mutable std::mutex mutex_;
  mutable std::uint64_t calls_to_failure_ = 0;
  mutable bool failed_ = false;
  bool all_after_ = false;
  std::uint64_t generation_ = 0;  // power cuts so far
  Names names_;
  Names stored_names_;
  std::vector<NameChange> name_changes_;
};

}  // namespace trucewatch
