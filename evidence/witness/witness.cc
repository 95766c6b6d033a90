// SPDX-License-Identifier: Apache-2.0
#include "evidence/witness/witness.h"

#include <algorithm>

#include "evidence/ledger/merkle.h"

namespace trucewatch::evidence {
namespace {

WitnessReply Say(int status, std::string_view sentence) {
  return {status, std::string(kPlainText), std::string(sentence) + "\n"};
}

WitnessReply SayHeld(std::uint64_t size) {
  return {409, std::string(kTreeSizeType), std::to_string(size) + "\n"};
}

std::string FirstLine(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace

Result<std::unique_ptr<Witness>> Witness::Open(Storage& storage, const Clock& clock,
                                               const WitnessOptions& options) {
  const auto text = ReadWholeFile(storage, options.key_file, kMaxNoteSize);
  if (!text) return Prefix("witness key", text.error());
  auto key = LogKey::Parse(*text, kNoteCosignature);
  if (!key) return Prefix(options.key_file, key.error());
  if (options.logs.empty()) return Fail(ErrorCode::kUsage, "no log to watch was named");
  std::unique_ptr<Witness> witness(new Witness(storage, clock, options, std::move(*key)));
  for (const NoteKey& log : options.logs) {
    if (log.type != kNoteEd25519) {
      return Fail(ErrorCode::kBadInput, "'{}': is no log's key: type 1 expected", FormatVkey(log));
    }
    witness->logs_[log.name].keys.push_back(log);
  }
  for (auto& [origin, log] : witness->logs_) {
    const auto loaded = witness->Load(origin, log);
    if (!loaded) return Prefix(witness->PathOf(origin), loaded.error());
  }
  return witness;
}

std::string Witness::PathOf(std::string_view origin) const {
  return directory_ + "/" + LatestCheckpointPath(origin);
}

Result<void> Witness::Load(const std::string& origin, Log& log) {
  log.last = {origin, 0, EmptyRoot()};
  const std::string path = PathOf(origin);
  TW_RETURN_IF_ERROR(storage_.MakeDirectories(path.substr(0, path.rfind('/'))));
  TW_ASSIGN_OR_RETURN(const bool exists, storage_.Exists(path));
  if (!exists) return {};
  TW_ASSIGN_OR_RETURN(log.note, ReadWholeFile(storage_, path, kMaxNoteSize));
  TW_ASSIGN_OR_RETURN(const SignedNote note, ParseNote(log.note));
  const NoteKey own = key_.public_key();
  TW_ASSIGN_OR_RETURN(const auto signers, VerifyNote(note, {&own, 1}));
  if (signers.empty()) {
    return Fail(ErrorCode::kCheckFailed, "was not cosigned by {}: it is another witness's state",
                FormatVkey(own));
  }
  TW_ASSIGN_OR_RETURN(log.last, ParseCheckpoint(note.text));
  if (log.last.origin != origin) {
    return Fail(ErrorCode::kCheckFailed, "is of the log '{}', not of '{}'", log.last.origin,
                origin);
  }
  for (const NoteSignature& line : note.signatures) {
    if (line.name != own.name || line.key_id != own.id()) continue;
    log.cosigned_s = std::max(log.cosigned_s, ReadBe64(AsBytes(line.bytes)));
  }
  return {};
}

WitnessReply Witness::AddCheckpoint(std::string_view body) {
  const auto request = ParseAddCheckpoint(body);
  if (!request) return Say(400, request.error().message);
  const auto note = ParseNote(request->checkpoint);
  if (!note) return Say(400, note.error().message);
  std::vector<NoteKey> keys;
  {
    const std::lock_guard lock(mutex_);
    const auto log = logs_.find(FirstLine(note->text));
    if (log == logs_.end()) return Say(404, "this witness does not watch that log");
    keys = log->second.keys;
  }
  const auto signers = VerifyNote(*note, keys);
  if (!signers || signers->empty()) {
    return Say(403, "the checkpoint has no good signature of a key known for this log");
  }
  const auto next = ParseCheckpoint(note->text);
  if (!next) return Say(400, next.error().message);
  if (request->old_size > next->size) {
    return Say(400, fmt::format("old size {} is above the checkpoint's size {}", request->old_size,
                                next->size));
  }
  const std::lock_guard lock(mutex_);
  return CompareAndStore(logs_.at(next->origin), *request, *note, *next);
}

// The caller holds the lock.
WitnessReply Witness::CompareAndStore(Log& log, const AddCheckpointRequest& request,
                                      const SignedNote& note, const Checkpoint& next) {
  if (failed_)
    return Say(500, "the state of this witness could not be stored; it must be restarted");
  if (request.old_size != log.last.size) return SayHeld(log.last.size);
  if (next.size == log.last.size) {
    if (next.root != log.last.root) return SayHeld(log.last.size);
    if (!request.proof.empty()) return Say(422, "a proof where none is needed");
  } else if (log.last.size == 0) {
    if (!request.proof.empty()) return Say(422, "a proof where none is needed");
  } else if (!VerifyConsistency({log.last.size, next.size, log.last.root, next.root},
                                request.proof)) {
    return Say(422, fmt::format("the proof does not show that size {} extends size {}", next.size,
                                log.last.size));
  }
  // "As of this time the largest tree I saw": must never be said for a time before the last one.
  const auto now_s = static_cast<std::uint64_t>(std::max<std::int64_t>(
      clock_.Now().micros() / 1'000'000, static_cast<std::int64_t>(log.cosigned_s)));
  const NoteSignature line = key_.Cosign(note.text, now_s);
  SignedNote stored{note.text, {}};
  for (const NoteSignature& signature : note.signatures) {
    // Of the many lines that may stand there only those of this log's keys are kept.
    if (std::any_of(log.keys.begin(), log.keys.end(), [&](const NoteKey& key) {
          return signature.name == key.name && signature.key_id == key.id();
        })) {
      stored.signatures.push_back(signature);
    }
  }
  stored.signatures.push_back(line);
  std::string text = FormatNote(stored);
  if (!WriteFileAtomically(storage_, PathOf(next.origin), AsBytes(text))) {
    // It may be there or not: whoever goes on must read first what is.
    failed_ = true;
    return Say(500, "the state of this witness could not be stored; it must be restarted");
  }
  log.last = next;
  log.cosigned_s = now_s;
  log.note = std::move(text);
  const std::string with_text = FormatNote({"x\n", {line}});
  return {200, std::string(kPlainText), with_text.substr(3)};
}

WitnessReply Witness::Get(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [origin, log] : logs_) {
    if (path == LatestCheckpointPath(origin) && !log.note.empty()) {
      return {200, std::string(kPlainText), log.note};
    }
  }
  return Say(404, "no checkpoint is here");
}

bool Witness::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

}  // namespace trucewatch::evidence
