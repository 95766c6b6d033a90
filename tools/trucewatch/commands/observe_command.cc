// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "core/config/text_config.h"
#include "core/storage/storage.h"
#include "evidence/signer/log_key.h"
#include "ingest/human/human_record.h"
#include "tools/trucewatch/commands/commands.h"

namespace trucewatch::tools {
namespace {

Result<Instant> TimeOption(const char* option, const std::string& text) {
  auto time = ParseUtc(text);
  if (!time) return Prefix(option, time.error());
  return time;
}

Result<bool> IsExercise(const std::string& status) {
  if (status == "EXERCISE" || status == "OPERATIONAL") return status == "EXERCISE";
  return Fail(ErrorCode::kUsage, "--status '{}': expected EXERCISE or OPERATIONAL", status);
}

Result<HumanRecord> RecordOf(const ObserveCommand& c) {
  HumanRecord r;
  r.record_id = c.record_id;
  TW_ASSIGN_OR_RETURN(r.kind, HumanRecordKindFromName(c.kind));
  TW_ASSIGN_OR_RETURN(r.exercise, IsExercise(c.status));
  TW_ASSIGN_OR_RETURN(r.time_first, TimeOption("--first", c.time_first));
  TW_ASSIGN_OR_RETURN(r.time_last,
                      TimeOption("--last", c.time_last.empty() ? c.time_first : c.time_last));
  r.reported = r.time_last;
  if (!c.reported.empty()) {
    TW_ASSIGN_OR_RETURN(r.reported, TimeOption("--reported", c.reported));
  }
  r.position = Geodetic::FromDegrees(c.lat_deg, c.lon_deg, 0);
  r.radius_m = c.radius_m;
  r.means = c.means;
  if (!c.object_class.empty()) {
    TW_ASSIGN_OR_RETURN(r.object_class, ObjectClassFromName(c.object_class));
  }
  r.count_min = c.count_min;
  r.count_max = c.count_max == 0 ? c.count_min : c.count_max;
  r.nothing_observed = c.nothing_observed;
  r.informant = c.informant;
  r.impediment = c.impediment;
  r.assessed_as = c.assessed_as;
  r.text = c.text;
  return r;
}

// Signs a record with a key file and writes it into a folder.
Result<int> WriteRecord(const HumanRecord& record, const std::string& key_file,
                        const std::string& out) {
  TW_ASSIGN_OR_RETURN(const std::string key_text, ReadTextFile(key_file));
  const auto key = evidence::LogKey::Parse(key_text);
  if (!key) return Prefix(key_file, key.error());
  TW_ASSIGN_OR_RETURN(const std::string text, HumanRecordText(record));
  const std::string note = FormatNote({text, {key->Sign(text)}});
  // The text is checked and the key is ours; this shows that a reader will take it.
  const NoteKey signer = key->public_key();
  TW_RETURN_IF_ERROR(ParseHumanRecord(note, std::span(&signer, 1)));

  const auto storage = MakePosixStorage();
  TW_RETURN_IF_ERROR(storage->MakeDirectories(out));
  const std::string path = out + "/" + record.record_id + ".note";
  TW_ASSIGN_OR_RETURN(const bool exists, storage->Exists(path));
  if (exists) {
    return Fail(ErrorCode::kBadInput,
                "{}: is there already; a record is never changed, write another one", path);
  }
  TW_RETURN_IF_ERROR(WriteFileAtomically(*storage, path, AsBytes(note)));
  std::printf("%s\n", path.c_str());
  return 0;
}

}  // namespace

Result<int> RunObserve(const ObserveCommand& command) {
  TW_ASSIGN_OR_RETURN(const HumanRecord record, RecordOf(command));
  return WriteRecord(record, command.key, command.out);
}

Result<int> RunDecide(const DecideCommand& command) {
  HumanRecord record;
  record.record_id = command.record_id;
  record.kind = command.kind;
  TW_ASSIGN_OR_RETURN(record.exercise, IsExercise(command.status));
  TW_ASSIGN_OR_RETURN(record.reported, TimeOption("--reported", command.reported));
  record.time_first = record.time_last = record.reported;
  (command.kind == HumanRecordKind::kRuling ? record.challenge_id : record.event_id) =
      command.about;
  record.decision = command.decision;
  record.audience = command.audience;
  record.text = command.text;
  return WriteRecord(record, command.key, command.out);
}

}  // namespace trucewatch::tools
