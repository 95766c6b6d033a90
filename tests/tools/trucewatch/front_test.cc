// SPDX-License-Identifier: Apache-2.0
// The program people type, and the one it becomes (docs/decisions/0016).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::Finished;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RunProcess;
using testing::TempDirectory;
using testing::TrucewatchProgram;

TEST(Front, LoadsNothingThatSees) {
  const Finished libraries = RunProcess({"ldd", TrucewatchProgram()});
  ASSERT_EQ(libraries.code, 0) << libraries.output;
  EXPECT_THAT(libraries.output, HasSubstr("libprotobuf"));
  for (const char* heavy : {"opencv", "gdal", "libav", "libsw"})
    EXPECT_THAT(libraries.output, Not(HasSubstr(heavy)));
}

TEST(Front, EveryCommandIsThereWhicheverProgramHasIt) {
  const Finished help = RunProcess({TrucewatchProgram(), "--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* command : {"replay", "run", "events", "coverage", "export", "audit"})
    EXPECT_THAT(help.output, HasSubstr(std::string("\n  ") + command));
  for (const char* command : {"events", "coverage", "replay"}) {
    const Finished of_command = RunProcess({TrucewatchProgram(), command, "--help"});
    EXPECT_EQ(of_command.code, 0);
    EXPECT_THAT(of_command.output, HasSubstr(std::string("trucewatch ") + command));
  }
  EXPECT_EQ(RunProcess({TrucewatchProgram(), "covrage"}).code, 2);
}

TEST(Front, WithoutTheOtherProgramItSaysWhichOneIsMissing) {
  const TempDirectory directory;
  const std::string copy = directory.File("trucewatch");
  std::filesystem::copy_file(TrucewatchProgram(), copy);
  const Finished alone = RunProcess({copy, "replay", "/nowhere"});
  EXPECT_EQ(alone.code, 3);
  EXPECT_THAT(alone.output, HasSubstr("trucewatch-mission cannot be started"));
  EXPECT_EQ(RunProcess({copy, "events", "--help"}).code, 0);
}

}  // namespace
}  // namespace trucewatch
