// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "core/config/text_config.h"
#include "core/time/clock.h"
#include "evidence/signer/log_key.h"
#include "tools/trucewatch/commands/retention_commands.h"
#include "tools/trucewatch/mission_ledger.h"
#include "tools/trucewatch/retention_pass.h"
#include "tools/trucewatch/stage_factory.h"

namespace trucewatch::tools {
namespace {

constexpr int kWitnessTries = 20;

// The journals of a run that this process has open.
class RunLogs {
 public:
  RunLogs(Storage& storage, std::string state) : storage_(storage), state_(std::move(state)) {}

  Result<Journal*> Open(const std::string& name) {
    auto& log = logs_[name];
    if (log != nullptr) return log.get();
    TW_ASSIGN_OR_RETURN(log, Journal::Open(storage_, state_ + "/" + name));
    return log.get();
  }
  Result<RetentionPass::Logs> OpenRaw() {
    RetentionPass::Logs out;
    for (const std::string& name : kRawLogs) {
      std::error_code ignored;
      if (!std::filesystem::is_directory(state_ + "/" + name, ignored)) continue;
      TW_ASSIGN_OR_RETURN(out[name], Open(name));
    }
    if (out.empty())
      return Fail(ErrorCode::kNotFound, "{}: has none of the logs that hold raw evidence", state_);
    return out;
  }

 private:
  Storage& storage_;
  const std::string state_;
  std::map<std::string, std::unique_ptr<Journal>> logs_;
};

RetentionTerms TermsOf(const RetentionCommand& command, const v1::config::RetentionConfig& config) {
  RetentionTerms terms;
  terms.keep = Duration::FromSeconds(command.keep_days.value_or(config.keep_days()) * 86'400);
  terms.quota_bytes =
      static_cast<std::uint64_t>(command.quota_mb.value_or(config.quota_mb()) * 1e6);
  terms.margin = Duration::FromSeconds(command.margin_s.value_or(config.margin_s()));
  return terms;
}

double MegabytesOf(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

void PrintOutlook(const RetentionOutlook& outlook) {
  const auto& plan = outlook.plan;
  std::printf("raw evidence: %zu segments, %.1f MB; now counts as %s\n", outlook.segments.size(),
              MegabytesOf(plan.bytes_before), FormatUtc(outlook.rule.now).c_str());
  if (!outlook.earlier.empty()) {
    std::uint64_t bytes = 0;
    for (const RecordedTrim& trim : outlook.earlier) bytes += trim.record.bytes;
    std::printf("trimmed before: %zu segments, %.1f MB\n", outlook.earlier.size(),
                MegabytesOf(bytes));
  }
  for (const RecordedTrim& trim : outlook.pending) {
    std::printf("on record in ledger entry %llu, but still there: %s %llu to %llu\n",
                static_cast<unsigned long long>(trim.ledger_index), trim.record.log.c_str(),
                static_cast<unsigned long long>(trim.record.first),
                static_cast<unsigned long long>(trim.record.last));
  }
  std::vector<bool> goes(outlook.segments.size());
  for (const auto& trim : plan.trims) {
    goes[trim.segment] = true;
    const evidence::StoredSegment& s = outlook.segments[trim.segment];
    std::printf("goes   %-8s %8llu to %-8llu  %s to %s  %8.1f MB  %s\n", s.log.c_str(),
                static_cast<unsigned long long>(s.first), static_cast<unsigned long long>(s.last),
                FormatUtc(s.time_first).c_str(), FormatUtc(s.time_last).c_str(),
                MegabytesOf(s.bytes), trim.rule.c_str());
  }
  struct Sum {
    std::size_t segments = 0;
    std::uint64_t bytes = 0;
  };
  std::map<std::string, Sum> kept;
  for (std::size_t i = 0; i < goes.size(); ++i) {
    if (goes[i]) continue;
    const evidence::StoredSegment& s = outlook.segments[i];
    Sum& sum = kept[s.kept_because.empty() ? "no rule asks for it to go" : s.kept_because];
    ++sum.segments;
    sum.bytes += s.bytes;
  }
  for (const auto& [why, sum] : kept) {
    std::printf("stays  %5zu segments %10.1f MB  %s\n", sum.segments, MegabytesOf(sum.bytes),
                why.c_str());
  }
  if (!plan.quota_met)
    std::printf("the quota cannot be met: %.1f MB stay\n", MegabytesOf(plan.bytes_after));
}

// Steps until everything that was added is under a checkpoint.
Result<void> Settle(evidence::LedgerPublisher& publisher) {
  for (int tries = 0; tries < kWitnessTries; ++tries) {
    TW_ASSIGN_OR_RETURN(const bool more, publisher.Step(Duration::Millis(10)));
    if (!more) return {};
  }
  return Fail(
      ErrorCode::kUnavailable,
      "nothing was trimmed: what is to be on record has no checkpoint yet{}{}; run it again",
      publisher.waiting_for().empty() ? "" : ": ", publisher.waiting_for());
}

}  // namespace

Result<int> RunRetention(const RetentionCommand& command) {
  const auto storage = MakePosixStorage();
  const std::string state = StateFolderOf(command.run);
  const std::string ledger_directory = command.run + "/ledger";
  TW_ASSIGN_OR_RETURN(KeepingRecord record, ReadKeepingRecord(*storage, ledger_directory));
  MissionFile mission;
  if (!command.config.empty()) {
    TW_ASSIGN_OR_RETURN(mission, LoadMissionConfig(command.config));
    if (mission.config.evidence().ledger_origin() != record.origin)
      return Fail(ErrorCode::kBadInput, "{}: is not the mission of {}", command.config,
                  record.origin);
  } else if (command.trim) {
    return Fail(ErrorCode::kUsage, "--trim: needs --config, where the ledger's key is");
  } else {
    mission.config = record.config;
  }
  RetentionTerms terms = TermsOf(command, mission.config.evidence().retention());
  if (!command.as_of.empty()) {
    const auto now = ParseUtc(command.as_of);
    if (!now) return Prefix("--as-of", now.error());
    SystemClock clock;
    if (*now > clock.Now())
      return Fail(ErrorCode::kUsage, "--as-of {}: lies ahead of this machine's clock",
                  command.as_of);
    terms.now = *now;
  }
  RunLogs logs(*storage, state);
  TW_ASSIGN_OR_RETURN(RetentionPass::Logs raw, logs.OpenRaw());
  RetentionPass pass(*storage, state, std::move(raw));
  TW_ASSIGN_OR_RETURN(const RetentionOutlook outlook, pass.Look(record, terms));
  PrintOutlook(outlook);
  if (!command.trim) {
    std::printf("nothing was changed: %zu segments with %.1f MB would go (--trim)\n",
                outlook.plan.trims.size(),
                MegabytesOf(outlook.plan.bytes_before - outlook.plan.bytes_after));
    return 0;
  }
  TW_ASSIGN_OR_RETURN(Journal * published, logs.Open("published"));
  if (!published->closed())
    return Fail(ErrorCode::kUnavailable,
                "{}: the mission has not ended: after a restart ingest reads the whole journal "
                "again, so nothing of it may go yet",
                command.run);
  TW_ASSIGN_OR_RETURN(Journal * leaves, logs.Open("evidence"));
  MissionLedgerOptions options{.state_directory = state, .ledger_directory = ledger_directory};
  options.with_operations = true;
  if (mission.config.has_keys()) {
    TW_ASSIGN_OR_RETURN(const auto key_sets, ReadKeySetFiles(mission));
    TW_ASSIGN_OR_RETURN(options.keys, BeginKeyBook(mission, key_sets));
  }
  TW_ASSIGN_OR_RETURN(const auto ledger, MissionLedger::Open(mission, options, *storage, *leaves,
                                                             [&](const std::string& name) {
                                                               return logs.Open(name);
                                                             }));
  TW_ASSIGN_OR_RETURN(const auto trimmed, pass.Trim(record, outlook, ledger->publisher(),
                                                    [&] { return Settle(ledger->publisher()); }));
  std::uint64_t bytes = 0;
  for (const evidence::TrimRecord& one : trimmed) bytes += one.bytes;
  std::printf("trimmed %zu segments, %.1f MB; the ledger has %llu entries\n", trimmed.size(),
              MegabytesOf(bytes), static_cast<unsigned long long>(ledger->ledger().size()));
  return 0;
}

Result<int> RunHold(const HoldCommand& command) {
  using Kind = evidence::HoldStatement::Kind;
  const auto storage = MakePosixStorage();
  TW_ASSIGN_OR_RETURN(const std::string key_text, ReadTextFile(command.key));
  const auto key = evidence::LogKey::Parse(key_text);
  if (!key) return Prefix(command.key, key.error());
  TW_ASSIGN_OR_RETURN(const KeepingRecord record,
                      ReadKeepingRecord(*storage, command.run + "/ledger"));
  evidence::HoldStatement hold;
  hold.mission = record.origin;
  hold.id = command.id;
  hold.reason = command.reason;
  SystemClock clock;
  hold.time = Instant::FromMicros(clock.Now().micros() / 1'000'000 * 1'000'000);
  if (!command.time.empty()) {
    TW_ASSIGN_OR_RETURN(hold.time, ParseUtc(command.time));
  }
  if (!command.lifts_hold.empty()) {
    hold.kind = Kind::kLiftHold;
    hold.about = command.lifts_hold;
  } else if (!command.event.empty()) {
    hold.kind = command.lift ? Kind::kLiftEvent : Kind::kHoldEvent;
    std::set<std::string> found;
    for (const Finding& finding : record.subjects) {
      for (const std::string& id : {finding.event_id, finding.case_id}) {
        if (!id.empty() && id.starts_with(command.event)) found.insert(id);
      }
    }
    if (found.size() != 1)
      return Fail(ErrorCode::kUsage, "'{}': {} events or cases of the ledger begin so",
                  command.event, found.size());
    hold.about = *found.begin();
  } else {
    hold.kind = Kind::kHoldTime;
    TW_ASSIGN_OR_RETURN(hold.first, ParseUtc(command.from));
    TW_ASSIGN_OR_RETURN(hold.last, ParseUtc(command.to));
    for (const std::string& source : command.sources) hold.sources.insert({source});
  }
  TW_ASSIGN_OR_RETURN(const std::string text, evidence::HoldText(hold));
  const std::string note = FormatNote({text, {key->Sign(text)}});
  TW_RETURN_IF_ERROR(evidence::ParseHold(note, record.origin, record.holders));
  const auto officers =
      record.keys.has_begun() ? record.keys.KeysOf(kRoleOfficer) : std::vector<NoteKey>();
  if (std::any_of(officers.begin(), officers.end(), [&](const NoteKey& officer) {
        return officer.public_key == key->public_key().public_key;
      })) {
    const Instant now = std::max(hold.time, record.newest);
    const auto counts = record.keys.Admit(key->public_key(), kRoleOfficer, now, now);
    if (!counts) return Prefix(command.key, counts.error());
  }
  const std::string folder = StateFolderOf(command.run) + "/holds";
  TW_RETURN_IF_ERROR(storage->MakeDirectories(folder));
  const std::string path = folder + "/" + hold.id + ".note";
  TW_ASSIGN_OR_RETURN(const bool exists, storage->Exists(path));
  if (exists)
    return Fail(ErrorCode::kBadInput, "{}: is there already; a hold is never changed", path);
  TW_RETURN_IF_ERROR(WriteFileAtomically(*storage, path, AsBytes(note)));
  std::printf("%s\n", path.c_str());
  return 0;
}

}  // namespace trucewatch::tools
