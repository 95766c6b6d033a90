// SPDX-License-Identifier: Apache-2.0
#include "core/bus/internal/read_protocol.h"

#include <gtest/gtest.h>

#include <random>

namespace trucewatch::bus {
namespace {

TEST(ReadProtocol, QuestionAndAnswerComeBackUnchanged) {
  const Question question{.request_id = 3,
                          .log = "tracks",
                          .after = 1ull << 63,
                          .max_bytes = 99,
                          .wait = Duration::Micros(-5)};
  const Question read = ParseQuestion(AsBytes(Encode(question))).value();
  EXPECT_EQ(read.request_id, 3u);
  EXPECT_EQ(read.log, "tracks");
  EXPECT_EQ(read.after, 1ull << 63);
  EXPECT_EQ(read.max_bytes, 99u);
  EXPECT_EQ(read.wait, Duration::Micros(-5));

  Answer answer{.request_id = 4, .batch = {}, .error = "no"};
  answer.batch = {.records = {{5, 6, std::string("\0\xFFz", 3)}}, .last = 7, .closed = true};
  const Answer back = ParseAnswer(AsBytes(Encode(answer))).value();
  EXPECT_EQ(back.request_id, 4u);
  EXPECT_EQ(back.batch.records, answer.batch.records);
  EXPECT_EQ(back.batch.last, 7u);
  EXPECT_TRUE(back.batch.closed);
  EXPECT_EQ(back.error, "no");
}

TEST(ReadProtocol, OversizeIsRefusedBeforeParsing) {
  const Question question{
      .request_id = 1, .log = std::string(kMaxQuestionBytes, 'x'), .wait = Duration()};
  const auto parsed = ParseQuestion(AsBytes(Encode(question)));
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::kBadInput);
}

TEST(ReadProtocol, TheLargestRecordFitsIntoAnAnswer) {
  Answer answer;
  answer.batch.records.push_back({1, 1, std::string(kMaxRecordBytes, 'x')});
  EXPECT_LE(Encode(answer).size(), kMaxAnswerBytes);
}

// A record counts kRecordOverheadBytes towards the limit: its framing must not need more.
TEST(ReadProtocol, ManyEmptyRecordsStayWithinTheirOverhead) {
  Answer answer;
  for (int i = 0; i < 100; ++i) answer.batch.records.push_back({~0ull, ~0ull, ""});
  EXPECT_LE(Encode(answer).size(), 100 * kRecordOverheadBytes);
}

TEST(ReadProtocol, GarbageIsAnErrorOrAMessageButNeverMore) {
  std::mt19937 random(1);
  const std::string good =
      Encode(Answer{.request_id = 1, .batch = {{{1, 2, "abc"}}, 1, false}, .error = {}});
  for (int i = 0; i < 5000; ++i) {
    std::string bytes = good.substr(0, random() % (good.size() + 1));
    for (char& c : bytes) {
      if (random() % 4 == 0) c = static_cast<char>(random());
    }
    const auto answer = ParseAnswer(AsBytes(bytes));
    EXPECT_TRUE(answer || answer.error().code == ErrorCode::kBadInput);
    (void)ParseQuestion(AsBytes(bytes));
  }
}

}  // namespace
}  // namespace trucewatch::bus
