// SPDX-License-Identifier: Apache-2.0
#include "core/storage/blob_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/crypto/sha256.h"
#include "core/storage/faulty_storage.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

std::string Content(const Result<std::shared_ptr<const File>>& file) {
  if (!file) return "error: " + file.error().message;
  return (*file)->ReadAt(0, (*file)->Size().value()).value();
}

std::size_t FilesIn(const std::string& folder) {
  const std::filesystem::directory_iterator files(folder);
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

TEST(BlobStore, GivesBackWhatWasPutAndTakesItTwice) {
  const testing::TempDirectory folder;
  const auto storage = MakePosixStorage();
  FileBlobStore store(*storage, folder.path() + "/scenes");
  const std::string bytes = "pixels";
  ASSERT_TRUE(store.Put(Sha256(bytes), AsBytes(bytes)));
  ASSERT_TRUE(store.Put(Sha256(bytes), AsBytes(bytes)));
  EXPECT_EQ(Content(store.Open(Sha256(bytes))), bytes);
  EXPECT_EQ(store.Open(Sha256("other")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(FilesIn(folder.path() + "/scenes"), 1U);
}

TEST(BlobStore, RefusesBytesUnderAnotherName) {
  const testing::TempDirectory folder;
  const auto storage = MakePosixStorage();
  MemoryBlobStore memory;
  FileBlobStore files(*storage, folder.path());
  for (BlobStore* store : {static_cast<BlobStore*>(&memory), static_cast<BlobStore*>(&files)}) {
    EXPECT_EQ(store->Put(Sha256("a"), AsBytes("b")).error().code, ErrorCode::kCheckFailed);
    EXPECT_EQ(store->Open(Sha256("a")).error().code, ErrorCode::kNotFound);
  }
  EXPECT_EQ(FilesIn(folder.path()), 0U);
}

TEST(BlobStore, SaysWhenAFileWasChanged) {
  const testing::TempDirectory folder;
  const auto storage = MakePosixStorage();
  FileBlobStore store(*storage, folder.path());
  const std::string bytes = "pixels";
  ASSERT_TRUE(store.Put(Sha256(bytes), AsBytes(bytes)));
  std::ofstream(folder.path() + "/" + HexEncode(Sha256(bytes))) << "pixelz";
  const auto got = store.Open(Sha256(bytes));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::kCheckFailed);
}

TEST(BlobStore, IsWrittenPieceByPieceAndCanBeReadBeforeItIsCommitted) {
  const testing::TempDirectory folder;
  const auto storage = MakePosixStorage();
  MemoryBlobStore memory;
  FileBlobStore files(*storage, folder.path());
  for (BlobStore* store : {static_cast<BlobStore*>(&memory), static_cast<BlobStore*>(&files)}) {
    const auto one = store->Begin().value();
    const auto other = store->Begin().value();  // two scenes may be under way at once
    ASSERT_TRUE(one->Append(AsBytes("pix")));
    ASSERT_TRUE(other->Append(AsBytes("another")));
    ASSERT_TRUE(one->Append(AsBytes("els")));
    EXPECT_EQ(one->size(), 6U);
    EXPECT_EQ(Content(one->Read()), "pixels");
    EXPECT_EQ(store->Open(Sha256("pixels")).error().code, ErrorCode::kNotFound);
    ASSERT_TRUE(one->Commit(Sha256("pixels")));
    ASSERT_TRUE(other->Commit(Sha256("another")));
    EXPECT_EQ(Content(store->Open(Sha256("pixels"))), "pixels");
    EXPECT_EQ(Content(store->Open(Sha256("another"))), "another");
  }
}

TEST(BlobStore, WhatIsNotCommittedLeavesNothingBehind) {
  const testing::TempDirectory folder;
  const auto storage = MakePosixStorage();
  FileBlobStore store(*storage, folder.path());
  {
    const auto writer = store.Begin().value();
    ASSERT_TRUE(writer->Append(AsBytes("pixels")));
    EXPECT_EQ(FilesIn(folder.path()), 1U);
  }
  EXPECT_EQ(FilesIn(folder.path()), 0U);
}

// The n-th call to the disk fails and the power goes: the blob is whole or not there.
TEST(BlobStore, AfterAnyFailureAndAPowerCutABlobIsWholeOrAbsent) {
  const std::string bytes(5000, 'x');
  const Digest digest = Sha256(bytes);
  int absent = 0;
  for (std::uint64_t n = 1; n < 100; ++n) {
    FaultyStorage disk;
    disk.FailCall(n, true);
    bool durable = false;
    {
      FileBlobStore store(disk, "scenes");
      durable = store.Put(digest, AsBytes(bytes)).has_value();
    }
    const bool failed = disk.failed();
    disk.FailCall(0);
    disk.Crash(n);
    FileBlobStore again(disk, "scenes");
    const auto got = again.Open(digest);
    if (got) {
      EXPECT_EQ(Content(got), bytes);
    } else {
      EXPECT_EQ(got.error().code, ErrorCode::kNotFound) << n << got.error().message;
      ++absent;
    }
    EXPECT_TRUE(got || !durable) << n;
    EXPECT_TRUE(again.Put(digest, AsBytes(bytes))) << n;
    EXPECT_EQ(Content(again.Open(digest)), bytes);
    if (!failed) break;
    ASSERT_LT(n, 99U);
  }
  EXPECT_GT(absent, 3);
}

}  // namespace
}  // namespace trucewatch
