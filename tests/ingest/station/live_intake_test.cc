// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/live_intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <set>

#include "tests/ingest/station/station_fixture.h"

namespace trucewatch::station {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What the other side does, by the test's hand.
struct Wire {
  bool reachable = true;
  bool answers = true;
  std::string refusal = "connection refused";
  std::deque<std::string> coming;
  std::string cut;  // not empty: the line breaks, and why
  std::uint64_t kernel_lost = 0;
  int opened = 0;
};

class WireSource final : public LiveSource {
 public:
  explicit WireSource(Wire& wire) : wire_(wire) {}
  Result<std::vector<std::string>> Receive(Duration) override {
    if (!wire_.cut.empty()) {
      return Fail(ErrorCode::kUnavailable, "{}", std::exchange(wire_.cut, {}));
    }
    const auto coming = std::exchange(wire_.coming, {});
    return std::vector<std::string>(coming.begin(), coming.end());
  }
  std::vector<std::string> Rest() override { return {}; }
  bool connected() const override { return wire_.answers; }
  std::uint64_t lost() const override { return wire_.kernel_lost; }

 private:
  Wire& wire_;
};

class LiveIntakeTest : public ::testing::Test {
 protected:
  LiveIntakeTest() {
    options_.source = "radar1";
    options_.station = "fs1";
    options_.seed = 7;
  }
  void Make(const SourceProgress& before = {}) {
    intake_.emplace(
        options_,
        [this]() -> Result<std::unique_ptr<LiveSource>> {
          ++wire_.opened;
          if (!wire_.reachable) return Fail(ErrorCode::kUnavailable, "{}", wire_.refusal);
          return std::make_unique<WireSource>(wire_);
        },
        before, clock_);
  }
  // Rounds of 50 ms for so long; what was said, as "STATE reason" with its time.
  void Run(
      double seconds, const std::function<void()>& before_each = [] {}) {
    const Instant until = clock_.Now() + Duration::FromSeconds(seconds);
    while (clock_.Now() < until) {
      before_each();
      Step();
      clock_.SleepFor(Duration::Millis(50));
    }
  }
  void Step(bool full = false) {
    for (auto& item : intake_->Step(Duration(), full)) {
      if (auto* record = std::get_if<RawRecord>(&item)) {
        EXPECT_EQ(record->source_sequence, next_++);
        records_.push_back(std::move(*record));
      } else if (auto* loss = std::get_if<LiveIntake::Loss>(&item)) {
        EXPECT_EQ(loss->first, next_);
        next_ = loss->last + 1;
        lost_ += loss->last - loss->first + 1;
        loss_reasons_.insert(loss->reason);
      } else {
        said_.push_back(std::get<SourceStatus>(item));
        said_at_.push_back(clock_.Now());
      }
    }
  }
  std::vector<std::string> Said() const {
    std::vector<std::string> said;
    for (const auto& status : said_) {
      said.push_back((status.state == SourceState::kLate      ? "LATE "
                      : status.state == SourceState::kResumed ? "RESUMED "
                                                              : "NOTE ") +
                     status.reason);
    }
    return said;
  }

  ManualClock clock_{Instant::FromMicros(1'000'000'000)};
  LiveOptions options_;
  Wire wire_;
  std::optional<LiveIntake> intake_;
  std::uint64_t next_ = 1;
  std::vector<RawRecord> records_;
  std::uint64_t lost_ = 0;
  std::set<std::string> loss_reasons_;
  std::vector<SourceStatus> said_;
  std::vector<Instant> said_at_;
};

TEST_F(LiveIntakeTest, SilenceOnAGoodLineIsOnRecordAfterStallAndEndsWithTheNextRecord) {
  Make();
  wire_.coming = {"one", "two"};
  Step();
  const Instant last = clock_.Now();
  Run(60);
  EXPECT_THAT(Said(), ElementsAre("LATE station fs1: no data for 3.0 s (connected)"));
  EXPECT_EQ(said_[0].time, last);
  EXPECT_LE((said_at_[0] - last).seconds(), 3.1);
  EXPECT_TRUE(intake_->status().late);
  wire_.coming = {"three"};
  Step();
  ASSERT_THAT(Said(), SizeIs(2));
  EXPECT_EQ(Said()[1], "RESUMED station fs1: data again");
  EXPECT_EQ(said_[1].time, records_.back().receive_time);
  EXPECT_THAT(records_, SizeIs(3));
  EXPECT_EQ(records_[2].source_offset, 6U);
  EXPECT_FALSE(intake_->status().late);
}

TEST_F(LiveIntakeTest, ALineThatCannotBeHadIsOnRecordOnceAndTriedAgainWithGrowingPauses) {
  wire_.reachable = false;
  Make();
  Run(3.2);
  EXPECT_THAT(Said(), ElementsAre("LATE station fs1: line broken: connection refused"));
  Run(600);
  EXPECT_THAT(said_, SizeIs(1)) << "once";
  // 0.5 + 1 + ... + 30 s, then 30 s each, shortened by a quarter on average.
  EXPECT_GT(wire_.opened, 20);
  EXPECT_LT(wire_.opened, 45);
  wire_.reachable = true;
  Run(31, [&] { wire_.coming = {"x"}; });
  EXPECT_THAT(Said(), ElementsAre(HasSubstr("LATE"), "RESUMED station fs1: data again"));
}

TEST_F(LiveIntakeTest, TheSameSeedGivesTheSamePausesAndAnotherSeedOthers) {
  const auto tries = [&](std::uint64_t seed) {
    options_.seed = seed;
    wire_ = {};
    wire_.reachable = false;
    Make();
    std::vector<std::int64_t> at;
    const Instant start = clock_.Now();
    for (int i = 0, opened = 0; i < 4000; ++i) {
      Step();
      if (wire_.opened != opened) at.push_back((clock_.Now() - start).micros());
      opened = wire_.opened;
      clock_.SleepFor(Duration::Millis(10));
    }
    return at;
  };
  const auto one = tries(1);
  EXPECT_EQ(one, tries(1));
  EXPECT_NE(one, tries(2));
}

TEST_F(LiveIntakeTest, EachLossAndReturnOfALineIsOnRecordWithItsReason) {
  Make();
  Run(1, [&] { wire_.coming = {"x"}; });
  wire_.cut = "connection reset by peer";
  wire_.reachable = false;
  Run(1);
  wire_.reachable = true;
  Run(2, [&] { wire_.coming = {"x"}; });
  ASSERT_THAT(Said(), SizeIs(2)) << "shorter than stall: no gap";
  EXPECT_EQ(Said()[0], "NOTE station fs1: line lost: connection reset by peer");
  EXPECT_THAT(Said()[1], HasSubstr("NOTE station fs1: line back after 1."));
  const LiveStatus status = intake_->status();
  EXPECT_TRUE(status.connected);
  EXPECT_EQ(status.line_losses, 1U);
}

TEST_F(LiveIntakeTest, ACallThatNobodyAnswersIsGivenUp) {
  wire_.answers = false;
  Make();
  Run(7);
  EXPECT_THAT(Said(), ElementsAre("LATE station fs1: no line: waiting for an answer"));
  EXPECT_GE(wire_.opened, 2);
  EXPECT_FALSE(intake_->status().connected);
}

TEST_F(LiveIntakeTest, AFlappingLineDoesNotFloodTheRecord) {
  Make();
  Run(600, [&] {
    wire_.coming = {"x"};
    if (intake_->has_line() && intake_->status().connected) wire_.cut = "closed by the other side";
  });
  // Half a minute apart at last, shortened by a quarter on average; four statements each.
  EXPECT_LT(said_.size(), 160U);
}

TEST_F(LiveIntakeTest, AFloodIsCutToTheRateAndEveryRecordIsDeliveredOrDeclared) {
  options_.max_records_per_s = 100;
  options_.max_bytes_per_s = 1e6;
  Make();
  std::uint64_t sent = 0;
  Run(10, [&] {
    for (int i = 0; i < 50; ++i) wire_.coming.push_back("0123456789");
    sent += 50;
  });
  EXPECT_EQ(sent, 10'000U);
  EXPECT_NEAR(static_cast<double>(records_.size()), 1100, 10);  // a second's worth at once
  Run(2);                                                       // what was not declared yet
  EXPECT_EQ(records_.size() + lost_, sent);
  EXPECT_EQ(intake_->status().lost, lost_);
  EXPECT_THAT(loss_reasons_, ElementsAre(HasSubstr("records came faster")));
}

TEST_F(LiveIntakeTest, ARateInBytesHoldsForLargeRecords) {
  options_.max_bytes_per_s = 1e6;
  Make();
  std::uint64_t sent = 0;
  Run(10, [&] {
    wire_.coming.push_back(std::string(200'000, 'x'));
    ++sent;
  });
  EXPECT_NEAR(static_cast<double>(records_.size()), 55, 3);
  Run(2);
  EXPECT_EQ(records_.size() + lost_, sent);
}

TEST_F(LiveIntakeTest, WhileItsShareIsUsedUpRecordsAreDeclaredLost) {
  Make();
  wire_.coming = {"a", "b"};
  Step(true);
  EXPECT_THAT(records_, IsEmpty());
  wire_.coming = {"c"};
  Step(false);
  EXPECT_EQ(lost_, 2U);
  ASSERT_THAT(records_, SizeIs(1));
  EXPECT_EQ(records_[0].source_sequence, 3U);
  EXPECT_THAT(loss_reasons_, ElementsAre(HasSubstr("share of the station's outbox")));
}

TEST_F(LiveIntakeTest, WhatTheKernelDroppedIsDeclared) {
  Make();
  wire_.coming = {"a"};
  Step();
  wire_.kernel_lost = 5;
  wire_.coming = {"b"};
  Step();
  EXPECT_EQ(lost_, 5U);
  EXPECT_EQ(records_.back().source_sequence, 7U);
}

TEST_F(LiveIntakeTest, TheNextLifeGoesOnWithNumbersTimesAndState) {
  const Instant last = clock_.Now() + Duration::Seconds(5);  // the clock was set back meanwhile
  next_ = 42;
  Make({.sequence = 41, .time = last, .late = true, .offset = 1000});
  wire_.coming = {"x"};
  Step();
  EXPECT_THAT(Said(), ElementsAre("RESUMED station fs1: data again"));
  ASSERT_THAT(records_, SizeIs(1));
  EXPECT_EQ(records_[0].source_offset, 1000U);
  EXPECT_EQ(records_[0].receive_time, last);
}

TEST_F(LiveIntakeTest, ASourceThatSpeaksNowAndThenIsNeverLate) {
  options_.occasional = true;
  Make();
  Run(60);
  EXPECT_THAT(said_, IsEmpty());
}

}  // namespace
}  // namespace trucewatch::station
