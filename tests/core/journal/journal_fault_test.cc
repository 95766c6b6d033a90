// SPDX-License-Identifier: Apache-2.0
// The journal over a disk that fails, tears and forgets (FaultyStorage). Its SQLite index lies on
// the real file system and survives every simulated power cut, so a row that was committed before
// its record was synced shows up as a damaged journal.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <random>

#include "core/journal/journal.h"
#include "core/storage/faulty_storage.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

// In memory where the machine has that: these power cuts are simulated, the index only has to
// outlive the object, and thousands of real syncs would take a minute.
class IndexDirectory {
 public:
  IndexDirectory() {
    if (const char* set = std::getenv("TMPDIR")) before_ = set;
    if (::access("/dev/shm", W_OK) == 0) ::setenv("TMPDIR", "/dev/shm", 1);
    directory_.emplace();
    if (before_) {
      ::setenv("TMPDIR", before_->c_str(), 1);
    } else {
      ::unsetenv("TMPDIR");
    }
  }
  const std::string& path() const { return directory_->path(); }
  std::string File(const std::string& name) const { return directory_->File(name); }

 private:
  std::optional<std::string> before_;
  std::optional<testing::TempDirectory> directory_;
};

constexpr JournalOptions kOptions{.segment_bytes = 300, .verify_all = true};

std::string PayloadOf(std::uint64_t i) {
  return std::to_string(i) + std::string(i * 7 % 60, static_cast<char>('a' + i % 26));
}

std::vector<LogWriter::NewRecord> Group(std::uint64_t first, std::uint64_t count) {
  std::vector<LogWriter::NewRecord> out;
  for (std::uint64_t i = first; i < first + count; ++i) out.push_back({i, PayloadOf(i)});
  return out;
}

// Records 1..last with the payloads they must have, or why not.
::testing::AssertionResult Holds(Journal& journal) {
  const auto batch = journal.ReadAfter(0, 1 << 30, Duration());
  if (!batch) return ::testing::AssertionFailure() << batch.error().message;
  if (batch->records.size() != journal.last()) return ::testing::AssertionFailure() << "count";
  for (std::uint64_t i = 1; i <= journal.last(); ++i) {
    if (batch->records[i - 1] != LogRecord{i, i, PayloadOf(i)}) {
      return ::testing::AssertionFailure() << "record " << i;
    }
  }
  return ::testing::AssertionSuccess();
}

TEST(JournalPowerCut, EveryAcknowledgedRecordIsReadableAndTheRestIsGone) {
  int tails = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    IndexDirectory directory;
    FaultyStorage storage;
    std::mt19937_64 random(seed);
    std::uint64_t acknowledged = 0;
    for (int boot = 0; boot < 4; ++boot) {
      auto journal = Journal::Open(storage, directory.path(), kOptions);
      ASSERT_TRUE(journal) << journal.error().message << " seed " << seed;
      ASSERT_EQ((*journal)->last(), acknowledged);
      ASSERT_TRUE(Holds(**journal)) << "seed " << seed;
      for (std::uint64_t group = random() % 4; group > 0; --group) {
        ASSERT_TRUE((*journal)->Append(Group(acknowledged + 1, 1 + random() % 8)));
        acknowledged = (*journal)->last();
      }
      // The power goes while a group is being written: some later call never returns.
      storage.FailCall(1 + random() % 12, true);
      const std::uint64_t count = 1 + random() % 20;
      if ((*journal)->Append(Group(acknowledged + 1, count))) {
        acknowledged += count;
      } else {
        ++tails;
      }
      storage.Crash(random());
    }
  }
  EXPECT_GT(tails, 500) << "the cut must hit appends, or this shows nothing";
}

// SQLite's own method: fail the 1st call, the 2nd, ... until a pass without failure.
TEST(JournalFailedCall, NothingIsAcknowledgedFalselyWhateverCallFails) {
  for (const bool all_after : {false, true}) {
    bool clean_pass = false;
    std::uint64_t n = 0;
    while (!clean_pass) {
      ++n;
      ASSERT_LT(n, 500u);
      IndexDirectory directory;
      FaultyStorage storage;
      {
        auto journal = Journal::Open(storage, directory.path(), kOptions);
        ASSERT_TRUE(journal);
        ASSERT_TRUE((*journal)->Append(Group(1, 3)));
      }
      storage.FailCall(n, all_after);
      std::uint64_t acknowledged = 3;
      std::uint64_t attempts = 0;
      if (auto journal = Journal::Open(storage, directory.path(), kOptions)) {
        for (; attempts < 6; ++attempts) {
          if ((*journal)->Append(Group(acknowledged + 1, 4))) acknowledged += 4;
          ASSERT_EQ((*journal)->last(), acknowledged);
        }
      }
      clean_pass = !storage.failed();
      if (clean_pass) {
        ASSERT_EQ(acknowledged, 3 + 4 * attempts);
      }
      // The machine goes down, or only the process does.
      storage.FailCall(0);
      if (n % 2 == 0) storage.Crash(n);
      auto journal = Journal::Open(storage, directory.path(), kOptions);
      ASSERT_TRUE(journal) << journal.error().message << " n " << n;
      ASSERT_EQ((*journal)->last(), acknowledged) << "n " << n;
      ASSERT_TRUE(Holds(**journal)) << "n " << n;
      ASSERT_TRUE((*journal)->Append(Group(acknowledged + 1, 2)));
      ASSERT_TRUE(Holds(**journal));
    }
    EXPECT_GT(n, 30u) << "the calls of two opens and six appends";
  }
}

TEST(JournalFailedCall, AFullDiskRefusesAndLaterResumes) {
  IndexDirectory directory;
  FaultyStorage storage;
  auto journal = Journal::Open(storage, directory.path(), kOptions);
  ASSERT_TRUE(journal);
  ASSERT_TRUE((*journal)->Append(Group(1, 1)));
  storage.FailCall(1);  // the next call is the write
  ASSERT_FALSE((*journal)->Append(Group(2, 1)));
  ASSERT_TRUE(storage.failed());
  ASSERT_TRUE((*journal)->Append(Group(2, 1)));
  ASSERT_TRUE(Holds(**journal));
}

TEST(JournalFailedCall, AfterAFailedSyncEverythingIsRefused) {
  IndexDirectory directory;
  FaultyStorage storage;
  auto journal = Journal::Open(storage, directory.path(), kOptions);
  ASSERT_TRUE(journal);
  ASSERT_TRUE((*journal)->Append(Group(1, 1)));
  storage.FailCall(2);  // write, then sync
  ASSERT_FALSE((*journal)->Append(Group(2, 1)));
  const auto refused = (*journal)->Append(Group(2, 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kIo);
  ASSERT_TRUE(Holds(**journal)) << "reading goes on";
}

TEST(JournalDamage, AByteFlippedOnDiskIsNeverReturned) {
  IndexDirectory directory;
  FaultyStorage storage;
  ASSERT_TRUE(Journal::Open(storage, directory.path(), kOptions).value()->Append(Group(1, 40)));
  const auto names = storage.List(directory.path()).value();
  ASSERT_GT(names.size(), 5u);
  for (const std::string& name : names) {
    const std::string path = directory.File(name);
    const std::uint64_t size = storage.Open(path, false).value()->Size().value();
    for (std::uint64_t byte = 0; byte < size; byte += 7) {
      storage.CorruptByte(path, byte);
      const auto journal = Journal::Open(storage, directory.path(), kOptions);
      ASSERT_FALSE(journal) << path << " byte " << byte;
      ASSERT_EQ(journal.error().code, ErrorCode::kCheckFailed);
      storage.CorruptByte(path, byte);
    }
  }
  ASSERT_TRUE(Holds(*Journal::Open(storage, directory.path(), kOptions).value()));
}

}  // namespace
}  // namespace trucewatch
