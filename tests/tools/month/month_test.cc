// SPDX-License-Identifier: Apache-2.0
#include "tools/month/month.h"

#include <gtest/gtest.h>

namespace trucewatch::tools::month {
namespace {

MonthResult MissionOf(double days) {
  MonthOptions options;
  options.seed = 4;
  options.days = days;
  auto result = RunMonth(options);
  EXPECT_TRUE(result) << result.error().message;
  return result ? std::move(*result) : MonthResult();
}

TEST(Month, SevenHoursAreToldAsTheyWere) {
  const MonthResult result = MissionOf(0.3);
  int verified = 0, visible = 0, visible_verified = 0;
  for (const auto& [rule, grade] : result.rules) {
    EXPECT_EQ(grade.verified, grade.verified_true) << rule;
    verified += grade.verified;
    visible += grade.visible;
    visible_verified += grade.visible_verified;
  }
  EXPECT_GE(verified, 3);
  EXPECT_GE(visible, 3);
  EXPECT_EQ(visible_verified, visible);
  EXPECT_GT(result.on_record.at("COVERAGE"), 0);
}

TEST(Month, TheSameSeedIsToldTheSame) {
  const MonthResult first = MissionOf(0.1);
  const MonthResult again = MissionOf(0.1);
  EXPECT_EQ(first.findings, again.findings);
  EXPECT_EQ(first.on_record, again.on_record);
  ASSERT_EQ(first.stated.size(), again.stated.size());
  for (std::size_t i = 0; i < first.stated.size(); ++i)
    EXPECT_EQ(first.stated[i].probability, again.stated[i].probability);
}

}  // namespace
}  // namespace trucewatch::tools::month
