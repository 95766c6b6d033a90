// SPDX-License-Identifier: Apache-2.0
#include "evidence/ledger/ledger.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/evidence/ledger_fixture.h"

namespace trucewatch::evidence {
namespace {

using testing::FilesOf;
using testing::kLedger;
using testing::kOrigin;
using testing::PrepareSigner;
using testing::TestKey;

std::unique_ptr<Ledger> OpenLedger(Storage& storage) {
  auto ledger = Ledger::Open(storage, {kLedger, TestKey().public_key()});
  EXPECT_TRUE(ledger) << ledger.error().message;
  return ledger ? std::move(*ledger) : nullptr;
}

std::string EntryNumber(std::uint64_t n) { return "event-" + std::to_string(n); }

Result<void> AppendUpTo(Ledger& ledger, std::uint64_t size) {
  while (ledger.size() < size) TW_RETURN_IF_ERROR(ledger.Append(EntryNumber(ledger.size())));
  return {};
}

TEST(Ledger, SeventyThousandEntriesGiveTheKnownRootSignatureAndFiles) {
  FaultyStorage storage;
  const auto signer =
      *InProcessSigner::Open(storage, PrepareSigner(storage, "trucewatch.example/log1"));
  auto ledger = Ledger::Open(storage, {kLedger, signer->public_key()});
  ASSERT_TRUE(ledger);
  ASSERT_TRUE(AppendUpTo(**ledger, 70'000));
  const auto published = (*ledger)->Publish(*signer);
  ASSERT_TRUE(published) << published.error().message;
  EXPECT_EQ(*ReadWholeFile(storage, std::string(kLedger) + "/checkpoint", 4096),
            "trucewatch.example/log1\n70000\ny2wNxBh56AbfiUbZZIqfJXjUkUiRPhOkjjx4lEEDb2U=\n\n"
            "\u2014 trucewatch.example/log1 kDNyKeg3XMMIxEvB6SfKjGlDhaxbhFo9QBXRtbR5SJOGPkD/"
            "QM9Y+tzTw8YrRdS22CbBIxLNXPHmOuSz2/pAMT4aMQI=\n");
  EXPECT_EQ(FilesOf(storage, 274).size(), 552U);
}

TEST(Ledger, ReopenedLedgerGoesOnAndEqualsOneWrittenAtOnce) {
  const std::vector<std::uint64_t> sizes = {0, 1, 7, 255, 256, 300, 512, 600};
  FaultyStorage at_once;
  const auto signer = *InProcessSigner::Open(at_once, PrepareSigner(at_once));
  const auto whole = OpenLedger(at_once);
  FaultyStorage in_steps;
  const SignerOptions options = PrepareSigner(in_steps);
  for (const std::uint64_t size : sizes) {
    ASSERT_TRUE(AppendUpTo(*whole, size));
    ASSERT_TRUE(whole->Publish(*signer));
    const auto other = *InProcessSigner::Open(in_steps, options);
    const auto ledger = OpenLedger(in_steps);
    ASSERT_TRUE(AppendUpTo(*ledger, size));
    ASSERT_TRUE(ledger->Publish(*other));
    EXPECT_EQ(FilesOf(at_once), FilesOf(in_steps)) << size;
  }
}

// The file of the checkpoint before, while a writer is at work.
TEST(Ledger, WhatOnlyAWriterAtWorkHasGoesWhenItTidiesUp) {
  FaultyStorage storage;
  const std::string spare = std::string(kLedger) + "/checkpoint.tmp";
  const auto signer = *InProcessSigner::Open(storage, PrepareSigner(storage));
  const auto ledger = OpenLedger(storage);
  std::string before;
  for (const std::uint64_t size : {9, 10, 100, 101}) {  // also where a note grows
    ASSERT_TRUE(AppendUpTo(*ledger, size));
    ASSERT_TRUE(ledger->Publish(*signer));
    if (!before.empty()) {
      EXPECT_EQ(*ReadWholeFile(storage, spare, 1 << 20), before);
    }
    before = ledger->checkpoint_note();
    EXPECT_EQ(*ReadWholeFile(storage, std::string(kLedger) + "/checkpoint", 1 << 20), before);
  }
  ASSERT_TRUE(ledger->TidyUp());
  EXPECT_FALSE(*storage.Exists(spare));
  ASSERT_TRUE(AppendUpTo(*ledger, 102));
  ASSERT_TRUE(ledger->Publish(*signer));
  // One that dies leaves it; the next one does not use it.
  ASSERT_TRUE(*storage.Exists(spare));
  const auto next = OpenLedger(storage);
  EXPECT_FALSE(*storage.Exists(spare));
}

TEST(Ledger, PartialTilesStayForEveryPublishedSizeUntilTheirTileIsFull) {
  FaultyStorage storage;
  const auto signer = *InProcessSigner::Open(storage, PrepareSigner(storage));
  const auto ledger = OpenLedger(storage);
  for (const std::uint64_t size : {10, 200}) {
    ASSERT_TRUE(AppendUpTo(*ledger, size));
    ASSERT_TRUE(ledger->Publish(*signer));
  }
  auto files = FilesOf(storage);
  EXPECT_EQ(files.count("tile/0/000.p/10"), 1U);
  EXPECT_EQ(files.count("tile/entries/000.p/200"), 1U);
  ASSERT_TRUE(AppendUpTo(*ledger, 300));
  ASSERT_TRUE(ledger->Publish(*signer));
  files = FilesOf(storage);
  std::vector<std::string> names;
  for (const auto& [name, bytes] : files) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"checkpoint", "tile/0/000", "tile/0/001.p/44",
                                             "tile/1/000.p/1", "tile/entries/000",
                                             "tile/entries/001.p/44"}));
}

TEST(Ledger, LeavesThatNoCheckpointCoversAreForgotten) {
  FaultyStorage storage;
  const auto signer = *InProcessSigner::Open(storage, PrepareSigner(storage));
  {
    const auto ledger = OpenLedger(storage);
    ASSERT_TRUE(AppendUpTo(*ledger, 5));
    ASSERT_TRUE(ledger->Publish(*signer));
    ASSERT_TRUE(AppendUpTo(*ledger, 9));
  }
  EXPECT_EQ(OpenLedger(storage)->size(), 5U);
}

// A checkpoint that was published ahead may be gone after a power cut, whole or not at all; the
// next one makes it durable, and so does Settle.
TEST(Ledger, WhatWasPublishedAheadIsSettledWithTheNextOneOrByItself) {
  std::set<std::uint64_t> found;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    FaultyStorage storage;
    const SignerOptions options = PrepareSigner(storage);
    const auto signer = *InProcessSigner::Open(storage, options);
    const auto ledger = OpenLedger(storage);
    std::uint64_t settled = 0;
    for (const std::uint64_t size : {250, 260, 520}) {
      ASSERT_TRUE(AppendUpTo(*ledger, size));
      ASSERT_TRUE(ledger->PublishAhead(*signer));
      EXPECT_EQ(ledger->published_size(), size);
      EXPECT_EQ(ledger->settled_size(), settled);
      settled = size;
    }
    const bool settle = seed % 3 == 0;
    if (settle) {
      ASSERT_TRUE(ledger->Settle());
      EXPECT_EQ(ledger->settled_size(), 520U);
    }
    storage.Crash(seed);
    const auto again = OpenLedger(storage);
    ASSERT_NE(again, nullptr);
    EXPECT_EQ(again->settled_size(), again->published_size());
    if (settle) {
      EXPECT_EQ(again->published_size(), 520U);
    } else {
      found.insert(again->published_size());
    }
    // Both go on to the same files.
    ASSERT_TRUE(AppendUpTo(*again, 600));
    ASSERT_TRUE(again->Publish(**InProcessSigner::Open(storage, options)));
  }
  EXPECT_EQ(found, (std::set<std::uint64_t>{260, 520}));
}

TEST(Ledger, TooLongLeafIsRefused) {
  FaultyStorage storage;
  const auto ledger = OpenLedger(storage);
  EXPECT_TRUE(ledger->Append(std::string(65'535, 'x')));
  EXPECT_FALSE(ledger->Append(std::string(65'536, 'x')));
  EXPECT_EQ(ledger->size(), 1U);
}

TEST(Ledger, AFlippedByteOfAnyNeededFileIsNamedWhenOpened) {
  FaultyStorage storage;
  const auto signer = *InProcessSigner::Open(storage, PrepareSigner(storage));
  {
    const auto ledger = OpenLedger(storage);
    ASSERT_TRUE(AppendUpTo(*ledger, 260));
    ASSERT_TRUE(ledger->Publish(*signer));
  }
  for (const auto& [name, bytes] : FilesOf(storage)) {
    const std::string path = std::string(kLedger) + "/" + name;
    for (std::size_t i = 0; i < bytes.size(); i += 1 + bytes.size() / 97) {
      storage.CorruptByte(path, i);
      const auto ledger = Ledger::Open(storage, {kLedger, TestKey().public_key()});
      ASSERT_FALSE(ledger) << name << " byte " << i;
      EXPECT_NE(ledger.error().message.find(name == "checkpoint" ? "checkpoint" : "tile/"),
                std::string::npos)
          << ledger.error().message;
      storage.CorruptByte(path, i);
    }
  }
  EXPECT_EQ(OpenLedger(storage)->size(), 260U);
}

TEST(Ledger, AnotherLogsCheckpointIsRefused) {
  FaultyStorage storage;
  const auto signer = *InProcessSigner::Open(storage, PrepareSigner(storage));
  const auto ledger = OpenLedger(storage);
  ASSERT_TRUE(ledger->Publish(*signer));
  const auto other = Ledger::Open(storage, {kLedger, TestKey("exercise.other").public_key()});
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("not signed by exercise.other"), std::string::npos);
}

// What is wrong on the disk must never be signed: the file changes between writing and re-reading.
class CorruptingStorage final : public Storage {
 public:
  explicit CorruptingStorage(FaultyStorage& disk) : disk_(disk) {}
  Result<std::unique_ptr<File>> Open(const std::string& path, bool create) override {
    return disk_.Open(path, create);
  }
  Result<void> MakeDirectories(const std::string& path) override {
    return disk_.MakeDirectories(path);
  }
  Result<bool> Exists(const std::string& path) const override { return disk_.Exists(path); }
  Result<std::vector<std::string>> List(const std::string& path) const override {
    return disk_.List(path);
  }
  Result<void> Rename(const std::string& from, const std::string& to) override {
    return disk_.Rename(from, to);
  }
  Result<void> Remove(const std::string& path) override { return disk_.Remove(path); }
  Result<void> SyncDirectory(const std::string& path) override {
    const std::string victim = std::string(kLedger) + "/" + target;
    if (!target.empty() && *disk_.Exists(victim)) {
      disk_.CorruptByte(victim, 40);
      target.clear();
    }
    return disk_.SyncDirectory(path);
  }
  std::string target;

 private:
  FaultyStorage& disk_;
};

TEST(Ledger, ABitFlippedOnTheDiskIsFoundBeforeItIsSigned) {
  for (const char* target :
       {"tile/0/000", "tile/0/001.p/44", "tile/entries/000", "tile/entries/001.p/44"}) {
    FaultyStorage disk;
    CorruptingStorage storage(disk);
    const auto signer = *InProcessSigner::Open(storage, PrepareSigner(storage));
    const auto ledger = OpenLedger(storage);
    ASSERT_TRUE(AppendUpTo(*ledger, 300));
    storage.target = target;
    const auto published = ledger->Publish(*signer);
    ASSERT_FALSE(published) << target;
    EXPECT_EQ(published.error().code, ErrorCode::kCheckFailed);
    EXPECT_NE(published.error().message.find("tile/"), std::string::npos);
    EXPECT_FALSE(*disk.Exists(std::string(kLedger) + "/checkpoint"));
  }
}

TEST(Ledger, ASignerThatLostItsStateIsNotFollowed) {
  FaultyStorage storage;
  const SignerOptions options = PrepareSigner(storage);
  const auto ledger = OpenLedger(storage);
  ASSERT_TRUE(AppendUpTo(*ledger, 5));
  ASSERT_TRUE(ledger->Publish(**InProcessSigner::Open(storage, options)));
  ASSERT_TRUE(storage.Remove(options.state_file));
  ASSERT_TRUE(AppendUpTo(*ledger, 8));
  const auto published = ledger->Publish(**InProcessSigner::Open(storage, options));
  ASSERT_FALSE(published);
  EXPECT_NE(published.error().message.find("state was lost"), std::string::npos)
      << published.error().message;
}

TEST(Ledger, ARestoredOldLedgerIsNeverSignedAgain) {
  FaultyStorage storage;
  const SignerOptions options = PrepareSigner(storage);
  const auto signer = *InProcessSigner::Open(storage, options);
  const auto old_ledger = OpenLedger(storage);
  ASSERT_TRUE(AppendUpTo(*old_ledger, 5));
  ASSERT_TRUE(old_ledger->Publish(*signer));
  {
    const auto ledger = OpenLedger(storage);
    ASSERT_TRUE(AppendUpTo(*ledger, 9));
    ASSERT_TRUE(ledger->Publish(*signer));
  }
  ASSERT_TRUE(old_ledger->Append("another"));
  auto published = old_ledger->Publish(*signer);
  ASSERT_FALSE(published);
  EXPECT_NE(published.error().message.find("signed size 9"), std::string::npos);
}

}  // namespace
}  // namespace trucewatch::evidence
