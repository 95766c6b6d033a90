// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/bus/log.h"
#include "core/storage/storage.h"
#include "evidence/signer/log_key.h"
#include "tools/trucewatch/ledger_entries.h"
#include "tools/trucewatch/mission_record.h"

namespace trucewatch::tools {

// A folder that a case bundle grows in (docs/formats/bundle.md): every file is listed with its
// SHA-256, and the list is signed at the end.
class CaseFolder {
 public:
  // Fails when the folder is there and not empty: a bundle is never added to.
  static Result<CaseFolder> Make(Storage& storage, const std::string& folder);

  // A whole file.
  Result<void> Add(const std::string& path, std::string_view bytes);
  // More of a file that grows.
  Result<void> Append(const std::string& path, std::string_view bytes);
  // The same with bytes of another file that is in it.
  Result<void> AppendPart(const std::string& path, const std::string& from, std::uint64_t offset,
                          std::uint64_t length);

  struct Heading {
    std::string event, audience, origin;
    bool exercise = false;
    std::uint64_t ledger_size = 0;
  };
  // case.txt: signed. Nothing can be added after it.
  Result<void> Sign(const Heading& heading, const evidence::LogKey& key);

  std::size_t files() const { return sizes_.size(); }
  std::uint64_t bytes() const;

 private:
  CaseFolder(Storage& storage, std::string folder)
      : storage_(storage), folder_(std::move(folder)) {}
  Storage& storage_;
  std::string folder_;
  std::map<std::string, std::uint64_t> sizes_;  // by path
};

// A source's name as that of a file: '_' for each byte that no plain file name has.
std::string PlainName(const std::string& source);

// What of a ledger belongs to one event.
struct CaseEntries {
  std::vector<Published> statements;            // on the event, in order
  std::map<std::uint64_t, std::string> leaves;  // header, statements, coverage accounts
  std::vector<Published> coverage;              // of its zone, an hour before to an hour after
  std::string agreement_text;                   // the version that the event is under
  std::string config_text;
  MissionRecord record;  // of the mission, without findings
};
// Fails with kUsage when no event of the ledger begins with `event`, or more than one.
Result<CaseEntries> SelectCase(const LedgerEntries& ledger, const std::string& event);

// Digests of raw records that retention took away, and when and by which rule.
using TrimmedDigests = std::map<Digest, std::string>;

// raw/: what each source that speaks for the event sent, from five seconds before it to five after
// (and every record that its leaves name), from the run's journal (of which a reader passes over
// what was trimmed). Of video from the record before that in which a key picture begins, when there
// is one in the half minute before; and video/: the same packets from that picture on, as a clip
// that plays by itself. trimmed.jsonl: which records that its leaves name were trimmed, when there
// are any. Gives their number. For parties only what sensors sent: no record of a person (what else
// officers wrote would lie between), of a satellite the records that the leaves name alone, and
// nothing of retention.
Result<std::size_t> AddRaw(const CaseEntries& entries, LogReader& journal,
                           const TrimmedDigests& trimmed, bool for_parties, CaseFolder& folder);

}  // namespace trucewatch::tools
