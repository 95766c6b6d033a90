// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>

#include "core/config/text_config.h"
#include "core/crypto/sha256.h"
#include "core/keys/key_set.h"
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

Result<evidence::LogKey> ReadKey(const std::string& file) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(file));
  auto key = evidence::LogKey::Parse(text);
  if (!key) return Prefix(file, key.error());
  return key;
}

// A record without a time of its own before it was written.
Result<HumanRecord> WithReason(const RecordCommand& command, HumanRecordKind kind) {
  HumanRecord record;
  record.record_id = command.record_id;
  record.kind = kind;
  TW_ASSIGN_OR_RETURN(record.exercise, IsExercise(command.status));
  TW_ASSIGN_OR_RETURN(record.reported, TimeOption("--reported", command.reported));
  record.time_first = record.time_last = record.reported;
  record.text = command.text;
  return record;
}

Result<std::string> FileDigest(const std::string& path) {
  const auto storage = MakePosixStorage();
  TW_ASSIGN_OR_RETURN(const auto file, storage->Open(path, false));
  TW_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  constexpr std::uint64_t kPiece = 1 << 20;
  Sha256Stream hash;
  for (std::uint64_t at = 0; at < size; at += kPiece) {
    const auto piece = file->ReadAt(at, std::min(kPiece, size - at));
    if (!piece) return Prefix(path, piece.error());
    hash.Add(AsBytes(*piece));
  }
  return HexEncode(hash.Finish());
}

// Signs a record with a key file and writes it into a folder.
Result<int> WriteRecord(const HumanRecord& record, const std::string& key_file,
                        const std::string& out) {
  TW_ASSIGN_OR_RETURN(const evidence::LogKey key, ReadKey(key_file));
  TW_ASSIGN_OR_RETURN(const std::string text, HumanRecordText(record));
  const std::string note = FormatNote({text, {key.Sign(text)}});
  // The text is checked and the key is ours; this shows that a reader will take it.
  const NoteKey signer = key.public_key();
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
  TW_ASSIGN_OR_RETURN(HumanRecord record, WithReason(command, command.kind));
  (command.kind == HumanRecordKind::kRuling ? record.challenge_id : record.event_id) =
      command.about;
  record.decision = command.decision;
  record.audience = command.audience;
  return WriteRecord(record, command.key, command.out);
}

Result<int> RunCustody(const CustodyCommand& command) {
  TW_ASSIGN_OR_RETURN(HumanRecord record, WithReason(command, HumanRecordKind::kCustody));
  TW_ASSIGN_OR_RETURN(record.time_first, TimeOption("--at", command.at));
  record.time_last = record.time_first;
  record.item = command.item;
  record.item_name = command.name;
  record.handed_by = command.by;
  record.handed_to = command.to;
  if (command.file.empty() == command.sha256.empty()) {
    return Fail(ErrorCode::kUsage, "expected what was handed over either as --file or as --sha256");
  }
  record.item_sha256 = command.sha256;
  if (!command.file.empty()) {
    TW_ASSIGN_OR_RETURN(record.item_sha256, FileDigest(command.file));
  }
  return WriteRecord(record, command.key, command.out);
}

Result<int> RunKeysetSubmit(const KeysetSubmitCommand& command) {
  TW_ASSIGN_OR_RETURN(HumanRecord record, WithReason(command, HumanRecordKind::kKeySet));
  TW_ASSIGN_OR_RETURN(record.key_set, ReadTextFile(command.file));
  const auto note = ParseNote(record.key_set);
  if (!note) return Prefix(command.file, note.error());
  const auto set = ParseKeySet(note->text);
  if (!set) return Prefix(command.file, set.error());
  return WriteRecord(record, command.key, command.out);
}

Result<int> RunCosign(const CosignCommand& command) {
  TW_ASSIGN_OR_RETURN(const std::string bytes, ReadTextFile(command.file));
  auto note = ParseNote(bytes);
  if (!note) return Prefix(command.file, note.error());
  const auto record = ReadHumanRecordText(note->text);
  if (!record) return Prefix(command.file, record.error());
  TW_ASSIGN_OR_RETURN(const evidence::LogKey key, ReadKey(command.key));
  std::erase_if(note->signatures, [&](const NoteSignature& line) {
    return line.name == key.name() && line.key_id == key.public_key().id();
  });
  note->signatures.push_back(key.Sign(note->text));
  const auto storage = MakePosixStorage();
  TW_RETURN_IF_ERROR(WriteFileAtomically(*storage, command.file, AsBytes(FormatNote(*note))));
  std::printf("%s: signed by", command.file.c_str());
  for (const NoteSignature& line : note->signatures) std::printf(" %s", line.name.c_str());
  std::printf("\n");
  return 0;
}

}  // namespace trucewatch::tools
