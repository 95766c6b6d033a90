// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <set>

#include "core/journal/journal.h"
#include "core/storage/faulty_storage.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

constexpr JournalOptions kSmallSegments{.segment_bytes = 200, .verify_all = true};
constexpr std::uint64_t kAll = 1 << 30;

std::string TrimPayload(std::uint64_t i) { return std::to_string(i) + std::string(40, 'x'); }

void AppendTo(Journal& journal, std::uint64_t count) {
  std::vector<LogWriter::NewRecord> records;
  for (std::uint64_t i = 1; i <= count; ++i)
    records.push_back({0, TrimPayload(journal.last() + i)});
  ASSERT_TRUE(journal.Append(records));
}

std::unique_ptr<Journal> OpenTrim(Storage& storage, const testing::TempDirectory& temp) {
  auto journal = Journal::Open(storage, temp.path(), kSmallSegments);
  EXPECT_TRUE(journal) << journal.error().message;
  return journal ? std::move(*journal) : nullptr;
}

// Every record that is there, passing over what was trimmed.
std::set<std::uint64_t> There(Journal& journal) {
  std::set<std::uint64_t> out;
  for (std::uint64_t after = journal.PassTrimmed(0); after < journal.last();
       after = journal.PassTrimmed(after)) {
    const auto batch = journal.ReadAfter(after, kAll, Duration());
    if (!batch || batch->records.empty()) {
      ADD_FAILURE() << after << ": " << (batch ? "nothing" : batch.error().message);
      break;
    }
    for (const LogRecord& record : batch->records) {
      EXPECT_EQ(record.payload, TrimPayload(record.sequence));
      EXPECT_EQ(record.sequence, ++after);
      out.insert(record.sequence);
    }
  }
  return out;
}

TEST(JournalTrim, WhoAsksForATrimmedRecordIsToldWhenAndWhyItWent) {
  const testing::TempDirectory temp;
  const auto storage = MakePosixStorage();
  auto journal = OpenTrim(*storage, temp);
  AppendTo(*journal, 10);
  const auto segments = journal->Segments();
  ASSERT_GT(segments.size(), 3U);
  const SegmentInfo& second = segments[1];
  ASSERT_TRUE(journal->Trim(second.first, "trimmed on Monday: older than 30 days"));
  ASSERT_TRUE(journal->Trim(second.first, "another word")) << "a second time changes nothing";
  for (int round = 0; round < 2; ++round) {
    const auto before = journal->ReadAfter(0, kAll, Duration());
    ASSERT_TRUE(before);
    EXPECT_EQ(before->records.back().sequence, second.first - 1);
    const auto there = journal->ReadAfter(second.first, kAll, Duration());
    ASSERT_FALSE(there);
    EXPECT_EQ(there.error().code, ErrorCode::kNotFound);
    EXPECT_THAT(there.error().message,
                HasSubstr(fmt::format("records {} to {} are not here any more: trimmed on Monday: "
                                      "older than 30 days",
                                      second.first, second.last)));
    EXPECT_EQ(journal->ReadAfter(second.last, kAll, Duration())->records.front().sequence,
              second.last + 1);
    EXPECT_EQ(journal->Segments()[1].trimmed, "trimmed on Monday: older than 30 days");
    EXPECT_TRUE(journal->Verify());
    journal.reset();
    journal = OpenTrim(*storage, temp);
    ASSERT_NE(journal, nullptr);
  }
  AppendTo(*journal, 3);
  EXPECT_EQ(There(*journal).size(), 13 - (second.last - second.first + 1));
}

TEST(JournalTrim, TheSegmentThatIsWrittenToAndWhatIsNoSegmentStay) {
  const testing::TempDirectory temp;
  const auto storage = MakePosixStorage();
  const auto journal = OpenTrim(*storage, temp);
  AppendTo(*journal, 5);
  const auto segments = journal->Segments();
  EXPECT_FALSE(segments.back().trimmable);
  EXPECT_FALSE(journal->Trim(segments.back().first, "r"));
  EXPECT_FALSE(journal->Trim(segments.front().first + 1, "r"));
  EXPECT_FALSE(journal->Trim(99, "r"));
  EXPECT_EQ(There(*journal).size(), 5U);
}

TEST(JournalTrim, ATrimThatAPowerCutInterruptedIsCompletedAtTheNextOpen) {
  const testing::TempDirectory temp;
  FaultyStorage storage;
  auto journal = OpenTrim(storage, temp);
  AppendTo(*journal, 10);
  const SegmentInfo second = journal->Segments()[1];
  storage.FailCall(1);  // the unlink
  EXPECT_FALSE(journal->Trim(second.first, "r"));
  ASSERT_TRUE(storage.failed());
  journal.reset();
  storage.Crash(1);
  const std::string path = fmt::format("{}/segment-{:020}.log", temp.path(), second.first);
  ASSERT_TRUE(storage.Exists(path).value());
  journal = OpenTrim(storage, temp);
  ASSERT_NE(journal, nullptr);
  EXPECT_FALSE(storage.Exists(path).value());
  EXPECT_EQ(There(*journal).size(), 10 - (second.last - second.first + 1));
}

TEST(JournalTrim, AMissingSegmentThatWasNotTrimmedIsStillDamage) {
  const testing::TempDirectory temp;
  const auto storage = MakePosixStorage();
  auto journal = OpenTrim(*storage, temp);
  AppendTo(*journal, 10);
  const auto segments = journal->Segments();
  ASSERT_TRUE(journal->Trim(segments[1].first, "r"));
  journal.reset();
  std::filesystem::remove(fmt::format("{}/segment-{:020}.log", temp.path(), segments[2].first));
  const auto opened = Journal::Open(*storage, temp.path(), kSmallSegments);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCheckFailed);
  EXPECT_THAT(opened.error().message, HasSubstr("is missing"));
}

TEST(JournalTrim, RandomTrimsAppendsAndPowerCutsLeaveExactlyWhatWasNotTrimmed) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const testing::TempDirectory temp;
    FaultyStorage storage;
    std::mt19937_64 random(seed);
    std::set<std::uint64_t> expected;
    auto journal = OpenTrim(storage, temp);
    for (int step = 0; step < 10; ++step) {
      ASSERT_NE(journal, nullptr) << seed;
      const std::uint64_t last = journal->last();
      AppendTo(*journal, 1 + random() % 6);
      for (std::uint64_t i = last + 1; i <= journal->last(); ++i) expected.insert(i);
      const auto segments = journal->Segments();
      const SegmentInfo& segment = segments[random() % segments.size()];
      // A failed unlink or folder sync leaves the mark: it is gone all the same.
      if (random() % 3 == 0) storage.FailCall(1 + random() % 2);
      const auto trimmed = journal->Trim(segment.first, "r");
      if (segment.trimmable) {
        for (std::uint64_t i = segment.first; i <= segment.last; ++i) expected.erase(i);
      } else {
        EXPECT_FALSE(trimmed);
      }
      storage.FailCall(0);
      if (random() % 2 == 0) {
        journal.reset();
        storage.Crash(random());
        journal = OpenTrim(storage, temp);
      }
      ASSERT_EQ(There(*journal), expected) << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace trucewatch
