// SPDX-License-Identifier: Apache-2.0
#include "core/time/instant.h"

#include <gtest/gtest.h>

namespace trucewatch {
namespace {

TEST(Instant, FormatsAndParsesTheSamePointInTime) {
  // `date -u -d @1772398800` prints 2026-03-01 21:00:00.
  const Instant instant = Instant::FromMicros(1'772'398'800'000'000);
  EXPECT_EQ(FormatUtc(instant), "2026-03-01T21:00:00Z");
  EXPECT_EQ(FormatUtc(instant + Duration::Micros(120)), "2026-03-01T21:00:00.000120Z");
  for (const char* text :
       {"2026-03-01T21:00:00Z", "1969-12-31T23:59:59.999999Z", "2000-02-29T00:00:00.500000Z"}) {
    const auto parsed = ParseUtc(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(FormatUtc(*parsed), text);
  }
  EXPECT_EQ(ParseUtc("2026-03-01T21:00:00.5Z")->micros(), instant.micros() + 500'000);
}

TEST(Instant, TextThatIsNoUtcTimeIsRefusedWithAnExample) {
  for (const char* text : {"", "2026-03-01", "2026-03-01T21:00:00", "2026-03-01T21:00:00+01:00",
                           "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-03-01T24:00:00Z",
                           "2026-03-01T21:60:00Z", "2026-03-01T21:00:00.Z",
                           "2026-03-01T21:00:00.1234567Z", "x026-03-01T21:00:00Z"}) {
    const auto parsed = ParseUtc(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().message.find("2026-03-01T21:00:00Z"), std::string::npos);
  }
}

}  // namespace
}  // namespace trucewatch
