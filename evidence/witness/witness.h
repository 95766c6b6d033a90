// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/note/signed_note.h"
#include "core/storage/storage.h"
#include "core/time/clock.h"
#include "evidence/ledger/checkpoint.h"
#include "evidence/signer/log_key.h"
#include "evidence/witness/add_checkpoint.h"

namespace trucewatch::evidence {

struct WitnessOptions {
  std::string key_file;       // of a witness (trucewatch keygen --witness)
  std::vector<NoteKey> logs;  // whom it watches; several keys of one name are one log's
  std::string directory;      // what it saw last, one folder a log
};

// A witness of logs (C2SP tlog-witness v1.0.0, docs/formats/witness.md): cosigns a checkpoint only
// when it extends the last one it cosigned for that log, so that a log that shows two histories
// needs a quorum of witnesses to help it. What it has seen is on the disk, durable, before the
// answer exists; comparing and storing is one step under one lock. Knows no socket: the caller
// carries requests and answers. Threads: any. Storage and clock outlive it.
// State: DIRECTORY/<sha256 of the origin, hex>/checkpoint, the last checkpoint with our
// cosignature. Two witnesses must never share a folder or a key; the caller holds a lock for that.
class Witness {
 public:
  // Fails on a key file that is no witness's, and on state that our key did not cosign.
  static Result<std::unique_ptr<Witness>> Open(Storage& storage, const Clock& clock,
                                               const WitnessOptions& options);

  // 200 and our cosignature line; 400 not understood, or the old size is above the new one;
  // 403 no good signature of the log; 404 not a log we watch; 409 and the size we hold
  // (text/x.tlog.size) when old is not that, or the size is and the root is not; 422 the proof does
  // not hold; 500 the state could not be stored: from then on always, until it is opened anew.
  WitnessReply AddCheckpoint(std::string_view body);
  // The last checkpoint we cosigned, by LatestCheckpointPath; 404 when there is none.
  WitnessReply Get(std::string_view path) const;

  NoteKey public_key() const { return key_.public_key(); }
  bool failed() const;

 private:
  struct Log {
    std::vector<NoteKey> keys;
    Checkpoint last;               // size 0 when nothing was cosigned yet
    std::uint64_t cosigned_s = 0;  // seconds since 1970 UTC
    std::string note;              // as on the disk; empty when there is none
  };

  Witness(Storage& storage, const Clock& clock, const WitnessOptions& options, LogKey key)
      : storage_(storage), clock_(clock), directory_(options.directory), key_(std::move(key)) {}
  std::string PathOf(std::string_view origin) const;
  Result<void> Load(const std::string& origin, Log& log);
  WitnessReply CompareAndStore(Log& log, const AddCheckpointRequest& request,
                               const SignedNote& note, const Checkpoint& next);

  Storage& storage_;
  const Clock& clock_;
  const std::string directory_;
  const LogKey key_;
  mutable std::mutex mutex_;         // guards what follows
  std::map<std::string, Log> logs_;  // by origin; no entry comes or goes after Open
  bool failed_ = false;
};

}  // namespace trucewatch::evidence
