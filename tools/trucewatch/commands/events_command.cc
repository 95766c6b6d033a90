// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>

#include "core/json/json_writer.h"
#include "core/storage/storage.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/event_history.h"
#include "tools/trucewatch/ledger_record.h"
#include "tools/trucewatch/report/coverage_summary.h"
#include "tools/trucewatch/words.h"

namespace trucewatch::tools {
namespace {

std::string LineOf(const std::string& id, const EventStanding& event) {
  JsonWriter json;
  json.BeginObject().Field("event_id", id).Field("software", StateName(event.software));
  json.Key("officers");
  event.officers == EventState::kUnspecified ? json.Null() : json.String(StateName(event.officers));
  if (event.amended) json.Field("amended", true);
  json.Key("challenges").BeginArray();
  for (const auto& [challenge, state] : event.challenges)
    json.BeginObject()
        .Field("challenge_id", challenge)
        .Field("state", ChallengeStateName(state))
        .EndObject();
  json.EndArray().Key("released_to").BeginArray();
  for (const std::string& audience : event.released_to) json.String(audience);
  json.EndArray().Key("ledger_entries").BeginArray();
  for (const std::uint64_t entry : event.entries) json.Unsigned(entry);
  json.EndArray().EndObject();
  return json.text();
}

void PrintText(const std::string& id, const EventStanding& event) {
  const Finding& f = event.newest.finding;
  std::string decided =
      event.officers == EventState::kUnspecified ? "not decided" : StateName(event.officers);
  for (const auto& [challenge, state] : event.challenges)
    decided += fmt::format("; challenge {} {}", challenge.substr(0, 8), ChallengeStateName(state));
  for (const std::string& audience : event.released_to) decided += "; released to " + audience;
  std::printf("%s  %-12s  %s\n    %s in %s, %s, %s to %s; last statement %s, ledger #%llu\n",
              id.c_str(), StateName(event.software).c_str(), decided.c_str(), f.rule.c_str(),
              f.zone.c_str(), CountWords(f).c_str(), FormatUtc(f.time_first).c_str(),
              FormatUtc(f.time_last).c_str(), FormatUtc(f.time).c_str(),
              static_cast<unsigned long long>(event.newest.ledger_index));
}

// How well each side was watched until then: a count without it says nothing of the others.
void PrintWatched(const MissionRecord& record, Instant until) {
  const auto zones = SummariseCoverage(record, record.start, until);
  for (const SideCoverage& side : CoverageBySide(zones)) {
    if (side.zones.empty()) continue;
    std::string minutes;
    for (std::size_t c = 0; c < side.classes.size(); ++c) {
      const CoverageSum& sum = side.classes[c];
      minutes += fmt::format("{}{} {:.1f} of {:.1f}", c == 0 ? "" : ", ",
                             CoverageClassWords(kCoverageClasses[c]), sum.ObservedMinPerKm2(),
                             sum.AccountedMinPerKm2());
    }
    std::printf("watched, min per km2, %s: %s\n", SideWords(record, side.side).c_str(),
                minutes.c_str());
  }
}

}  // namespace

Result<int> RunEvents(const EventsCommand& command) {
  std::optional<Instant> at;
  if (!command.at.empty()) {
    auto time = ParseUtc(command.at);
    if (!time) return Prefix("--at", time.error());
    at = *time;
  }
  const auto storage = MakePosixStorage();
  TW_ASSIGN_OR_RETURN(const LedgerRecord ledger,
                      ReadLedgerRecord(*storage, command.run, std::nullopt));
  const auto standings = StandingsAt(ledger.record.published, at);
  for (const auto& [id, event] : standings) {
    if (!command.event.empty() && !id.starts_with(command.event)) continue;
    if (command.json) {
      std::printf("%s\n", LineOf(id, event).c_str());
    } else {
      PrintText(id, event);
    }
    if (command.event.empty() || command.json) continue;
    // Its whole history, as it was said.
    for (const Published& one : ledger.record.published) {
      if (one.finding.event_id != id || (at && one.finding.time > *at)) continue;
      std::printf("    #%llu  %s  %s\n", static_cast<unsigned long long>(one.ledger_index),
                  FormatUtc(one.finding.time).c_str(), one.finding.reason.c_str());
    }
  }
  if (!command.json) {
    // As it was known then: a period is accounted for when it is over.
    const auto then =
        at ? ReadLedgerRecord(*storage, command.run, at) : Result<LedgerRecord>(ledger);
    if (then) PrintWatched(then->record, then->record.end + Duration::Seconds(1));
    std::printf("%zu event%s %s%s\n", standings.size(), standings.size() == 1 ? "" : "s",
                at ? "as of " : "in the ledger of ",
                at ? FormatUtc(*at).c_str() : ledger.origin.c_str());
  }
  return 0;
}

}  // namespace trucewatch::tools
