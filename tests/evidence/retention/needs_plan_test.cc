// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "evidence/retention/needs.h"
#include "evidence/retention/plan.h"

namespace trucewatch::evidence {
namespace {

using ::testing::HasSubstr;

Instant At(std::int64_t s) { return Instant::FromMicros((1'700'000'000 + s) * 1'000'000); }

Finding Transition(const std::string& event, EventState state, std::int64_t from, std::int64_t to,
                   std::uint8_t digest = 0) {
  Finding f;
  f.kind = FindingKind::kEventTransition;
  f.event_id = event;
  f.state = state;
  f.time = At(to);
  f.time_first = At(from);
  f.time_last = At(to);
  if (digest != 0) {
    Digest raw{};
    raw[0] = digest;
    Support support;
    support.source = {"drone1"};
    support.first = At(from);
    support.last = At(to);
    support.raw_digests.push_back(raw);
    f.supports.push_back(support);
  }
  return f;
}

Finding Challenge(const std::string& event, const std::string& id, ChallengeState state) {
  Finding f;
  f.kind = FindingKind::kChallenge;
  f.event_id = event;
  f.challenge_id = id;
  f.challenge_state = state;
  f.time = At(0);
  return f;
}

HoldStatement Hold(HoldStatement::Kind kind, const std::string& id, const std::string& about,
                   std::int64_t signed_at = 0) {
  HoldStatement h;
  h.kind = kind;
  h.id = id;
  h.about = about;
  h.author = "chief";
  h.reason = "inquiry";
  h.time = At(signed_at);
  return h;
}

std::string WhyAt(const Needs& needs, std::int64_t s) {
  return needs.WhyTime({"radar1"}, At(s), At(s));
}

TEST(Needs, AnEventIsOpenUntilAnOfficerClosesItOrDoesNotConfirmIt) {
  using S = EventState;
  const std::vector<std::pair<std::vector<S>, bool>> cases = {
      {{S::kCandidate}, true},
      {{S::kVerified}, true},
      {{S::kVerified, S::kConfirmed}, true},
      {{S::kVerified, S::kInconclusive}, true},
      {{S::kVerified, S::kConfirmed, S::kClosed}, false},
      {{S::kCandidate, S::kNotConfirmed}, false},
      {{S::kVerified, S::kClosed, S::kReopened}, true},
      // What software says after a decision leaves the decision alone.
      {{S::kCandidate, S::kNotConfirmed, S::kVerified}, false},
  };
  for (const auto& [states, open] : cases) {
    Needs needs(Duration::Seconds(60));
    for (const S state : states) needs.Add(Transition("e1", state, 1000, 1100, 7));
    needs.Settle();
    EXPECT_EQ(!WhyAt(needs, 1050).empty(), open) << static_cast<int>(states.back());
    EXPECT_EQ(!WhyAt(needs, 941).empty(), open) << "the margin before";
    EXPECT_EQ(!WhyAt(needs, 1159).empty(), open) << "the margin after";
    EXPECT_EQ(WhyAt(needs, 938), "");
    EXPECT_EQ(WhyAt(needs, 1161), "");
    Digest raw{};
    raw[0] = 7;
    EXPECT_EQ(!needs.WhyDigest(raw).empty(), open) << "named records stay wherever they lie";
  }
}

TEST(Needs, AnUnruledChallengeKeepsAClosedOrLiftedEvent) {
  for (const ChallengeState state : {ChallengeState::kFiled, ChallengeState::kAnswered,
                                     ChallengeState::kEscalated, ChallengeState::kRejected}) {
    Needs needs(Duration::Seconds(1));
    needs.Add(Transition("e1", EventState::kVerified, 0, 9));
    needs.Add(Transition("e1", EventState::kClosed, 0, 9));
    needs.Add(Challenge("e1", "c1", state));
    needs.Add(Hold(HoldStatement::Kind::kLiftEvent, "l1", "e1", 1'000'000));
    needs.Settle();
    if (state == ChallengeState::kRejected) {
      EXPECT_EQ(WhyAt(needs, 5), "");
    } else {
      EXPECT_EQ(WhyAt(needs, 5), "challenge c1 on event e1 is not ruled on");
    }
  }
}

TEST(Needs, WhatIsSaidOfAnEventAfterItWasLiftedRevivesIt) {
  Needs needs(Duration::Seconds(1));
  needs.Add(Transition("e1", EventState::kVerified, 0, 9));
  needs.Add(Hold(HoldStatement::Kind::kLiftEvent, "l1", "e1", 100));
  needs.Settle();
  EXPECT_EQ(WhyAt(needs, 5), "");
  needs.Add(Transition("e1", EventState::kVerified, 0, 200));
  needs.Settle();
  EXPECT_EQ(WhyAt(needs, 5), "event e1 is open (verified, not decided)");
}

TEST(Needs, AHoldStaysUntilItIsLiftedAndItsIdCountsOnce) {
  Needs needs(Duration::Seconds(10));
  HoldStatement hold = Hold(HoldStatement::Kind::kHoldTime, "h1", "");
  hold.first = At(100);
  hold.last = At(200);
  hold.sources = {{"drone1"}};
  needs.Add(hold);
  needs.Settle();
  EXPECT_EQ(needs.WhyTime({"drone1"}, At(205), At(300)), "hold h1 by chief: inquiry");
  EXPECT_EQ(needs.WhyTime({"radar1"}, At(150), At(150)), "") << "of this source only";
  HoldStatement same = hold;  // a note of the same id does not move it
  same.last = At(9000);
  needs.Add(same);
  needs.Settle();
  EXPECT_EQ(needs.WhyTime({"drone1"}, At(5000), At(5000)), "");
  needs.Add(Hold(HoldStatement::Kind::kLiftHold, "h2", "h1"));
  needs.Settle();
  EXPECT_EQ(needs.WhyTime({"drone1"}, At(150), At(150)), "");
}

TEST(Needs, AHeldEventStaysWhateverWasDecided) {
  Needs needs(Duration::Seconds(1));
  needs.Add(Transition("e1", EventState::kVerified, 0, 9, 3));
  needs.Add(Transition("e1", EventState::kClosed, 0, 9));
  needs.Add(Hold(HoldStatement::Kind::kHoldEvent, "h1", "e1"));
  needs.Settle();
  EXPECT_THAT(WhyAt(needs, 5), HasSubstr("hold h1"));
  Digest raw{};
  raw[0] = 3;
  EXPECT_THAT(needs.WhyDigest(raw), HasSubstr("hold h1"));
}

StoredSegment Segment(const std::string& log, std::uint64_t first, std::int64_t last_s,
                      std::uint64_t bytes, const std::string& kept = "") {
  return {.log = log,
          .first = first,
          .last = first + 9,
          .bytes = bytes,
          .time_first = At(last_s - 9),
          .time_last = At(last_s),
          .kept_because = kept};
}

TEST(RetentionPlan, TheQuotaTakesTheOldestFirstAndStopsWhenItIsMet) {
  const std::vector<StoredSegment> segments = {
      Segment("journal", 21, 300, 100), Segment("journal", 1, 100, 100),
      Segment("journal", 11, 200, 100, "needed"), Segment("ingest", 1, 100, 50)};
  const RetentionPlan plan = PlanRetention(
      segments, {.quota_bytes = 250, .margin = Duration::Seconds(10), .now = At(1000)});
  ASSERT_EQ(plan.trims.size(), 2U);
  EXPECT_EQ(plan.trims[0].segment, 3U);  // of the same age, by name
  EXPECT_EQ(plan.trims[1].segment, 1U);
  EXPECT_EQ(plan.bytes_before, 350U);
  EXPECT_EQ(plan.bytes_after, 200U);
  EXPECT_TRUE(plan.quota_met);
  EXPECT_FALSE(
      PlanRetention(segments, {.quota_bytes = 99, .margin = {}, .now = At(1000)}).quota_met)
      << "what is needed stays, whatever the quota";
}

TEST(RetentionPlan, NothingYoungerThanTheMarginGoes) {
  const std::vector<StoredSegment> segments = {Segment("journal", 1, 995, 100)};
  EXPECT_TRUE(PlanRetention(segments, {.keep = Duration::Seconds(1),
                                       .quota_bytes = 1,
                                       .margin = Duration::Seconds(10),
                                       .now = At(1000)})
                  .trims.empty());
}

TEST(RetentionPlan, WithoutAgeAndQuotaNothingGoes) {
  const std::vector<StoredSegment> segments = {Segment("journal", 1, 0, 100)};
  EXPECT_TRUE(PlanRetention(segments, {.now = At(100'000'000)}).trims.empty());
}

}  // namespace
}  // namespace trucewatch::evidence
