// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>

#include "core/config/text_config.h"
#include "core/journal/journal.h"
#include "core/note/signed_note.h"
#include "core/storage/storage.h"
#include "evidence/signer/log_key.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/ledger_record.h"
#include "tools/trucewatch/rerun.h"

namespace trucewatch::tools {
namespace {

bool SameTransition(const Finding& a, const Finding& b) {
  return a.event_id == b.event_id && a.state == b.state && a.time == b.time &&
         a.probability == b.probability && a.count_min == b.count_min &&
         a.count_max == b.count_max && a.reason == b.reason;
}

// What software said of events, in the ledger.
std::vector<Finding> Recorded(const LedgerRecord& ledger) {
  std::vector<Finding> out;
  for (const Published& one : ledger.record.published) {
    if (one.finding.kind == FindingKind::kEventTransition &&
        one.finding.state <= EventState::kVerified)
      out.push_back(one.finding);
  }
  return out;
}

}  // namespace

Result<int> RunRerun(const RerunCommand& command) {
  RerunParameters parameters;
  parameters.map_sigma_m = command.map_sigma_m;
  parameters.verified_probability = command.verified_probability;
  parameters.without = {command.without.begin(), command.without.end()};
  const auto storage = MakePosixStorage();
  TW_ASSIGN_OR_RETURN(const LedgerRecord ledger,
                      ReadLedgerRecord(*storage, command.run, std::nullopt));
  for (const std::string& source : parameters.without) {
    if (!ledger.record.sources.contains(source))
      return Fail(ErrorCode::kUsage, "--without {}: the mission has no such source", source);
  }
  const std::vector<Finding> recorded = Recorded(ledger);
  std::string event_id;
  for (const Finding& f : recorded) {
    if (!f.event_id.starts_with(command.event) || f.event_id == event_id) continue;
    if (!event_id.empty())
      return Fail(ErrorCode::kUsage, "'{}': more than one event begins so; give more of its id",
                  command.event);
    event_id = f.event_id;
  }
  if (event_id.empty())
    return Fail(ErrorCode::kUsage,
                "'{}': no event of the ledger begins so; `trucewatch events` lists them",
                command.event);
  // What a challenge may change is said by the version of the agreement that the event is under.
  const v1::config::Agreement* agreement = &ledger.record.agreement;
  for (const Finding& f : recorded) {
    if (f.event_id != event_id) continue;
    for (const auto& [hash, version] : ledger.record.versions) {
      if (hash == f.agreement_hash) agreement = &version;
    }
  }
  TW_RETURN_IF_ERROR(CheckAllowed(parameters, *agreement));
  std::error_code ignored;
  const std::string state = std::filesystem::is_directory(command.run + "/state", ignored)
                                ? command.run + "/state"
                                : command.run;
  if (!std::filesystem::is_directory(state + "/detect", ignored))
    return Fail(ErrorCode::kNotFound,
                "{}/detect: no such folder; a re-run needs what detection gave, which a ledger "
                "alone does not have",
                state);
  TW_ASSIGN_OR_RETURN(const auto log, Journal::Open(*storage, state + "/detect"));

  // First as it was: a re-run that does not come to the record itself says nothing about changes.
  TW_ASSIGN_OR_RETURN(const std::vector<Finding> control, Rerun(*log, {}));
  const bool reproduced =
      control.size() == recorded.size() &&
      std::equal(control.begin(), control.end(), recorded.begin(), SameTransition);
  TW_ASSIGN_OR_RETURN(const std::vector<Finding> rerun, parameters.empty()
                                                            ? Result<std::vector<Finding>>(control)
                                                            : Rerun(*log, parameters));
  const RerunDifference difference = DifferenceOf(event_id, recorded, rerun);
  const std::string text =
      RerunText(event_id, ledger.record.exercise, parameters, reproduced, difference);
  std::printf(
      "the record: %s\n%s\n",
      reproduced ? "reproduced, every transition" : "NOT reproduced (another build or processor?)",
      difference.sentence.c_str());
  if (!command.key.empty()) {
    TW_ASSIGN_OR_RETURN(const std::string key_text, ReadTextFile(command.key));
    const auto key = evidence::LogKey::Parse(key_text);
    if (!key) return Prefix(command.key, key.error());
    TW_RETURN_IF_ERROR(
        WriteFileAtomically(*storage, command.out, AsBytes(FormatNote({text, {key->Sign(text)}}))));
    std::printf("signed by %s: %s\n", key->name().c_str(), command.out.c_str());
  }
  return reproduced ? 0 : 4;
}

}  // namespace trucewatch::tools
