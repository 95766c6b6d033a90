// SPDX-License-Identifier: Apache-2.0
#include "core/process/program_pipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(RunPiped, WhatOneWritesTheNextReads) {
  const testing::TempDirectory temp;
  const std::string out = temp.File("out");
  const auto done = RunPiped({{"printf", "b\\na\\n"}, {"sort"}, {"tee", out}});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(testing::ReadFile(out), "a\nb\n");
}

TEST(RunPiped, OfSeveralThatFailTheOneThatFailedByItselfIsNamedWithItsWords) {
  // Much more than a pipe holds: the writer ends by the signal when its reader is gone.
  const auto reader = RunPiped({{"yes"}, {"sh", "-c", "echo 'no key' >&2; exit 3"}});
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::kBadInput);
  EXPECT_EQ(reader.error().message, "sh: ended with 3: no key");
  const auto writer = RunPiped({{"sh", "-c", "echo gone >&2; exit 1"}, {"grep", "never"}});
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().message, "sh: ended with 1: gone");
}

TEST(RunPiped, AWriterWhoseReaderWasContentTooEarlyHasNotDoneItsWork) {
  const auto done = RunPiped({{"yes"}, {"true"}});
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("yes: could not write"));
}

TEST(RunPiped, AProgramThatIsNotThereIsNamed) {
  const auto done = RunPiped({{"yes"}, {"no-such-program-of-ours"}});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(done.error().message, HasSubstr("no-such-program-of-ours: cannot be started"));
}

TEST(RunPiped, TheEnvironmentStaysHere) {
  const testing::TempDirectory temp;
  ASSERT_EQ(::setenv("TRUCEWATCH_SECRET", "hush", 1), 0);
  const auto done = RunPiped({{"env"}, {"tee", temp.File("out")}});
  ::unsetenv("TRUCEWATCH_SECRET");
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(testing::ReadFile(temp.File("out")), Not(HasSubstr("TRUCEWATCH_SECRET")));
  EXPECT_THAT(testing::ReadFile(temp.File("out")), HasSubstr("PATH="));
}

TEST(RunPiped, WordsThatATerminalWouldObeyAreLeftOut) {
  const auto done = RunPiped({{"sh", "-c", "printf '\\033[31mred\\n' >&2; exit 1"}});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "sh: ended with 1: [31mred");
}

}  // namespace
}  // namespace trucewatch
