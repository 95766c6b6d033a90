// SPDX-License-Identifier: Apache-2.0
#include "detect/overload_governor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "core/types/source_notes.h"
#include "detect/thinning.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

SourceStatus NoteOf(const ThinningDecision& decision) {
  return {.source = decision.source,
          .time = {},
          .state = SourceState::kUnspecified,
          .reason = decision.reason};
}

// A hub with live sources, each a segment of a second every second, and detection that works
// through them in order. Decisions become notes at the end of what waits.
class Hub {
 public:
  explicit Hub(double processors, OverloadOptions options = {}) : governor_(options) {
    processors_ = processors;
  }
  std::map<SourceId, double> need;  // processor time of a second of video

  void Run(int seconds) {
    for (int i = 0; i < seconds; ++i) Second();
  }
  int OneIn(const std::string& source) const {
    const auto found = thinned_.find({source});
    return found == thinned_.end() ? 1 : found->second;
  }
  Duration lag() const { return governor_.lag(); }
  Duration longest_lag;
  std::vector<ThinningDecision> decisions;
  std::map<SourceId, int> seen, looked_at;

 private:
  struct Input {
    SourceId source;
    std::optional<SourceStatus> note;
  };
  void Second() {
    now_ = now_ + Duration::Seconds(1);
    for (const auto& [source, unused] : need) {
      waiting_.push_back({source, {}});
      ++available_;
    }
    budget_ = std::min(processors_, budget_ + processors_);
    while (!waiting_.empty() && budget_ > 0) {
      const Input input = waiting_.front();
      waiting_.pop_front();
      ++handled_;
      if (input.note) {
        thinning_.Note(*input.note);
        continue;
      }
      ++seen[input.source];
      if (!thinning_.LooksAt(input.source)) continue;
      ++looked_at[input.source];
      budget_ -= need[input.source];
      StreamCost& cost = costs_[input.source];
      cost.video = cost.video + Duration::Seconds(1);
      cost.cpu = cost.cpu + Duration::FromSeconds(need[input.source]);
    }
    const DetectProgress progress{.available = available_, .handled = handled_, .costs = costs_};
    for (const ThinningDecision& decision : governor_.Step(now_, progress, thinned_)) {
      decisions.push_back(decision);
      EXPECT_EQ(OneSegmentIn(NoteOf(decision)), decision.one_in) << decision.reason;
      waiting_.push_back({decision.source, NoteOf(decision)});
      ++available_;
      if (decision.one_in == 1) {
        thinned_.erase(decision.source);
      } else {
        thinned_[decision.source] = decision.one_in;
      }
    }
    longest_lag = std::max(longest_lag, governor_.lag());
  }

  OverloadGovernor governor_;
  double processors_ = 1;
  double budget_ = 0;
  Instant now_ = Instant::FromMicros(1'000'000'000);
  std::deque<Input> waiting_;
  std::uint64_t available_ = 0, handled_ = 0;
  std::map<SourceId, StreamCost> costs_;
  std::map<SourceId, int> thinned_;
  Thinning thinning_;
};

TEST(OverloadGovernor, NothingIsThinnedWhileDetectionKeepsUp) {
  Hub hub(2);
  hub.need = {{{"a"}, 0.9}, {{"b"}, 0.9}};
  hub.Run(600);
  EXPECT_TRUE(hub.decisions.empty());
}

TEST(OverloadGovernor, OnlyTheStreamThatNeedsMoreThanItsShareIsThinned) {
  Hub hub(2);
  hub.need = {{{"light"}, 0.3}, {{"medium"}, 0.5}, {{"heavy"}, 3.0}};
  hub.Run(900);
  EXPECT_EQ(hub.OneIn("light"), 1);
  EXPECT_EQ(hub.OneIn("medium"), 1);
  // 0.8 x 2 - 0.3 - 0.5 = 0.8 processors are left: one second in four; what was used just then
  // is not known to the last second.
  ASSERT_FALSE(hub.decisions.empty());
  EXPECT_EQ(hub.decisions[0].source.value, "heavy");
  EXPECT_GE(hub.decisions[0].one_in, 4);
  EXPECT_LE(hub.decisions[0].one_in, 5);
  EXPECT_THAT(hub.decisions[0].reason, HasSubstr("is looked at; what waits has waited 11 s"));
  EXPECT_THAT(hub.decisions[0].reason, HasSubstr("needs 3.00 processors, its fair share is 0."));
  EXPECT_EQ(hub.looked_at[{"light"}], hub.seen[{"light"}]);
  EXPECT_EQ(hub.looked_at[{"medium"}], hub.seen[{"medium"}]);
  EXPECT_LT(hub.looked_at[{"heavy"}], hub.seen[{"heavy"}] / 2);
  // 10 s until it is noticed, as long again for each until the note is reached, at half speed.
  EXPECT_LT(hub.longest_lag, Duration::Seconds(60));
}

TEST(OverloadGovernor, WhatWasThinnedComesBackWhenThereIsRoom) {
  Hub hub(1);
  hub.need = {{{"a"}, 0.9}, {{"b"}, 0.9}};
  hub.Run(400);
  EXPECT_GT(hub.OneIn("a"), 1);
  EXPECT_GT(hub.OneIn("b"), 1);
  hub.need = {{{"a"}, 0.3}, {{"b"}, 0.3}};
  hub.Run(400);
  EXPECT_EQ(hub.OneIn("a"), 1);
  EXPECT_EQ(hub.OneIn("b"), 1);
  EXPECT_LT(hub.lag(), Duration::Seconds(3));
  EXPECT_THAT(hub.decisions.back().reason, HasSubstr("overload: 1 segment in 1 is looked at; "));
}

TEST(OverloadGovernor, OneSegmentInMaxSkipIsAlwaysLookedAt) {
  Hub hub(1, {.max_lag = Duration::Seconds(5), .max_skip = 3});
  hub.need = {{{"a"}, 20.0}};
  hub.Run(900);
  for (const ThinningDecision& decision : hub.decisions) EXPECT_LE(decision.one_in, 3);
  EXPECT_EQ(hub.OneIn("a"), 3);
}

TEST(Thinning, TheFirstSegmentAfterTheNoteAndThenEachNth) {
  Thinning thinning;
  const SourceStatus note{{"a"}, {}, SourceState::kUnspecified, "overload: 1 segment in 3 is x"};
  EXPECT_TRUE(thinning.LooksAt({"a"}));
  thinning.Note(note);
  std::string looked;
  for (int i = 0; i < 7; ++i) {
    looked += thinning.LooksAt({"a"}) ? 'x' : '.';
    EXPECT_TRUE(thinning.LooksAt({"b"}));
    // Kept and restored at any point, it goes on the same way.
    v1::DetectSnapshot snapshot;
    thinning.Write(&snapshot);
    Thinning restored;
    restored.Read(snapshot);
    thinning = restored;
  }
  EXPECT_EQ(looked, "x..x..x");
  thinning.Note({{"a"}, {}, SourceState::kUnspecified, "overload: 1 segment in 1 is x"});
  EXPECT_TRUE(thinning.empty());
}

TEST(Thinning, OtherWordsAndStatesThinNothing) {
  Thinning thinning;
  for (const char* reason :
       {"overload: 1 segment in ", "overload: 1 segment in 0 is", "overload: 1 segment in 3",
        "overload: 1 segment in -3 is", "the station says: overload: 1 segment in 3 is", "clock"}) {
    thinning.Note({{"a"}, {}, SourceState::kUnspecified, reason});
    EXPECT_TRUE(thinning.empty()) << reason;
  }
  thinning.Note({{"a"}, {}, SourceState::kLate, "overload: 1 segment in 3 is looked at"});
  EXPECT_TRUE(thinning.empty());
}

}  // namespace
}  // namespace trucewatch
