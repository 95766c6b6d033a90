// SPDX-License-Identifier: Apache-2.0
#include "core/storage/storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string SlurpIndependently(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class PosixStorageTest : public ::testing::Test {
 protected:
  testing::TempDirectory directory_;
  std::unique_ptr<Storage> storage_ = MakePosixStorage();
};

TEST_F(PosixStorageTest, AppendedBytesAreInTheFile) {
  auto file = storage_->Open(directory_.File("a"), true).value();
  ASSERT_TRUE(file->Append(AsBytes("hello ")));
  ASSERT_TRUE(file->Append(AsBytes("world")));
  ASSERT_TRUE(file->Sync());
  EXPECT_EQ(SlurpIndependently(directory_.File("a")), "hello world");
  EXPECT_EQ(file->ReadAt(6, 5).value(), "world");
  EXPECT_EQ(file->Size().value(), 11u);
}

TEST_F(PosixStorageTest, AppendGoesToTheEndAfterTruncate) {
  auto file = storage_->Open(directory_.File("a"), true).value();
  ASSERT_TRUE(file->Append(AsBytes("hello world")));
  ASSERT_TRUE(file->Truncate(5));
  ASSERT_TRUE(file->Append(AsBytes("!")));
  EXPECT_EQ(SlurpIndependently(directory_.File("a")), "hello!");
}

TEST_F(PosixStorageTest, BytesAreOverwrittenInPlaceAndAppendStillGoesToTheEnd) {
  auto file = storage_->Open(directory_.File("a"), true).value();
  ASSERT_TRUE(file->Append(AsBytes("hello world")));
  ASSERT_TRUE(file->WriteAt(6, AsBytes("there")));
  ASSERT_TRUE(file->WriteAt(0, AsBytes("H")));
  ASSERT_TRUE(file->Append(AsBytes("!")));
  EXPECT_EQ(SlurpIndependently(directory_.File("a")), "Hello there!");
  const auto beyond = file->WriteAt(10, AsBytes("abc"));
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, ErrorCode::kIo);
  EXPECT_EQ(SlurpIndependently(directory_.File("a")), "Hello there!");
}

TEST_F(PosixStorageTest, ManyFilesAndDirectoriesAreSyncedTogether) {
  std::vector<std::unique_ptr<File>> files;
  std::vector<File*> open;
  for (int i = 0; i < 70; ++i) {
    files.push_back(storage_->Open(directory_.File(std::to_string(i)), true).value());
    ASSERT_TRUE(files.back()->Append(AsBytes(std::to_string(i))));
    open.push_back(files.back().get());
  }
  ASSERT_TRUE(storage_->MakeDirectory(directory_.File("d")));
  EXPECT_TRUE(storage_->SyncAll(open, {directory_.path(), directory_.File("d")}));
  EXPECT_TRUE(storage_->SyncAll({}, {}));
  const auto missing = storage_->SyncAll(open, {directory_.File("nowhere")});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(SlurpIndependently(directory_.File("69")), "69");
}

TEST_F(PosixStorageTest, OneDirectoryIsMadeOnceAndNotInPlaceOfAFile) {
  const std::string path = directory_.File("d");
  ASSERT_TRUE(storage_->MakeDirectory(path));
  ASSERT_TRUE(storage_->MakeDirectory(path));
  EXPECT_FALSE(storage_->MakeDirectory(path + "/no/parent"));
  ASSERT_TRUE(storage_->Open(directory_.File("f"), true));
  EXPECT_FALSE(storage_->MakeDirectory(directory_.File("f")));
}

TEST_F(PosixStorageTest, ReadPastTheEndIsRefusedWithoutAllocatingIt) {
  auto file = storage_->Open(directory_.File("a"), true).value();
  ASSERT_TRUE(file->Append(AsBytes("abc")));
  const auto huge = file->ReadAt(1, std::size_t{1} << 62);
  ASSERT_FALSE(huge);
  EXPECT_EQ(huge.error().code, ErrorCode::kIo);
  EXPECT_FALSE(file->ReadAt(std::uint64_t{1} << 63, 1));
  EXPECT_FALSE(file->ReadAt(1, 3));
  EXPECT_TRUE(file->ReadAt(3, 0));
}

TEST_F(PosixStorageTest, MissingFileIsNotFoundAndNamed) {
  const auto opened = storage_->Open(directory_.File("nowhere"), false);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(opened.error().message, HasSubstr("nowhere"));
}

TEST_F(PosixStorageTest, DirectoriesAreMadeListedAndSynced) {
  const std::string deep = directory_.File("x/y//z");
  ASSERT_TRUE(storage_->MakeDirectories(deep));
  ASSERT_TRUE(storage_->MakeDirectories(deep)) << "a second time changes nothing";
  storage_->Open(deep + "/b", true).value();
  storage_->Open(deep + "/a", true).value();
  EXPECT_THAT(storage_->List(deep).value(), ElementsAre("a", "b"));
  ASSERT_TRUE(storage_->Rename(deep + "/b", deep + "/c"));
  ASSERT_TRUE(storage_->Remove(deep + "/a"));
  ASSERT_TRUE(storage_->SyncDirectory(deep));
  EXPECT_THAT(storage_->List(deep).value(), ElementsAre("c"));
  EXPECT_TRUE(storage_->Exists(deep + "/c").value());
  EXPECT_FALSE(storage_->Exists(deep + "/a").value());
}

TEST_F(PosixStorageTest, TwoFilesOfAFolderAreExchanged) {
  for (const std::string name : {"one", "other"})
    ASSERT_TRUE(WriteFileAtomically(*storage_, directory_.File(name), AsBytes(name)));
  const auto exchanged = storage_->Exchange(directory_.File("one"), directory_.File("other"));
  ASSERT_TRUE(exchanged) << exchanged.error().message;
  EXPECT_EQ(ReadWholeFile(*storage_, directory_.File("other"), 100).value(), "one");
  // Where the file system cannot, it is a rename.
  const auto former = ReadWholeFile(*storage_, directory_.File("one"), 100);
  EXPECT_EQ(former.has_value(), *exchanged);
  EXPECT_EQ(former.value_or("other"), "other");
  EXPECT_FALSE(storage_->Exchange(directory_.File("none"), directory_.File("other")));
}

TEST_F(PosixStorageTest, AFileInTheWayOfADirectoryIsAnError) {
  storage_->Open(directory_.File("a"), true).value();
  EXPECT_FALSE(storage_->MakeDirectories(directory_.File("a")));
  EXPECT_FALSE(storage_->MakeDirectories(directory_.File("a/b")));
}

TEST_F(PosixStorageTest, WholeFileIsReplacedAndNothingIsLeftBeside) {
  const std::string path = directory_.File("state");
  ASSERT_TRUE(WriteFileAtomically(*storage_, path, AsBytes("first, and longer")));
  ASSERT_TRUE(WriteFileAtomically(*storage_, path, AsBytes("second")));
  EXPECT_EQ(SlurpIndependently(path), "second");
  EXPECT_THAT(storage_->List(directory_.path()).value(), ElementsAre("state"));
  EXPECT_EQ(ReadWholeFile(*storage_, path, 6).value(), "second");
  const auto too_big = ReadWholeFile(*storage_, path, 5);
  ASSERT_FALSE(too_big);
  EXPECT_EQ(too_big.error().code, ErrorCode::kBadInput);
}

using PosixStorageDeathTest = PosixStorageTest;

TEST_F(PosixStorageDeathTest, FailedSyncAborts) {
  // fdatasync of a character device fails with EINVAL.
  auto device = storage_->Open("/dev/null", false).value();
  EXPECT_DEATH((void)device->Sync(), "/dev/null: sync failed");
}

}  // namespace
}  // namespace trucewatch
