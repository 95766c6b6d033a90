// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/types/finding.h"
#include "verify/agreement/agreement.h"
#include "verify/corroboration/corroboration.h"
#include "verify/event.h"

namespace trucewatch {

// The sentences that officers and both parties read. Neutral words only (DOMAIN.md): what was
// observed, never what it amounts to, nor whose it is.

std::string TransitionSentence(const Finding& finding, const EventMoment& at, const Rule& rule,
                               const Zone& zone, const Corroboration& corroboration,
                               const CorroborationTerms& terms, Duration held);

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
};
std::string HeartbeatSentence(const HeartbeatFacts& facts, Instant now);

std::string SourceStatusSentence(const SourceStatus& status);
std::string DataFaultSentence(const DataFault& fault);

}  // namespace trucewatch
