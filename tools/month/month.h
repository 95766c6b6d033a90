// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "tools/month/grade.h"
#include "tools/month/observers.h"

namespace trucewatch::tools::month {

struct MonthOptions {
  std::uint64_t seed = 1;
  double days = 30;
  double step_s = 2;  // between pictures
  Mistakes mistakes;
  std::function<void(double)> progress;  // share done
};

struct MonthResult {
  std::map<std::string, RuleGrade> rules;
  std::vector<Stated> stated;
  double verify_cpu_s = 0;  // in the verify stage, its messages' decoding included
  double mission_s = 0;     // of event time
  std::uint64_t inputs = 0, findings = 0, movements = 0;
  std::map<std::string, int>
      on_record;  // notified, permitted, human records, coverage accounts, ...
};

// One mission through the whole verify stage. Fails when the stage refuses its own agreement.
Result<MonthResult> RunMonth(const MonthOptions& options);

}  // namespace trucewatch::tools::month
