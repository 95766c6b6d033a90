// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/simulate/demo_scenario.h"

namespace trucewatch::simulate {
namespace {

using ::testing::HasSubstr;
using testing::WriteDemoScenario;

std::string ErrorOf(const std::function<void(v1::config::Scenario&)>& edit) {
  const trucewatch::testing::TempDirectory directory;
  const auto scenario = LoadScenario(WriteDemoScenario(directory, "scenario", edit), std::nullopt);
  if (scenario) return "";
  EXPECT_EQ(scenario.error().code == ErrorCode::kBadInput ||
                scenario.error().code == ErrorCode::kNotFound,
            true);
  return scenario.error().message;
}

TEST(LoadScenario, TakesTheSeedGivenOrItsOwn) {
  const trucewatch::testing::TempDirectory directory;
  const std::string path = WriteDemoScenario(directory, "scenario");
  EXPECT_EQ(LoadScenario(path, std::nullopt)->seed, 1U);
  EXPECT_EQ(LoadScenario(path, 77)->seed, 77U);
}

TEST(LoadScenario, NamesWhatIsWrong) {
  EXPECT_EQ(LoadScenario("no/such.txtpb", 1).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(ErrorOf([](auto& s) { s.set_agreement_file("gone.txtpb"); }),
              HasSubstr("gone.txtpb"));
  EXPECT_THAT(ErrorOf([](auto& s) { s.set_duration_s(-1); }), HasSubstr("duration_s"));
  EXPECT_THAT(ErrorOf([](auto& s) { s.mutable_convoy(0)->set_road("nowhere"); }),
              HasSubstr("nowhere"));
  EXPECT_THAT(ErrorOf([](auto& s) { s.mutable_convoy(1)->set_count(0); }),
              HasSubstr("convoy[1].count"));
  EXPECT_THAT(ErrorOf([](auto& s) { s.mutable_drone(0)->set_width_px(961); }), HasSubstr("even"));
  EXPECT_THAT(ErrorOf([](auto& s) { s.mutable_drone(0)->mutable_stare(1)->set_follow("nobody"); }),
              HasSubstr("nobody"));
  EXPECT_THAT(ErrorOf([](auto& s) { s.mutable_radar()->set_sigma_range_m(0); }),
              HasSubstr("radar.sigma_range_m"));
}

TEST(LoadScenario, RefusesToSimulateWithoutTheExerciseMark) {
  EXPECT_THAT(ErrorOf([](auto& s) { s.mutable_mission()->set_status(v1::config::OPERATIONAL); }),
              HasSubstr("EXERCISE"));
  EXPECT_THAT(ErrorOf([](auto& s) { s.mutable_drone(0)->set_mission_id("REAL"); }),
              HasSubstr("EXERCISE"));
}

}  // namespace
}  // namespace trucewatch::simulate
