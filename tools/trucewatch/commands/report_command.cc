// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "tools/trucewatch/commands/commands.h"
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
  TW_RETURN_IF_ERROR(WriteFileAtomically(*storage, command.out, AsBytes(page)));
  std::fprintf(
      stderr, "%s: report of %s on %zu entries of %s%s\n", command.out.c_str(), date.c_str(),
      ledger.entries.size(), ledger.ledger_path.c_str(),
      ledger.audited ? "" : " (its signature was not checked: no policy.txt in the folder)");
  return 0;
}

}  // namespace trucewatch::tools
