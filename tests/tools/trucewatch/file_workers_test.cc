// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/file_workers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/storage/memory_file.h"

namespace trucewatch::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Workers that run lying_worker_main.cc.
FileWorkers LyingWorkers() {
  return FileWorkers({.program = TW_LYING_WORKER,
                      .limits = {.cpu = Duration::Seconds(1), .memory_bytes = 256ULL << 20},
                      .workers = 1,
                      .model = {},
                      .modality = {}});
}

FileWorkers::Done About(FileWorkers& workers, const std::string& file) {
  v1::FileJob job;
  job.set_file(file);
  job.mutable_scene();
  const auto done = workers.Run(0, FileWorkers::Network::kNone, job,
                                {std::make_shared<const MemoryFile>("0123456789")});
  EXPECT_TRUE(done) << done.error().message;
  return done.value_or(FileWorkers::Done());
}

TEST(FileWorkers, ATakenOverWorkerIsRefusedAndCostsItsOwnFile) {
  constexpr char kNoAnswer[] = "refused: its worker said what is no answer about it";
  const std::vector<std::pair<const char*, const char*>> lies = {
      {"crash", "refused: its worker ended by SIGABRT"},
      {"socket", "refused: its worker tried a system call that is forbidden to it"},
      {"spin", "refused: its worker used more than 1 s of processor time (--limit-cpu)"},
      {"garbage", kNoAnswer},
      {"other", kNoAnswer},
      {"two", kNoAnswer},
      {"escape", kNoAnswer},
      {"code", kNoAnswer},
  };
  FileWorkers workers = LyingWorkers();
  for (const auto& [file, why] : lies) {
    SCOPED_TRACE(file);
    const FileWorkers::Done done = About(workers, file);
    EXPECT_TRUE(done.refused);
    ASSERT_TRUE(done.error);
    EXPECT_EQ(done.error->code, ErrorCode::kBadInput);
    EXPECT_EQ(done.error->message, why);
    EXPECT_EQ(done.result.lines_size(), 0);
    const FileWorkers::Done next = About(workers, "honest");
    EXPECT_FALSE(next.error);
    EXPECT_THAT(next.result.lines(), ElementsAre(R"({"file":"honest","frame":0})"));
  }
}

TEST(FileWorkers, WhatIsWrongWithAFileIsSaidWithoutControlCharacters) {
  FileWorkers workers = LyingWorkers();
  const FileWorkers::Done done = About(workers, "words");
  EXPECT_FALSE(done.refused);
  ASSERT_TRUE(done.error);
  EXPECT_EQ(done.error->message, "bad??[2Jwords");
}

TEST(FileWorkers, AWorkerReadsItsOwnFileOnlyAndNotBeyondItsEnd) {
  FileWorkers workers = LyingWorkers();
  EXPECT_THAT(About(workers, "reads").result.lines(),
              ElementsAre(R"({"file":"reads","got":false})"));
}

TEST(FileWorkers, ADrawingBeginsAtItsBeginning) {
  FileWorkers workers = LyingWorkers();
  const FileWorkers::Done done = About(workers, "draws");
  EXPECT_FALSE(done.refused);
  for (const auto& [frame, drawing] : done.drawings.by_frame) EXPECT_EQ(drawing, "");
}

TEST(FileWorkers, ANetworkThatIsNowhereIsNoFaultOfTheFile) {
  FileWorkers workers({.program = TW_LYING_WORKER,
                       .limits = {},
                       .workers = 1,
                       .model = "no-such-model",
                       .modality = {}});
  v1::FileJob job;
  job.set_file("p.png");
  job.mutable_picture();
  const auto done = workers.Run(0, FileWorkers::Network::kAsPictureLooks, job, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(done.error().message, HasSubstr("no-such-model"));

  // So it is said once, before any file is looked at.
  const auto found = workers.FindNetwork();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, done.error().message);
}

}  // namespace
}  // namespace trucewatch::tools
