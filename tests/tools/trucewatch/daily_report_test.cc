// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/report/daily_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"
#include "tests/tools/trucewatch/grown_record.h"
#include "tools/trucewatch/report/coverage_summary.h"
#include "tools/trucewatch/report/record_links.h"

namespace trucewatch::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Instant kDay = *ParseUtc("2026-03-01T00:00:00Z");
const Instant kNextDay = *ParseUtc("2026-03-02T00:00:00Z");

std::string Page() {
  const std::string page = DailyReport(GrownRecord(), {.from = kDay, .to = kNextDay});
  // For a person who wants to look at it.
  if (const char* file = std::getenv("TRUCEWATCH_REPORT_PAGE")) std::ofstream(file) << page;
  return page;
}

// An independent reader: Python's html.parser checks that elements nest, links have targets, no
// figure of a table stands without a link, and nothing is loaded.
testing::Finished ReadAsHtml(const std::string& page) {
  const testing::TempDirectory directory;
  std::ofstream(directory.File("page.html")) << page;
  return testing::RunProcess(
      {"python3", "tests/tools/trucewatch/check_report.py", directory.File("page.html")});
}

TEST(DailyReport, IsWellFormedAndEveryFigureLeadsToItsRecords) {
  const auto read = ReadAsHtml(Page());
  EXPECT_EQ(read.code, 0) << read.output;
  EXPECT_THAT(read.output, HasSubstr("links checked"));
}

TEST(DailyReport, TheCheckItselfFindsBreaches) {
  const std::string page = Page();
  const auto broken = [&](const std::string& from, const std::string& to) {
    std::string copy = page;
    const auto at = copy.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    copy.replace(at, from.size(), to);
    return ReadAsHtml(copy).code;
  };
  EXPECT_NE(broken("id=\"e3\"", "id=\"x3\""), 0);
  EXPECT_NE(broken("</section>", "</article>"), 0);
  EXPECT_NE(broken("<header>", "<header><img src=\"http://a.example/x\">"), 0);
  EXPECT_NE(broken("<header>", "<header><script>1</script>"), 0);
  EXPECT_NE(broken("<td class=\"n\"", "<td class=\"n\">12</td><td class=\"n\""), 0);
}

TEST(DailyReport, SharesOfEveryRowAddUpToExactly100) {
  const std::string page = Page();
  const std::regex row("<tr><td data-h=\"Class\">.*</tr>");
  const std::regex share(
      "data-h=\"[^\"]*%\"><span><a class=\"f\" href=\"#[^\"]*\">([0-9]+)\\.([0-9])</a>");
  int rows = 0;
  for (std::sregex_iterator r(page.begin(), page.end(), row), end; r != end; ++r, ++rows) {
    const std::string text = r->str();
    int tenths = 0, shares = 0;
    for (std::sregex_iterator s(text.begin(), text.end(), share); s != end; ++s, ++shares) {
      tenths += std::stoi((*s)[1]) * 10 + std::stoi((*s)[2]);
    }
    EXPECT_EQ(shares, 4) << text;
    EXPECT_EQ(tenths, 1000) << text;
  }
  EXPECT_EQ(rows, (3 + 3) * 3);  // three sides and three zones, three classes each
}

TEST(DailyReport, HostileNamesStayText) {
  const std::string page = Page();
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"));
  EXPECT_THAT(page, Not(HasSubstr("\x07")));
  EXPECT_THAT(page, Not(HasSubstr("\xFF")));
}

TEST(DailyReport, SpeaksTheWordsOfTheMission) {
  const std::string page = Page();
  for (const char* said :
       {"EXERCISE · NOT AN OPERATIONAL RECORD", "Based on information received as of",
        "26 to 34 people", "7 to 8 trucks", "AMENDED", "Movement N2 was notified", "side A (North)",
        "side B (South)", "neither side", "not observed",
        "trucewatch audit run/ledger --policy run/policy.txt"}) {
    EXPECT_THAT(page, HasSubstr(said));
  }
  for (const char* never : {"violation", "hostile", "enemy"}) {
    EXPECT_THAT(page, Not(HasSubstr(never)));
  }
  // The account that late looks replaced counts no more.
  EXPECT_THAT(page, Not(HasSubstr("radar1 gave no look")));
}

TEST(DailyReport, AnOperationalMissionHasNoExerciseMark) {
  LedgerRecord ledger = GrownRecord();
  ledger.record.exercise = false;
  ledger.record.agreement.set_title("Ceasefire");
  ledger.origin = "trucewatch.example/demo";
  EXPECT_THAT(DailyReport(ledger, {.from = kDay, .to = kNextDay}), Not(HasSubstr("EXERCISE")));
}

TEST(DailyReport, SidesStandInTheSameOrderEverywhere) {
  const std::string page = Page();
  std::size_t at = 0;
  int effort_lines = 0;
  while ((at = page.find("observed for ", at)) != std::string::npos) {
    const std::size_t end = page.find("</dd>", at);
    const std::size_t a = page.find("side A (North)", at), b = page.find("side B (South)", at),
                      neither = page.find("neither side", at);
    EXPECT_LT(a, b);
    EXPECT_LT(b, neither);
    EXPECT_LT(neither, end);
    at = end;
    ++effort_lines;
  }
  EXPECT_EQ(effort_lines, 3);  // one for each event
  EXPECT_LT(page.find("Zones of side A"), page.find("Zones of side B"));
  EXPECT_LT(page.find("Zones of side B"), page.find("Zones of neither side"));
}

TEST(DailyReport, AnotherDayHasNothingOfThisOne) {
  const std::string page =
      DailyReport(GrownRecord(), {.from = kNextDay, .to = kNextDay + Duration::Seconds(86'400)});
  EXPECT_THAT(page, HasSubstr("No event"));
  EXPECT_THAT(page, HasSubstr("No coverage account"));
  EXPECT_THAT(page, Not(HasSubstr("26 to 34 people")));
  const auto read = ReadAsHtml(page);
  EXPECT_EQ(read.code, 0) << read.output;
}

// A day of one-minute periods in three zones, every period different.
TEST(DailyReport, AWholeDayStaysLight) {
  LedgerRecord ledger = GrownRecord();
  const Finding account = ledger.record.coverage_published.front().finding;
  for (int minute = 0; minute < 1440; ++minute) {
    for (const char* zone : {"buffer", "line_a", "store_b"}) {
      Finding f = account;
      f.coverage->zone = zone;
      f.coverage->start = kDay + Duration::Seconds(60 * minute);
      f.coverage->end = f.coverage->start + Duration::Seconds(60);
      f.coverage->classes[0].shares = {{CoverageState::kObservedNothing, "", minute % 8},
                                       {CoverageState::kNotObserved, "night", 7 - minute % 8}};
      const std::uint64_t index = ledger.entries.size();
      ledger.entries.push_back({index, {}, f.kind, f.time});
      AddFinding({std::move(f), index, 0}, &ledger.record);
    }
  }
  const std::string page = DailyReport(ledger, {.from = kDay, .to = kNextDay});
  EXPECT_LT(page.size(), 4U << 20U);
  const auto read = ReadAsHtml(page);
  EXPECT_EQ(read.code, 0) << read.output;
}

TEST(CoverageSummary, MinutesAreThoseOfTheAccountsInForce) {
  const LedgerRecord ledger = GrownRecord();
  const auto zones = SummariseCoverage(ledger.record, kDay, kNextDay);
  ASSERT_EQ(zones.size(), 3U);
  EXPECT_EQ(zones[2].zone, "line_a");
  // Four periods of a minute: three with six of seven cells observed, one (amended) with seven.
  EXPECT_NEAR(zones[2].classes[0].ObservedMinPerKm2(), 3 * 6.0 / 7 + 1, 1e-12);
  EXPECT_NEAR(zones[2].classes[0].Observed(), 1.75 * (3 * 6.0 / 7 + 1), 1e-12);
  EXPECT_NEAR(zones[2].classes[1].Observed(), 0, 1e-12);
  EXPECT_EQ(zones[2].accounts.size(), 4U);
  EXPECT_EQ(ledger.record.coverage_published.size(), 13U);
  const auto sides = CoverageBySide(zones);
  EXPECT_EQ(sides[0].zones.size(), 1U);
  EXPECT_EQ(sides[0].side, "A");
  EXPECT_EQ(sides[1].side, "B");
}

TEST(CoverageSummary, TenthsOfPercentAddUpForAnyValues) {
  EXPECT_EQ(TenthsOfPercent({0, 0, 0, 0}), (std::array<int, 4>{0, 0, 0, 0}));
  EXPECT_EQ(TenthsOfPercent({1, 1, 1, 0}), (std::array<int, 4>{334, 333, 333, 0}));
  std::uint64_t state = 1;
  for (int i = 0; i < 2000; ++i) {
    std::array<double, 4> values{};
    double total = 0;
    for (double& value : values) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      value = static_cast<double>(state >> 40U) / (i % 3 == 0 ? 7.0 : 1.0);
      total += value;
    }
    const auto tenths = TenthsOfPercent(values);
    int sum = 0;
    for (std::size_t k = 0; k < tenths.size(); ++k) {
      sum += tenths[k];
      EXPECT_LT(std::abs(tenths[k] - 1000 * values[k] / total), 1.0);
    }
    EXPECT_EQ(sum, 1000);
  }
}

TEST(SourceRecord, AGapGoesFromSilenceToReturn) {
  const LedgerRecord ledger = GrownRecord();
  const auto gaps = ledger.record.sources.at("radar1").Gaps();
  ASSERT_EQ(gaps.size(), 1U);
  ASSERT_TRUE(gaps[0].resumed.has_value());
  EXPECT_EQ((gaps[0].resumed->finding.time - gaps[0].late.finding.time).seconds(), 40);
  EXPECT_TRUE(ledger.record.sources.at("drone1").Gaps().empty());
}

TEST(RecordLinks, EqualListsAreOneListAndZeroLeadsToAllEntries) {
  const LedgerRecord ledger = GrownRecord();
  RecordLinks links(ledger.entries);
  EXPECT_EQ(links.Target({3}), "#e3");
  EXPECT_EQ(links.Target({5, 3, 4, 3}), "#s1");
  EXPECT_EQ(links.Target({3, 4, 5}), "#s1");
  EXPECT_EQ(links.Target({}), "#all");
  EXPECT_THAT(links.Appendix(), HasSubstr("<a href=\"#e3\">#3</a> to <a href=\"#e5\">#5</a>"));
}

}  // namespace
}  // namespace trucewatch::tools
