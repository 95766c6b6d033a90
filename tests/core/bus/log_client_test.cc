// SPDX-License-Identifier: Apache-2.0
#include "core/bus/log_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>

#include "core/bus/faulty_link.h"
#include "core/bus/memory_log.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

// A link whose far end answers at once, in memory, with no time passing.
class AnsweringLink final : public Link {
 public:
  using Answerer = std::function<bus::Answer(const bus::Question&)>;
  explicit AnsweringLink(Answerer answerer) : answerer_(std::move(answerer)) {}

  Result<void> Send(std::string message) override {
    const bus::Question question = bus::ParseQuestion(AsBytes(message)).value();
    answers_.push_back(Encode(answerer_(question)));
    return {};
  }
  Result<std::optional<std::string>> Receive(Duration) override {
    if (answers_.empty()) return std::nullopt;
    std::string out = std::move(answers_.front());
    answers_.pop_front();
    return out;
  }
  Result<void> Reset() override {
    ++resets;
    return {};
  }
  int resets = 0;

 private:
  const Answerer answerer_;
  std::deque<std::string> answers_;
};

bus::Answer AnswerFrom(LogReader& log, const bus::Question& question) {
  return {.request_id = question.request_id,
          .batch = log.ReadAfter(question.after, question.max_bytes, Duration()).value(),
          .error = {}};
}

LogClient ClientOf(AnsweringLink::Answerer answerer) {
  return {std::make_unique<AnsweringLink>(std::move(answerer)), "log"};
}

// Always the same batch, under the id asked for.
LogClient ClientGiven(LogBatch batch, std::string error = {}) {
  return ClientOf([=](const bus::Question& question) {
    return bus::Answer{.request_id = question.request_id, .batch = batch, .error = error};
  });
}

TEST(LogClient, PassesTheQuestionOnAndTheAnswerBack) {
  MemoryLog log;
  ASSERT_TRUE(log.Append({{5, "a"}, {6, "b"}}));
  LogClient client = ClientOf([&](const bus::Question& question) {
    EXPECT_EQ(question.log, "log");
    EXPECT_EQ(question.wait, Duration::Seconds(3));
    return AnswerFrom(log, question);
  });
  const auto batch = client.ReadAfter(1, 100, Duration::Seconds(3)).value();
  EXPECT_EQ(batch.records, (std::vector<LogRecord>{{2, 6, "b"}}));
  EXPECT_EQ(batch.last, 2u);
}

TEST(LogClient, AHoleIsAnError) {
  const std::vector<std::vector<LogRecord>> with_hole = {
      {{2, 0, "b"}}, {{1, 0, "a"}, {3, 0, "c"}}, {{1, 0, "a"}, {1, 0, "a"}}};
  for (const auto& records : with_hole) {
    LogClient client = ClientGiven({.records = records, .last = 9, .closed = false});
    const auto batch = client.ReadAfter(0, 100, Duration());
    ASSERT_FALSE(batch);
    EXPECT_EQ(batch.error().code, ErrorCode::kCheckFailed);
    EXPECT_THAT(batch.error().message, HasSubstr("a hole"));
  }
}

TEST(LogClient, ALogThatWasCutIsAnError) {
  LogClient shorter = ClientGiven({.records = {}, .last = 3, .closed = false});
  EXPECT_EQ(shorter.ReadAfter(4, 100, Duration()).error().code, ErrorCode::kCheckFailed);
  LogClient lying = ClientGiven({.records = {{1, 0, "a"}}, .last = 0, .closed = true});
  EXPECT_EQ(lying.ReadAfter(0, 100, Duration()).error().code, ErrorCode::kCheckFailed);
}

TEST(LogClient, ARefusalIsReported) {
  LogClient client = ClientGiven({}, "there is no log 'log' at tcp://x");
  const auto refused = client.ReadAfter(0, 100, Duration());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("there is no log"));
}

TEST(LogClient, StaleAnswersAreIgnoredAndSilenceIsATimeoutAfterResets) {
  auto link = std::make_unique<AnsweringLink>([](const bus::Question& question) {
    return bus::Answer{.request_id = question.request_id - 1, .batch = {}, .error = {}};
  });
  AnsweringLink& observed = *link;
  LogClient client(std::move(link), "log", {.attempts = 5});
  EXPECT_EQ(client.ReadAfter(0, 100, Duration()).error().code, ErrorCode::kTimeout);
  EXPECT_EQ(observed.resets, 5);
}

TEST(LogClient, OverALinkThatLosesDoublesAndDelaysEveryRecordComesOnceAndInOrder) {
  constexpr std::uint64_t kRecords = 200;
  MemoryLog log;
  for (std::uint64_t i = 1; i <= kRecords; ++i) {
    ASSERT_TRUE(log.Append({{i * 3, "payload " + std::to_string(i)}}));
  }
  ASSERT_TRUE(log.Close());
  int timeouts = 0;
  int answered = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    auto link = std::make_unique<FaultyLink>(
        std::make_unique<AnsweringLink>(
            [&](const bus::Question& question) { return AnswerFrom(log, question); }),
        FaultyLink::Options{.seed = seed});
    LogClient client(std::move(link), "log");
    std::vector<LogRecord> got;
    for (bool end = false; !end;) {
      const auto batch = client.ReadAfter(got.size(), 1 + seed * 50, Duration());
      if (!batch) {
        ASSERT_EQ(batch.error().code, ErrorCode::kTimeout) << batch.error().message;
        ++timeouts;
        continue;
      }
      ++answered;
      got.insert(got.end(), batch->records.begin(), batch->records.end());
      end = batch->closed && got.size() == batch->last;
    }
    ASSERT_EQ(got.size(), kRecords);
    for (std::uint64_t i = 1; i <= kRecords; ++i) {
      ASSERT_EQ(got[i - 1], (LogRecord{i, i * 3, "payload " + std::to_string(i)}));
    }
  }
  EXPECT_GT(timeouts, answered / 10) << "the link must hurt, or this shows nothing";
}

}  // namespace
}  // namespace trucewatch
