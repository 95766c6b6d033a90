// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/bus/log.h"
#include "core/journal/journal.h"
#include "core/storage/storage.h"
#include "core/time/instant.h"
#include "tools/trucewatch/party_release.h"

namespace trucewatch::tools {

// Makes, while the mission runs, what the parties and the public may have from what the officers'
// ledger has under a signed checkpoint: the parties' folder, and the two logs that the hub's door
// gives them. Time is the mission's event time; after its end, the clock's, so that the last hour
// stays as late as every other.
//   released: leaf n of the parties' ledger is record n + 1
//   open:     those of them that are for the public; origin: the record of `released`
// A restart makes the same again and goes on where the logs end. Threads: one caller at a time.
class ReleaseFollower {
 public:
  struct Logs {
    LogReader& published;  // says when there is more in the ledger
    Journal& released;
    Journal& open;
  };
  // `ledger_directory`: the officers'. Everything passed outlives it.
  static Result<std::unique_ptr<ReleaseFollower>> Open(Storage& storage,
                                                       const std::string& ledger_directory,
                                                       PartyReleaseOptions options, Logs logs);

  // Handles what is there, or waits at most `wait` for something. False: the mission has ended.
  Result<bool> Step(Duration wait);
  // After the end, when nothing is added to the ledger any more: what may be shown at `now` too.
  // Both logs are closed once nothing is left to be shown; what comes into the ledger later, such
  // as a trim, is in the folder alone.
  Result<void> Finish(Instant now);

 private:
  ReleaseFollower(Storage& storage, std::string ledger_directory, Logs logs)
      : storage_(storage), ledger_directory_(std::move(ledger_directory)), logs_(logs) {}
  Result<std::uint64_t> SizeAt(std::uint64_t record);
  Result<std::uint64_t> SizeOfCheckpoint();
  Result<void> ReadLedger(std::uint64_t size);
  Result<void> Give(Instant as_of);

  Storage& storage_;
  const std::string ledger_directory_;
  const Logs logs_;
  std::unique_ptr<PartyRelease> release_;
  std::uint64_t seen_ = 0;   // records of `published`
  std::uint64_t given_ = 0;  // leaves of the parties' ledger that are in the logs
  std::uint64_t open_given_ = 0;
};

}  // namespace trucewatch::tools
