// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/coverage_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trucewatch::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Verdict = AbsenceClaim::Verdict;

CoverageReader::Piece Periods(int count, double p, CoverageState state,
                              CoverageReason reason = CoverageReason::kNone) {
  const Instant start = *ParseUtc("2026-03-01T12:00:00Z");
  return {start,
          start + Duration::Seconds(60 * count),
          {.state = state, .level = DetectionLevel(p), .reason = reason, .text = 0},
          "",
          count};
}

TEST(AbsenceClaim, IsMadeOnlyFromTheAgreementsFloorOn) {
  const auto seen = Periods(1, 0.93, CoverageState::kObservedNothing);
  const AbsenceClaim enough = ClaimOf({seen}, 0.9);
  EXPECT_EQ(enough.verdict(), Verdict::kAbsent);
  const std::string said = AbsenceSentence(enough, "moving vehicle");
  EXPECT_THAT(said, HasSubstr("Nothing was seen: one moving vehicle that was here all of that time "
                              "would have been detected with probability 0.93"));
  const AbsenceClaim less = ClaimOf({seen}, 0.95);
  EXPECT_EQ(less.verdict(), Verdict::kNotEnough);
  EXPECT_THAT(AbsenceSentence(less, "moving vehicle"),
              HasSubstr("is not enough to say that nothing was there"));
  EXPECT_THAT(AbsenceSentence(less, "moving vehicle"), Not(HasSubstr("Nothing was seen")));
  EXPECT_EQ(ClaimOf({seen}, std::nullopt).verdict(), Verdict::kNoFloor);
}

TEST(AbsenceClaim, ExactlyTheFloorIsEnoughAndPeriodsMissIndependently) {
  EXPECT_EQ(ClaimOf({Periods(1, 0.9, CoverageState::kObservedNothing)}, 0.9).verdict(),
            Verdict::kAbsent);
  const AbsenceClaim claim = ClaimOf(
      {Periods(2, 0.5, CoverageState::kDegraded), Periods(1, 0.8, CoverageState::kDegraded)}, 0.9);
  EXPECT_NEAR(claim.probability, 1 - 0.5 * 0.5 * 0.2, 1e-12);
  EXPECT_NEAR(claim.mean, 0.6, 1e-12);
  EXPECT_EQ(claim.least, 0.5);
  EXPECT_EQ(claim.most, 0.8);
  EXPECT_EQ(claim.periods, 3);
}

TEST(AbsenceClaim, LooksOfUnknownTimeOrPlaceCountAsNothing) {
  const AbsenceClaim claim =
      ClaimOf({Periods(5, 0.99, CoverageState::kDegraded, CoverageReason::kClockNotTrusted),
               Periods(1, 0.5, CoverageState::kDegraded, CoverageReason::kPartOfPeriod)},
              0.9);
  EXPECT_EQ(claim.verdict(), Verdict::kNotEnough);
  EXPECT_NEAR(claim.probability, 0.5, 1e-12);
  EXPECT_EQ(claim.void_periods, 5);
  EXPECT_THAT(AbsenceSentence(claim, "moving vehicle"), HasSubstr("5 of 6 periods"));
}

TEST(AbsenceClaim, ActivityAndAnEmptyRecordAreSaid) {
  EXPECT_EQ(ClaimOf({Periods(9, 0.99, CoverageState::kObservedNothing),
                     Periods(1, 0.99, CoverageState::kObservedActivity)},
                    0.9)
                .verdict(),
            Verdict::kSeen);
  EXPECT_EQ(ClaimOf({}, 0.9).verdict(), Verdict::kNothingOnRecord);
}

TEST(FlooredProbability, NeverSaysMore) {
  EXPECT_EQ(FlooredProbability(0.9349), "0.934");
  EXPECT_EQ(FlooredProbability(0.93), "0.93");
  EXPECT_EQ(FlooredProbability(0.99999), "0.999");
  EXPECT_EQ(FlooredProbability(1.0), "0.999");
  EXPECT_EQ(FlooredProbability(0.0), "less than 0.001");
}

}  // namespace
}  // namespace trucewatch::tools
