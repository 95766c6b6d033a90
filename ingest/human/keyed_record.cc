// SPDX-License-Identifier: Apache-2.0
#include "ingest/human/keyed_record.h"

#include "ingest/human/human_record.h"

namespace trucewatch {
namespace {

constexpr std::string_view kExerciseOrigin = "exercise.";

Result<KeyedRecord> ReadKeySet(const SignedNote& note, HumanRecord record, const KeyBook& keys,
                               Instant received) {
  // It may stay in force for good, so that it must be what the mission is.
  if (record.exercise != keys.set().mission.starts_with(kExerciseOrigin)) {
    return Fail(ErrorCode::kBadInput, "human record, status: is not that of the ledger '{}'",
                keys.set().mission);
  }
  auto next = keys.Check(record.key_set);
  if (!next) return Prefix("human record, key_set", next.error());
  KeyBook after = keys;
  after.Take(*next);
  Result<std::vector<NoteKey>> signers;
  for (const std::string_view role : {kRoleRoot, kRoleOfficer}) {
    signers = after.SignersOf(note, role, record.reported, received);
    if (signers) break;
  }
  if (!signers) return tl::unexpected<Error>(signers.error());
  record.author = signers->front().name;
  return KeyedRecord{std::move(record), std::move(*signers), std::move(*next)};
}

}  // namespace

bool BringsKeySet(std::string_view note) {
  // Cheap before the note is parsed: nearly no record does.
  if (note.find("\"key_set\"") == note.npos) return false;
  const auto parsed = ParseNote(note);
  if (!parsed) return false;
  const auto record = ReadHumanRecordText(parsed->text);
  return record && record->kind == HumanRecordKind::kKeySet;
}

Result<KeyedRecord> ReadKeyedRecord(std::string_view note, const KeyBook& keys,
                                    std::string_view role, Instant received) {
  TW_ASSIGN_OR_RETURN(const SignedNote parsed, ParseNote(note));
  TW_ASSIGN_OR_RETURN(HumanRecord record, ReadHumanRecordText(parsed.text));
  if (record.kind == HumanRecordKind::kKeySet && role == kRoleOfficer) {
    return ReadKeySet(parsed, std::move(record), keys, received);
  }
  auto signers = keys.SignersOf(parsed, role, record.reported, received);
  if (!signers) return Prefix("human record", signers.error());
  record.author = signers->front().name;
  return KeyedRecord{std::move(record), std::move(*signers), std::nullopt};
}

}  // namespace trucewatch
