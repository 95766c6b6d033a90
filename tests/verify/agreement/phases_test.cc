// SPDX-License-Identifier: Apache-2.0
// When phases begin and end: to the second, at midnight, and where a day has a second more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/text_config.h"
#include "core/time/leap_seconds.h"
#include "verify/agreement/agreement.h"
#include "verify/agreement/lint.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// The agreement of the tests with other phases.
std::string WithPhases(const std::string& phases) {
  std::string text = ReadTextFile("tests/verify/data/agreement.txtpb").value_or("");
  const auto at = text.find("phase {");
  text.replace(at, text.find('\n', at) - at, phases);
  return text;
}

std::string PhaseIdAt(const Agreement& agreement, Instant time) {
  const Phase* phase = PhaseAt(agreement, time);
  return phase == nullptr ? "none" : phase->id;
}

constexpr auto kMicro = Duration::Micros(1);

TEST(Phases, SwitchAtTheExactMidnightCountedFromDayZero) {
  const auto agreement = ParseAgreement(
      WithPhases("day_zero_utc: \"2026-02-27T00:00:00Z\"\n"
                 "phase { id: \"first\" start_utc: \"D-1 18:30:00\" end_utc: \"D+2 00:00:00\" }\n"
                 "phase { id: \"second\" start_utc: \"D+2 00:00:00\" end_utc: \"D+30 12:00:01\" }"),
      "a.txtpb");
  ASSERT_TRUE(agreement) << agreement.error().message;
  const Instant start = *ParseUtc("2026-02-26T18:30:00Z");
  const Instant midnight = *ParseUtc("2026-03-01T00:00:00Z");  // February has 28 days
  const Instant end = *ParseUtc("2026-03-29T12:00:01Z");
  EXPECT_EQ(PhaseIdAt(*agreement, start - kMicro), "none");
  EXPECT_EQ(PhaseIdAt(*agreement, start), "first");
  EXPECT_EQ(PhaseIdAt(*agreement, midnight - kMicro), "first");
  EXPECT_EQ(PhaseIdAt(*agreement, midnight), "second");
  EXPECT_EQ(PhaseIdAt(*agreement, end - kMicro), "second");
  EXPECT_EQ(PhaseIdAt(*agreement, end), "none");
}

TEST(Phases, SwitchInALeapSecondBelongsToTheNewPhaseFromItsFirstMicrosecond) {
  const auto agreement =
      ParseAgreement(WithPhases("phase { id: \"old\" start_utc: \"2016-12-01T00:00:00Z\" end_utc: "
                                "\"2016-12-31T23:59:60Z\" }\n"
                                "phase { id: \"new\" start_utc: \"2016-12-31T23:59:60Z\" end_utc: "
                                "\"2017-02-01T00:00:00Z\" }"),
                     "a.txtpb");
  ASSERT_TRUE(agreement) << agreement.error().message;
  // The POSIX count has no name of its own for 23:59:60; it is that of the midnight.
  const Instant midnight = *ParseUtc("2017-01-01T00:00:00Z");
  EXPECT_EQ(agreement->phases[1].start, midnight);
  EXPECT_EQ(PhaseIdAt(*agreement, midnight - kMicro), "old");
  EXPECT_EQ(PhaseIdAt(*agreement, midnight), "new");
  // A drone's clock counts on through the leap second. Its last moment before it is in the old
  // phase, all of the leap second and the midnight after it in the new one.
  const std::int64_t leap_misp_us = midnight.micros() + 28'000'000;
  const auto at = [&](std::int64_t us) {
    return PhaseIdAt(*agreement, UtcFromMisp(leap_misp_us + us));
  };
  EXPECT_EQ(at(-1), "old");
  EXPECT_EQ(at(0), "new");
  EXPECT_EQ(at(999'999), "new");
  EXPECT_EQ(at(1'000'000), "new");
  EXPECT_EQ(at(1'000'001), "new");
}

TEST(Phases, SecondSixtyIsRefusedOnADayThatHasNone) {
  const std::string text = WithPhases(
      "phase { id: \"all\" start_utc: \"2026-02-20T00:00:00Z\" end_utc: \"2026-12-31T23:59:60Z\" "
      "}");
  const auto messages = LintAgreement(text, "a.txtpb");
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(messages[0].subject, "phase \"all\", end_utc");
  EXPECT_THAT(messages[0].meaning, HasSubstr("No leap second is known"));
  EXPECT_EQ(messages[0].advice, "Write 2027-01-01T00:00:00Z.");
}

TEST(Phases, DaysCountedWithoutADayZeroOrNotWholeAreRefused) {
  for (const char* time : {"D+3 00:00:00", "D+3", "D+x 00:00:00", "D3 00:00:00", "D+3 24:00:00",
                           "D+99999 00:00:00", "D+3 00:00:00 "}) {
    for (const char* zero : {"", "day_zero_utc: \"2026-02-20T00:00:00Z\"\n"}) {
      if (std::string(time) == "D+3 00:00:00" && *zero != '\0') continue;
      const auto parsed =
          ParseAgreement(WithPhases(fmt::format("{}phase {{ id: \"all\" start_utc: \"{}\" end_utc: "
                                                "\"2026-12-31T00:00:00Z\" }}",
                                                zero, time)),
                         "a.txtpb");
      ASSERT_FALSE(parsed) << time << zero;
      EXPECT_THAT(parsed.error().message, HasSubstr("phase[0].start_utc")) << time;
    }
  }
}

}  // namespace
}  // namespace trucewatch
