// SPDX-License-Identifier: Apache-2.0
#include "core/bus/memory_log.h"

#include <gtest/gtest.h>

#include <thread>

namespace trucewatch {
namespace {

constexpr Duration kNoWait;

TEST(MemoryLog, GivesWhatFollowsWithinTheByteLimit) {
  MemoryLog log;
  ASSERT_TRUE(log.Append({{7, "a"}, {8, "bb"}, {9, "ccc"}}));
  EXPECT_EQ(log.last(), 3u);
  const auto all = log.ReadAfter(0, 1000, kNoWait).value();
  EXPECT_EQ(all.records, (std::vector<LogRecord>{{1, 7, "a"}, {2, 8, "bb"}, {3, 9, "ccc"}}));
  EXPECT_EQ(all.last, 3u);
  EXPECT_FALSE(all.closed);
  EXPECT_EQ(log.ReadAfter(1, 1, kNoWait)->records, (std::vector<LogRecord>{{2, 8, "bb"}}));
  EXPECT_EQ(log.ReadAfter(0, 3 + 2 * kRecordOverheadBytes, kNoWait)->records.size(), 2u);
  EXPECT_EQ(log.ReadAfter(0, 2 + 2 * kRecordOverheadBytes, kNoWait)->records.size(), 1u);
  EXPECT_TRUE(log.ReadAfter(0, 0, kNoWait)->records.empty());
  EXPECT_EQ(log.ReadAfter(4, 1, kNoWait).error().code, ErrorCode::kCheckFailed);
}

TEST(MemoryLog, WakesAWaitingReaderAndStaysClosed) {
  MemoryLog log;
  std::jthread writer([&] {
    ASSERT_TRUE(log.Append({{1, "a"}}));
    ASSERT_TRUE(log.Close());
  });
  EXPECT_EQ(log.ReadAfter(0, 1000, Duration::Seconds(600))->records.size(), 1u);
  while (!log.ReadAfter(1, 1000, Duration::Seconds(600))->closed) {
  }
  EXPECT_EQ(log.Append({{2, "b"}}).error().code, ErrorCode::kCheckFailed);
}

TEST(MemoryLog, RefusesARecordThatNoAnswerCouldCarry) {
  MemoryLog log;
  const auto refused = log.Append({{1, "fits"}, {1, std::string(kMaxRecordBytes + 1, 'x')}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBadInput);
  EXPECT_EQ(log.last(), 0u) << "all or none";
}

}  // namespace
}  // namespace trucewatch
