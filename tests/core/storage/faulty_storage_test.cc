// SPDX-License-Identifier: Apache-2.0
#include "core/storage/faulty_storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace trucewatch {
namespace {

// Content of a file after a power cut; "-" when it is not there.
std::string AfterCrash(FaultyStorage& storage, const std::string& path, std::uint64_t seed) {
  storage.Crash(seed);
  const auto text = ReadWholeFile(storage, path, 1000);
  return text ? *text : "-";
}

TEST(FaultyStorage, SyncedBytesUnderASyncedNameSurviveEveryCrash) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    FaultyStorage storage;
    auto file = storage.Open("d/a", true).value();
    ASSERT_TRUE(file->Append(AsBytes("kept")));
    ASSERT_TRUE(file->Sync());
    ASSERT_TRUE(storage.SyncDirectory("d"));
    ASSERT_EQ(AfterCrash(storage, "d/a", seed), "kept");
  }
}

TEST(FaultyStorage, UnsyncedBytesAreKeptDroppedAndTorn) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    FaultyStorage storage;
    auto file = storage.Open("d/a", true).value();
    ASSERT_TRUE(storage.SyncDirectory("d"));
    ASSERT_TRUE(file->Append(AsBytes("abc")));
    seen.insert(AfterCrash(storage, "d/a", seed));
  }
  EXPECT_TRUE(seen.contains("abc"));
  EXPECT_TRUE(seen.contains(""));
  EXPECT_TRUE(seen.contains("ab"));
  EXPECT_GT(seen.size(), 5u) << "some are torn with garbage";
}

TEST(FaultyStorage, OverwrittenBytesAreOldNewOrTornAndTheirNeighboursAreKept) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    FaultyStorage storage;
    ASSERT_TRUE(WriteFileAtomically(storage, "d/a", AsBytes("<old>")));
    auto file = storage.Open("d/a", false).value();
    EXPECT_FALSE(file->WriteAt(3, AsBytes("new")));
    ASSERT_TRUE(file->WriteAt(1, AsBytes("new")));
    EXPECT_EQ(*file->ReadAt(0, 5), "<new>");
    if (seed == 0) {
      ASSERT_TRUE(file->Sync());
    }
    const std::string after = AfterCrash(storage, "d/a", seed);
    EXPECT_TRUE(seed > 0 || after == "<new>");
    ASSERT_EQ(after.size(), 5u);
    EXPECT_EQ(std::string({after.front(), after.back()}), "<>");
    seen.insert(after);
  }
  EXPECT_TRUE(seen.contains("<old>"));
  EXPECT_TRUE(seen.contains("<nld>"));
  EXPECT_TRUE(seen.contains("<new>"));
  EXPECT_GT(seen.size(), 5u) << "some are torn with garbage";
}

TEST(FaultyStorage, UnsyncedNamesComeAndGo) {
  std::set<std::string> created;
  std::set<std::string> renamed;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    FaultyStorage storage;
    auto file = storage.Open("d/a", true).value();
    ASSERT_TRUE(file->Append(AsBytes("x")));
    ASSERT_TRUE(file->Sync());
    created.insert(AfterCrash(storage, "d/a", seed));
    FaultyStorage other;
    ASSERT_TRUE(WriteFileAtomically(other, "d/b", AsBytes("old")));
    ASSERT_TRUE(WriteFileAtomically(other, "d/c", AsBytes("new")));
    ASSERT_TRUE(other.Rename("d/c", "d/b"));
    renamed.insert(AfterCrash(other, "d/b", seed));
  }
  EXPECT_EQ(created, (std::set<std::string>{"-", "x"}));
  EXPECT_EQ(renamed, (std::set<std::string>{"new", "old"}));
}

TEST(FaultyStorage, ExchangedNamesAreEachOldOrNewUntilTheirFolderIsSynced) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    for (const bool sync : {false, true}) {
      FaultyStorage storage;
      for (const std::string name : {"a", "b"})
        ASSERT_TRUE(WriteFileAtomically(storage, "/m/" + name, AsBytes(name)));
      ASSERT_EQ(storage.Exchange("/m/a", "/m/b").value(), true);
      if (sync) {
        ASSERT_TRUE(storage.SyncDirectory("/m"));
      }
      storage.Crash(seed);
      const std::string both =
          ReadWholeFile(storage, "/m/a", 9).value() + ReadWholeFile(storage, "/m/b", 9).value();
      if (!sync) {
        seen.insert(both);
        continue;
      }
      EXPECT_EQ(both, "ba");
    }
  }
  EXPECT_EQ(seen, (std::set<std::string>{"ab", "ba", "aa", "bb"}));
}

TEST(FaultyStorage, AfterAFailedSyncALaterOneDoesNotHelp) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    FaultyStorage storage;
    auto file = storage.Open("d/a", true).value();
    ASSERT_TRUE(storage.SyncDirectory("d"));
    ASSERT_TRUE(file->Append(AsBytes("x")));
    storage.FailCall(1);
    ASSERT_FALSE(file->Sync());
    ASSERT_TRUE(file->Sync());
    seen.insert(AfterCrash(storage, "d/a", seed));
  }
  EXPECT_TRUE(seen.contains(""));
}

TEST(FaultyStorage, FilesOpenedBeforeACrashAreDead) {
  FaultyStorage storage;
  auto file = storage.Open("d/a", true).value();
  storage.Crash(1);
  EXPECT_FALSE(file->Append(AsBytes("x")));
  EXPECT_FALSE(file->Sync());
}

// Fails the 1st, 2nd, ... call and cuts the power: whatever happens the file is the old or the new
// one, and it is the new one when success was reported.
TEST(WriteFileAtomically, EveryFailureAndCrashLeavesTheOldOrTheNewFile) {
  bool clean_pass = false;
  std::uint64_t points = 0;
  for (std::uint64_t n = 1; !clean_pass; ++n) {
    ASSERT_LT(n, 100u);
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      FaultyStorage storage;
      ASSERT_TRUE(WriteFileAtomically(storage, "d/a", AsBytes("the old text")));
      storage.FailCall(n, seed % 2 == 1);
      const bool acknowledged = WriteFileAtomically(storage, "d/a", AsBytes("the new")).has_value();
      clean_pass = !storage.failed();
      ASSERT_EQ(acknowledged, clean_pass);
      const std::string text = AfterCrash(storage, "d/a", seed);
      if (acknowledged) {
        ASSERT_EQ(text, "the new");
      } else {
        ASSERT_TRUE(text == "the new" || text == "the old text") << text << " n=" << n;
      }
      ++points;
    }
  }
  RecordProperty("points", static_cast<int>(points));
}

}  // namespace
}  // namespace trucewatch
