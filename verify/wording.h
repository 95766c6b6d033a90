// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/types/finding.h"
#include "verify/agreement/agreement.h"
#include "verify/corroboration/corroboration.h"
#include "verify/event.h"
#include "verify/rules/build_up.h"

namespace trucewatch {

// The sentences that officers and both parties read. Neutral words only (DOMAIN.md): what was
// observed, never what it amounts to, nor whose it is.

std::string TransitionSentence(const Finding& finding, const EventMoment& at,
                               const Agreement& agreement, const Rule& rule,
                               const Corroboration& corroboration, Duration held);

// What the rules about lines, counts and deadlines say (wording_rules.cc). `during`: " for 10 s" or
// nothing; `seen`: "seen by ... ." to the end.
std::string RuleSentence(const Finding& finding, const EventMoment& at, const Agreement& agreement,
                         const Rule& rule, const std::string& during, const std::string& seen);
// How well a zone was watched, and with which day a count is compared.
std::string WatchedWords(double watched, double floor);
std::string BuildUpWords(const BuildUp& build_up);
// Of a patrol's report that supports an event: how far from it, and how long before it.
std::string PatrolReportSentence(const SourceId& source, double apart_m, Duration before);
// For the heartbeat.
std::string NearLineSentence(const Line& line, int vehicles);
std::string NotWatchedSentence(const Agreement& agreement, const Rule& rule, double watched);

std::string NotifiedSentence(const Finding& finding, const NotifiedMovement& notified);

std::string PermittedSentence(const Finding& finding, const PermittedCorridor& corridor);

// Of an observation or an impediment. The author's own words stand in quotation marks.
std::string HumanRecordSentence(const HumanRecord& record);
// Of an allegation; `events`: ids of what is on record near it in place and time.
std::string CaseSentence(const HumanRecord& record, const std::string& case_id,
                         const std::vector<std::string>& events);

struct HeartbeatFacts {
  Instant since;
  std::uint64_t pictures = 0;
  std::size_t tracks = 0;
  std::size_t groups = 0;
  std::vector<std::string> sources;
  std::uint64_t refused = 0;
  std::uint64_t events = 0;
  std::uint64_t verified = 0;
  std::uint64_t notified = 0;
  std::vector<std::string> notes;  // sentences
};
std::string HeartbeatSentence(const HeartbeatFacts& facts, Instant now);

std::string SourceStatusSentence(const SourceStatus& status);
std::string DataFaultSentence(const DataFault& fault);

}  // namespace trucewatch
