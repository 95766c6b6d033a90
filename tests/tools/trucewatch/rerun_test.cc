// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/rerun.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trucewatch::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

Finding Transition(const std::string& id, EventState state, double first_s, double time_s) {
  Finding f;
  f.kind = FindingKind::kEventTransition;
  f.event_id = id;
  f.state = state;
  f.rule = "no_convoys";
  f.zone = "buffer";
  f.time_first = Instant::FromMicros(static_cast<std::int64_t>(first_s * 1e6));
  f.time = f.time_last = Instant::FromMicros(static_cast<std::int64_t>(time_s * 1e6));
  f.probability = 0.97;
  f.count_min = 5;
  f.count_max = 8;
  return f;
}

TEST(Rerun, TheSameEventIsFoundByRulePlaceAndTimeWhateverItsId) {
  const std::vector<Finding> recorded = {Transition("a", EventState::kCandidate, 100, 110),
                                         Transition("a", EventState::kVerified, 100, 130)};
  const std::vector<Finding> rerun = {Transition("x", EventState::kCandidate, 20, 30),
                                      Transition("y", EventState::kCandidate, 104, 112),
                                      Transition("y", EventState::kCorroborated, 104, 125)};
  const RerunDifference difference = DifferenceOf("a", recorded, rerun);
  EXPECT_THAT(difference.recorded, SizeIs(2));
  ASSERT_THAT(difference.rerun, SizeIs(2));
  EXPECT_EQ(difference.rerun[0].event_id, "y");
  EXPECT_THAT(difference.sentence, HasSubstr("comes to another state: recorded VERIFIED"));
}

TEST(Rerun, AnEventThatIsGoneIsSaidToBeGone) {
  const std::vector<Finding> recorded = {Transition("a", EventState::kVerified, 100, 130)};
  const std::vector<Finding> rerun = {Transition("b", EventState::kVerified, 300, 330)};
  const RerunDifference difference = DifferenceOf("a", recorded, rerun);
  EXPECT_TRUE(difference.rerun.empty());
  EXPECT_THAT(difference.sentence, HasSubstr("the re-run has no such event"));
  const std::string text =
      RerunText("a", true, {.map_sigma_m = 20.0, .verified_probability = {}, .without = {"drone1"}},
                true, difference);
  EXPECT_THAT(text, HasSubstr("trucewatch rerun v1\n{\"event_id\":\"a\",\"status\":\"EXERCISE\""));
  EXPECT_THAT(text, HasSubstr("\"map_sigma_m\":20,\"without\":[\"drone1\"]"));
  EXPECT_THAT(text, HasSubstr("\"record_reproduced\":true"));
}

TEST(Rerun, OnlyWhatTheAgreementAllowsIsChanged) {
  v1::config::Agreement agreement;
  EXPECT_TRUE(CheckAllowed({.map_sigma_m = 100.0, .verified_probability = 0.999, .without = {"a"}},
                           agreement));
  EXPECT_FALSE(
      CheckAllowed({.map_sigma_m = 101.0, .verified_probability = {}, .without = {}}, agreement));
  agreement.mutable_challenge_terms()->set_max_map_sigma_m(10);
  agreement.mutable_challenge_terms()->set_max_verified_probability(0.99);
  EXPECT_FALSE(
      CheckAllowed({.map_sigma_m = 20.0, .verified_probability = {}, .without = {}}, agreement));
  EXPECT_FALSE(
      CheckAllowed({.map_sigma_m = {}, .verified_probability = 0.995, .without = {}}, agreement));
  EXPECT_FALSE(CheckAllowed({.map_sigma_m = {}, .verified_probability = {}, .without = {"drone1"}},
                            agreement));
  EXPECT_TRUE(
      CheckAllowed({.map_sigma_m = 10.0, .verified_probability = 0.99, .without = {}}, agreement));
}

}  // namespace
}  // namespace trucewatch::tools
