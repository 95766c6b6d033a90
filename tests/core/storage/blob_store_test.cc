// SPDX-License-Identifier: Apache-2.0
#include "core/storage/blob_store.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/crypto/sha256.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

TEST(BlobStore, GivesBackWhatWasPutAndTakesItTwice) {
  const testing::TempDirectory folder;
  const auto storage = MakePosixStorage();
  FileBlobStore store(*storage, folder.path() + "/scenes");
  const std::string bytes = "pixels";
  ASSERT_TRUE(store.Put(Sha256(bytes), AsBytes(bytes)));
  ASSERT_TRUE(store.Put(Sha256(bytes), AsBytes(bytes)));
  EXPECT_EQ(store.Get(Sha256(bytes)).value(), bytes);
  EXPECT_EQ(store.Get(Sha256("other")).error().code, ErrorCode::kNotFound);
}

TEST(BlobStore, RefusesBytesUnderAnotherName) {
  MemoryBlobStore store;
  EXPECT_EQ(store.Put(Sha256("a"), AsBytes("b")).error().code, ErrorCode::kCheckFailed);
  EXPECT_EQ(store.Get(Sha256("a")).error().code, ErrorCode::kNotFound);
}

TEST(BlobStore, SaysWhenAFileWasChanged) {
  const testing::TempDirectory folder;
  const auto storage = MakePosixStorage();
  FileBlobStore store(*storage, folder.path());
  const std::string bytes = "pixels";
  ASSERT_TRUE(store.Put(Sha256(bytes), AsBytes(bytes)));
  std::ofstream(folder.path() + "/" + HexEncode(Sha256(bytes))) << "pixelz";
  const auto got = store.Get(Sha256(bytes));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::kCheckFailed);
}

}  // namespace
}  // namespace trucewatch
