// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "core/storage/faulty_storage.h"
#include "tests/ingest/station/station_fixture.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::station {
namespace {

using ::testing::HasSubstr;
using testing::KeyOf;
using testing::Record;
using testing::StreamIdOf;

constexpr Instant kNow = Instant::FromMicros(5);

Outbox::Options Options(std::uint64_t chunk_bytes = 64 << 20) {
  return {.station_id = "north", .new_stream_id = StreamIdOf('s'), .chunk_bytes = chunk_bytes};
}

BatchSealer SealerFor(const Outbox& outbox, std::size_t batch_bytes = 1024) {
  return {{.station_id = "north", .batch_bytes = batch_bytes}, KeyOf(1), outbox.state()};
}

// False when the disk fails.
bool AddNumbers(Outbox& outbox, std::uint64_t sequence, std::vector<std::uint64_t>& numbers) {
  const auto sealed = outbox.Read(sequence);
  if (!sealed) return false;
  const auto batch = OpenBatch(*sealed, KeyOf(1).public_key());
  EXPECT_TRUE(batch.has_value());
  EXPECT_EQ(batch->sequence(), sequence);
  for (const auto& record : batch->records()) numbers.push_back(record.source_sequence());
  return true;
}

// Numbers of all records that the outbox still holds.
std::vector<std::uint64_t> Held(Outbox& outbox) {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = outbox.first_retained(); i <= outbox.last(); ++i) {
    EXPECT_TRUE(AddNumbers(outbox, i, numbers));
  }
  return numbers;
}

std::vector<std::uint64_t> UpTo(std::uint64_t last) {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 1; i <= last; ++i) numbers.push_back(i);
  return numbers;
}

TEST(BatchSealer, SealsBySizeAndKeepsEveryRecordInOrder) {
  BatchSealer sealer({.station_id = "north", .batch_bytes = 1000}, KeyOf(1), testing::NewStream());
  std::vector<v1::OutboxRecord> sealed;
  for (std::uint64_t i = 1; i <= 50; ++i) {
    for (auto& record : sealer.Add(Record("radar1", i, 100), kNow)) sealed.push_back(record);
  }
  sealed.push_back(*sealer.Seal(kNow, true));
  std::uint64_t next = 1;
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    const auto batch = OpenBatch(sealed[i].batch(), KeyOf(1).public_key());
    ASSERT_TRUE(batch.has_value()) << batch.error().message;
    EXPECT_EQ(batch->sequence(), i + 1);
    EXPECT_EQ(batch->end_of_stream(), i + 1 == sealed.size());
    for (const auto& record : batch->records()) EXPECT_EQ(record.source_sequence(), next++);
    EXPECT_LE(sealed[i].batch().body().size(), 1200U);
  }
  EXPECT_EQ(next, 51U);
  EXPECT_GT(sealed.size(), 5U);
  EXPECT_FALSE(sealer.Seal(kNow, true).has_value()) << "a stream ends once";
}

TEST(BatchSealer, ABatchIsDueAfterItsAgeAndNeverEmpty) {
  BatchSealer sealer({.station_id = "north", .batch_age = Duration::Seconds(1)}, KeyOf(1),
                     testing::NewStream());
  EXPECT_FALSE(sealer.due().has_value());
  EXPECT_FALSE(sealer.Seal(kNow).has_value());
  sealer.Add(Record("radar1", 1), kNow);
  sealer.Add(Record("radar1", 2), kNow + Duration::Millis(900));
  EXPECT_EQ(sealer.due(), kNow + Duration::Seconds(1));
}

TEST(BatchSealer, ARecordThatNoBatchHoldsIsDeclaredLostAndNothingElseIs) {
  BatchSealer sealer({.station_id = "north"}, KeyOf(1), testing::NewStream());
  std::vector<v1::OutboxRecord> sealed = sealer.Add(Record("radar1", 1), kNow);
  for (auto& r : sealer.Add(Record("radar1", 2, kMaxRawRecordBytes), kNow)) sealed.push_back(r);
  // The largest that fits.
  for (auto& r : sealer.Add(Record("radar1", 3, kMaxRawRecordBytes - 64), kNow))
    sealed.push_back(r);
  sealed.push_back(*sealer.Seal(kNow, true));
  std::uint64_t records = 0;
  std::uint64_t lost = 0;
  for (const auto& record : sealed) {
    const auto batch = OpenBatch(record.batch(), KeyOf(1).public_key());
    ASSERT_TRUE(batch.has_value());
    records += static_cast<std::uint64_t>(batch->records_size());
    for (const auto& loss : batch->losses()) {
      EXPECT_EQ(loss.first_sequence(), 2U);
      EXPECT_EQ(loss.last_sequence(), 2U);
      ++lost;
    }
  }
  EXPECT_EQ(records, 2U);
  EXPECT_EQ(lost, 1U);
}

TEST(Outbox, GoesOnWhereItWasWithTheSameStream) {
  const trucewatch::testing::TempDirectory directory;
  const auto storage = MakePosixStorage();
  std::string first_bytes;
  {
    auto outbox = Outbox::Open(*storage, directory.File("o"), Options()).value();
    EXPECT_TRUE(outbox->created());
    BatchSealer sealer = SealerFor(*outbox);
    for (std::uint64_t i = 1; i <= 40; ++i) {
      for (const auto& r : sealer.Add(Record("radar1", i, 200), kNow)) {
        ASSERT_TRUE(outbox->Append(r).has_value());
      }
    }
    first_bytes = outbox->Read(1)->SerializeAsString();
    ASSERT_TRUE(outbox->Acknowledge(3).has_value());
    ASSERT_TRUE(outbox->Save().has_value());
  }
  Outbox::Options other = Options();
  other.new_stream_id = StreamIdOf('z');
  auto outbox = Outbox::Open(*storage, directory.File("o"), other).value();
  EXPECT_FALSE(outbox->created());
  EXPECT_EQ(outbox->state().stream_id, StreamIdOf('s'));
  EXPECT_EQ(outbox->acknowledged(), 3U);
  EXPECT_EQ(outbox->first_retained(), 4U);
  EXPECT_EQ(outbox->Read(1)->SerializeAsString(), first_bytes);
  const auto held = Held(*outbox);
  EXPECT_EQ(outbox->state().progress.at("radar1").sequence, held.back());
  EXPECT_EQ(outbox->state().total_records, held.back());
  std::uint64_t bytes = 0;
  for (std::uint64_t i = 4; i <= outbox->last(); ++i) bytes += outbox->Read(i)->ByteSizeLong();
  EXPECT_EQ(outbox->unacknowledged_bytes(), bytes);
  EXPECT_FALSE(outbox->Acknowledge(outbox->last() + 1).has_value()) << "never made";
}

TEST(Outbox, WhatIsAcknowledgedIsRemovedChunkByChunkAndNothingElse) {
  const trucewatch::testing::TempDirectory directory;
  const auto storage = MakePosixStorage();
  auto outbox = Outbox::Open(*storage, directory.File("o"), Options(3000)).value();
  BatchSealer sealer = SealerFor(*outbox);
  const auto chunks = [&] {
    int n = 0;
    for (const auto& e : std::filesystem::directory_iterator(directory.File("o"))) {
      n += e.is_directory() ? 1 : 0;
    }
    return n;
  };
  for (std::uint64_t i = 1; i <= 60; ++i) {
    for (const auto& r : sealer.Add(Record("radar1", i, 400), kNow)) {
      ASSERT_TRUE(outbox->Append(r).has_value());
    }
  }
  const int all = chunks();
  ASSERT_GT(all, 4);
  const std::uint64_t last = outbox->last();
  for (std::uint64_t i = 1; i <= last; ++i) {
    ASSERT_TRUE(outbox->Acknowledge(i).has_value());
    if (i < last) {
      ASSERT_TRUE(outbox->Read(i + 1).has_value()) << i;
    }
    if (i % 5 != 0) continue;
    // As after a kill: the acknowledged position may be older, never newer, and nothing is missing.
    outbox.reset();
    outbox = Outbox::Open(*storage, directory.File("o"), Options(3000)).value();
    EXPECT_LE(outbox->acknowledged(), i);
    EXPECT_EQ(outbox->last(), last);
    for (std::uint64_t k = outbox->first_retained(); k <= last; ++k) {
      ASSERT_TRUE(outbox->Read(k).has_value()) << k;
    }
    ASSERT_TRUE(outbox->Acknowledge(i).has_value());
  }
  EXPECT_LT(chunks(), 3);
  EXPECT_EQ(outbox->unacknowledged_bytes(), 0U);
  EXPECT_EQ(outbox->state().progress.at("radar1").sequence, outbox->state().total_records);
}

TEST(Outbox, RefusesTheOutboxOfAnotherStationAndOneThatIsDamaged) {
  const trucewatch::testing::TempDirectory directory;
  const auto storage = MakePosixStorage();
  const std::string path = directory.File("o");
  ASSERT_TRUE(Outbox::Open(*storage, path, Options()).has_value());
  Outbox::Options other = Options();
  other.station_id = "south";
  const auto refused = Outbox::Open(*storage, path, other);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("belongs to station 'north'"));
  // Not closed by the failed open.
  std::filesystem::remove(path + "/state.txt");
  const auto lost = Outbox::Open(*storage, path, Options());
  ASSERT_FALSE(lost.has_value());
  EXPECT_THAT(lost.error().message, HasSubstr("without their state.txt"));
  ASSERT_TRUE(WriteFileAtomically(*storage, path + "/state.txt", AsBytes("nonsense")).has_value());
  EXPECT_EQ(Outbox::Open(*storage, path, Options()).error().code, ErrorCode::kCheckFailed);
}

// A disk that fails, with its folders on the real one: there the journals keep their indexes.
class FailingDisk final : public Storage {
 public:
  FaultyStorage faulty;
  Result<std::unique_ptr<File>> Open(const std::string& path, bool create) override {
    return faulty.Open(path, create);
  }
  Result<void> MakeDirectories(const std::string& path) override {
    TW_RETURN_IF_ERROR(faulty.MakeDirectories(path));
    std::filesystem::create_directories(path);
    return {};
  }
  Result<bool> Exists(const std::string& path) const override { return faulty.Exists(path); }
  Result<std::vector<std::string>> List(const std::string& directory) const override {
    TW_ASSIGN_OR_RETURN(auto names, faulty.List(directory));
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      if (entry.is_directory()) names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  Result<void> Rename(const std::string& from, const std::string& to) override {
    return faulty.Rename(from, to);
  }
  Result<void> Remove(const std::string& path) override { return faulty.Remove(path); }
  Result<void> SyncDirectory(const std::string& path) override {
    return faulty.SyncDirectory(path);
  }
};

// The n-th call to the disk fails, half of the time with a power cut after it, while records are
// sealed, kept and acknowledged; then everything is opened again and goes on. What was said to be
// durable is there with the same bytes, and at the end every record is there once.
TEST(Outbox, SurvivesAFailureOfAnyCallToTheDisk) {
  int failures = 0;
  for (std::uint64_t n = 1; n < 140; n += 7) {
    const trucewatch::testing::TempDirectory directory;
    const std::string path = directory.File("o");
    FailingDisk storage;
    std::map<std::uint64_t, std::string> durable;
    std::uint64_t acknowledged = 0;
    bool armed = true;
    storage.faulty.FailCall(n);
    std::vector<std::uint64_t> delivered;
    for (int life = 0; life < 4; ++life) {
      auto opened = Outbox::Open(storage, path, Options(2000));
      if (opened) {
        Outbox& outbox = **opened;
        for (const auto& [sequence, bytes] : durable) {
          if (sequence <= acknowledged) continue;
          const auto read = outbox.Read(sequence);
          if (!read && storage.faulty.failed() && armed) continue;
          ASSERT_TRUE(read.has_value()) << n << ": batch " << sequence;
          ASSERT_EQ(read->SerializeAsString(), bytes) << n << ": batch " << sequence;
        }
        BatchSealer sealer = SealerFor(outbox);
        std::uint64_t next = outbox.state().progress["radar1"].sequence + 1;
        // What the hub says it has, after Hello.
        bool good = outbox.Acknowledge(acknowledged).has_value();
        for (; good && next <= 30 && !outbox.state().ended; ++next) {
          auto sealed = sealer.Add(Record("radar1", next, 300), kNow);
          if (next == 30) sealed.push_back(*sealer.Seal(kNow, true));
          for (const auto& r : sealed) {
            good = good && outbox.Append(r).has_value();
            if (!good) break;
            durable[outbox.last()] = r.batch().SerializeAsString();
            // The hub has all but the newest two.
            if (outbox.last() <= acknowledged + 2) continue;
            good = AddNumbers(outbox, acknowledged + 1, delivered) &&
                   outbox.Acknowledge(++acknowledged).has_value();
            if (!good) break;
          }
        }
        while (good && acknowledged < outbox.last()) {
          good = AddNumbers(outbox, acknowledged + 1, delivered) &&
                 outbox.Acknowledge(++acknowledged).has_value();
        }
        if (good && outbox.finished()) break;
      }
      ASSERT_TRUE(armed) << n << ": " << (opened ? "" : opened.error().message);
      opened = Fail(ErrorCode::kIo, "closed");
      if (storage.faulty.failed()) {
        ++failures;
        armed = false;
        if (n % 2 == 1) storage.faulty.Crash(n);
      }
    }
    EXPECT_EQ(delivered, UpTo(30)) << n;
  }
  EXPECT_GT(failures, 14) << "the disk must fail, or this shows nothing";
}

}  // namespace
}  // namespace trucewatch::station
