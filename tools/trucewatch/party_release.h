// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/storage/storage.h"
#include "evidence/leaf.h"
#include "evidence/ledger/ledger.h"
#include "evidence/release/release_book.h"
#include "evidence/signer/signer_process.h"

namespace trucewatch::tools {

struct PartyReleaseOptions {
  std::string directory;        // that both parties get: ledger/, policy.txt, *.jsonl
  std::string key_file;         // of the parties' ledger
  std::string salt_file;        // opens what was committed
  bool make_salts = false;      // when neither that file nor a parties' ledger is there yet
  std::string officers_origin;  // of the ledger that it is made from
  std::string signer_program = "/proc/self/exe";
  std::string signer_state = "";  // what was signed last; empty: beside the key
};

// The folder that both parties get (docs/formats/release.md), made from the officers' leaves in
// their order. Going on with a folder that is there begins with the officers' first leaf again:
// what comes out must be what the folder holds. Threads: one caller at a time.
class PartyRelease {
 public:
  // kUsage when the key is the officers' ledger's own; kBadInput when its name bears another
  // status.
  static Result<std::unique_ptr<PartyRelease>> Open(Storage& storage, PartyReleaseOptions options);

  // The next leaf of the officers' ledger; the first one is the mission header.
  Result<void> Add(std::string_view leaf);
  std::uint64_t added() const { return added_; }
  Instant newest() const { return newest_; }  // event time of what was added
  // When everything of a mission that has ended may be shown.
  Instant all_shown() const;

  // What may be shown at this time is in the ledger, signed, and in the files beside it.
  // kCheckFailed when the folder was made from another ledger, agreement or salt key: then nothing
  // is changed.
  Result<void> Release(Instant as_of);
  // Leaves of the parties' ledger that were given so far, whether or not they were there before.
  const std::vector<std::string>& leaves() const { return leaves_; }
  std::uint64_t ledger_size() const { return ledger_->size(); }

 private:
  PartyRelease(Storage& storage, PartyReleaseOptions options)
      : storage_(storage), options_(std::move(options)) {}
  Result<void> AddToBook(const std::string& bytes, const evidence::Leaf& leaf);
  Result<void> WriteFiles();

  Storage& storage_;
  const PartyReleaseOptions options_;
  evidence::SaltKey salts_{};
  std::unique_ptr<evidence::Ledger> ledger_;
  std::optional<evidence::SignerProcess> signer_;
  NoteKey key_;
  std::optional<evidence::ReleaseBook> book_;
  Duration delay_;
  Instant newest_;
  std::uint64_t added_ = 0;
  // Operations that no finding has followed yet: what is done after the end (a trim) comes when all
  // hours are told, and no entry could be put among those that are there.
  std::vector<std::string> waiting_;
  std::vector<std::string> leaves_;
};

// A statement as a line of statements.jsonl: the JSON with its place in the parties' ledger in
// front; nothing of a commitment. Fails with kBadInput when it is no party leaf.
Result<std::optional<std::string>> StatementLine(std::string_view party_leaf,
                                                 std::uint64_t ledger_index);
// Whether it is one that the public gets.
bool IsForThePublic(std::string_view party_leaf);

}  // namespace trucewatch::tools
