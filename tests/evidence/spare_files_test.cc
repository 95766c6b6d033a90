// SPDX-License-Identifier: Apache-2.0
#include "evidence/ledger/spare_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/storage/faulty_storage.h"

namespace trucewatch::evidence {
namespace {

constexpr char kSpare[] = "/m/ledger.spare-";

class SpareFilesTest : public ::testing::Test {
 protected:
  void Write(const std::string& path, const std::string& bytes) {
    ASSERT_TRUE(WriteFileAtomically(storage_, path, AsBytes(bytes)));
  }
  std::string Read(const std::string& path) {
    return ReadWholeFile(storage_, path, 1 << 20).value_or("none");
  }
  // All that lies beside the ledger is one of them.
  std::vector<std::string> Spares() { return *storage_.List("/m"); }

  FaultyStorage storage_;
  SpareFiles spares_{storage_, kSpare};
};

TEST_F(SpareFilesTest, AFileIsUsedAgainOnceItsFormerNameIsDurablyGone) {
  Write("/m/old/1", "longer than the next");
  ASSERT_TRUE(*spares_.Keep("/m/old", "1", 0));
  EXPECT_EQ(Read("/m/old/1"), "none");
  EXPECT_EQ(*spares_.Reuse("/m/new/1", "next", 0), nullptr);  // not yet
  EXPECT_EQ(spares_.emptied(), std::set<std::string>{"/m/old"});
  spares_.HaveSettled();
  EXPECT_EQ(*spares_.Reuse("/m/new/1", "next", 1), nullptr);  // of another kind
  ASSERT_NE(*spares_.Reuse("/m/new/1", "next", 0), nullptr);
  EXPECT_EQ(Read("/m/new/1"), "next");
  EXPECT_THAT(Spares(), ::testing::IsEmpty());
}

TEST_F(SpareFilesTest, ItTakesAnyLengthOfBytes) {
  for (const std::string bytes : {"", "a", "as long", "much longer than it was"}) {
    Write("/m/old/1", "seven b");
    ASSERT_TRUE(*spares_.Keep("/m/old", "1", 0));
    spares_.HaveSettled();
    ASSERT_NE(*spares_.Reuse("/m/new/1", bytes, 0), nullptr);
    EXPECT_EQ(Read("/m/new/1"), bytes);
  }
}

TEST_F(SpareFilesTest, NoMoreAreKeptThanWillBeUsed) {
  for (std::size_t i = 0; i <= SpareFiles::kMost; ++i) {
    Write("/m/old/1", "x");
    EXPECT_EQ(*spares_.Keep("/m/old", "1", 0), i < SpareFiles::kMost);
  }
  EXPECT_EQ(Read("/m/old/1"), "x");
  EXPECT_EQ(Spares().size(), SpareFiles::kMost);
}

TEST_F(SpareFilesTest, ThoseOfAWriterThatDiedGoToo) {
  Write(std::string(kSpare) + "0", "left");
  ASSERT_TRUE(spares_.Clear());
  EXPECT_THAT(Spares(), ::testing::IsEmpty());
}

// Whatever a power cut leaves, and whether or not the former name was gone for good by then.
TEST_F(SpareFilesTest, AfterAPowerCutNoFormerNameShowsOtherBytes) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for (const bool settled : {false, true}) {
      FaultyStorage storage;
      SpareFiles spares(storage, kSpare);
      ASSERT_TRUE(WriteFileAtomically(storage, "/m/old/1", AsBytes("former")));
      ASSERT_TRUE(*spares.Keep("/m/old", "1", 0));
      if (settled) {
        for (const std::string& folder : spares.emptied())
          ASSERT_TRUE(storage.SyncDirectory(folder));
        spares.HaveSettled();
      }
      const auto file = spares.Reuse("/m/new/1", "newest", 0);
      ASSERT_TRUE(file);
      if (*file != nullptr) {
        ASSERT_TRUE((*file)->Sync());
      }
      storage.Crash(seed);
      const std::string former = ReadWholeFile(storage, "/m/old/1", 100).value_or("none");
      EXPECT_NE(former, "newest") << seed;
      seen.insert(former);
    }
  }
  EXPECT_EQ(seen, (std::set<std::string>{"former", "none"}));
}

}  // namespace
}  // namespace trucewatch::evidence
