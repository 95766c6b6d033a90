// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/trucewatch/ledger_record.h"

namespace trucewatch::tools {

struct DailyReportOptions {
  Instant from, to;  // the day: statements with from <= event time < to
};

// The daily report (docs/formats/report.md): one HTML page that needs no network, no other file and
// no script. Every figure is a link to the ledger entries it rests on. A pure function of the
// record: the same ledger, day and as-of time give the same bytes.
std::string DailyReport(const LedgerRecord& ledger, const DailyReportOptions& options);

}  // namespace trucewatch::tools
