// SPDX-License-Identifier: Apache-2.0
#include "core/journal/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "core/journal/internal/segment_format.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

constexpr Duration kNoWait = Duration::Micros(0);
constexpr std::uint64_t kMany = 1 << 30;

std::string NumberedPayload(std::uint64_t i) {
  return "record " + std::to_string(i) + std::string(i % 40, 'x');
}

std::vector<LogWriter::NewRecord> Records(std::uint64_t first, std::uint64_t last) {
  std::vector<LogWriter::NewRecord> out;
  for (std::uint64_t i = first; i <= last; ++i) out.push_back({i * 10, NumberedPayload(i)});
  return out;
}

class JournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<Journal> Open(const JournalOptions& options = {.segment_bytes = 1000}) {
    auto opened = Journal::Open(*storage_, Path(), options);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  Error OpenError(const JournalOptions& options = {.segment_bytes = 1000}) {
    auto opened = Journal::Open(*storage_, Path(), options);
    EXPECT_FALSE(opened);
    return opened ? Error{} : opened.error();
  }
  void ExpectHolds(Journal& journal, std::uint64_t last) {
    const auto batch = journal.ReadAfter(0, kMany, kNoWait);
    ASSERT_TRUE(batch) << batch.error().message;
    ASSERT_EQ(batch->records.size(), last);
    for (std::uint64_t i = 1; i <= last; ++i) {
      ASSERT_EQ(batch->records[i - 1], (LogRecord{i, i * 10, NumberedPayload(i)}));
    }
  }
  std::string Path() const { return directory_.File("journal"); }
  std::string Segment(std::uint64_t first) const {
    return Path() + "/" + journal::SegmentName(first);
  }
  static void Flip(const std::string& path, std::uint64_t offset) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(static_cast<char>(byte ^ 0x10));
  }

  testing::TempDirectory directory_;
  std::unique_ptr<Storage> storage_ = MakePosixStorage();
};

TEST_F(JournalTest, RecordsComeBackNumberedInOrderAcrossSegmentsAndRestarts) {
  for (std::uint64_t first = 1; first <= 91; first += 10) {
    auto journal = Open();
    ExpectHolds(*journal, first - 1);
    ASSERT_TRUE(journal->Append(Records(first, first + 9)));
    EXPECT_EQ(journal->last(), first + 9);
  }
  auto journal = Open({.segment_bytes = 1000, .verify_all = true});
  ExpectHolds(*journal, 100);
  EXPECT_TRUE(journal->Verify());
  EXPECT_GT(storage_->List(Path()).value().size(), 4u) << "there are several segments";
}

TEST_F(JournalTest, OneGroupMaySpanSegments) {
  auto journal = Open();
  ASSERT_TRUE(journal->Append(Records(1, 200)));
  ExpectHolds(*journal, 200);
  journal.reset();
  ExpectHolds(*Open(), 200);
}

TEST_F(JournalTest, ReadStopsAtTheByteLimitButGivesAtLeastOneRecord) {
  auto journal = Open();
  ASSERT_TRUE(journal->Append(Records(1, 5)));
  const std::uint64_t two =
      NumberedPayload(1).size() + NumberedPayload(2).size() + 2 * kRecordOverheadBytes;
  EXPECT_EQ(journal->ReadAfter(0, two, kNoWait)->records.size(), 2u);
  EXPECT_EQ(journal->ReadAfter(0, two - 1, kNoWait)->records.size(), 1u);
  EXPECT_EQ(journal->ReadAfter(0, 1, kNoWait)->records.size(), 1u);
  EXPECT_EQ(journal->ReadAfter(0, 0, kNoWait)->records.size(), 0u);
  EXPECT_EQ(journal->ReadAfter(0, 0, kNoWait)->last, 5u);
  EXPECT_EQ(journal->ReadAfter(3, kMany, kNoWait)->records.front().sequence, 4u);
}

TEST_F(JournalTest, AskingBeyondTheEndIsAnError) {
  auto journal = Open();
  ASSERT_TRUE(journal->Append(Records(1, 5)));
  EXPECT_TRUE(journal->ReadAfter(5, kMany, kNoWait)->records.empty());
  const auto beyond = journal->ReadAfter(6, kMany, kNoWait);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, ErrorCode::kCheckFailed);
}

TEST_F(JournalTest, AWaitingReaderWakesOnAppendAndOnClose) {
  auto journal = Open();
  // Longer than the test may take: only a wake-up lets it pass.
  const Duration for_ever = Duration::Seconds(600);
  std::jthread writer([&] { ASSERT_TRUE(journal->Append(Records(1, 1))); });
  EXPECT_EQ(journal->ReadAfter(0, kMany, for_ever)->records.size(), 1u);
  std::jthread closer([&] { ASSERT_TRUE(journal->Close()); });
  const auto end = journal->ReadAfter(1, kMany, for_ever);
  EXPECT_TRUE(end->records.empty());
  EXPECT_TRUE(end->closed);
}

TEST_F(JournalTest, ClosedStaysClosed) {
  auto journal = Open();
  ASSERT_TRUE(journal->Append(Records(1, 3)));
  EXPECT_FALSE(journal->ReadAfter(0, kMany, kNoWait)->closed);
  ASSERT_TRUE(journal->Close());
  ASSERT_TRUE(journal->Close());
  journal.reset();
  journal = Open();
  EXPECT_TRUE(journal->closed());
  EXPECT_TRUE(journal->ReadAfter(0, kMany, kNoWait)->closed);
  const auto refused = journal->Append(Records(4, 4));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("closed"));
  ExpectHolds(*journal, 3);
}

TEST_F(JournalTest, ASecondOpenIsRefusedWhileTheFirstLives) {
  auto journal = Open();
  const Error error = OpenError();
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_THAT(error.message, HasSubstr("another process has this journal open"));
  ASSERT_TRUE(journal->Append(Records(1, 1))) << "the first one is not disturbed";
  journal.reset();
  EXPECT_NE(Open(), nullptr);
}

TEST_F(JournalTest, ASecondProcessIsRefused) {
  auto journal = Open();
  const pid_t child = ::fork();
  if (child == 0) {
    const auto opened = Journal::Open(*storage_, Path());
    ::_exit(!opened && opened.error().code == ErrorCode::kUnavailable ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(JournalTest, ATornTailIsCutOff) {
  ASSERT_TRUE(Open()->Append(Records(1, 3)));
  const auto size = std::filesystem::file_size(Segment(1));
  std::string next;
  journal::AppendRecord(4, 40, NumberedPayload(4), next);
  // Whatever part of an unacknowledged record is there, whole ones included, and a segment begun
  // after it.
  for (std::size_t kept = 0; kept <= next.size(); ++kept) {
    std::ofstream(Segment(1), std::ios::app | std::ios::binary) << next.substr(0, kept);
    std::ofstream(Segment(4), std::ios::binary) << "TWSEG";
    auto journal = Open();
    ASSERT_NE(journal, nullptr);
    ExpectHolds(*journal, 3);
    ASSERT_EQ(std::filesystem::file_size(Segment(1)), size);
    ASSERT_FALSE(std::filesystem::exists(Segment(4)));
  }
  auto journal = Open();
  ASSERT_TRUE(journal->Append(Records(4, 5)));
  ExpectHolds(*journal, 5);
}

TEST_F(JournalTest, EveryFlippedByteIsReportedWithFileAndByte) {
  std::vector<std::uint64_t> starts{0, journal::kSegmentHeaderBytes};
  for (std::uint64_t i = 1; i <= 3; ++i) {
    starts.push_back(starts.back() + journal::kRecordHeaderBytes + NumberedPayload(i).size());
  }
  ASSERT_TRUE(Open()->Append(Records(1, 3)));
  ASSERT_EQ(std::filesystem::file_size(Segment(1)), starts.back());
  for (std::uint64_t byte = 0; byte < starts.back(); ++byte) {
    Flip(Segment(1), byte);
    const Error error = OpenError();
    EXPECT_EQ(error.code, ErrorCode::kCheckFailed);
    EXPECT_THAT(error.message, HasSubstr(journal::SegmentName(1)));
    const auto record = std::upper_bound(starts.begin(), starts.end(), byte) - 1;
    ASSERT_THAT(error.message, HasSubstr("byte " + std::to_string(*record) + ":"));
    Flip(Segment(1), byte);
  }
  ExpectHolds(*Open(), 3);
}

TEST_F(JournalTest, DamageInAnOlderSegmentIsFoundWhenRead) {
  ASSERT_TRUE(Open()->Append(Records(1, 100)));
  Flip(Segment(1), journal::kSegmentHeaderBytes + journal::kRecordHeaderBytes);
  auto journal = Open();
  const auto read = journal->ReadAfter(0, 1, kNoWait);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kCheckFailed);
  EXPECT_THAT(read.error().message, HasSubstr("byte 20: record 1 is damaged"));
  EXPECT_TRUE(journal->ReadAfter(99, kMany, kNoWait));
  EXPECT_FALSE(journal->Verify());
  journal.reset();
  EXPECT_THAT(OpenError({.segment_bytes = 1000, .verify_all = true}).message, HasSubstr("byte 20"));
}

TEST_F(JournalTest, MissingOrShortSegmentIsReported) {
  ASSERT_TRUE(Open()->Append(Records(1, 100)));
  const auto size = std::filesystem::file_size(Segment(1));
  std::filesystem::resize_file(Segment(1), size - 1);
  Error error = OpenError();
  EXPECT_EQ(error.code, ErrorCode::kCheckFailed);
  EXPECT_THAT(error.message, HasSubstr("byte " + std::to_string(size - 1)));
  std::filesystem::remove(Segment(1));
  error = OpenError();
  EXPECT_EQ(error.code, ErrorCode::kCheckFailed);
  EXPECT_THAT(error.message, HasSubstr("segment with record 1 is missing"));
}

TEST_F(JournalTest, ALostOrDamagedIndexIsReportedAndNothingIsRemoved) {
  ASSERT_TRUE(Open()->Append(Records(1, 3)));
  const std::string index = Path() + "/index.sqlite";
  std::filesystem::rename(index, index + ".away");
  const Error lost = OpenError();
  EXPECT_EQ(lost.code, ErrorCode::kCheckFailed);
  EXPECT_THAT(lost.message, HasSubstr("without their index.sqlite"));
  std::ofstream(index, std::ios::trunc) << std::string(5000, 'x');
  EXPECT_EQ(OpenError().code, ErrorCode::kCheckFailed);
  std::filesystem::rename(index + ".away", index);
  ExpectHolds(*Open(), 3);
}

// A real process is killed while it appends: what it reported as appended is there afterwards.
TEST_F(JournalTest, RecordsAcknowledgedBeforeKill9AreThere) {
  std::uint64_t before = 0;
  for (std::uint64_t round = 0; round < 10; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      auto journal = Journal::Open(*storage_, Path(), {.segment_bytes = 1000});
      if (!journal) ::_exit(1);
      for (;;) {
        const std::uint64_t last = (*journal)->last() + 1 + round % 4;
        if (!(*journal)->Append(Records((*journal)->last() + 1, last))) ::_exit(1);
        if (::write(pipe[1], &last, sizeof last) != sizeof last) ::_exit(1);
      }
    }
    ::close(pipe[1]);
    std::uint64_t acknowledged = 0;
    std::uint64_t value = 0;
    // Killed at some point of the work that follows the n-th acknowledgement.
    for (std::uint64_t n = 0; n < 3 + round; ++n) {
      ASSERT_EQ(::read(pipe[0], &value, sizeof value), ssize_t{sizeof value});
      acknowledged = value;
    }
    ::kill(child, SIGKILL);
    while (::read(pipe[0], &value, sizeof value) == ssize_t{sizeof value}) acknowledged = value;
    ::waitpid(child, nullptr, 0);
    ::close(pipe[0]);
    auto journal = Open({.segment_bytes = 1000, .verify_all = true});
    ASSERT_NE(journal, nullptr);
    ASSERT_GE(journal->last(), acknowledged);
    ASSERT_GT(acknowledged, before);
    ExpectHolds(*journal, journal->last());
    before = journal->last();
  }
}

}  // namespace
}  // namespace trucewatch
