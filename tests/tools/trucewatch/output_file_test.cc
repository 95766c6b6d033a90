// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/output_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temp_directory.h"

namespace trucewatch::tools {
namespace {

TEST(OutputFile, IsWrittenAndReplaced) {
  const testing::TempDirectory folder;
  const auto storage = MakePosixStorage();
  ASSERT_TRUE(WriteOutputFile(*storage, folder.File("a"), AsBytes("one")));
  ASSERT_TRUE(WriteOutputFile(*storage, folder.File("a"), AsBytes("two")));
  EXPECT_EQ(ReadWholeFile(*storage, folder.File("a"), 10).value(), "two");
}

TEST(OutputFile, AFolderOrADeviceIsNeverReplaced) {
  const testing::TempDirectory folder;
  const auto storage = MakePosixStorage();
  EXPECT_EQ(WriteOutputFile(*storage, folder.path(), AsBytes("x")).error().code, ErrorCode::kUsage);
  EXPECT_FALSE(std::filesystem::exists(folder.path() + ".tmp"));
  std::filesystem::create_symlink("/dev/null", folder.File("device"));
  EXPECT_EQ(WriteOutputFile(*storage, folder.File("device"), AsBytes("x")).error().code,
            ErrorCode::kUsage);
  EXPECT_TRUE(std::filesystem::is_symlink(folder.File("device")));
}

}  // namespace
}  // namespace trucewatch::tools
