// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/bus/log.h"
#include "core/types/finding.h"
#include "trucewatch/v1/config/agreement.pb.h"

namespace trucewatch::tools {

// What somebody who challenges an event may have changed, and nothing else.
struct RerunParameters {
  std::optional<double> map_sigma_m;           // how well the lines are known
  std::optional<double> verified_probability;  // the least for VERIFIED, of every rule
  std::set<std::string> without;               // sources that are not believed
  bool empty() const { return !map_sigma_m && !verified_probability && without.empty(); }
};

// Whether the agreement's `challenge_terms` allow them; without terms the map's error up to 100 m,
// a probability up to 0.999 and any sources. Fails with kUsage, saying what is allowed.
Result<void> CheckAllowed(const RerunParameters& parameters,
                          const v1::config::Agreement& agreement);

// Fuses and verifies again what detection gave (the log `detect` of a run), with other parameters:
// every transition that software gives. Without parameters they are those of the run, byte for
// byte. Sources that are left out are left out of fusion already.
Result<std::vector<Finding>> Rerun(LogReader& detect_log, const RerunParameters& parameters);

// One event in a record and in a re-run of it.
struct RerunDifference {
  std::vector<Finding> recorded, rerun;  // transitions
  std::string sentence;
};
// The re-run's event is the one of the same rule and zone that overlaps in time and began nearest;
// its id differs where the agreement does.
RerunDifference DifferenceOf(const std::string& event_id, const std::vector<Finding>& recorded,
                             const std::vector<Finding>& rerun);

// "trucewatch rerun v1", and one JSON object: what is signed.
std::string RerunText(const std::string& event_id, bool exercise, const RerunParameters& parameters,
                      bool reproduced, const RerunDifference& difference);

}  // namespace trucewatch::tools
