// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <string>

#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/output_file.h"
#include "tools/trucewatch/report/coverage_summary.h"
#include "tools/trucewatch/report/daily_report.h"

namespace trucewatch::tools {

Result<int> RunReportDaily(const ReportDailyCommand& command) {
  std::optional<Instant> as_of;
  if (!command.as_of.empty()) {
    const auto parsed = ParseUtc(command.as_of);
    if (!parsed) {
      return Fail(ErrorCode::kUsage, "--as-of {}: expected a time like 2026-03-01T19:30:00Z",
                  command.as_of);
    }
    as_of = *parsed;
  }
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  TW_ASSIGN_OR_RETURN(const LedgerRecord ledger, ReadLedgerRecord(*storage, command.run, as_of));
  if (ledger.entries.empty()) {
    return Fail(ErrorCode::kUsage,
                "--as-of {}: the mission starts at {}; nothing is on record before", command.as_of,
                FormatUtc(ledger.record.start));
  }
  const std::string date =
      command.date.empty() ? FormatUtc(ledger.record.end).substr(0, 10) : command.date;
  const auto midnight = ParseUtc(date + "T00:00:00Z");
  if (!midnight) {
    return Fail(ErrorCode::kUsage, "--date {}: expected a day like 2026-03-01", command.date);
  }
  const Instant next = *midnight + Duration::Seconds(86'400);
  if (next <= ledger.record.start || *midnight > ledger.record.end) {
    return Fail(ErrorCode::kUsage, "--date {}: the record goes from {} to {}", date,
                FormatUtc(ledger.record.start), FormatUtc(ledger.record.end));
  }
  const std::string page = DailyReport(ledger, {.from = *midnight, .to = next});
  TW_RETURN_IF_ERROR(WriteOutputFile(*storage, command.out, AsBytes(page)));
  std::fprintf(
      stderr, "%s: report of %s on %zu entries of %s%s\n", command.out.c_str(), date.c_str(),
      ledger.entries.size(), ledger.ledger_path.c_str(),
      ledger.audited ? "" : " (its signature was not checked: no policy.txt in the folder)");
  return 0;
}

namespace {

void PrintCoverage(const std::string& where, const std::array<CoverageSum, 3>& classes) {
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const CoverageSum& sum = classes[c];
    const std::array<int, 4> tenths = TenthsOfPercent(sum.km2_min);
    std::printf("%-48.48s %-18s", c == 0 ? where.c_str() : "",
                CoverageClassWords(kCoverageClasses[c]).c_str());
    for (const int share : tenths) std::printf(" %8.1f", share / 10.0);
    std::printf(" %9.2f of %.2f\n", sum.ObservedMinPerKm2(), sum.AccountedMinPerKm2());
  }
}

}  // namespace

Result<int> RunReportCoverage(const ReportCoverageCommand& command) {
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  TW_ASSIGN_OR_RETURN(const LedgerRecord ledger, ReadLedgerRecord(*storage, command.run, {}));
  const auto zones = SummariseCoverage(ledger.record, ledger.record.start,
                                       ledger.record.end + Duration::Seconds(1));
  if (zones.empty()) {
    std::printf("no coverage account was kept\n");
    return 0;
  }
  std::printf("%-48s %-18s %8s %8s %8s %8s %17s\n", "shares of area and time, %", "", "nothing",
              "activity", "degraded", "not", "observed minutes");
  std::printf("%-48s %-18s %8s %8s %8s %8s %17s\n", "", "", "seen", "seen", "", "observed",
              "per km2");
  for (const SideCoverage& side : CoverageBySide(zones)) {
    if (side.zones.empty()) continue;
    PrintCoverage(SideWords(ledger.record, side.side), side.classes);
    for (const ZoneCoverage* zone : side.zones) {
      PrintCoverage("  " + ZoneName(ledger.record, zone->zone), zone->classes);
    }
  }
  return 0;
}

}  // namespace trucewatch::tools
